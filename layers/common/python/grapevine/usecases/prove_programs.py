"""Prove every program's books once a day, at its own night, as far as the time of one run goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from grapevine.domain.errors import reason_of
from grapevine.domain.programs import Program
from grapevine.domain.verification import ProofMark
from grapevine.ports import CatalogLists, EntryScan, FactScan, ProofStore, StateScan
from grapevine.usecases.post_order import PostOrderPorts
from grapevine.usecases.verify_program import OrderProof, Proof, verify_program

BUDGET = timedelta(minutes=6)
"""After this no further program is begun: a run ends after fifteen minutes, whatever it is doing."""
NIGHT = range(1, 5)
"""Hours of a program's own clock at which it is proven."""
AGAIN = timedelta(hours=12)
LATE = timedelta(hours=30)
"""A program that was not proven for this long is proven at any hour."""
MISSED = timedelta(hours=48)
"""Without a proof for this long somebody has to look."""
OVERLAP = timedelta(hours=3)
"""How far behind its last proof the next one starts to look at facts: what was too young then."""
MOST_SAID = 20
"""Faults that are kept in words; the command line says all of them."""


@dataclass(frozen=True, slots=True)
class ProvePorts:
    """The programs, their books, what posting reads, and where proofs are kept."""

    catalog: CatalogLists
    ledger: EntryScan
    state: StateScan
    facts: FactScan
    orders: PostOrderPorts
    proofs: ProofStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """What a run did: the programs proven, their faults, what could not be proven, and who waits too long."""

    proven: tuple[str, ...]
    faults: tuple[str, ...]
    failed: tuple[str, ...]
    overdue: tuple[str, ...]


def prove_programs(ports: ProvePorts, clock: Callable[[], datetime]) -> Proven:
    """Prove the programs that are due, the longest waiting first, until the budget is used up.

    The next run goes on where this one ends. Starting is written down before it is done, so that a
    program too large for one run does not keep the others from their turn.
    """
    started = clock()
    programs = tuple(ports.catalog.programs())
    marks = {program.id: ports.proofs.last_proof(program.id) for program in programs}
    proven, faults, failed = list[str](), list[str](), list[str]()
    for program in _due(programs, marks, started):
        if clock() - started > BUDGET:
            break
        try:
            proof = _prove(program, marks[program.id], ports, clock)
        except Exception as error:  # noqa: BLE001 - one program's books must not keep the others' from being proven
            failed.append(f"{program.id}: {reason_of(error)}")
            continue
        proven.append(program.id)
        faults += [f"{program.id}: {fault}" for fault in proof.faults]
    overdue = (program.id for program in programs if _is_missed(program, ports, started))
    return Proven(proven=tuple(proven), faults=tuple(faults), failed=tuple(failed), overdue=tuple(overdue))


def _due(programs: Sequence[Program], marks: dict[str, ProofMark | None], now: datetime) -> Sequence[Program]:
    def started(program: Program) -> datetime:
        mark = marks[program.id]
        return mark.started_at if mark else program.created_at

    def is_due(program: Program) -> bool:
        is_night = now.astimezone(ZoneInfo(program.time_zone)).hour in NIGHT
        return now - started(program) > (AGAIN if is_night else LATE)

    return sorted(filter(is_due, programs), key=started)


def _prove(
    program: Program, last: ProofMark | None, ports: ProvePorts, clock: Callable[[], datetime]
) -> Proof:
    now = clock()
    begun = replace(last, started_at=now) if last else ProofMark(program_id=program.id, started_at=now)
    ports.proofs.keep_proof(begun)
    # Only facts since the last proof that found nothing: a fault is said again until it is gone.
    since = last.finished_at - OVERLAP if last and last.finished_at and not last.faults else None
    orders = OrderProof(facts=ports.facts, orders=ports.orders, now=now, since=since)
    proof = verify_program(program.id, ports.ledger, ports.state, orders)
    said = tuple(str(fault) for fault in proof.faults[:MOST_SAID])
    # The instant that the proof is about, not that at which it ended: what came meanwhile was not seen.
    ports.proofs.keep_proof(replace(begun, finished_at=now, faults=len(proof.faults), said=said))
    return proof


def _is_missed(program: Program, ports: ProvePorts, now: datetime) -> bool:
    mark = ports.proofs.last_proof(program.id)
    last = mark.finished_at if mark else None
    return now - (last or program.created_at) > MISSED
