"""Collect everything that is kept of a person as one document, in the bucket for a while."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from grapevine.domain.entries import Entry
from grapevine.domain.instants import to_text
from grapevine.domain.people import Promoter
from grapevine.domain.plain import to_plain
from grapevine.domain.privacy import PrivacyAct, PrivacyRecord, RecordState, Whose
from grapevine.domain.transfers import RailName
from grapevine.ports import KeptBody
from grapevine.usecases.documents import put_document
from grapevine.usecases.find_customer import (
    AskedCustomer,
    CustomerPrivacyPorts,
    Place,
    about,
    keys_at,
    subject_at,
    trace_customer,
)
from grapevine.usecases.find_promoter import (
    ALL,
    Accounts,
    PromoterPrivacyPorts,
    find_accounts,
    own_person,
    payouts_of,
)
from grapevine.usecases.keep_record import begin_record, end_record, wanted_record
from grapevine.usecases.read_balance import list_entries, read_balance

Json = dict[str, Any]
EVER = datetime(2000, 1, 1, tzinfo=UTC)
MOST_CLICKS = 1000
"""Visits of one visitor that a document has, the latest: far over what anybody makes in a hundred days."""
PROOFS = ("hmac", "signature", "authorization")
"""Headers that prove who sent a body are nobody's data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectCustomer:
    """Collect what is kept of a customer in some places; the first is where the request is recorded."""

    asked: AskedCustomer
    places: tuple[Place, ...]
    asked_by: str
    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectPromoter:
    """Collect what is kept of a promoter."""

    program_id: str
    promoter_id: str
    asked_by: str
    request_id: str


def collect_customer(command: CollectCustomer, ports: CustomerPrivacyPorts, now: datetime) -> PrivacyRecord:
    """Write the document and return the evidence of the request; the same request again writes nothing."""
    first, asked = command.places[0], command.asked
    subject = subject_at(keys_at(first.program_id, asked, ports), asked)
    record = begin_record(
        wanted_record(
            first.program_id,
            PrivacyAct.EXPORT,
            Whose.CUSTOMER,
            subject,
            command.asked_by,
            command.request_id,
            now,
        ),
        ports.records,
    )
    if record.state is RecordState.DONE:
        return record
    names: set[str] = set()
    programs = [_program(place, asked, names, ports, now) for place in command.places]
    said = {"request": record.id, "made_at": to_text(now), "asked_for": _asked(asked), "programs": programs}
    put_document(first.program_id, record.id, names, said, ports.files)
    shops = [shop for program in programs for shop in program["storefronts"]]
    counts = {kind: sum(len(shop[kind]) for shop in shops) for kind in ("orders", "raw_bodies", "clicks")}
    return end_record(record, counts, ports.records, now)


def _asked(asked: AskedCustomer) -> Json:
    return {"customers": list(asked.customers), "order_ids": list(asked.order_ids)}


def _program(
    place: Place, asked: AskedCustomer, names: set[str], ports: CustomerPrivacyPorts, now: datetime
) -> Json:
    """Return what a program has of a customer, and add to the names that the document is about."""
    keys = keys_at(place.program_id, asked, ports)
    names |= set(keys)
    histories = [ports.catalog.customer(place.program_id, key) for key in keys]
    return {
        "program_id": place.program_id,
        "customer_keys": list(keys),
        "registrations": [to_plain(one) for history in histories for one in history.registrations],
        "joined": [to_plain(one) for history in histories for one in history.identities],
        "storefronts": [_shop(place, name, keys, asked, names, ports, now) for name in place.storefront_ids],
    }


def _shop(
    place: Place,
    storefront_id: str,
    keys: Sequence[str],
    asked: AskedCustomer,
    names: set[str],
    ports: CustomerPrivacyPorts,
    now: datetime,
) -> Json:
    marks = (mark for key in keys for mark in ports.raw_bodies.marks(storefront_id, now, key))
    trace = trace_customer(place, storefront_id, keys, asked, marks, ports)
    names |= about((), trace.orders)
    bodies = [
        body for order in trace.orders for body in ports.raw_bodies.bodies(storefront_id, order.order_id, now)
    ]
    clicks = [click for name in trace.visitors for click in ports.clicks.clicks_of(name, MOST_CLICKS)]
    return {
        "storefront_id": storefront_id,
        "orders": [
            {"order": str(order), "facts": [to_plain(fact) for fact in ports.facts.facts_of(order)]}
            for order in trace.orders
        ],
        "raw_bodies": [_body(body) for body in bodies],
        "clicks": [to_plain(click) for click in clicks],
    }


def _body(kept: KeptBody) -> Json:
    headers = {
        name: value
        for name, value in kept.headers.items()
        if not any(part in name.lower() for part in PROOFS)
    }
    return {"name": kept.name, "headers": headers, "body": _readable(kept.body)}


def _readable(body: bytes) -> Any:  # noqa: ANN401 - whatever the shop sent
    """Return a body as JSON where it is JSON, else as text."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")


# --- promoters -----------------------------------------------------------------------------------


def collect_promoter(command: CollectPromoter, ports: PromoterPrivacyPorts, now: datetime) -> PrivacyRecord:
    """Write the document and return the evidence of the request; the same request again writes nothing."""
    accounts = find_accounts(command.program_id, command.promoter_id, ports)
    record = begin_record(
        wanted_record(
            command.program_id,
            PrivacyAct.EXPORT,
            Whose.PROMOTER,
            command.promoter_id,
            command.asked_by,
            command.request_id,
            now,
        ),
        ports.records,
    )
    if record.state is RecordState.DONE:
        return record
    said = {
        "request": record.id,
        "made_at": to_text(now),
        "promoters": [_promoter(promoter, accounts, ports) for promoter in accounts.promoters],
        "payouts": [to_plain(payout) for payout in payouts_of(accounts, ports)],
        "transfers": _transfers(accounts, ports),
    }
    put_document(command.program_id, record.id, accounts.ids, said, ports.files)
    counts = {kind: len(said[kind]) for kind in ("promoters", "payouts", "transfers")}
    return end_record(record, counts, ports.records, now)


def _promoter(promoter: Promoter, accounts: Accounts, ports: PromoterPrivacyPorts) -> Json:
    payee = ports.payees.payees(promoter.program_id, (promoter.id,)).get(promoter.id)
    contact = ports.contacts.contact(promoter.program_id, promoter.id)
    keys = [key for key in accounts.keys if key.promoter_id == promoter.id]
    entries = [entry for key in keys for entry in list_entries(key, ports.pages, ports.ledger, ALL)]
    return {
        **to_plain(promoter),
        "person": own_person(promoter, ports),
        "payee": to_plain(payee) if payee else None,
        "contact": to_plain(contact) if contact else None,
        "links": [to_plain(one) for one in ports.catalog.links_of(promoter.program_id, promoter.id)],
        "coupons": [to_plain(one) for one in ports.catalog.coupons_of(promoter.program_id, promoter.id)],
        "balances": [to_plain(read_balance(key, ports.treasury)) for key in keys],
        "entries": [_entry(entry, promoter.id) for entry in entries],
    }


def _entry(entry: Entry, promoter_id: str) -> Json:
    """Return what an entry did to one promoter; what it did to others is theirs."""
    own = [one for one in entry.postings if promoter_id in (one.source.owner, one.destination.owner)]
    return {
        "id": entry.id,
        "reason": entry.reason.value,
        "recorded_at": to_text(entry.recorded_at),
        "postings": [
            {
                "source": str(one.source),
                "destination": str(one.destination),
                "amount_minor": one.amount.minor,
                "currency": one.amount.currency,
            }
            for one in own
        ],
    }


def _transfers(accounts: Accounts, ports: PromoterPrivacyPorts) -> list[Json]:
    return [
        {
            "transfer_id": one.id,
            "batch_id": batch.id,
            "rail": batch.rail.value,
            "amount_minor": one.amount.minor,
            "currency": batch.currency,
            "details": dict(one.details),
        }
        for rail in RailName
        for batch in ports.batches.batches_since(accounts.program_id, rail, EVER)
        for one in batch.transfers
        if one.promoter_id in accounts.ids
    ]
