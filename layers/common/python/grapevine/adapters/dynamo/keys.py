"""Every key of every table is built here and read back here, and nowhere else.

A key's parts are identifiers, never free text, so that no part can hold the separator and two
things can never have one key.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from zlib import crc32

from grapevine.domain.entries import AccountKey, EntryKey
from grapevine.domain.errors import InvalidInputError
from grapevine.domain.facts import Fact, FactKind, OrderKey
from grapevine.domain.ids import visitor_of
from grapevine.domain.instants import day_of, days_between, from_text, to_text
from grapevine.domain.pages import PageKey
from grapevine.domain.programs import Plan

SEPARATOR = "#"
META = "META"
HEAD = "HEAD"
DAY = "D#"
"""How a page's sort key begins."""
PAYOUT = "PAY#"
PROGRAMS = "PROGRAMS"
"""The one listing of all programs: they are few and change by hand."""
DUE_SHARDS = 4
MAX_PART = 256
"""Characters; far over any identifier of ours and far under DynamoDB's limits."""


class Key(NamedTuple):
    """An item's place: the partition and the place in it."""

    pk: str
    sk: str


def is_usable(*texts: str) -> bool:
    """Say whether texts from outside can be parts of a key; where not, there is nothing to find."""
    return all(len(text) <= MAX_PART and SEPARATOR not in text for text in texts)


def _joined(*parts: str) -> str:
    for part in parts:
        if not is_usable(part):
            raise InvalidInputError(f"cannot be part of a key: {part[:80]!r}")
    return SEPARATOR.join(parts)


# --- catalog ---------------------------------------------------------------------------------


def program(program_id: str) -> Key:
    """Return a program's own row; its plans are in the same partition."""
    return Key(_joined("PG", program_id), META)


def plan(program_id: str, plan: Plan) -> Key:
    """Return a version of a program's plan; versions sort by when they take effect."""
    return Key(_joined("PG", program_id), _joined("PLAN", to_text(plan.effective_at), f"{plan.version:04d}"))


def plan_number(program_id: str, plan: Plan) -> Key:
    """Return the row that claims a version's number."""
    return Key(_joined("PG", program_id), _joined("PV", f"{plan.version:04d}"))


def promoter(program_id: str, promoter_id: str) -> Key:
    """Return a promoter's row as it is now; its history is in the same row."""
    return Key(_joined("PR", program_id, promoter_id), META)


def network(program_id: str) -> Key:
    """Return the row that counts the changes of a program's network."""
    return Key(_joined("PG", program_id), "NETWORK")


def promoter_listing(program_id: str, promoter_id: str) -> Key:
    """Return where a program's listing has a promoter."""
    return Key(promoters_of(program_id), _joined("PR", promoter_id))


def promoters_of(program_id: str) -> str:
    """Return a program's listing of promoters."""
    return _joined("PG", program_id)


def program_in(pk: str) -> str:
    """Return the program in a promoter's partition."""
    return pk.split(SEPARATOR)[1]


def program_listing(merchant_id: str, program_id: str) -> Key:
    """Return where the listing of programs has one: by merchant, so that a merchant's are together."""
    return Key(PROGRAMS, _joined("MC", merchant_id, "PG", program_id))


def programs_of(merchant_id: str) -> str:
    """Return how the places of a merchant's programs begin in the listing."""
    return _joined("MC", merchant_id, "PG", "")


def coupon(program_id: str, code: str) -> Key:
    """Return a coupon's row, by the normal form of its code."""
    return Key(_joined("CP", program_id, code), META)


def rates(program_id: str, base: str, quote: str) -> str:
    """Return the partition of a pair's rates, which sort by when they take effect."""
    return _joined("FX", program_id, base, quote)


def rate_from(instant: datetime) -> str:
    """Return where a rate that takes effect at an instant stands among its pair's."""
    return _joined("RT", to_text(instant))


def link(code: str) -> Key:
    """Return a link's row."""
    return Key(_joined("LK", code), META)


def storefront(storefront_id: str) -> Key:
    """Return a storefront's row."""
    return Key(_joined("SF", storefront_id), META)


def merchant(merchant_id: str) -> Key:
    """Return a merchant's row."""
    return Key(_joined("MC", merchant_id), META)


def api_key(key_id: str) -> Key:
    """Return an API key's row."""
    return Key(_joined("KEY", key_id), META)


def last_part(key: str) -> str:
    """Return the last part of a partition key: the name of what it holds."""
    return key.rsplit(SEPARATOR, 1)[-1]


# --- clicks, orders, private -----------------------------------------------------------------


def click(click_id: str) -> Key:
    """Return a click's row; InvalidInputError for text that is no click id of ours."""
    visitor_id = visitor_of(click_id)
    if visitor_id is None:
        raise InvalidInputError(f"not a click id: {click_id[:80]!r}")
    return Key(_joined("V", visitor_id), click_id)


def visitor(visitor_id: str) -> str:
    """Return the partition of a visitor's clicks, which sort by time."""
    return _joined("V", visitor_id)


def order(key: OrderKey) -> str:
    """Return an order's partition, the same in the orders and in the ledger table."""
    return _joined("O", key.storefront_id, key.order_id)


def order_of(pk: str) -> OrderKey:
    """Read back an order's partition, as a stream record's key carries it."""
    _, storefront_id, order_id = pk.split(SEPARATOR)
    return OrderKey(storefront_id, order_id)


def order_in(image: Mapping[str, Mapping[str, Any]]) -> OrderKey | None:
    """Return the order whose partition an item is in, None for any other item, however it looks."""
    pk = image.get("pk", {}).get("S", "")
    kind, *parts = pk.split(SEPARATOR)
    return OrderKey(*parts) if kind == "O" and len(parts) == 2 else None


def fact(fact: Fact) -> Key:
    """Return a fact's row: what the source says sorts before the verdicts, both by version."""
    version = to_text(fact.version)
    if fact.kind is FactKind.VERDICT:
        return Key(order(fact.order), _joined("V", version, fact.digest))
    return Key(order(fact.order), _joined("E", version, fact.kind.value, fact.digest))


def fact_parts(sk: str) -> tuple[FactKind, datetime, str]:
    """Read back what a fact's place says: its kind, version and digest."""
    kind, version, *rest = sk.split(SEPARATOR)
    if kind == "V":
        return FactKind.VERDICT, from_text(version), rest[0]
    return FactKind(rest[0]), from_text(version), rest[1]


def raw_body(storefront_id: str, name: str) -> Key:
    """Return a body's row; bodies of one order (or the malformed ones) are together."""
    group, _, place = name.partition(SEPARATOR)
    return Key(_joined("RAW", storefront_id, group), place or META)


def raw_body_part(first: Key, number: int) -> Key:
    """Return the row of a further part of a body that is too large for one."""
    return Key(first.pk, f"{first.sk}{SEPARATOR}{number}")


def person(subject: str) -> Key:
    """Return the row with a person's data."""
    return Key(_joined("PII", subject), META)


# --- ledger ----------------------------------------------------------------------------------


def entries(key: EntryKey) -> str:
    """Return the partition of an order's or an account's entries."""
    return account(key) if isinstance(key, AccountKey) else order(key)


def entries_of(pk: str) -> EntryKey:
    """Read back a partition of the ledger."""
    kind, *parts = pk.split(SEPARATOR)
    return AccountKey(*parts) if kind == "A" else OrderKey(*parts)


def entry(key: EntryKey, sequence: int) -> Key:
    """Return an entry's row: six digits, so that text sorts as numbers do."""
    return Key(entries(key), _joined("N", f"{sequence:06d}"))


def entry_named(name: str) -> Key:
    """Return the row of the order entry that a page's mark names."""
    key, _, sequence = name.rpartition("/")
    if not sequence.isdecimal():
        raise InvalidInputError(f"not an entry's name: {name[:80]!r}")
    return entry(OrderKey.parse(key), int(sequence))


def due_shard(key: EntryKey, due_at: datetime) -> str:
    """Return where the index has an entry that is due: by day, spread over shards by its key."""
    return _joined("DUE", day_of(due_at), str(crc32(str(key).encode()) % DUE_SHARDS))


def due_shards(since: datetime, until: datetime) -> tuple[str, ...]:
    """Return every place where something due in the span can be, oldest day first."""
    days = days_between(since, until)
    return tuple(_joined("DUE", day, str(shard)) for day in days for shard in range(DUE_SHARDS))


# --- state -----------------------------------------------------------------------------------


def account(key: AccountKey) -> str:
    """Return an account's partition: its entries in the ledger, its pages and head in the state table."""
    return _joined("A", key.program_id, key.promoter_id, key.currency)


def accounts_of(program_id: str) -> str:
    """Return how the partitions of a program's accounts begin."""
    return _joined("A", program_id, "")


def account_of(pk: str) -> AccountKey:
    """Read back an account's partition."""
    _, program_id, promoter_id, currency = pk.split(SEPARATOR)
    return AccountKey(program_id, promoter_id, currency)


def head(key: AccountKey) -> Key:
    """Return the row of an account's head, beside its pages so that one request brings both."""
    return Key(account(key), HEAD)


def subject(subject: str) -> str:
    """Return a subject's partition: `program/owner/currency` is an account, everything else a statistic."""
    parts = subject.split("/")
    return _joined("A", *parts) if len(parts) == 3 else _joined("ST", *parts)


def page(key: PageKey) -> Key:
    """Return a page's row; pages of one subject sort by day."""
    return Key(subject(key.subject), f"{DAY}{_joined(key.day, f'{key.slot:03d}')}")


def page_of(key: Key) -> PageKey:
    """Read back a page's row."""
    _, *parts = key.pk.split(SEPARATOR)
    _, day, slot = key.sk.split(SEPARATOR)
    return PageKey("/".join(parts), day, int(slot))


def settlement(settlement_id: str) -> Key:
    """Return a run's row; its payouts are in the same partition."""
    return Key(_joined("SET", settlement_id), META)


def payout(settlement_id: str, payout_id: str) -> Key:
    """Return a payout's row in its run."""
    return Key(_joined("SET", settlement_id), f"{PAYOUT}{_joined(payout_id)}")


def sweep_mark() -> Key:
    """Return the row that says how far the sweep has come."""
    return Key("SWEEP", "MARK")
