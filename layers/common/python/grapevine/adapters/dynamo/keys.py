"""Every key of the tables is built here and read back here; but for what has a file of its own.

The catalog's are in `catalog_keys`, those of settlement runs in `settlement_keys`.

A key's parts are identifiers, never free text, so that no part can hold the separator and two
things can never have one key.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from zlib import crc32

from grapevine.domain.entries import AccountKey, BonusKey, BonusKind, EntryKey, named_key
from grapevine.domain.errors import InvalidInputError
from grapevine.domain.facts import Fact, FactKind, OrderKey
from grapevine.domain.grants import GrantKey
from grapevine.domain.ids import visitor_of
from grapevine.domain.instants import day_of, days_between, from_text, to_text
from grapevine.domain.pages import PageKey

SEPARATOR = "#"
META = "META"
HEAD = "HEAD"
DAY = "D#"
"""How a page's sort key begins."""
PAYOUT = "PAY#"
WAITS = "WAITS"
"""Where the index has every order that waits."""
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


def joined(*parts: str) -> str:
    """Return a key of these parts; InvalidInputError for one that cannot be part of any."""
    for part in parts:
        if not is_usable(part):
            raise InvalidInputError(f"cannot be part of a key: {part[:80]!r}")
    return SEPARATOR.join(parts)


def last_part(key: str) -> str:
    """Return the last part of a partition key: the name of what it holds."""
    return key.rsplit(SEPARATOR, 1)[-1]


# --- clicks, orders, private -----------------------------------------------------------------


def click(click_id: str) -> Key:
    """Return a click's row; InvalidInputError for text that is no click id of ours."""
    visitor_id = visitor_of(click_id)
    if visitor_id is None:
        raise InvalidInputError(f"not a click id: {click_id[:80]!r}")
    return Key(joined("V", visitor_id), click_id)


def visitor(visitor_id: str) -> str:
    """Return the partition of a visitor's clicks, which sort by time."""
    return joined("V", visitor_id)


def order(key: OrderKey) -> str:
    """Return an order's partition, the same in the orders and in the ledger table."""
    return joined("O", key.storefront_id, key.order_id)


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
        return Key(order(fact.order), joined("V", version, fact.digest))
    return Key(order(fact.order), joined("E", version, fact.kind.value, fact.digest))


def fact_parts(sk: str) -> tuple[FactKind, datetime, str]:
    """Read back what a fact's place says: its kind, version and digest."""
    kind, version, *rest = sk.split(SEPARATOR)
    if kind == "V":
        return FactKind.VERDICT, from_text(version), rest[0]
    return FactKind(rest[0]), from_text(version), rest[1]


def raw_body(storefront_id: str, name: str) -> Key:
    """Return a body's row; bodies of one order (or the malformed ones) are together."""
    group, _, place = name.partition(SEPARATOR)
    return Key(joined("RAW", storefront_id, group), place or META)


def raw_body_part(first: Key, number: int) -> Key:
    """Return the row of a further part of a body that is too large for one."""
    return Key(first.pk, f"{first.sk}{SEPARATOR}{number}")


def person(subject: str) -> Key:
    """Return the row with a person's data."""
    return Key(joined("PII", subject), META)


def payee(program_id: str, promoter_id: str) -> Key:
    """Return the row that says where a promoter is paid."""
    return Key(joined("PAYEE", program_id, promoter_id), META)


# --- ledger ----------------------------------------------------------------------------------


def entries(key: EntryKey) -> str:
    """Return the partition of an order's, an account's or a bonus's entries."""
    if isinstance(key, BonusKey):
        return joined("R", key.program_id, key.promoter_id, key.kind, key.name)
    return account(key) if isinstance(key, AccountKey) else order(key)


def entries_of(pk: str) -> EntryKey:
    """Read back a partition of the ledger."""
    kind, *parts = pk.split(SEPARATOR)
    if kind == "R":
        program_id, promoter_id, bonus, name = parts
        return BonusKey(program_id, promoter_id, BonusKind(bonus), name)
    return AccountKey(*parts) if kind == "A" else OrderKey(*parts)


def entry(key: EntryKey, sequence: int) -> Key:
    """Return an entry's row: six digits, so that text sorts as numbers do."""
    return Key(entries(key), joined("N", f"{sequence:06d}"))


def entry_named(name: str) -> Key:
    """Return the row of the order's or bonus's entry that a page's mark names."""
    key, _, sequence = name.rpartition("/")
    if not sequence.isdecimal():
        raise InvalidInputError(f"not an entry's name: {name[:80]!r}")
    return entry(named_key(key), int(sequence))


def due_shard(key: EntryKey, due_at: datetime) -> str:
    """Return where the index has an entry that is due: by day, spread over shards by its key."""
    return joined("DUE", day_of(due_at), str(crc32(str(key).encode()) % DUE_SHARDS))


def due_shards(since: datetime, until: datetime) -> tuple[str, ...]:
    """Return every place where something due in the span can be, oldest day first."""
    days = days_between(since, until)
    return tuple(joined("DUE", day, str(shard)) for day in days for shard in range(DUE_SHARDS))


# --- state -----------------------------------------------------------------------------------


def account(key: AccountKey) -> str:
    """Return an account's partition: its entries in the ledger, its pages and head in the state table."""
    return joined("A", key.program_id, key.promoter_id, key.currency)


def accounts_of(program_id: str) -> str:
    """Return how the partitions of a program's accounts begin."""
    return joined("A", program_id, "")


def statistics_of(program_id: str) -> str:
    """Return how the partitions of a program's statistics begin."""
    return joined("ST", program_id, "")


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
    return joined("A", *parts) if len(parts) == 3 else joined("ST", *parts)


def page(key: PageKey) -> Key:
    """Return a page's row; pages of one subject sort by day."""
    return Key(subject(key.subject), f"{DAY}{joined(key.day, f'{key.slot:03d}')}")


def page_of(key: Key) -> PageKey:
    """Read back a page's row."""
    _, *parts = key.pk.split(SEPARATOR)
    _, day, slot = key.sk.split(SEPARATOR)
    return PageKey("/".join(parts), day, int(slot))


def counter(key: GrantKey) -> Key:
    """Return the row that counts what orders have of something scarce."""
    return Key(joined("G", key.program_id, key.scarce, key.subject, key.period), META)


def counters_of(program_id: str) -> str:
    """Return how the partitions of a program's counters begin."""
    return joined("G", program_id, "")


def counter_of(pk: str) -> GrantKey:
    """Read back a counter's partition."""
    _, program_id, scarce, subject, period = pk.split(SEPARATOR)
    return GrantKey(program_id, scarce, subject, period)


def settlement(settlement_id: str) -> Key:
    """Return a run's row; its payouts are in the same partition."""
    return Key(joined("SET", settlement_id), META)


def payout(settlement_id: str, payout_id: str) -> Key:
    """Return a payout's row in its run."""
    return Key(joined("SET", settlement_id), f"{PAYOUT}{joined(payout_id)}")


def payouts_in(program_id: str, state: str) -> str:
    """Return where the index has a program's payouts of a state."""
    return joined("PAYOUTS", program_id, state)


def batch(program_id: str, batch_id: str) -> Key:
    """Return a batch's row, which stays."""
    return Key(joined("BATCHES", program_id), joined(batch_id))


def batches_by(program_id: str, rail: str) -> str:
    """Return where the index has a program's batches of a rail, which sort by when they were made."""
    return joined("BATCHES", program_id, rail)


def batch_made(created_at: datetime, batch_id: str = "") -> str:
    """Return a batch's place among those of its rail; without its name, that of the first of an instant."""
    return joined(to_text(created_at), batch_id)


def open_batches(program_id: str) -> str:
    """Return the partition of a program's batches of which not everything is known."""
    return joined("OPEN", program_id)


def open_batch(program_id: str, batch_id: str) -> Key:
    """Return the row that is there as long as not everything is known of a batch."""
    return Key(open_batches(program_id), joined(batch_id))


def waits_of(program_id: str) -> str:
    """Return the partition of a program's orders that wait."""
    return joined("WT", program_id)


def wait(program_id: str, key: OrderKey) -> Key:
    """Return the row of an order that waits."""
    return Key(waits_of(program_id), joined(key.storefront_id, key.order_id))


def proof(program_id: str) -> Key:
    """Return the row of a program's last proof."""
    return Key(joined("PROOF", program_id), META)


def sweep_mark() -> Key:
    """Return the row that says how far the sweep has come."""
    return Key("SWEEP", "MARK")
