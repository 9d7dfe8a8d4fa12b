"""Find orders whose facts should have led to an entry and did not: posting is tried, nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from grapevine.domain.entries import Entry, EntryKey, decision_in_force
from grapevine.domain.errors import GrapevineError, OrderUnprocessableError, reason_of
from grapevine.domain.facts import Fact, OrderKey
from grapevine.domain.grants import GrantKey
from grapevine.domain.posting_reasons import covered_by
from grapevine.domain.verification import Fault
from grapevine.ports import Beside, OrderLedger
from grapevine.usecases.post_order import ATTEMPTS, PostOrder, PostOrderPorts, post_order

CHECK = "facts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Which facts a proof looks at: recorded after `since` (None: all) and until `until`.

    What came later may be on its way; `overdue` is how far back an order that was due must have
    been posted by the sweep.
    """

    since: datetime | None
    until: datetime
    overdue: datetime
    now: datetime

    def has(self, fact: Fact) -> bool:
        """Say whether a fact is looked at."""
        return fact.recorded_at <= self.until and (self.since is None or fact.recorded_at > self.since)


class Suspects:
    """Orders worth a closer look, found while all facts go by once; facts themselves are not kept.

    `untouched` says that orders which name nobody may earn as well.
    """

    def __init__(
        self, chains: Mapping[OrderKey, Sequence[Entry]], span: Span, *, untouched: bool = False
    ) -> None:
        self._untouched = untouched
        self._chains = chains
        self._span = span
        self._covered = {key: covered_by(chain) for key, chain in chains.items()}
        self._missing = {key: set(digests) for key, digests in self._covered.items() if digests}
        self._unposted: dict[OrderKey, None] = {}

    def look_at(self, fact: Fact) -> None:
        """Note a fact that its order's entries do not cover."""
        covered = self._covered.get(fact.order)
        if covered is None:
            is_new = self._span.has(fact) and (_names_somebody(fact) or self._untouched)
        elif fact.digest in covered:
            is_new = False
            self._missing[fact.order].discard(fact.digest)
        else:
            is_new = self._span.has(fact)
        if is_new:
            self._unposted[fact.order] = None

    def found(self) -> tuple[OrderKey, ...]:
        """Return the orders to look at closely."""
        gone = [key for key, digests in self._missing.items() if digests]
        late = [key for key, chain in self._chains.items() if self._is_late(chain)]
        return tuple(dict.fromkeys((*self._unposted, *gone, *late)))

    def _is_late(self, chain: Sequence[Entry]) -> bool:
        due_at = chain[-1].due_at
        return due_at is not None and due_at <= self._span.overdue


def find_unposted(suspects: Iterable[OrderKey], ports: PostOrderPorts, span: Span) -> Iterator[Fault]:
    """Yield a fault for each order that somebody should have posted and nobody did.

    Entries and facts are read again, in that order, so that what was posted meanwhile is no fault.
    An order that waits for a person is none either: it is listed where people look.
    """
    quiet = replace(ports, waits=None)
    for key in suspects:
        fault = _looked_at(key, quiet, span)
        if fault:
            yield Fault(CHECK, str(key), fault)


def _looked_at(key: OrderKey, ports: PostOrderPorts, span: Span) -> str | None:
    """Return what is wrong with an order whose entries stayed the same while it was looked at."""
    entries = ports.ledger.entries_of(key)
    for _ in range(ATTEMPTS):
        fault = _fault(key, entries, ports.facts.facts_of(key), ports, span)
        before, entries = entries, ports.ledger.entries_of(key) if fault else ()
        if fault is None or len(before) == len(entries):
            return fault
    return None  # Somebody posts it all the time, so it is not forgotten.


def _fault(
    key: OrderKey, entries: Sequence[Entry], facts: Sequence[Fact], ports: PostOrderPorts, span: Span
) -> str | None:
    covered = covered_by(entries)
    gone = covered - {fact.digest for fact in facts}
    if gone:
        return f"its entries cover facts that are not stored: {', '.join(sorted(gone))}"
    told = [fact for fact in facts if fact.recorded_at <= span.until or fact.digest in covered]
    instant = _instant(entries, [fact for fact in told if fact.digest not in covered], span)
    if instant is None:
        return None
    try:
        rehearsed = partial(_rehearsed, key, entries, told, ports)
        entry = rehearsed(instant)
        if entry is None or (entries and _says_nothing_new(entry, partial(rehearsed, span.now))):
            return None
    except OrderUnprocessableError:
        return None
    except GrapevineError as error:
        return f"cannot be posted: {reason_of(error)}"
    return f"entry {entry.sequence} was never posted: {_in_words(entry)}"


def _says_nothing_new(entry: Entry, by_now: Callable[[], Entry | None]) -> bool:
    """Say whether a further entry moves nothing and waits for nothing: it names a click that came too late.

    Nobody had to write that down when it came, and whoever posts next does. So it is with what bounties
    looked at then, and do not any more: whoever posted it after their holds had nothing to write.
    """
    if entry.postings or entry.due_at is not None:
        return False
    later = by_now() if entry.evidence else None
    return later is None or not later.evidence


class Rehearsal:
    """An order's entries and facts as they were read; what would be posted is kept nowhere."""

    def __init__(
        self, key: OrderKey, entries: Sequence[Entry], facts: Sequence[Fact], ledger: OrderLedger
    ) -> None:
        self._ledger = ledger
        self._entries: dict[EntryKey, tuple[Entry, ...]] = {key: tuple(entries)}
        self._facts = {key: tuple(facts)}

    def entries_of(self, key: EntryKey) -> tuple[Entry, ...]:
        """Return the entries that there are."""
        return self._entries[key]

    def facts_of(self, order: OrderKey) -> tuple[Fact, ...]:
        """Return the facts that are looked at."""
        return self._facts[order]

    def taken(self, keys: Sequence[GrantKey]) -> dict[GrantKey, int]:
        """Return what all orders together have."""
        return self._ledger.taken(keys)

    def append(self, entry: Entry, beside: Sequence[Beside] = ()) -> None:
        """Take an entry and forget it."""


def _rehearsed(
    key: OrderKey, entries: Sequence[Entry], facts: Sequence[Fact], ports: PostOrderPorts, now: datetime
) -> Entry | None:
    """Return the entry that posting an order would write; the very same code, and nothing is written."""
    rehearsal = Rehearsal(key, entries, facts, ports.ledger)
    return post_order(PostOrder(key), replace(ports, ledger=rehearsal, facts=rehearsal), now)


def _instant(entries: Sequence[Entry], uncovered: Sequence[Fact], span: Span) -> datetime | None:
    """Return when somebody should have posted: when the last fact came; now, where it is overdue.

    What only time has changed since is the sweep's, and so is an order that waits for a click or a
    rate: it is looked at when it is due.
    """
    due_at, known = (entries[-1].due_at, decision_in_force(entries)) if entries else (None, None)
    if due_at is not None and due_at <= span.overdue:
        return span.now
    is_waiting = known is not None and known.is_pending and due_at is not None
    return None if is_waiting else max((fact.recorded_at for fact in uncovered), default=None)


def _in_words(entry: Entry) -> str:
    moves = [f"{posting.amount} to {posting.destination}" for posting in entry.postings]
    return f"{entry.reason}, {', '.join(moves) or 'no amounts'}"


def _names_somebody(fact: Fact) -> bool:
    """Say whether an order with this fact may earn: most orders of most shops came through nobody."""
    told = fact.snapshot
    return told is not None and (told.click_id is not None or bool(told.coupon_codes))
