"""Make a storefront whole: ask its shop for every order that changed in a span, and take what is news."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from grapevine.domain.errors import InvalidInputError, reason_of
from grapevine.domain.reconciling import (
    ReconcileMark,
    Window,
    first_window,
    halved,
    next_length,
    next_start,
)
from grapevine.ports.shop_clients import ShopClient, ShopRefusedError
from grapevine.ports.shop_marks import ReconcileMarks
from grapevine.usecases.fetch_order import FetchPorts, Shop, Taken, shop_of, take_fetched

MOST_PAGES = 1000
"""Of one window; a shop that has more never ends."""
FARTHEST = timedelta(days=800)
"""How far back a span may begin."""
NOTHING = Taken()
Progress = Callable[[datetime, datetime, datetime], None]
"""Is told where the span began, how far it is read, and where it ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileStorefront:
    """A storefront to make whole: from where the last run came to until now, unless a span is said.

    A span that is said moves no mark: the scheduled runs go on from where they were.
    """

    storefront_id: str
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReconcilePorts:
    """The shops, where what they say is kept, and how far each has been read."""

    fetching: FetchPorts
    marks: ReconcileMarks


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What came of a run: how many orders were seen, what was news, and how the windows went.

    `cut` counts the windows that were too full, `until` is how far it came; `finished` says that this
    is the span's end.
    """

    storefront_id: str
    since: datetime
    until: datetime
    taken: Taken = NOTHING
    orders: int = 0
    windows: int = 0
    cut: int = 0
    finished: bool = False


def silent(since: datetime, done: datetime, until: datetime) -> None:
    """Tell nobody how far a run has come."""


def always() -> bool:
    """Go on until it is done."""
    return True


def reconcile_storefront(
    command: ReconcileStorefront,
    ports: ReconcilePorts,
    now: datetime,
    progress: Progress = silent,
    may_go_on: Callable[[], bool] = always,
) -> Reconciled:
    """Read a span, window by window, each durable before the next.

    The mark moves only behind a window that was read whole, so a run that fails, or that may not go
    on, is taken up where it stopped. Raises what the shop, or a store, raised; the mark says it too.
    """
    shop = shop_of(command.storefront_id, ports.fetching.taking)
    mark = ports.marks.reconcile_mark(shop.storefront.id)
    since, until = _span(command, mark, now)
    client = ports.fetching.clients.client(shop.storefront)
    length = min(mark.window if mark else client.longest_window, client.longest_window)
    start = ReconcileMark(
        storefront_id=shop.storefront.id, until=since, window_seconds=int(length.total_seconds()), ran_at=now
    )
    keeps = command.since is None and command.until is None
    run = _Run(shop, client, ports, start, keeps=keeps, may_go_on=may_go_on)
    progress(since, since, until)
    while run.mark.until < until and run.read_next(until):
        progress(since, run.mark.until, until)
    return Reconciled(
        storefront_id=shop.storefront.id,
        since=since,
        until=run.mark.until,
        taken=run.taken,
        orders=run.orders,
        windows=run.windows,
        cut=run.cut,
        finished=run.mark.until >= until,
    )


@dataclass(slots=True)
class _Run:
    """One run: where it stands, and what it has found so far."""

    shop: Shop
    client: ShopClient
    ports: ReconcilePorts
    mark: ReconcileMark
    keeps: bool
    may_go_on: Callable[[], bool]
    taken: Taken = NOTHING
    orders: int = 0
    windows: int = 0
    cut: int = 0

    def read_next(self, until: datetime) -> bool:
        """Read one more window and move the mark behind it; False where there was no time for it."""
        window, before = first_window(self.mark.until, until, self.mark.window), self.orders
        try:
            found = self._shrunk(window)
        except Exception as error:
            self._move(replace(self.mark, fault=reason_of(error)))
            raise
        if found is None:
            return False
        length = next_length(found, self.orders - before, self.client.longest_window)
        seconds = int(length.total_seconds())
        self._move(replace(self.mark, until=found.end, window_seconds=seconds, fault=""))
        self.windows += 1
        return True

    def _shrunk(self, window: Window) -> Window | None:
        """Read a window, shorter and shorter until the shop shows all of it; return what was read.

        None where there was no time for it: the next run begins with half of it.
        """
        seconds = self.mark.window_seconds
        while self.may_go_on():
            whole = self._is_read(window)
            if whole:
                return window
            window = halved(window)
            seconds = window.seconds
            if whole is None:
                break
            self.cut += 1
        self._move(replace(self.mark, window_seconds=seconds))
        return None

    def _is_read(self, window: Window) -> bool | None:
        """Take every order of a window; False where the shop does not show all, None without the time."""
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = self.client.orders_updated(window.start, window.end, cursor)
            for body in page.bodies:
                self.orders += 1
                self.taken += take_fetched(body, self.shop, self.ports.fetching.taking, self.mark.ran_at)
            if page.cut and not window.is_shortest:
                return False
            if page.cursor is None:
                return self._refuse_cut(window) if page.cut else True
            if not self.may_go_on():
                return None
            cursor = page.cursor
        raise ShopRefusedError(f"the shop's orders of {window.start} to {window.end} have no end")

    def _refuse_cut(self, window: Window) -> bool:
        raise ShopRefusedError(f"more orders changed at {window.start} than the shop shows of one second")

    def _move(self, mark: ReconcileMark) -> None:
        self.mark = mark
        if self.keeps:
            self.ports.marks.keep_reconcile_mark(mark)


def _span(
    command: ReconcileStorefront, mark: ReconcileMark | None, now: datetime
) -> tuple[datetime, datetime]:
    """Return where a run begins and ends; InvalidInputError for a span that is none."""
    until = min(command.until or now, now)
    since = command.since or next_start(now, mark)
    if since >= until:
        raise InvalidInputError("must be before the end", "since")
    if since < now - FARTHEST:
        raise InvalidInputError(f"must not be over {FARTHEST.days} days ago", "since")
    return since, until
