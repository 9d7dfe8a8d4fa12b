"""A whole settlement of many promoters in memory: its time, its requests, and how large the process was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from resource import RUSAGE_SELF, getrusage
from time import perf_counter
from typing import Any

from benchmarks.engine.measuring import cpu_seconds
from benchmarks.settle.accounts import expected
from benchmarks.settle.ours import Shop


class Counted:
    """A store that counts what it is asked; each call is one request."""

    def __init__(self, inner: object, counts: Counter[str]) -> None:
        self._inner = inner
        self._counts = counts

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the store has
        found = getattr(self._inner, name)
        return self._counting(name, found) if callable(found) else found

    def _counting(self, name: str, call: Callable[..., object]) -> Callable[..., object]:
        def counted(*args: object) -> object:
            self._counts[name] += 1
            return call(*args)

        return counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a run cost."""

    promoters: int
    paid: int
    seconds: float
    cpu: float
    requests: Counter[str]
    megabytes_before: float
    megabytes: float
    is_right: bool


def settled(promoters: int) -> Figures:
    """Settle a shop of so many promoters with four commissions each."""
    numbers = range(1, promoters + 1)
    shop, counts = Shop(numbers), Counter[str]()
    stored = shop.treasury.stored
    for name in ("treasury", "settlements", "catalog", "payees"):
        setattr(shop, name, Counted(getattr(shop, name), counts))
    before, started, used = _megabytes(), perf_counter(), cpu_seconds()
    shop.settle()
    seconds, cpu = perf_counter() - started, cpu_seconds() - used
    paid = {payout.key.promoter_id: payout.amount_minor for payout in stored.values()}
    return Figures(
        promoters=promoters,
        paid=len(paid),
        seconds=seconds,
        cpu=cpu,
        requests=counts,
        megabytes_before=before,
        megabytes=_megabytes(),
        is_right=paid == expected(numbers),
    )


def _megabytes() -> float:
    """Return the most that this process has had in memory."""
    return getrusage(RUSAGE_SELF).ru_maxrss / 1024
