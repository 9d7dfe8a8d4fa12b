"""Settlements through the JSON API: how far they are, runs on demand, and how a program pays out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from chalice.test import Client

from grapevine.adapters.memory.catalog import MemoryCatalog
from grapevine.domain.payout_terms import Schedule
from grapevine.domain.programs import Program
from grapevine.domain.settlements import AccountOutcome, Settled, Settlement
from grapevine.usecases.change_payouts import ChangePayouts, change_payouts
from tests import builders as make
from tests.builders import ANA, BO, CY, T0, days
from tests.functions.test_console import PROGRAM, Api, merchant
from tests.usecases.settling import DAY_ONE, RUN_ONE, paid_out, released
from tests.worlds import World

Clients = Callable[[str], Client]
SETTLEMENTS = f"{PROGRAM}/settlements"


@pytest.fixture
def api(world: World, client: Clients) -> Api:
    """Return the API of the merchant whose program the world has."""
    return merchant(world, client, "test")


@pytest.fixture
def settled(world: World) -> World:
    """Return the world after a run that paid Cy and Bo and carried Ana."""
    released(world, 1, 50_000)
    world.settle(DAY_ONE)
    world.clock = DAY_ONE
    return world


@pytest.mark.usefixtures("settled")
def test_a_run_says_how_far_it_came_and_what_became_of_everybody(api: Api) -> None:
    run = api.get(f"{SETTLEMENTS}/{RUN_ONE}")
    assert run == {
        "id": RUN_ONE,
        "state": "closed",
        "progress": "closed 3 / 3",
        "started_at": "2027-01-10T04:00:00.000Z",
        "closed_at": "2027-01-10T04:00:00.000Z",
        "promoters": 3,
        "settled": 3,
        "outcomes": {"paid": 2, "carried": 1},
        "paid": "65.00",
        "currency": "USD",
        "ignore_minimum": False,
        "not_settled": [],
    }
    assert api.get(SETTLEMENTS) == {
        "next": None,
        "settlements": [{name: value for name, value in run.items() if name != "not_settled"}],
        "next_at": "2027-02-09T16:00:00.000Z",
    }


@pytest.mark.usefixtures("settled")
def test_edge_74_what_became_of_a_promoter_is_told_with_what_is_missing(api: Api) -> None:
    told = {name: api.get(f"{SETTLEMENTS}/{RUN_ONE}?promoter_id={name}")["promoter"] for name in (ANA, CY)}
    assert told == {
        ANA: {
            "promoter_id": ANA,
            "outcome": "carried",
            "amount": "5.00",
            "missing": "5.00",
            "reason": "below_minimum",
        },
        CY: {"promoter_id": CY, "outcome": "paid", "amount": "50.00"},
    }
    api.refused("GET", f"{SETTLEMENTS}/{RUN_ONE}?promoter_id=pr_gone", status=404)
    api.refused("GET", f"{SETTLEMENTS}/{RUN_ONE}?promoter_id=a%23b", status=404)


def test_a_run_under_way_says_how_many_it_has_settled_in_both_languages(world: World, api: Api) -> None:
    run = Settlement(
        id=RUN_ONE,
        program_id=make.PROGRAM_ID,
        started_at=DAY_ONE,
        listed=True,
        promoters=50_000,
        counts={Settled.EMPTY: 12_400},
    )
    world.settlements.start(run)
    page = run.page_of((ANA,))
    world.settlements.add_page(page)
    assert api.get(f"{SETTLEMENTS}/{RUN_ONE}")["progress"] == "settling 12 400 / 50 000"
    assert api.get(f"{SETTLEMENTS}/{RUN_ONE}?language=zh")["progress"] == "结算中 12 400 / 50 000"
    assert api.get(f"{SETTLEMENTS}/{RUN_ONE}?promoter_id={ANA}")["promoter"] is None
    world.settlements.finish_page(page.done(()))
    assert api.get(f"{SETTLEMENTS}/{RUN_ONE}?promoter_id={ANA}")["promoter"] == {
        "promoter_id": ANA,
        "outcome": "empty",
    }


def test_edge_82_who_was_not_settled_is_named_with_the_reason(world: World, api: Api) -> None:
    run = Settlement(id=RUN_ONE, program_id=make.PROGRAM_ID, started_at=DAY_ONE)
    world.settlements.start(run)
    page = run.page_of((ANA, BO))
    world.settlements.add_page(page)
    failed = AccountOutcome(promoter_id=BO, settled=Settled.FAILED, reason="no answer")
    world.settlements.finish_page(page.done((failed,)))
    assert api.get(f"{SETTLEMENTS}/{RUN_ONE}")["not_settled"] == [
        {"promoter_id": BO, "outcome": "failed", "reason": "no answer"}
    ]


def test_a_run_of_somebody_else_is_not_there(world: World, api: Api) -> None:
    world.settlements.start(Settlement(id="pg_zz.2027-01-10", program_id="pg_zz", started_at=DAY_ONE))
    api.refused("GET", f"{SETTLEMENTS}/pg_zz.2027-01-10", status=404)
    api.refused("GET", f"{SETTLEMENTS}/nothere", status=404)
    assert api.get(SETTLEMENTS)["settlements"] == []


# --- on demand -----------------------------------------------------------------------------------


def test_a_run_on_demand_is_one_however_often_it_is_asked_for(world: World, api: Api) -> None:
    released(world, 1, 50_000)
    world.clock = DAY_ONE - days(2)
    first = api.post(SETTLEMENTS, {"name": "Holiday-1"})
    assert (first["id"], first["state"]) == (f"{make.PROGRAM_ID}.run-Holiday-1", "listing")
    world.work_off(world.clock)
    assert api.post(SETTLEMENTS, {"name": "Holiday-1"})["state"] == "closed"
    assert (world.settlement_queue.lists, world.settlement_queue.pages) == ([], [])
    assert paid_out(world, first["id"]) == {CY: 5_000, BO: 1_500}


def test_edge_74_a_program_that_closes_pays_out_what_is_below_the_minimum(world: World, api: Api) -> None:
    released(world, 1, 50_000)
    world.clock = DAY_ONE - days(2)
    name = api.post(SETTLEMENTS, {"name": "closing", "ignore_minimum": True})["id"]
    world.work_off(world.clock)
    assert paid_out(world, name) == {CY: 5_000, BO: 1_500, ANA: 500}
    assert world.proof().faults == ()
    error = api.refused("POST", SETTLEMENTS, {"name": "closing"})
    assert "ignore_minimum" in error["detail"]


@pytest.mark.parametrize("name", ["", "a b", "a.b", "a#b", "x" * 41, "-a", "日"])
def test_a_name_that_cannot_be_one_is_refused(world: World, api: Api, name: str) -> None:
    error = api.refused("POST", SETTLEMENTS, {"name": name})
    assert error["detail"].startswith("name: ")
    assert list(world.settlements.open_runs()) == []


# --- how a program pays out ----------------------------------------------------------------------


def put(api: Api, body: object, status: int = 200) -> Any:  # noqa: ANN401 - JSON
    answer = api.call("PUT", f"{PROGRAM}/payouts", body)
    assert answer.status_code == status, answer.body
    return answer.json_body


def test_payout_terms_are_replaced_whole(world: World, api: Api) -> None:
    body = {"schedule": "weekly", "settlement_day": 5, "minimum_payout_minor": 2_500}
    usual = {"cooling_hours": 72, "required_details": [], "withholding": None, "on_demand": None}
    assert put(api, body) == {**usual, **body}
    assert api.get(PROGRAM)["payouts"] == {**usual, **body}
    assert put(api, {}) == {
        **usual,
        "schedule": "monthly",
        "settlement_day": 10,
        "minimum_payout_minor": 1_000,
    }
    program = world.catalog.terms(make.PROGRAM_ID).program
    assert (program.revision, program.scheduled_at) == (2, T0)


def test_the_same_terms_again_change_nothing(world: World, api: Api) -> None:
    for _ in range(2):
        put(api, {"minimum_payout_minor": 2_500})
    program = world.catalog.terms(make.PROGRAM_ID).program
    assert (program.revision, program.scheduled_at) == (1, None)


def test_everything_wrong_with_payout_terms_is_said_at_once(world: World, api: Api) -> None:
    body = {
        "schedule": "weekly",
        "settlement_day": 8,
        "minimum_payout_minor": 0,
        "on_demand": {"minimum_minor": 10, "fee_minor": 10},
        "withholding": {"rate_bps": 0},
    }
    message = put(api, body, 400)["detail"]
    names = ("settlement_day", "minimum_payout_minor", "on_demand.fee_minor", "withholding.rate_bps")
    assert [name for name in names if name not in message] == []
    assert world.catalog.terms(make.PROGRAM_ID).program.revision == 0
    assert put(api, {"settlementday": 3}, 400)["detail"].startswith("settlementday")


def test_edge_76_a_changed_schedule_makes_up_for_no_day_before(world: World, api: Api) -> None:
    """On a Wednesday the schedule comes to be weekly, on Mondays: the next run is the next Monday's."""
    world.clock = T0
    put(api, {"schedule": "weekly", "settlement_day": 1})
    released(world, 1, 50_000)
    world.settle(T0 + days(1))
    assert list(world.settlements.runs_of(make.PROGRAM_ID, 9)) == []
    assert api.get(SETTLEMENTS)["next_at"] == "2026-11-15T16:00:00.000Z"
    world.settle(T0 + days(5))
    assert [run.id for run in world.settlements.runs_of(make.PROGRAM_ID, 9)] == [
        f"{make.PROGRAM_ID}.2026-11-16"
    ]


def test_on_demand_alone_never_begins_by_itself(world: World, api: Api) -> None:
    put(api, {"schedule": Schedule.ON_DEMAND.value})
    released(world, 1, 50_000)
    world.settle(DAY_ONE)
    assert api.get(SETTLEMENTS) == {"next": None, "settlements": [], "next_at": None}


class Contested(MemoryCatalog):
    """A catalog in which somebody else changes the payout terms first, once."""

    others = 1

    def change_program(self, program: Program) -> None:
        if self.others:
            self.others = 0
            before = self.terms(program.id).program
            super().change_program(before.with_payouts(make.program(minimum_payout_minor=7).payouts, T0))
        super().change_program(program)


def test_two_who_change_at_once_are_heard_one_after_the_other() -> None:
    catalog = Contested()
    catalog.add_program(make.program(), make.plan())
    wanted = make.program(minimum_payout_minor=2_500).payouts
    changed = change_payouts(ChangePayouts(make.PROGRAM_ID, wanted), catalog, T0)
    assert (changed.payouts, changed.revision) == (wanted, 2)
    assert catalog.terms(make.PROGRAM_ID).program == changed
