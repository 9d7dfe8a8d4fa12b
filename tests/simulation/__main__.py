"""Plays many worlds, or one again: `python -m tests.simulation --help`."""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

from tests.simulation.run import Outcome, fewest_strikes, outcome_of

CHUNK = 250
"""Worlds that one process plays before it reports."""
MOST_SHOWN = 20


@dataclass
class Report:
    """What some worlds came to; `seconds` is the processor's time."""

    worlds: int = 0
    seconds: float = 0.0
    entries: int = 0
    strikes: Counter[str] = field(default_factory=Counter)
    violations: dict[int, list[str]] = field(default_factory=dict)

    def add(self, other: Report) -> None:
        """Take in what other worlds came to."""
        self.worlds += other.worlds
        self.seconds += other.seconds
        self.entries += other.entries
        self.strikes += other.strikes
        self.violations |= other.violations

    def take(self, seed: int, outcome: Outcome) -> None:
        """Take in what one world came to."""
        self.worlds += 1
        self.entries += len(outcome.town.stores.ledger.appended) if outcome.town else 0
        self.strikes.update(note.split()[0] for note in outcome.strikes)
        if outcome.violations:
            self.violations[seed] = [str(violation) for violation in outcome.violations]


def played_chunk(seeds: range) -> Report:
    """Return what the worlds of these seeds come to."""
    report, started = Report(), time.process_time()
    # A world is a circle of objects; looking for such circles once per chunk is a tenth faster.
    gc.disable()
    for seed in seeds:
        report.take(seed, outcome_of(seed))
    report.seconds = time.process_time() - started
    gc.collect()
    return report


def chunks(first: int, worlds: int) -> Iterator[range]:
    """Yield the seeds in pieces."""
    for start in range(first, first + worlds, CHUNK):
        yield range(start, min(start + CHUNK, first + worlds))


def play_many(first: int, worlds: int, processes: int) -> Report:
    """Play worlds on several cores, saying how far it is."""
    total, started = Report(), time.monotonic()
    with ProcessPoolExecutor(processes) as pool:
        for report in pool.map(played_chunk, chunks(first, worlds)):
            total.add(report)
            for seed, found in report.violations.items():
                show(seed, found)
            progress(total, worlds, time.monotonic() - started)
    return total


def progress(total: Report, worlds: int, seconds: float) -> None:
    """Say how far it is: over and over in a terminal, now and then in a log."""
    is_last = total.worlds == worlds
    speed, violated = total.worlds / seconds, len(total.violations)
    line = f"{total.worlds}/{worlds} worlds, {violated} violated, {speed:.0f} seeds/s"
    if sys.stderr.isatty():
        print(f"\r{line}", end="\n" if is_last else "", file=sys.stderr, flush=True)
    elif is_last or total.worlds % (40 * CHUNK) == 0:
        print(line, file=sys.stderr, flush=True)


def show(seed: int, found: Sequence[str]) -> None:
    """Say what is wrong with a world, and how to play it again."""
    print(f"\nseed {seed}: {len(found)} violations; again: python -m tests.simulation --seed {seed}")
    for violation in found[:MOST_SHOWN]:
        print(f"  {violation[:300]}")


def play_one(seed: int, most: int | None) -> int:
    """Play one world and tell everything about it; with the fewest strikes that still show what is wrong."""
    if most is None and outcome_of(seed).violations:
        most = fewest_strikes(seed)
        print(f"the first {most} strikes are enough")
    outcome = outcome_of(seed, most=most)
    for line in told(outcome):
        print(line)
    show(seed, [str(violation) for violation in outcome.violations])
    return min(len(outcome.violations), 1)


def told(outcome: Outcome) -> Iterator[str]:
    """Yield a world's story: its script, what struck it, and its ledger."""
    script = outcome.script
    yield f"{script.program}\n" + "\n".join(str(each) for each in (*script.plans, *script.promoters))
    yield f"lags: {script.lags}, screens: {script.screens}, results completed: {script.completes_bps} bps"
    for phase in script.phases:
        yield f"\n{phase.at} {'settles' if phase.settles else ''}"
        yield from (f"  {arrival}" for arrival in (*phase.arrivals, *phase.late))
    yield from ("\nstruck:", *(f"  {strike}" for strike in outcome.strikes))
    if outcome.town:
        yield "\nledger:"
        for entry in outcome.town.stores.ledger.appended:
            legs = ", ".join(f"{leg.source} → {leg.destination} {leg.amount}" for leg in entry.postings)
            yield f"  {entry.recorded_at} {entry.id} {entry.reason} due {entry.due_at}: {legs}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Play what was asked for; the status says whether anything was violated."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--worlds", type=int, default=100_000, help="how many seeds to play")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--processes", type=int, default=2, help="how many cores to use")
    parser.add_argument("--seed", type=int, help="play this one world and tell everything about it")
    parser.add_argument("--strikes", type=int, help="with --seed: let only so many things go wrong")
    asked = parser.parse_args(arguments)
    if asked.seed is not None:
        return play_one(asked.seed, asked.strikes)
    started = time.monotonic()
    total = play_many(asked.first, asked.worlds, asked.processes)
    seconds = time.monotonic() - started
    print(
        f"{total.worlds} worlds in {seconds:.0f} s: {total.worlds / seconds:.0f} seeds/s, "
        f"{total.worlds / total.seconds:.0f} per second of one core; {len(total.violations)} violated\n"
        f"{total.entries} entries; struck: {dict(total.strikes.most_common())}\n"
        "one world again: python -m tests.simulation --seed N"
    )
    return min(len(total.violations), 1)


if __name__ == "__main__":
    sys.exit(main())
