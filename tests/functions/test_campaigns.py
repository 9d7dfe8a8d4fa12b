"""Campaigns, bounties and profiles through the JSON API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from chalice.test import Client

from grapevine.domain.instants import from_text, to_text
from tests import builders as make
from tests.builders import T0, days
from tests.functions.test_console import NEW_BOUNTY, NEW_CAMPAIGN, NEW_PROGRAM, PROGRAM, Api, merchant
from tests.worlds import World

CAMPAIGNS, BOUNTIES = f"{PROGRAM}/campaigns", f"{PROGRAM}/bounties"
MIDNIGHT = "2026-11-11T16:00:00.000Z"
"""Of 12 November, in Shanghai."""
CHINA = {**NEW_PROGRAM, "currency": "CNY", "time_zone": "Asia/Shanghai", "profile": "china"}


@pytest.fixture
def api(world: World, client: Callable[[str], Client]) -> Api:
    """Return the API of the merchant whose program the world has."""
    return merchant(world, client, "test")


def test_a_campaign_is_made_read_listed_and_stopped(world: World, api: Api) -> None:
    made = api.post(CAMPAIGNS, NEW_CAMPAIGN)
    assert made == {
        "id": made["id"],
        "name": "Double 11",
        "state": "planned",
        "starts_at": MIDNIGHT,
        "ends_at": "2026-11-12T16:00:00.000Z",
        "clock": "paid",
        "audience": {
            "tier_ids": [],
            "channels": [],
            "product_ids": [],
            "collection_ids": [],
            "categories": [],
            "joined_within_days": None,
        },
        "pays": "cash",
        "multiplier_bps": 20_000,
        "add_bps": 0,
        "add_points_per_unit": 0,
        "bonus": 0,
        "stacking": "add",
        "order_cap": None,
        "promoter_cap": None,
        "budget": 5_000,
        "stopped_at": None,
    }
    path = f"{CAMPAIGNS}/{made['id']}"
    assert api.get(path) == made
    assert api.get(CAMPAIGNS) == {"campaigns": [made], "next": None}
    assert api.changed(f"{path}/budget", {"budget": 6_000})["budget"] == 6_000
    world.clock = from_text(MIDNIGHT)
    assert api.get(path)["state"] == "running"
    ended = api.changed(f"{path}/stop", {})
    assert (ended["stopped_at"], ended["state"]) == (to_text(world.clock + timedelta(minutes=2)), "running")
    world.clock += timedelta(minutes=2)
    assert api.changed(f"{path}/stop", None) == {**ended, "state": "over"}


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-12T00:00", MIDNIGHT),
        ("2026-11-12", MIDNIGHT),
        ("2026-11-12T00:00:00+08:00", MIDNIGHT),
        ("2026-11-11T16:00Z", MIDNIGHT),
    ],
)
def test_edge_59_a_window_is_wall_time_of_the_programs_zone(
    world: World, api: Api, text: str, instant: str
) -> None:
    made = api.post(CAMPAIGNS, {**NEW_CAMPAIGN, "starts_at": text})
    assert made["starts_at"] == instant
    (stored,) = world.catalog.terms(make.PROGRAM_ID).campaigns
    first = datetime.fromisoformat("2026-11-12T00:00:00+08:00")
    assert stored.is_on(first)
    assert not stored.is_on(first - timedelta(milliseconds=1))
    assert stored.is_on(first + timedelta(days=1, milliseconds=-1))
    assert not stored.is_on(first + timedelta(days=1))


def test_edge_59_a_wall_time_that_the_clocks_leave_out_is_refused(api: Api) -> None:
    here = api.post("/programs", {**NEW_PROGRAM, "time_zone": "America/New_York"})["id"]
    for text in ("2027-03-14T02:30", "2027-11-07T01:30"):
        campaign = {**NEW_CAMPAIGN, "ends_at": text}
        error = api.refused("POST", f"/programs/{here}/campaigns", campaign)
        assert (error["where"], "name its offset" in error["detail"]) == ("ends_at", True)


def test_a_campaign_is_refused_with_every_fault(api: Api) -> None:
    worst = {
        **NEW_CAMPAIGN,
        "name": "",
        "ends_at": "2026-11-11T00:00",
        "add_points_per_unit": 2,
        "budget": 0,
        "audience": {"tier_ids": ["brass"]},
    }
    faults = api.refused("POST", CAMPAIGNS, worst)["faults"]
    places = ["name", "ends_at", "add_points_per_unit", "budget", "audience.tier_ids"]
    assert [fault["where"] for fault in faults] == places
    assert api.get(CAMPAIGNS) == {"campaigns": [], "next": None}


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"id": "cm_mine"}, "id"),
        ({"stopped_at": None}, "stopped_at"),
        ({"first_budget": 5}, "first_budget"),
        ({"starts_at": None}, "starts_at"),
        ({"starts_at": "soon"}, "starts_at"),
        ({"pays": "beans"}, "pays"),
        ({"audience": {"tiers": []}}, "audience.tiers"),
        ({"audience": {"tier_ids": [5]}}, "audience.tier_ids[0]"),
        ({"budget": 1.5}, "budget"),
    ],
)
def test_what_is_no_campaign_is_told_where(api: Api, changes: dict[str, Any], where: str) -> None:
    assert api.refused("POST", CAMPAIGNS, {**NEW_CAMPAIGN, **changes})["where"] == where


def test_a_campaign_that_is_not_there_and_words_that_mean_nothing(api: Api) -> None:
    gone = {"code": "not_found", "detail": "no campaign 'cm_gone'"}
    assert api.refused("GET", f"{CAMPAIGNS}/cm_gone", status=404) == gone
    assert api.refused("POST", f"{CAMPAIGNS}/cm_gone/stop", {}, 404) == gone
    assert api.refused("POST", f"{CAMPAIGNS}/cm_gone/budget", {"budget": 5}, 404) == gone
    assert api.refused("POST", f"{BOUNTIES}/bt_gone/stop", {}, 404)["detail"] == "no bounty 'bt_gone'"
    path = f"{CAMPAIGNS}/{api.post(CAMPAIGNS, NEW_CAMPAIGN)['id']}"
    assert api.refused("POST", f"{path}/stop", {"now": True})["where"] == "now"
    assert api.refused("POST", f"{path}/budget", {"budget": 1})["where"] == "budget"
    assert api.refused("POST", f"{path}/budget", {})["where"] == "budget"


def test_a_bounty_is_made_listed_and_stopped(world: World, api: Api) -> None:
    made = api.post(BOUNTIES, NEW_BOUNTY)
    assert (made["id"][:3], made["state"], made["starts_at"]) == (
        "bt_",
        "planned",
        "2026-11-15T16:00:00.000Z",
    )
    assert (made["period"], made["measure"], made["hold_days"]) == ("week", "orders", 30)
    world.clock = T0 + days(10)
    ended = api.changed(f"{BOUNTIES}/{made['id']}/stop", {})
    assert ended["stopped_at"] == to_text(T0 + days(10) + timedelta(minutes=2))
    assert api.get(BOUNTIES) == {"bounties": [ended], "next": None}
    refusal = api.refused("POST", BOUNTIES, {**NEW_BOUNTY, "target": 0, "audience": {"channels": ["x"]}})
    assert [fault["where"] for fault in refusal["faults"]] == ["target", "audience.channels", "starts_at"]


# --- profiles ------------------------------------------------------------------------------------


def test_edge_52_a_program_has_a_profile_for_good(api: Api) -> None:
    here = api.post("/programs", {**CHINA, "plan": {}})
    assert (here["profile"], api.get(f"/programs/{here['id']}")["profile"]) == ("china", "china")
    assert api.post("/programs", NEW_PROGRAM)["profile"] == "global"
    plan = here["plans"][0]
    assert (plan["binding"], plan["binding_days"], plan["protection_days"]) == ("timed", 30, 15)
    later = {"effective_at": "2026-11-12T00:00:00Z"}
    path = f"/programs/{here['id']}/plans"
    assert api.post(path, later)["binding"] == "timed"
    assert api.post(path, {**later, "binding": "off"})["binding"] == "off"
    assert api.post(f"{PROGRAM}/plans", later)["binding"] == "off"


def test_edge_52_what_breaks_the_profile_is_refused_with_the_rule_named(api: Api) -> None:
    error = api.refused("POST", "/programs", {**CHINA, "plan": {"recruit_bonus_minor": 500}})
    assert error["faults"] == [
        {
            "where": "recruit_bonus_minor",
            "what": "nobody may be paid for recruiting, only for sales (profile.china.recruiting)",
        }
    ]
    here = api.post("/programs", {**CHINA, "plan": {"rate_bps": [1000, 200]}})["id"]
    for path, body, rule in (
        ("plans", {"effective_at": "2026-11-12T00:00:00Z", "rate_bps": [800, 150, 50]}, "levels"),
        ("campaigns", {**NEW_CAMPAIGN, "multiplier_bps": 30_000}, "pool"),
    ):
        faults = api.refused("POST", f"/programs/{here}/{path}", body)["faults"]
        assert [f"profile.china.{rule}" in fault["what"] for fault in faults] == [True]
