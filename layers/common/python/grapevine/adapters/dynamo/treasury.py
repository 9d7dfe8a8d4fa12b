"""Heads and payouts, moved in one transaction with the ledger's entry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pynamodb.expressions.condition import Condition

from grapevine.adapters.dynamo import keys
from grapevine.adapters.dynamo.failures import CONDITION_FAILED, CancelledError, ConditionFailedError
from grapevine.adapters.dynamo.ledger import counter_of, entry_row
from grapevine.adapters.dynamo.pages import PageRow, page_of
from grapevine.adapters.dynamo.rows import ABSENT, Row, row, rows
from grapevine.adapters.dynamo.rows_treasury import (
    CounterRow,
    HeadRow,
    PayoutRow,
    head_of,
    head_row,
    payout_of,
    payout_row,
)
from grapevine.adapters.dynamo.table import BY_STATE, Database, Put
from grapevine.domain.entries import AccountKey, Entry, EntryReason
from grapevine.domain.errors import AlreadyExistsError, HeadMovedError
from grapevine.domain.grants import GrantKey
from grapevine.domain.heads import Head, Step
from grapevine.domain.pages import Page
from grapevine.domain.payouts import Movement, Payout, PayoutState


class DynamoTreasury:
    """Accounts, and the one way to take from them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._state = database.state

    def account(self, key: AccountKey) -> tuple[tuple[Page, ...], Head]:
        """Return an account's pages and its head in one request."""
        items = list(self._state.query(keys.account(key)))
        heads = [head_of(stored) for stored in rows(HeadRow, items)]
        pages = tuple(page_of(item) for item in items if item["sk"]["S"].startswith(keys.DAY))
        return pages, heads[0] if heads else Head(key=key)

    def move(self, movement: Movement, head_before: Head) -> None:
        """Put the entry, the head and the payout, all or nothing."""
        reserves = movement.entry.reason is EntryReason.RESERVED
        try:
            self._database.put_all(
                Put(self._state, payout_row(movement.payout), _follows(movement.payout)),
                *self._puts(movement.entry, movement.head, head_before),
            )
        except CancelledError as error:
            if reserves and error.reasons[0] == CONDITION_FAILED:
                raise AlreadyExistsError("payout", movement.payout.id) from error
            raise HeadMovedError(f"{movement.head.key}: payout, head, entry: {error}") from error

    def step(self, steps: Sequence[Step], heads_before: Sequence[Head]) -> None:
        """Put the entries and heads of one account, or of several, all or nothing."""
        pairs = zip(steps, heads_before, strict=True)
        try:
            self._database.put_all(
                *(put for step, before in pairs for put in self._puts(step.entry, step.head, before))
            )
        except CancelledError as error:
            names = ", ".join(str(head.key) for head in heads_before)
            raise HeadMovedError(f"{names}: heads and entries: {error}") from error

    def _puts(self, entry: Entry, head: Head, head_before: Head) -> tuple[Put, Put]:
        return (
            Put(self._state, head_row(head), _still_at(head_before)),
            Put(self._database.ledger, entry_row(entry), ABSENT),
        )

    def payout(self, settlement_id: str, payout_id: str) -> Payout | None:
        """Return a payout of a settlement, or None."""
        if not keys.is_usable(settlement_id, payout_id):
            return None
        item = self._state.get(keys.payout(settlement_id, payout_id))
        return payout_of(row(PayoutRow, item)) if item else None

    def change(self, payout: Payout) -> None:
        """Put a payout over the version before it; HeadMovedError where that is not there any more."""
        try:
            self._state.put(payout_row(payout), _follows(payout))
        except ConditionFailedError as error:
            raise HeadMovedError(f"payout {payout.id}") from error

    def payouts_in(self, program_id: str, state: PayoutState, after: str = "") -> Iterator[Payout]:
        """Yield a program's payouts of a state by id, those after one, eventually consistent."""
        later = PayoutRow.gsk > after if after else None
        items = self._state.query(keys.payouts_in(program_id, state), later, index=BY_STATE)
        return (payout_of(stored) for stored in rows(PayoutRow, items))

    def payout_named(self, program_id: str, payout_id: str) -> Payout | None:
        """Return a payout by its id alone, eventually consistent."""
        if not keys.is_usable(payout_id):
            return None
        for state in PayoutState:
            partition = keys.payouts_in(program_id, state)
            items = self._state.query(partition, PayoutRow.gsk == payout_id, index=BY_STATE)
            for stored in rows(PayoutRow, items):
                return payout_of(stored)
        return None

    def payouts_of(self, settlement_id: str) -> Iterator[Payout]:
        """Yield a settlement's payouts by id."""
        partition = keys.settlement(settlement_id).pk
        items = self._state.query(partition, PayoutRow.sk.startswith(keys.PAYOUT))
        return (payout_of(stored) for stored in rows(PayoutRow, items))

    def all_pages(self, program_id: str) -> Iterator[Page]:
        """Yield every page of a program's balances and of what was sold."""
        own = Row.pk.startswith(keys.accounts_of(program_id)) | Row.pk.startswith(
            keys.statistics_of(program_id)
        )
        items = self._state.scan(_is(PageRow) & own)
        return (page_of(item) for item in items)

    def all_heads(self, program_id: str) -> Iterator[Head]:
        """Yield every account's head of a program."""
        items = self._state.scan(_is(HeadRow) & Row.pk.startswith(keys.accounts_of(program_id)))
        return (head_of(stored) for stored in rows(HeadRow, items))

    def all_payouts(self, program_id: str) -> Iterator[Payout]:
        """Yield every payout of a program."""
        items = self._state.scan(_is(PayoutRow) & (PayoutRow.program_id == program_id))
        return (payout_of(stored) for stored in rows(PayoutRow, items))

    def all_counters(self, program_id: str) -> Iterator[tuple[GrantKey, int]]:
        """Yield every counter of what is scarce in a program, with what is taken."""
        items = self._state.scan(_is(CounterRow) & Row.pk.startswith(keys.counters_of(program_id)))
        return (counter_of(item) for item in items)


def _follows(payout: Payout) -> Condition:
    """Return the condition that a payout's version before is what is stored; the first has none."""
    return ABSENT if payout.version == 1 else PayoutRow.version == payout.version - 1


def _still_at(head: Head) -> Condition:
    """Return the condition that nobody moved a head since it was read."""
    return HeadRow.sequence == head.sequence if head.sequence else ABSENT


def _is(kind: type[Row]) -> Condition:
    condition: Condition = Row.kind == kind
    return condition
