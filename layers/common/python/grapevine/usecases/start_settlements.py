"""Start the settlements whose day has come, and fan each out over its promoters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from grapevine.domain.errors import GrapevineError, reason_of
from grapevine.domain.programs import Program, settlement_date
from grapevine.ports import CatalogLists, Settlement, SettlementBatch, SettlementQueue, SettlementStore

BATCH = 100
"""Promoters per queue message: some seconds of work, well inside a function's time."""


class SettlementsNotStartedError(GrapevineError):
    """Some programs' settlements could not be started; starting again is safe."""


@dataclass(frozen=True, slots=True)
class StartSettlementsPorts:
    """Programs and promoters, the runs, and the queue that carries them on."""

    catalog: CatalogLists
    settlements: SettlementStore
    queue: SettlementQueue


def start_settlements(ports: StartSettlementsPorts, now: datetime) -> tuple[Settlement, ...]:
    """Start what is due by each program's calendar; return the runs that are not finished.

    A run is named by its program and day, so starting it again, also after a crash, queues the
    same batches, and settling a promoter twice pays once. A program that fails does not stop the
    others; then SettlementsNotStartedError names which and why.
    """
    runs: list[Settlement] = []
    faults: list[str] = []
    for program in ports.catalog.programs():
        try:
            run = _started(program, ports, now)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other programs are settled
            faults.append(f"{program.id}: {reason_of(error)}")
        else:
            runs += [run] if run else []
    if faults:
        raise SettlementsNotStartedError("; ".join(faults))
    return tuple(runs)


def settlement_id(program_id: str, day: str) -> str:
    """Return the one name of a program's run of a day."""
    return f"{program_id}.{day}"


def _started(program: Program, ports: StartSettlementsPorts, now: datetime) -> Settlement | None:
    day = settlement_date(program, now)
    if day is None:
        return None
    name = settlement_id(program.id, day.isoformat())
    run = ports.settlements.settlement(name) or _new_run(name, program.id, ports, now)
    if run.is_done:
        return None
    ports.queue.send_batches(tuple(_batches(run, ports.catalog)))
    return run


def _new_run(name: str, program_id: str, ports: StartSettlementsPorts, now: datetime) -> Settlement:
    run = Settlement(id=name, program_id=program_id, started_at=now, batches=0, finished=frozenset())
    run = replace(run, batches=sum(1 for _ in _batches(run, ports.catalog)))
    if ports.settlements.start(run):
        return run
    return ports.settlements.settlement(name) or run


def _batches(run: Settlement, catalog: CatalogLists) -> Iterator[SettlementBatch]:
    """Yield the run's batches, at least one: a program without promoters finishes too."""
    members = (p.id for p in catalog.promoters_of(run.program_id) if p.joined_at <= run.started_at)
    number, promoter_ids = 1, tuple(islice(members, BATCH))
    while promoter_ids or number == 1:
        yield SettlementBatch(
            settlement_id=run.id, program_id=run.program_id, number=number, promoter_ids=promoter_ids
        )
        number, promoter_ids = number + 1, tuple(islice(members, BATCH))
