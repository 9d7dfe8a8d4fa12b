"""`make bench-engine`: our engine against an ORM on PostgreSQL and against beancount, in one run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from functools import partial
from tempfile import TemporaryDirectory
from time import monotonic

from benchmarks.engine import machine, postgres
from benchmarks.engine.beancount_books import Beancount
from benchmarks.engine.growth import growths
from benchmarks.engine.measuring import Bench, Cost, Make, benches, books_by, interleaved
from benchmarks.engine.orm import Orm
from benchmarks.engine.ours import PureEngine, UseCases, WholeWay
from benchmarks.engine.report import Goal, line_of, table_of, verdict_of, verdicts
from benchmarks.engine.sales import books_of, first_sales

OURS = "fold, decide, next_entry"
ORM, BEANCOUNT = "SQLAlchemy ORM on PostgreSQL", "beancount, load only"
GOALS = (Goal(ORM, "ORM", 40, 100), Goal(BEANCOUNT, "beancount", 2, 4))
FEWEST_ROUNDS = 5
SAMPLE = first_sales(200)


class DisagreementError(Exception):
    """Two contenders do not come to the same amounts: there is nothing to compare."""


def main() -> int:
    """Run everything; 1 where a goal is missed, 2 where there is nobody to compare with."""
    rounds, started = _arguments(), monotonic()
    try:
        print("\n".join(machine.facts()), flush=True)
        costs = _compete(rounds)
    except (postgres.PostgresError, DisagreementError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"\nCPU time of the client's process, {rounds} rounds in turns, medians:\n")
    print("\n".join(table_of(costs, GOALS)), flush=True)
    grown = growths()
    print("\nCPU µs of one post as it grows, the least of several:\n")
    print("\n".join(map(line_of, grown)))
    said = (*verdicts(costs, OURS, GOALS), *map(verdict_of, grown))
    print("", *said, f"\n{monotonic() - started:.0f} s", sep="\n")
    return 0 if all(verdict.is_reached for verdict in said) else 1


def _arguments() -> int:
    parser = argparse.ArgumentParser(prog="make bench-engine", description=__doc__)
    parser.add_argument("--rounds", type=int, default=11, help="turns of each that count (at least 5)")
    return max(int(parser.parse_args().rounds), FEWEST_ROUNDS)


def _compete(rounds: int) -> dict[str, Cost]:
    with postgres.server() as url, TemporaryDirectory(prefix="gv-beans-") as folder:
        contenders: dict[str, Make] = {
            OURS: PureEngine,
            "post_order in memory": UseCases,
            "… with its text and balances": WholeWay,
            ORM: partial(Orm, url),
            BEANCOUNT: partial(Beancount, folder),
        }
        with benches(contenders) as started:
            _agree(started)
            return interleaved(started, rounds)


def _agree(started: Mapping[str, Bench]) -> None:
    """Refuse to race before everybody comes to the same amounts; the ORM gets every sale twice."""
    expected = books_of(SAMPLE)
    for name, one in started.items():
        if one.ask(partial(books_by, SAMPLE)) != expected:
            raise DisagreementError(f"{name} comes to other amounts")
    print(f"all {len(started)} agree to the cent on {len(SAMPLE)} sales", flush=True)


if __name__ == "__main__":
    sys.exit(main())
