"""Say how a promoter is paid, in detail: checked by the rail, kept apart, and hashed for the caps."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from grapevine.domain.errors import InvalidInputError, NotFoundError
from grapevine.domain.payee_details import account_of, detail_faults, same_details
from grapevine.domain.people import Promoter
from grapevine.domain.programs import InvalidProgramError, Program
from grapevine.domain.transfers import Payee, RailName
from grapevine.ports import NetworkCatalog, PayeeStore, Rail, Rails, SecretStore
from grapevine.usecases.put_payee import PutPayee, put_payee

INSIDE = "details."


@dataclass(frozen=True, slots=True, kw_only=True)
class PutPayeeDetails:
    """The rail that a promoter is paid by, and what it and the program must know, by name."""

    program_id: str
    promoter_id: str
    rail: RailName
    details: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class PayeePorts:
    """Programs and people, the keys that hide them, where they are paid, and the rails that check it."""

    catalog: NetworkCatalog
    secrets: SecretStore
    payees: PayeeStore
    rails: Rails


def put_payee_details(command: PutPayeeDetails, ports: PayeePorts, now: datetime) -> tuple[Promoter, Payee]:
    """Keep where a promoter is paid, from now on; money waits for a while before it goes there.

    The same details again change nothing. InvalidProgramError names every fault, InvalidInputError a rail
    that the program does not have; NotFoundError for nobody.
    """
    program = ports.catalog.terms(command.program_id).program
    _refuse(command, program, ports.rails)
    account = account_of(command.rail, command.details)
    named = PutPayee(program_id=program.id, promoter_id=command.promoter_id, payee=account)
    # The hash first: if what follows is lost, the details that are shown are the old ones, and said again.
    promoter = put_payee(named, ports.catalog, ports.secrets, now)
    known = read_payee(program.id, command.promoter_id, ports.payees)
    if known and same_details(known, command.rail, command.details):
        return promoter, known
    payee = Payee(rail=command.rail, details=dict(command.details), changed_at=now)
    ports.payees.put_payee(program.id, command.promoter_id, payee)
    return promoter, payee


def name_payee(command: PutPayee, ports: PayeePorts, now: datetime) -> Promoter:
    """Say only what names a promoter's account, or, with None, forget all of it.

    InvalidInputError where the details are known: an account beside them could be another one.
    """
    if command.payee is not None and read_payee(command.program_id, command.promoter_id, ports.payees):
        raise InvalidInputError("details are known: say those, or null to forget them", "payee")
    promoter = put_payee(command, ports.catalog, ports.secrets, now)
    if command.payee is None:
        ports.payees.put_payee(command.program_id, command.promoter_id, None)
    return promoter


def read_payee(program_id: str, promoter_id: str, payees: PayeeStore) -> Payee | None:
    """Return where a promoter is paid, None where nobody knows."""
    return payees.payees(program_id, (promoter_id,)).get(promoter_id)


def _refuse(command: PutPayeeDetails, program: Program, rails: Rails) -> None:
    faults = detail_faults(command.details)
    if not faults:
        rail = _rail(program.id, command.rail, rails)
        faults = rail_faults(rail, command.details, program.currency, program.payouts.required_details)
    if faults:
        raise InvalidProgramError(faults)


def _rail(program_id: str, name: RailName, rails: Rails) -> Rail:
    try:
        return rails.rail(program_id, name)
    except NotFoundError:
        raise InvalidInputError(f"this program does not pay by {name}", "rail") from None


def rail_faults(
    rail: Rail, details: Mapping[str, str], currency: str, required: Collection[str]
) -> tuple[InvalidInputError, ...]:
    """Return what a rail finds wrong, but for details that it does not know and the program asks for.

    Such a one is a detail whose fault goes away when it is left out.
    """
    faults = _placed(rail, details, currency)
    strange = {
        name
        for name in details.keys() & set(required)
        if _is_about(name, faults) and not _is_about(name, _placed(rail, _without(details, name), currency))
    }
    return tuple(fault for fault in faults if fault.where.removeprefix(INSIDE) not in strange)


def _placed(rail: Rail, details: Mapping[str, str], currency: str) -> tuple[InvalidInputError, ...]:
    """Return a rail's faults, each with its path in the request; the currency is the program's own."""
    return tuple(
        fault
        if fault.where == "currency" or fault.where.startswith(INSIDE)
        else InvalidInputError(fault.what, INSIDE + fault.where)
        for fault in rail.faults(details, currency)
    )


def _is_about(name: str, faults: tuple[InvalidInputError, ...]) -> bool:
    return any(fault.where == INSIDE + name for fault in faults)


def _without(details: Mapping[str, str], left_out: str) -> dict[str, str]:
    return {name: value for name, value in details.items() if name != left_out}
