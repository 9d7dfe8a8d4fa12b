"""Erase what names a customer; what they bought, and what was paid for it, stays under a keyed hash.

Everything is found by what is erased last, so that after a crash between any two calls the same request
goes on where it was, and erasing again erases nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from grapevine.domain.privacy import PrivacyAct, PrivacyRecord, Whose
from grapevine.usecases.documents import erase_documents
from grapevine.usecases.find_customer import (
    UNKNOWN_GROUPS,
    AskedCustomer,
    CustomerPrivacyPorts,
    Place,
    Trace,
    about,
    keys_at,
    subject_at,
    trace_customer,
)
from grapevine.usecases.keep_record import begin_record, end_record, wanted_record

MOST_MARKS = 500
"""Orders of a shop that are erased in one go: some seconds of work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseCustomer:
    """Erase a customer in some places; the first is where the request is recorded.

    `request_id` is the caller's own name for it: the same one again is the same request.
    """

    asked: AskedCustomer
    places: tuple[Place, ...]
    asked_by: str
    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseShop:
    """Erase all customers of a storefront that has left."""

    program_id: str
    storefront_id: str
    asked_by: str
    request_id: str


def erase_customer(command: EraseCustomer, ports: CustomerPrivacyPorts, now: datetime) -> PrivacyRecord:
    """Erase a customer and return the evidence of it, which names nobody.

    A request that is done is done once more: a body may have come since, and shops ask in the same words.
    """
    first, asked = command.places[0], command.asked
    subject = subject_at(keys_at(first.program_id, asked, ports), asked)
    wanted = wanted_record(
        first.program_id,
        PrivacyAct.ERASE,
        Whose.CUSTOMER,
        subject,
        command.asked_by,
        command.request_id,
        now,
    )
    record = begin_record(wanted, ports.records)
    counts: Counter[str] = Counter()
    for place in command.places:
        counts += _erased_in(place, asked, ports, now)
    return end_record(record, counts, ports.records, now)


def erase_shop(
    command: EraseShop, ports: CustomerPrivacyPorts, now: datetime, most: int = MOST_MARKS
) -> PrivacyRecord:
    """Erase all customers of a storefront, some hundred orders at a time.

    The record that is returned stays open as long as there may be more: then it is asked again.
    """
    program_id, storefront_id = command.program_id, command.storefront_id
    wanted = wanted_record(
        program_id,
        PrivacyAct.ERASE,
        Whose.SHOP,
        storefront_id,
        command.asked_by,
        command.request_id,
        now,
    )
    record = begin_record(wanted, ports.records)
    place = Place(program_id=program_id, storefront_ids=(storefront_id,))
    marks = tuple(islice(ports.raw_bodies.marks(storefront_id, now), most))
    keys = dict.fromkeys(mark.subject for mark in marks if mark.subject)
    trace = trace_customer(place, storefront_id, (), AskedCustomer(), marks, ports)
    counts = _erased(trace, ports)
    counts["documents"] += erase_documents(program_id, about(keys, trace.orders), ports.files)
    if len(marks) < most:
        return end_record(record, counts, ports.records, now)
    ports.records.put_record(record.counted(counts))
    return record.counted(counts)


def _erased_in(
    place: Place, asked: AskedCustomer, ports: CustomerPrivacyPorts, now: datetime
) -> Counter[str]:
    keys, counts = keys_at(place.program_id, asked, ports), Counter[str]()
    traces = [_trace(place, name, keys, asked, ports, now) for name in place.storefront_ids]
    orders = [order for trace in traces for order in trace.orders]
    # Documents and what was remembered first: they are found by what the traces rest on.
    counts["documents"] += erase_documents(place.program_id, about(keys, orders), ports.files)
    counts["persons"] += _forgotten(keys, ports)
    for trace in traces:
        counts += _erased(trace, ports)
    return counts


def _trace(
    place: Place,
    storefront_id: str,
    keys: Sequence[str],
    asked: AskedCustomer,
    ports: CustomerPrivacyPorts,
    now: datetime,
) -> Trace:
    marks = (mark for key in keys for mark in ports.raw_bodies.marks(storefront_id, now, key))
    return trace_customer(place, storefront_id, keys, asked, marks, ports)


def _erased(trace: Trace, ports: CustomerPrivacyPorts) -> Counter[str]:
    """Erase a trace: the visits that its orders name, the bodies that its marks name, then the marks."""
    name, counts = trace.storefront_id, Counter[str]()
    counts["clicks"] += sum(ports.clicks.forget_visitor(visitor) for visitor in trace.visitors)
    groups = dict.fromkeys((*(order.order_id for order in trace.orders), *UNKNOWN_GROUPS))
    counts["raw_bodies"] += sum(ports.raw_bodies.erase(name, group) for group in groups)
    ports.raw_bodies.forget(name, trace.marks)
    return counts


def _forgotten(keys: Iterable[str], ports: CustomerPrivacyPorts) -> int:
    """Forget what was remembered of a customer; of who is a promoter as well, that goes with the promoter."""
    known = [key for key in keys if (data := ports.personal_data.person(key)) and "promoter_id" not in data]
    for key in known:
        ports.personal_data.forget(key)
    return len(known)
