"""Show or erase a person as a merchant asks for it: a customer in all of its shops, or a promoter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from grapevine.domain.errors import InvalidInputError, NotFoundError
from grapevine.domain.privacy import PrivacyAct, PrivacyRecord
from grapevine.domain.programs import Program
from grapevine.ports import PrivacyRecords
from grapevine.usecases.collect_person import (
    CollectCustomer,
    CollectPromoter,
    collect_customer,
    collect_promoter,
)
from grapevine.usecases.erase_customer import EraseCustomer, erase_customer
from grapevine.usecases.erase_promoter import ErasePromoter, erase_promoter
from grapevine.usecases.find_customer import (
    AskedCustomer,
    CustomerPrivacyPorts,
    Place,
    checked_customer,
    places_of,
)
from grapevine.usecases.find_promoter import PromoterPrivacyPorts

LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ServePerson:
    """What is asked, of whom, and by whom: one of `customer` and `promoter_id`.

    `customer` is an e-mail address, or the key that stands for one. `even_if_owed` erases a promoter
    although there is money for them.
    """

    act: PrivacyAct
    asked_by: str
    request_id: str
    customer: str | None = field(default=None, repr=False)
    promoter_id: str | None = None
    even_if_owed: bool = False


def serve_person(
    command: ServePerson,
    program: Program,
    customers: CustomerPrivacyPorts,
    promoters: PromoterPrivacyPorts,
    now: datetime,
) -> PrivacyRecord:
    """Do what is asked and return the evidence of it, which is the program's.

    InvalidInputError where it is not one person that is named; see `erase_promoter` for what is refused.
    """
    if not 0 < len(command.asked_by.strip()) <= len(command.asked_by) <= LONGEST_NAME:
        raise InvalidInputError(f"must have 1 to {LONGEST_NAME} characters", "by")
    if (command.customer is None) == (command.promoter_id is None):
        raise InvalidInputError("one of customer and promoter_id is needed", "customer")
    if command.promoter_id is not None:
        return _promoter(command, command.promoter_id, program.id, promoters, now)
    if command.even_if_owed:
        raise InvalidInputError("is for promoters", "even_if_owed")
    customer = checked_customer(command.customer or "", "customer")
    return _customer(command, customer, program, customers, now)


def _customer(
    command: ServePerson, customer: str, program: Program, ports: CustomerPrivacyPorts, now: datetime
) -> PrivacyRecord:
    asked, by, name = AskedCustomer(customers=(customer,)), command.asked_by, command.request_id
    places = _own_first(program, ports)
    if command.act is PrivacyAct.EXPORT:
        seen = CollectCustomer(asked=asked, places=places, asked_by=by, request_id=name)
        return collect_customer(seen, ports, now)
    erased = EraseCustomer(asked=asked, places=places, asked_by=by, request_id=name)
    return erase_customer(erased, ports, now)


def _own_first(program: Program, ports: CustomerPrivacyPorts) -> tuple[Place, ...]:
    """Return the places of the program's merchant, the program's own first."""
    places = places_of(program.merchant_id, ports.catalog)
    return tuple(sorted(places, key=lambda place: place.program_id != program.id))


def _promoter(
    command: ServePerson, promoter_id: str, program_id: str, ports: PromoterPrivacyPorts, now: datetime
) -> PrivacyRecord:
    by, name = command.asked_by, command.request_id
    if command.act is PrivacyAct.EXPORT:
        seen = CollectPromoter(program_id=program_id, promoter_id=promoter_id, asked_by=by, request_id=name)
        return collect_promoter(seen, ports, now)
    erased = ErasePromoter(
        program_id=program_id,
        promoter_id=promoter_id,
        asked_by=by,
        request_id=name,
        even_if_owed=command.even_if_owed,
    )
    return erase_promoter(erased, ports, now)


def list_records(program_id: str, records: PrivacyRecords) -> Iterator[PrivacyRecord]:
    """Yield a program's requests, the newest first."""
    found = sorted(records.records(program_id), key=lambda one: (one.asked_at, one.id), reverse=True)
    return iter(found)


def known_record(program_id: str, record_id: str, records: PrivacyRecords) -> PrivacyRecord:
    """Return a request; NotFoundError where the program has none of that id."""
    found = records.record(program_id, record_id)
    if found is None:
        raise NotFoundError("privacy request", record_id)
    return found
