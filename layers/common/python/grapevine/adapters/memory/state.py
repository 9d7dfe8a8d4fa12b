"""Pages, heads and payouts in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from threading import Lock

from grapevine.adapters.memory.ledger import MemoryLedger
from grapevine.domain.entries import AccountKey, Entry, EntryReason
from grapevine.domain.errors import AlreadyExistsError, EntryExistsError, HeadMovedError
from grapevine.domain.facts import OrderKey
from grapevine.domain.grants import GrantKey
from grapevine.domain.heads import Head, Step
from grapevine.domain.pages import Page, PageKey, balance_subject, merged
from grapevine.domain.payouts import Movement, Payout, PayoutState
from grapevine.domain.verification import ProofMark
from grapevine.domain.waits import Wait


class MemoryPages:
    """Pages by key."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._keys: dict[str, set[PageKey]] = {}
        self.stored: dict[PageKey, Page] = {}

    def fold(self, additions: Sequence[Page]) -> int:
        return sum(self._fold_one(addition) for addition in additions)

    def _fold_one(self, page: Page) -> bool:
        with self._lock:
            known = self.stored.get(page.key, Page(page.key, {}, frozenset()))
            if page.marks & known.marks:
                return False
            self.stored[page.key] = merged((known, page))[0]
            self._keys.setdefault(page.key.subject, set()).add(page.key)
            return True

    def pages(self, subject: str) -> tuple[Page, ...]:
        with self._lock:
            keys = self._keys.get(subject, ())
            found = [self.stored[key] for key in keys if key in self.stored]
        return tuple(sorted(found, key=lambda page: (page.key.day, page.key.slot)))


class MemoryTreasury:
    """Heads and payouts, moved together with the ledger's entry."""

    def __init__(self, ledger: MemoryLedger, pages: MemoryPages) -> None:
        self._ledger = ledger
        self._pages = pages
        self.heads: dict[AccountKey, Head] = {}
        self.stored: dict[str, Payout] = {}

    def account(self, key: AccountKey) -> tuple[tuple[Page, ...], Head]:
        return self._pages.pages(balance_subject(key)), self.heads.get(key, Head(key=key))

    def move(self, movement: Movement, head_before: Head) -> None:
        with self._ledger.lock:
            self._refuse(movement, head_before)
            self._put(movement.entry)
            self.heads[movement.head.key] = movement.head
            self.stored[movement.payout.id] = movement.payout

    def step(self, steps: Sequence[Step], heads_before: Sequence[Head]) -> None:
        with self._ledger.lock:
            for step, head_before in zip(steps, heads_before, strict=True):
                self._refuse_moved(step.head.key, head_before)
                if self._ledger.has(step.entry):
                    raise HeadMovedError(step.entry.id)
            for step in steps:
                self._ledger.put(step.entry)
                self.heads[step.head.key] = step.head

    def _put(self, entry: Entry) -> None:
        try:
            self._ledger.put(entry)
        except EntryExistsError as error:
            raise HeadMovedError(str(error)) from error

    def _refuse(self, movement: Movement, head_before: Head) -> None:
        stored = self.stored.get(movement.payout.id)
        if stored and movement.entry.reason is EntryReason.RESERVED:
            raise AlreadyExistsError("payout", movement.payout.id)
        self._refuse_changed(movement.payout)
        self._refuse_moved(movement.head.key, head_before)

    def _refuse_changed(self, payout: Payout) -> None:
        stored = self.stored.get(payout.id)
        if (stored.version if stored else 0) != payout.version - 1:
            raise HeadMovedError(f"payout {payout.id}")

    def change(self, payout: Payout) -> None:
        with self._ledger.lock:
            self._refuse_changed(payout)
            self.stored[payout.id] = payout

    def payouts_in(self, program_id: str, state: PayoutState, after: str = "") -> Iterator[Payout]:
        found = (p for p in self.all_payouts(program_id) if p.state is state and p.id > after)
        yield from sorted(found, key=lambda payout: payout.id)

    def payout_named(self, program_id: str, payout_id: str) -> Payout | None:
        payout = self.stored.get(payout_id)
        return payout if payout and payout.key.program_id == program_id else None

    def _refuse_moved(self, key: AccountKey, head_before: Head) -> None:
        if self.heads.get(key, Head(key=key)).sequence != head_before.sequence:
            raise HeadMovedError(str(key))

    def payout(self, settlement_id: str, payout_id: str) -> Payout | None:
        payout = self.stored.get(payout_id)
        return payout if payout and payout.settlement_id == settlement_id else None

    def payouts_of(self, settlement_id: str) -> Iterator[Payout]:
        for payout in sorted(self.stored.values(), key=lambda payout: payout.id):
            if payout.settlement_id == settlement_id:
                yield payout

    def all_pages(self, program_id: str) -> Iterator[Page]:
        for page in self._pages.stored.values():
            if page.key.subject.startswith(f"{program_id}/"):
                yield page

    def all_heads(self, program_id: str) -> Iterator[Head]:
        yield from (head for head in self.heads.values() if head.key.program_id == program_id)

    def all_payouts(self, program_id: str) -> Iterator[Payout]:
        yield from (payout for payout in self.stored.values() if payout.key.program_id == program_id)

    def all_counters(self, program_id: str) -> Iterator[tuple[GrantKey, int]]:
        yield from ((key, n) for key, n in self._ledger.counters.items() if key.program_id == program_id)


class MemoryWaits:
    """Orders that wait, by program and order."""

    def __init__(self) -> None:
        self.listed: dict[tuple[str, OrderKey], Wait] = {}

    def keep(self, wait: Wait) -> None:
        self.listed[wait.program_id, wait.order] = wait

    def forget(self, program_id: str, order: OrderKey) -> None:
        self.listed.pop((program_id, order), None)

    def waiting(self, program_id: str) -> Iterator[Wait]:
        found = [wait for wait in tuple(self.listed.values()) if wait.program_id == program_id]
        yield from sorted(found, key=lambda wait: (wait.order.storefront_id, wait.order.order_id))

    def waiting_since(self, instant: datetime) -> Iterator[Wait]:
        found = [wait for wait in tuple(self.listed.values()) if wait.since < instant]
        yield from sorted(found, key=lambda wait: wait.since)


class MemoryProofs:
    """The last proof by program."""

    def __init__(self) -> None:
        self.kept: dict[str, ProofMark] = {}

    def last_proof(self, program_id: str) -> ProofMark | None:
        return self.kept.get(program_id)

    def keep_proof(self, mark: ProofMark) -> None:
        self.kept[mark.program_id] = mark
