"""Settlement runs, their pages, and how far the sweep of what is due has come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import chain, islice
from typing import TypeVar

from grapevine.adapters.dynamo import keys, settlement_keys
from grapevine.adapters.dynamo.failures import (
    CONDITION_FAILED,
    CancelledError,
    ConditionFailedError,
    is_conflict,
)
from grapevine.adapters.dynamo.rows import ABSENT, Instant, Row, row, rows
from grapevine.adapters.dynamo.rows_settlements import (
    SettlementPageRow,
    SettlementRow,
    counted,
    page_of,
    page_row,
    settlement_of,
    settlement_row,
)
from grapevine.adapters.dynamo.table import BY_STATE, Change, Database, Put
from grapevine.domain.errors import NotFoundError, UnavailableError
from grapevine.domain.settlements import PageName, Settlement, SettlementPage

ATTEMPTS = 10
"""Tries at a run's row while others count their pages there: a try is some milliseconds."""
NOT_DONE = SettlementPageRow.pk.exists() & SettlementPageRow.done.does_not_exist()
T = TypeVar("T")


class SweepRow(Row, discriminator="sweep"):
    """`SWEEP` / `MARK`."""

    swept_until = Instant()


class DynamoSettlements:
    """Settlement runs, and the sweep's mark."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._state = database.state

    def start(self, run: Settlement) -> bool:
        """Store a run if absent; return whether it was new."""
        return self._state.put_new(settlement_row(run))

    def settlement(self, settlement_id: str) -> Settlement | None:
        """Return a run, or None."""
        item = self._state.get(keys.settlement(settlement_id)) if keys.is_usable(settlement_id) else None
        return settlement_of(item) if item else None

    def open_runs(self) -> Iterator[Settlement]:
        """Yield the runs of all programs that are not closed, eventually consistent."""
        return map(settlement_of, self._state.query(settlement_keys.OPEN_RUNS, index=BY_STATE))

    def runs_of(self, program_id: str, limit: int) -> Sequence[Settlement]:
        """Return a program's runs, those under way first, then the newest, eventually consistent."""
        own = SettlementRow.gsk.startswith(settlement_keys.runs_begin(program_id))
        under_way = self._state.latest(settlement_keys.OPEN_RUNS, limit, own, index=BY_STATE)
        closed = self._state.latest(settlement_keys.closed_runs(program_id), limit, index=BY_STATE)
        return tuple(islice(map(settlement_of, chain(under_way, closed)), limit))

    def add_page(self, page: SettlementPage) -> bool:
        """Store a page if its place in the chain is free; return whether it was."""
        return self._state.put_new(page_row(page))

    def page(self, name: PageName) -> SettlementPage | None:
        """Return the page at a place of the chain, or None."""
        if not keys.is_usable(name.settlement_id, name.after):
            return None
        item = self._state.get(settlement_keys.page(name.settlement_id, name.after))
        return page_of(row(SettlementPageRow, item)) if item else None

    def pages_from(self, name: PageName) -> Iterator[SettlementPage]:
        """Yield a run's pages from a place in their chain on, in order."""
        start = settlement_keys.page(name.settlement_id, name.after)
        span = SettlementPageRow.sk.between(start.sk, settlement_keys.AFTER_PAGES)
        return map(page_of, rows(SettlementPageRow, self._state.query(start.pk, span)))

    def page_with(self, settlement_id: str, promoter_id: str) -> SettlementPage | None:
        """Return the page that a promoter is on: the last one that follows somebody before them."""
        if not keys.is_usable(settlement_id, promoter_id):
            return None
        pk, sk = settlement_keys.page(settlement_id, promoter_id)
        span = SettlementPageRow.sk.between(settlement_keys.PAGE, sk)
        found = map(page_of, rows(SettlementPageRow, self._state.latest(pk, 2, span)))
        return next((page for page in found if promoter_id in page.promoter_ids), None)

    def mark_listed(self, settlement_id: str, pages: int, promoters: int) -> None:
        """Say that every promoter is on a page; again changes nothing."""
        told = [
            SettlementRow.listed.set(True),
            SettlementRow.pages.set(pages),
            SettlementRow.promoters.set(promoters),
        ]
        key, exists = keys.settlement(settlement_id), SettlementRow.pk.exists()
        try:
            _retried(lambda: self._state.update(key, told, exists))
        except ConditionFailedError as error:
            raise NotFoundError("settlement", settlement_id) from error

    def finish_page(self, page: SettlementPage) -> bool:
        """Store a page that is done and count it in its run, both or neither."""
        count = Change(
            self._state, keys.settlement(page.settlement_id), counted(page), SettlementRow.pk.exists()
        )
        put = Put(self._state, page_row(page), NOT_DONE)
        try:
            _retried(lambda: self._database.put_all(put, changes=(count,)))
        except CancelledError as error:
            if CONDITION_FAILED not in error.reasons:
                raise UnavailableError(f"{page.name}: page, run: {error}") from error
            if self.page(page.name) is None or error.reasons[0] != CONDITION_FAILED:
                raise NotFoundError("settlement page", f"{page.settlement_id}/{page.after}") from error
            return False
        return True

    def close(self, run: Settlement, now: datetime) -> bool:
        """Close a run; return whether it was open."""
        listing = settlement_keys.closed_runs(run.program_id)
        told = [SettlementRow.closed_at.set(now), SettlementRow.gpk.set(listing)]
        is_open = SettlementRow.pk.exists() & SettlementRow.closed_at.does_not_exist()
        try:
            _retried(lambda: self._state.update(keys.settlement(run.id), told, is_open))
        except ConditionFailedError:
            return False
        return True

    def swept_until(self) -> datetime | None:
        """Return the instant up to which everything due was handled."""
        item = self._state.get(keys.sweep_mark())
        return row(SweepRow, item).swept_until if item else None

    def set_swept_until(self, instant: datetime) -> None:
        """Remember it, unless a later instant is stored."""
        try:
            self._state.put(
                SweepRow(*keys.sweep_mark(), swept_until=instant), ABSENT | (SweepRow.swept_until < instant)
            )
        except ConditionFailedError:
            return


def _retried(step: Callable[[], T]) -> T:
    """Do a step again while it is in another one's way: many pages count in one run's row."""
    for _ in range(ATTEMPTS - 1):
        try:
            return step()
        except CancelledError as error:
            if CONDITION_FAILED in error.reasons:
                raise
        except UnavailableError as error:
            if not is_conflict(error):
                raise
    return step()
