"""Settlement runs, their pages, and the sweep's mark in memory."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from threading import Lock
from typing import TypeVar

from grapevine.domain.errors import NotFoundError
from grapevine.domain.settlements import PageName, Settlement, SettlementPage

T = TypeVar("T")


class MemorySettlements:
    """Settlement runs and how far the sweep has come."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._runs: dict[str, Settlement] = {}
        self._pages: dict[str, dict[str, SettlementPage]] = {}
        self._swept_until: datetime | None = None

    def start(self, run: Settlement) -> bool:
        with self._lock:
            return _added(self._runs, run.id, run)

    def settlement(self, settlement_id: str) -> Settlement | None:
        return self._runs.get(settlement_id)

    def open_runs(self) -> Iterator[Settlement]:
        yield from [run for run in self._runs.values() if run.closed_at is None]

    def runs_of(self, program_id: str, limit: int) -> Sequence[Settlement]:
        own = [run for run in self._runs.values() if run.program_id == program_id]
        newest = sorted(own, key=lambda run: (run.started_at, run.id), reverse=True)
        return tuple(sorted(newest, key=lambda run: run.closed_at is not None)[:limit])

    def add_page(self, page: SettlementPage) -> bool:
        with self._lock:
            return _added(self._of(page.settlement_id), page.after, page)

    def page(self, name: PageName) -> SettlementPage | None:
        return self._of(name.settlement_id).get(name.after)

    def pages_from(self, name: PageName) -> Iterator[SettlementPage]:
        with self._lock:
            names = sorted(self._of(name.settlement_id))
        for after in names[bisect_left(names, name.after) :]:
            yield self._of(name.settlement_id)[after]

    def page_with(self, settlement_id: str, promoter_id: str) -> SettlementPage | None:
        pages = self._of(settlement_id).values()
        return next((page for page in pages if promoter_id in page.promoter_ids), None)

    def mark_listed(self, settlement_id: str, pages: int, promoters: int) -> None:
        with self._lock:
            run = self._known(settlement_id)
            self._runs[run.id] = replace(run, listed=True, pages=pages, promoters=promoters)

    def finish_page(self, page: SettlementPage) -> bool:
        with self._lock:
            run, stored = self._known(page.settlement_id), self.page(page.name)
            if stored is None:
                raise NotFoundError("settlement page", f"{page.settlement_id}/{page.after}")
            if stored.is_done:
                return False
            self._of(page.settlement_id)[page.after] = page
            self._runs[run.id] = run.with_page(page)
            return True

    def close(self, run: Settlement, now: datetime) -> bool:
        with self._lock:
            stored = self._runs.get(run.id)
            if stored is None or stored.closed_at:
                return False
            self._runs[run.id] = replace(stored, closed_at=now)
            return True

    def swept_until(self) -> datetime | None:
        return self._swept_until

    def set_swept_until(self, instant: datetime) -> None:
        self._swept_until = max(self._swept_until or instant, instant)

    def _of(self, settlement_id: str) -> dict[str, SettlementPage]:
        return self._pages.setdefault(settlement_id, {})

    def _known(self, settlement_id: str) -> Settlement:
        if settlement_id not in self._runs:
            raise NotFoundError("settlement", settlement_id)
        return self._runs[settlement_id]


def _added(known: dict[str, T], name: str, value: T) -> bool:
    is_new = name not in known
    known.setdefault(name, value)
    return is_new
