"""What handling one message holds, beyond what was there before or is there after it.

The stores in memory enlarge their tables now and then, and hold both for a moment; that is theirs, so
what counts is what nineteen of twenty messages stay within.
"""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.settle.ours import Shop

SIZES = (1_000, 10_000, 100_000)
FLAT = 1.5
"""How many times the least of several sizes the most may be and still be called flat."""
OF_TWENTY = 19


@dataclass(slots=True)
class Peaks:
    """What each message held at most, in bytes; what it left in the stores does not count."""

    each: list[int] = field(default_factory=list)

    def note(self, handle: Callable[[], object]) -> None:
        """Handle a message and note what it held."""
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        handle()
        after, most = tracemalloc.get_traced_memory()
        self.each.append(most - max(before, after))

    @property
    def usual(self) -> int:
        """Return what nineteen of twenty stay within."""
        return sorted(self.each)[(len(self.each) - 1) * OF_TWENTY // 20]


def held_by(promoters: int) -> Peaks:
    """Return what the messages of a settlement of so many promoters hold."""
    shop, peaks = Shop(range(1, promoters + 1)), Peaks()
    gc.collect()
    tracemalloc.start()
    shop.settle(peaks.note)
    tracemalloc.stop()
    return peaks
