"""Start the settlements whose day has come, or that an operator asks for; go on with those under way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from grapevine.domain.errors import GrapevineError, InvalidInputError, reason_of
from grapevine.domain.programs import Program
from grapevine.domain.schedules import settlement_date
from grapevine.domain.settlements import PageName, Settlement, demanded_id, scheduled_id
from grapevine.ports import CatalogLists, SettlementQueue, SettlementStore

AT_ONCE = 10
"""Messages that one request queues."""


class SettlementsNotStartedError(GrapevineError):
    """Some programs' settlements could not be started; starting again is safe."""


@dataclass(frozen=True, slots=True)
class StartSettlementsPorts:
    """Programs, the runs, and the queue that carries them on."""

    catalog: CatalogLists
    settlements: SettlementStore
    queue: SettlementQueue


@dataclass(frozen=True, slots=True)
class DemandSettlement:
    """A run that an operator asks for, by a name of their own: the same name again is the same run.

    It settles everybody as a scheduled one does; one that ignores the minimum pays whatever is
    payable, which is how a program that closes pays out.
    """

    program_id: str
    name: str
    ignores_minimum: bool = False


def start_settlements(ports: StartSettlementsPorts, now: datetime) -> tuple[Settlement, ...]:
    """Start what is due by each program's calendar; return the runs that are under way.

    A run is named by its program and day, so starting it again, also after a crash, goes on with
    it: what was listed and is not settled is queued again, and so is the rest of the list. A program
    that fails does not stop the others; then SettlementsNotStartedError names which and why.
    """
    runs = {run.id: run for run in ports.settlements.open_runs()}
    faults: list[str] = []
    for program in ports.catalog.programs():
        try:
            due = _due(program, frozenset(runs), ports, now)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other programs are settled
            faults.append(f"{program.id}: {reason_of(error)}")
        else:
            runs |= {due.id: due} if due else {}
    for run in runs.values():
        try:
            _go_on(run, ports)
        except Exception as error:  # noqa: BLE001 - as above
            faults.append(f"{run.id}: {reason_of(error)}")
    if faults:
        raise SettlementsNotStartedError("; ".join(faults))
    return tuple(runs.values())


def demand_settlement(command: DemandSettlement, ports: StartSettlementsPorts, now: datetime) -> Settlement:
    """Start a run on demand, or go on with it; return it.

    InvalidInputError for a name that cannot be one, and for one that has been started otherwise.
    """
    wanted = Settlement(
        id=demanded_id(command.program_id, command.name),
        program_id=command.program_id,
        started_at=now,
        ignores_minimum=command.ignores_minimum,
    )
    run = _stored(wanted, ports)
    if run.ignores_minimum != command.ignores_minimum:
        raise InvalidInputError(f"{command.name!r} was started with the other value", "ignore_minimum")
    if run.closed_at is None:
        _go_on(run, ports)
    return run


def _due(
    program: Program, under_way: frozenset[str], ports: StartSettlementsPorts, now: datetime
) -> Settlement | None:
    """Return the run of a program's latest day, started if it is new, None where there is nothing to do.

    The listing of open runs may not have it yet, so it is asked for by its name too.
    """
    day = settlement_date(program, now)
    name = scheduled_id(program.id, day.isoformat()) if day else None
    if name is None or name in under_way:
        return None
    run = _stored(Settlement(id=name, program_id=program.id, started_at=now), ports)
    return None if run.closed_at else run


def _stored(wanted: Settlement, ports: StartSettlementsPorts) -> Settlement:
    """Return the run of that name as it is stored, which is the one wanted where it is new."""
    known = ports.settlements.settlement(wanted.id)
    if known is None and not ports.settlements.start(wanted):
        known = ports.settlements.settlement(wanted.id)
    return known or wanted


def _go_on(run: Settlement, ports: StartSettlementsPorts) -> None:
    """Queue what is listed and not done, and the list from its end on; a run that is settled closes there."""
    last = PageName(run.id, "")
    for names in _tens(run, ports.settlements):
        ports.queue.send_pages(tuple(name for name, is_done in names if not is_done))
        last = names[-1][0]
    ports.queue.send_list(last)


def _tens(run: Settlement, settlements: SettlementStore) -> Iterator[list[tuple[PageName, bool]]]:
    pages = ((page.name, page.is_done or page.ends) for page in settlements.pages_from(PageName(run.id, "")))
    while names := list(islice(pages, AT_ONCE)):
        yield names
