"""The contenders of `make bench-settle` settle the same; seen here without a database."""

from __future__ import annotations

from benchmarks.settle.accounts import MINIMUM_MINOR, PROGRAM_ID, expected, payable, promoter_id
from benchmarks.settle.memory import Peaks
from benchmarks.settle.ours import Ours, Shop
from benchmarks.settle.whole import settled
from grapevine.domain.settlements import SettlementState

NUMBERS = range(1, 301)


def test_ours_pays_what_the_commissions_come_to_and_nobody_twice() -> None:
    assert Ours().paid(NUMBERS) == expected(NUMBERS)


def test_some_are_paid_some_are_short_and_some_owe() -> None:
    sums = [payable(number) for number in NUMBERS]
    assert min(sums) < 0 < MINIMUM_MINOR < max(sums)
    assert any(0 < minor < MINIMUM_MINOR for minor in sums)
    assert promoter_id(99) < promoter_id(100)


def test_a_shop_is_settled_to_the_end() -> None:
    shop = Shop(NUMBERS)
    run = shop.settle()
    assert (run.program_id, run.state, run.settled) == (PROGRAM_ID, SettlementState.CLOSED, len(NUMBERS))


def test_the_figures_count_every_request() -> None:
    figures = settled(300)
    assert figures.is_right
    assert figures.paid == len(expected(NUMBERS))
    assert (figures.requests["account"], figures.requests["move"]) == (300, figures.paid)
    assert figures.requests.total() <= 4 * figures.paid + (300 - figures.paid)


def test_a_peak_is_what_was_held_and_is_not_kept() -> None:
    import tracemalloc  # noqa: PLC0415 - it slows everything down that comes after it

    peaks, kept = Peaks(), []
    tracemalloc.start()
    peaks.note(lambda: kept.append(bytearray(500_000)))
    peaks.note(lambda: len(bytearray(300_000)))
    tracemalloc.stop()
    stayed, went = peaks.each
    assert stayed < 50_000
    assert 300_000 <= went < 400_000
    assert peaks.usual == stayed
