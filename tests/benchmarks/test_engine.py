"""The contenders of `make bench-engine` do the same work; seen here without a database or their packages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from benchmarks.engine.beans_text import text_of
from benchmarks.engine.growth import Growth
from benchmarks.engine.measuring import Accrual, Cost, Work, bench, benches, books_by, interleaved
from benchmarks.engine.ours import PureEngine, UseCases, WholeWay
from benchmarks.engine.report import Goal, verdict_of, verdicts
from benchmarks.engine.sales import Books, Sale, books_of, first_sales, level_amounts, people

SALES = first_sales(60)
POSTING = re.compile(r"^  Liabilities:Pg(\d+):Pr(\d+):Held  -(\d+)\.(\d\d) USD$", re.MULTILINE)


@pytest.mark.parametrize("engine", [PureEngine, UseCases, WholeWay])
def test_our_engine_comes_to_the_amounts_of_the_others(engine: Callable[[], Accrual]) -> None:
    assert engine().books(SALES) == books_of(SALES)


def test_the_text_for_beancount_says_the_same() -> None:
    sponsors = {(program_id, name): sponsor for program_id, name, sponsor in people()}
    books: Books = {}
    for program, promoter, whole, cents in POSTING.findall("\n".join(text_of(SALES, sponsors))):
        key = f"pg_{program}", f"pr_{promoter}"
        books[key] = books.get(key, 0) + int(whole + cents)
    assert books == books_of(SALES)


def test_halves_go_to_the_even_unit() -> None:
    assert level_amounts(1_050) == (105, 32, 10)
    assert level_amounts(50) == (5, 2, 0)


class Still:
    """A contender that does nothing."""

    size = 1

    def turn(self) -> Iterator[Work]:
        yield list

    def books(self, some: tuple[Sale, ...]) -> Books:
        return books_of(some)


def test_a_contender_answers_from_its_own_process() -> None:
    with bench(Still) as one:
        assert one.ask(len_of_books) == len(books_of(SALES))


def len_of_books(contender: Accrual) -> int:
    return len(books_by(SALES, contender))


def test_the_first_round_does_not_count() -> None:
    with benches({"a": Still, "b": Still}) as started:
        costs = interleaved(started, 3)
    assert {name: len(cost.seconds) for name, cost in costs.items()} == {"a": 3, "b": 3}


def test_a_goal_is_a_ratio_of_medians() -> None:
    costs = {"ours": Cost((1.0, 2.0, 9.0)), "theirs": Cost((90.0, 100.0, 999.0))}
    reached, missed = (
        next(verdicts(costs, "ours", (Goal("theirs", "t", least, 100),))) for least in (50, 51)
    )
    assert reached.is_reached
    assert not missed.is_reached


@pytest.mark.parametrize(
    ("seconds", "exponent"), [((7.0, 7.0, 7.0), 0), ((1.0, 10.0, 100.0), 1), ((1.0, 1.0, 100.0), 2)]
)
def test_growth_is_that_of_the_steepest_step(seconds: tuple[float, ...], exponent: float) -> None:
    growth = Growth("x", (1, 10, 100), seconds, 1.1)
    assert growth.exponent == pytest.approx(exponent)
    assert verdict_of(growth).is_reached is (exponent <= 1)
