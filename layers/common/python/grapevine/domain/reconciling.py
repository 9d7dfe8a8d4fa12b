"""Spans of time in which a shop is asked what changed: they overlap, and shrink where too much happened.

A shop that cannot show all that changed in a span is asked for half of it, and so on down to a second: on
a sale's night a window may be minutes, the day after it is days again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

OVERLAP = timedelta(minutes=10)
"""How far every run looks back behind the last one: for clocks that differ, and what a shop saw late."""
FIRST_LOOK = timedelta(days=1)
"""How far the first run looks back."""
SHORTEST = timedelta(seconds=1)
"""No shop tells the time more precisely."""
CROWDED = 50
"""Orders in a window; with fewer the next one is twice as long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileMark:
    """How far a shop has been reconciled: all that it showed of changes before `until` is known here.

    `window_seconds` is how long the next window is, `ran_at` when the last run began; `fault` is what it
    ended with, empty where all was well.
    """

    storefront_id: str
    until: datetime
    window_seconds: int
    ran_at: datetime
    fault: str = ""

    @property
    def window(self) -> timedelta:
        """How long the next window is."""
        return timedelta(seconds=self.window_seconds)


@dataclass(frozen=True, slots=True)
class Window:
    """One span, both ends included."""

    start: datetime
    end: datetime

    @property
    def is_shortest(self) -> bool:
        """Whether it cannot be cut any more."""
        return self.end - self.start <= SHORTEST

    @property
    def seconds(self) -> int:
        """Its length."""
        return int((self.end - self.start).total_seconds())


def first_window(start: datetime, until: datetime, length: timedelta) -> Window:
    """Return the window at the beginning of a span.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 11, 11, 12, tzinfo=UTC)
    >>> first_window(noon, noon + timedelta(hours=3), timedelta(hours=1)).seconds
    3600
    """
    return Window(start, min(start + max(length, SHORTEST), until))


def halved(window: Window) -> Window:
    """Return the first half of a window in which too much happened, in whole seconds.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 11, 11, 12, tzinfo=UTC)
    >>> halved(Window(noon, noon + timedelta(seconds=3))).seconds
    1
    """
    half = timedelta(seconds=window.seconds // 2)
    return Window(window.start, window.start + max(half, SHORTEST))


def next_length(window: Window, orders: int, longest: timedelta) -> timedelta:
    """Return how long the next window is: twice as long where little happened, but never over the longest.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 11, 11, 12, tzinfo=UTC)
    >>> hour = Window(noon, noon + timedelta(hours=1))
    >>> [str(next_length(hour, orders, timedelta(days=1))) for orders in (0, 50)]
    ['2:00:00', '1:00:00']
    """
    length = max(window.end - window.start, SHORTEST)
    return min(length * 2 if orders < CROWDED else length, longest)


def next_start(now: datetime, mark: ReconcileMark | None) -> datetime:
    """Return where the next run begins: where the last one came to, or a day back where there was none.

    What was read when it had only just happened is read once more; what was older by then is not.
    """
    if mark is None:
        return now - FIRST_LOOK
    was_fresh = mark.until > mark.ran_at - OVERLAP
    return mark.until - OVERLAP if was_fresh else mark.until
