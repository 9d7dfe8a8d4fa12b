"""`make bench-settle`: our settlement against an ORM's, how it grows, and what a large one costs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from functools import partial
from time import monotonic

from benchmarks.engine import machine, postgres
from benchmarks.engine.measuring import Cost, Make, benches, interleaved
from benchmarks.engine.report import Goal, Verdict, table_of, verdicts
from benchmarks.settle.accounts import expected, paid_by
from benchmarks.settle.memory import FLAT, SIZES, held_by
from benchmarks.settle.orm import Orm, OrmByPages
from benchmarks.settle.ours import Ours
from benchmarks.settle.whole import Figures, settled

OURS = "settle_page in memory"
ORM, BY_PAGES = "SQLAlchemy ORM, one by one", "… a page per transaction"
GOALS = (Goal(ORM, "ORM", 10, 50),)
SHOWN = (*GOALS, Goal(BY_PAGES, "pages", 0, 0))
"""What a page per transaction costs is shown and no goal: one who fails takes ninety-nine along."""
SAMPLE = range(1, 301)
PER_PAID, PER_CARRIED = 4.0, 1.0
"""Store requests that a promoter may cost, paid or carried."""


class DisagreementError(Exception):
    """Two contenders do not pay the same people the same: there is nothing to compare."""


def main() -> int:
    """Run everything; 1 where a goal is missed, 2 where there is nobody to compare with."""
    parser = argparse.ArgumentParser(prog="make bench-settle", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="turns of each that count")
    parser.add_argument("--promoters", type=int, default=50_000, help="of the large settlement")
    asked, started = parser.parse_args(), monotonic()
    try:
        print("\n".join(machine.facts()), flush=True)
        costs = _compete(asked.rounds)
    except (postgres.PostgresError, DisagreementError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"\nCPU time of the client's process, {asked.rounds} rounds in turns, medians:\n")
    print("\n".join(table_of(costs, SHOWN, "promoter")), flush=True)
    large = settled(asked.promoters)
    print("", *_told(large), sep="\n", flush=True)
    held = {size: held_by(size) for size in SIZES}
    print("\nwhat a message holds beyond what stays, by promoters: usually, and at most:")
    shown = (f"{n:,}: {each.usual / 1024:,.0f}, {max(each.each) / 1024:,.0f} KB" for n, each in held.items())
    print("  " + "   ".join(shown))
    usual = {size: each.usual for size, each in held.items()}
    said = (*verdicts(costs, OURS, GOALS), *_verdicts(large), _flat(usual))
    print("", *said, f"\n{monotonic() - started:.0f} s", sep="\n")
    return 0 if all(verdict.is_reached for verdict in said) else 1


def _compete(rounds: int) -> dict[str, Cost]:
    with postgres.server() as url, postgres.server() as other:
        contenders: dict[str, Make] = {
            OURS: Ours,
            ORM: partial(Orm, url),
            BY_PAGES: partial(OrmByPages, other),
        }
        with benches(contenders) as started:
            for name, one in started.items():
                if one.ask(partial(paid_by, SAMPLE)) != expected(SAMPLE):
                    raise DisagreementError(f"{name} pays otherwise")
            print(f"all {len(started)} pay the same people the same, settled twice", flush=True)
            return interleaved(started, rounds)


def _told(large: Figures) -> Iterator[str]:
    yield f"{large.promoters:,} promoters with {4 * large.promoters:,} commissions, in memory:"
    yield f"  {large.promoters / large.seconds:,.0f} promoters a second, {large.cpu:.1f} CPU seconds"
    asked = ", ".join(f"{number:,} {name}" for name, number in large.requests.most_common())
    yield f"  {large.requests.total() / large.promoters:.2f} store requests a promoter: {asked}"
    yield (
        f"  {large.paid:,} paid, {large.promoters - large.paid:,} carried; the process grew from "
        f"{large.megabytes_before:,.0f} to {large.megabytes:,.0f} MB, the stores with all entries in it"
    )


def _verdicts(large: Figures) -> Iterator[Verdict]:
    carried = large.promoters - large.paid
    yield Verdict(large.is_right, "everybody is paid exactly what their commissions come to")
    most = PER_PAID * large.paid + PER_CARRIED * carried
    text = f"{large.requests.total():,} store requests (at most {most:,.0f}: 4 per paid, 1 per carried)"
    yield Verdict(large.requests.total() <= most, text)


def _flat(held: dict[int, int]) -> Verdict:
    grown = max(held.values()) / min(held.values())
    sizes = f"{min(held):,} to {max(held):,} promoters"
    return Verdict(grown <= FLAT, f"memory of a message × {grown:.2f} from {sizes} (at most {FLAT})")


if __name__ == "__main__":
    sys.exit(main())
