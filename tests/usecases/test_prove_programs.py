"""Every program is proven once a day, at its night, also when a run is too short or a program too large."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from grapevine.adapters.memory.ledger import MemoryLedger
from grapevine.domain.errors import UnavailableError
from grapevine.domain.facts import FactKind
from grapevine.usecases.prove_programs import BUDGET, MISSED, Proven, ProvePorts, prove_programs
from tests import builders as make
from tests.builders import ORDER, PROGRAM_ID, days, minutes
from tests.worlds import World

START = datetime(2026, 11, 11, tzinfo=UTC)
NIGHT = START + days(1) + timedelta(hours=2)


def world_of(*programs: str, **changes: object) -> World:
    world = World()
    for name in programs:
        values = {"id": name, "time_zone": "UTC", "created_at": START, **changes}
        world.catalog.add_program(make.program(**values), make.plan())
    return world


def run(world: World, now: datetime, lasts: timedelta = timedelta(0)) -> Proven:
    """Run the job; looking at the clock takes `lasts`, as proving a program would."""
    instants = [now]

    def clock() -> datetime:
        instants.append(instants[-1] + lasts)
        return instants[-2]

    ports = ProvePorts(world.catalog, world.ledger, world.treasury, world.facts, world.orders, world.proofs)
    return prove_programs(ports, clock)


def test_a_program_is_proven_once_a_night() -> None:
    world = world_of("pg_a")
    assert run(world, NIGHT).proven == ("pg_a",)
    assert run(world, NIGHT + minutes(60)).proven == ()
    assert run(world, NIGHT + days(1)).proven == ("pg_a",)
    mark = world.proofs.last_proof("pg_a")
    assert mark
    assert (mark.started_at, mark.finished_at, mark.faults) == (NIGHT + days(1), NIGHT + days(1), 0)


def test_night_is_the_programs_own() -> None:
    world = world_of("pg_a", time_zone="Asia/Shanghai")
    assert run(world, NIGHT).proven == ()
    assert run(world, START + timedelta(hours=18)).proven == ("pg_a",)


def test_who_missed_a_night_is_proven_at_any_hour() -> None:
    world = world_of("pg_a")
    assert run(world, START + timedelta(hours=29)).proven == ()
    assert run(world, START + timedelta(hours=31)).proven == ("pg_a",)


def test_a_run_that_ends_early_is_gone_on_with_by_the_next() -> None:
    world = world_of("pg_a", "pg_b", "pg_c")
    first = run(world, NIGHT, BUDGET / 3)
    second = run(world, NIGHT + minutes(60))
    assert 0 < len(first.proven) < 3
    assert sorted((*first.proven, *second.proven)) == ["pg_a", "pg_b", "pg_c"]


class OneSick(MemoryLedger):
    """A ledger in which one program cannot be read."""

    def scan(self, program_id: str):  # type: ignore[no-untyped-def]  # noqa: ANN201
        if program_id == "pg_a":
            raise UnavailableError("no answer")
        return super().scan(program_id)


def test_a_program_that_cannot_be_proven_keeps_nobody_from_their_turn_and_is_missed_at_last() -> None:
    world = world_of("pg_a", "pg_b")
    world.ledger = OneSick()
    found = run(world, NIGHT)
    assert (found.failed, found.proven) == (("pg_a: no answer",), ("pg_b",))
    assert found.overdue == ()
    # It was begun, so the other comes first the next time.
    again = run(world, START + MISSED + minutes(1) + timedelta(hours=1))
    assert (again.proven, again.overdue) == (("pg_b",), ("pg_a",))


def test_faults_are_said_and_kept_and_looked_for_again_until_they_are_gone() -> None:
    world = world_of(PROGRAM_ID)
    for name, sponsor in ((make.ANA, None), (make.BO, make.ANA), (make.CY, make.BO)):
        world.catalog.add_promoter(make.promoter(name, sponsor))
    world.clicks.record(make.click())
    world.append(make.fact(FactKind.PAID, minutes(1)))
    for number in range(3):
        (fault,) = run(world, NIGHT + days(number)).faults
        assert fault.startswith(f"{PROGRAM_ID}: facts: {ORDER}: entry 1 was never posted")
    mark = world.proofs.last_proof(PROGRAM_ID)
    assert mark
    assert (mark.faults, len(mark.said)) == (1, 1)
    world.post(NIGHT + days(2))
    world.fold()
    assert run(world, NIGHT + days(3)).faults == ()
    mark = world.proofs.last_proof(PROGRAM_ID)
    assert mark
    assert (mark.faults, mark.said) == (0, ())


def test_a_new_program_is_not_missed_on_its_first_day() -> None:
    world = world_of("pg_a")
    assert run(world, START + minutes(1)).overdue == ()
