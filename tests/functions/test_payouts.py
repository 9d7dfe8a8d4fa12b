"""Payouts through Chalice: where a promoter is paid, payouts on demand, and a person's review of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from chalice.test import Client

from grapevine.domain.entries import AccountKey
from grapevine.domain.heads import Head
from grapevine.domain.payout_terms import Withholding
from grapevine.runtime.parts import install
from tests import builders as make
from tests.builders import BO, CY, days
from tests.functions.test_console import PROGRAM, Api, merchant
from tests.paying import reserve
from tests.problems import told
from tests.runtime.observed import Line, invocations
from tests.usecases.asking import asking_world
from tests.usecases.settling import DAY_ONE
from tests.worlds import World

Clients = Callable[[str], Client]
OWN = f"{PROGRAM}/promoters/{CY}"
IBAN = "DE89 3704 0044 0532 0130 00"
DETAILS = {"rail": "csv", "details": {"name": "Cy Lima", "iban": IBAN, "tax_id": "12345"}}


@pytest.fixture
def world() -> World:
    """Return a world that pays on demand, once tax_id is known, and withholds tax."""
    world = asking_world(required_details=("tax_id",), withholding=Withholding(rate_bps=1000))
    world.clock = DAY_ONE
    install(world)
    return world


@pytest.fixture
def api(world: World, client: Clients) -> Api:
    """Return the API of the merchant whose program the world has."""
    return merchant(world, client, "test")


def asked(api: Api, body: dict[str, Any] | None = None, key: str = "r-1", promoter_id: str = CY) -> Any:  # noqa: ANN401
    path = f"{PROGRAM}/promoters/{promoter_id}/payouts"
    return api.call("POST", path, body or {}, **{"Idempotency-Key": key})


# --- where a promoter is paid --------------------------------------------------------------------


def test_details_are_taken_and_come_back_masked(api: Api, lines: list[Line]) -> None:
    nothing = api.get(f"{OWN}/payee")
    assert nothing == {
        "rail": None,
        "details": {},
        "changed_at": None,
        "paid_from": None,
        "missing_details": ["tax_id"],
    }
    put = api.changed(f"{OWN}/payee", DETAILS)
    assert put["payee"] == {
        "rail": "csv",
        "details": {"name": "••••", "iban": "••••3000", "tax_id": "••••"},
        "changed_at": "2027-01-10T04:00:00.000Z",
        "paid_from": "2027-01-13T04:00:00.000Z",
        "missing_details": [],
    }
    assert api.get(f"{OWN}/payee") == put["payee"]
    assert put["payee_key"] == api.changed(f"{PROGRAM}/promoters/{BO}/payee", {"payee": IBAN})["payee_key"]
    assert "3704" not in json.dumps(lines)
    assert "3704" not in json.dumps(api.get(f"{PROGRAM}/promoters"))


def test_edge_83_other_details_wait_anew_and_the_same_do_not(world: World, api: Api) -> None:
    first = api.changed(f"{OWN}/payee", DETAILS)["payee"]
    world.clock += days(2)
    assert api.changed(f"{OWN}/payee", DETAILS)["payee"] == first
    changed = {**DETAILS, "details": {**DETAILS["details"], "name": "C. Lima"}}  # type: ignore[dict-item]
    assert api.changed(f"{OWN}/payee", changed)["payee"]["paid_from"] == "2027-01-15T04:00:00.000Z"


def test_null_forgets(world: World, api: Api) -> None:
    api.changed(f"{OWN}/payee", DETAILS)
    world.clock += days(1)
    assert "payee_key" not in api.changed(f"{OWN}/payee", {"payee": None})
    assert api.get(f"{OWN}/payee")["rail"] is None
    assert world.payees.stored == {}


@pytest.mark.parametrize(
    ("body", "wheres"),
    [
        ({}, ["payee"]),
        ({"rail": "pigeon", "details": {}}, ["rail"]),
        ({"rail": "csv"}, ["details"]),
        ({"rail": "csv", "details": "IBAN"}, ["details"]),
        ({"rail": "csv", "details": {"iban": 5}}, ["details.iban"]),
        ({"rail": "csv", "details": {"tax id": "1", "iban": " "}}, ["details.tax id", "details.iban"]),
        ({"rail": "csv", "details": {"iban": "1"}, "more": 1}, ["more"]),
        ({"rail": "paypal", "details": {"receiver": "cy@example.com"}}, ["rail"]),
        ({"payee": "x", "rail": "csv"}, ["rail"]),
    ],
    ids=str,
)
def test_what_is_wrong_is_named(api: Api, body: dict[str, Any], wheres: list[str]) -> None:
    error = api.refused("POST", f"{OWN}/payee", body)
    assert [error["where"]] if "where" in error else [one["where"] for one in error["faults"]] == wheres


def test_an_account_beside_known_details_is_refused(api: Api) -> None:
    api.changed(f"{OWN}/payee", DETAILS)
    assert api.refused("POST", f"{OWN}/payee", {"payee": "another"})["where"] == "payee"


def test_nobody_is_paid_nowhere(api: Api) -> None:
    for method, path, body in (
        ("GET", "payee", None),
        ("POST", "payee", DETAILS),
        ("GET", "payouts", None),
    ):
        assert api.refused(method, f"{PROGRAM}/promoters/pr_gone/{path}", body, 404)["code"] == "not_found"
    assert asked(api, promoter_id="pr_gone").status_code == 404


# --- payouts on demand ---------------------------------------------------------------------------


def test_edge_84_one_request_is_one_payout_and_another_is_refused(
    api: Api, world: World, lines: list[Line]
) -> None:
    api.changed(f"{OWN}/payee", DETAILS)
    first = asked(api, {"amount_minor": 2_000})
    assert first.status_code == 201
    made = first.json_body
    assert {name: made[name] for name in ("state", "amount", "fee", "tax", "tax_period", "on_demand")} == {
        "state": "requested",
        "amount": "17.50",
        "fee": "0.50",
        "tax": "2.00",
        "tax_period": "2027",
        "on_demand": True,
    }
    world.clock += days(1)
    assert asked(api, {"amount_minor": 2_000}).json_body == made
    other = asked(api, {"amount_minor": 2_001})
    assert (other.status_code, other.json_body["code"]) == (422, "other_request")
    world.clock += days(1)
    other = asked(api, {"amount_minor": 2_001})
    assert (other.status_code, other.json_body["where"]) == (400, "Idempotency-Key")
    refused = asked(api, {"amount_minor": 4_000}, "r-2")
    assert (refused.status_code, told(refused.json_body)) == (
        409,
        {
            "code": "refused",
            "detail": "more than is payable: 10.00 USD missing",
            "reason": "not_covered",
            "missing": "10.00",
            "currency": "USD",
        },
    )
    assert api.get(f"{OWN}/payouts") == {"payouts": [made], "next": None}
    assert api.get(f"{OWN}/balance")["reserved"] == "17.50"
    assert invocations(lines)[-1]["outcome"] == "ok"


def test_without_a_name_a_request_is_not_taken(api: Api) -> None:
    api.changed(f"{OWN}/payee", DETAILS)
    for key in ("", "a b"):
        answer = asked(api, {}, key)
        assert (answer.status_code, answer.json_body["where"]) == (400, "Idempotency-Key")
    assert api.get(f"{OWN}/payouts") == {"payouts": [], "next": None}


def test_missing_details_are_named(api: Api) -> None:
    error = told(asked(api).json_body)
    assert (error["reason"], error["details"]) == ("details_missing", ["tax_id"])


def test_a_program_that_pays_on_its_days_only_says_so(api: Api, client: Clients) -> None:
    other = World(clock=DAY_ONE)
    other.catalog.add_program(make.program(), make.plan())
    other.catalog.add_promoter(make.promoter(CY))
    install(other)
    answer = asked(merchant(other, client, "test"))
    assert (answer.status_code, answer.json_body["reason"]) == (409, "not_offered")


def test_edge_85_a_person_approves_or_rejects_and_the_reason_is_shown(api: Api) -> None:
    api.changed(f"{OWN}/payee", DETAILS)
    made = asked(api).json_body
    assert made["waits_for_review"]
    review = f"{PROGRAM}/payouts/{made['id']}"
    back = api.changed(f"{review}/reject", {"by": "Mei", "reason": "the account is not yours"})
    said = "rejected by Mei: the account is not yours"
    assert (back["state"], back["detail"], back["waits_for_review"]) == ("stopped", said, False)
    assert [leg["detail"] for leg in back["legs"]] == [said]
    assert api.get(f"{OWN}/balance")["payable"] == "50.00"
    assert api.get(f"{OWN}/payouts")["payouts"] == [back]
    error = api.refused("POST", f"{review}/approve", {"by": "Mei"}, 409)
    assert (error["code"], said in error["detail"]) == ("refused", True)
    again = asked(api, {}, "r-2").json_body
    approved = api.changed(f"{PROGRAM}/payouts/{again['id']}/approve", {"by": "Mei"})
    assert (approved["waits_for_review"], approved["detail"]) == (False, "approved by Mei")
    assert [one["id"] for one in api.get(f"{OWN}/payouts")["payouts"]] == [again["id"], made["id"]]


def test_a_payout_that_is_not_there_is_not_reviewed(api: Api) -> None:
    for what, body in (("approve", {"by": "Mei"}), ("reject", {"by": "Mei", "reason": "why"})):
        assert api.refused("POST", f"{PROGRAM}/payouts/po_gone/{what}", body, 404)["code"] == "not_found"


# --- a program's payouts -------------------------------------------------------------------------


def test_a_programs_payouts_are_listed_by_state_with_what_they_wait_for(api: Api, world: World) -> None:
    api.changed(f"{OWN}/payee", DETAILS)
    world.settle(DAY_ONE)
    (listed,) = api.get(f"{PROGRAM}/payouts")["payouts"]
    payout = world.treasury.payout_named(make.PROGRAM_ID, listed["id"])
    assert payout
    assert listed["waits"] == {"for": "cooling", "until": "2027-01-13T04:00:00.000Z", "detail": None}
    assert listed == api.get(f"{PROGRAM}/payouts/{payout.id}")
    api.changed(f"{OWN}/payee", {"payee": None})
    waits = api.get(f"{PROGRAM}/payouts?state=requested")["payouts"][0]["waits"]
    assert waits == {"for": "details", "until": None, "detail": "tax_id is missing"}
    api.changed(f"{OWN}/payee", DETAILS)
    world.clock = DAY_ONE + days(3)
    assert api.get(f"{PROGRAM}/payouts/{payout.id}")["waits"] is None
    world.send(world.clock)
    assert api.get(f"{PROGRAM}/payouts")["payouts"] == []
    (listed,) = api.get(f"{PROGRAM}/payouts?state=sent")["payouts"]
    assert (listed["state"], listed["rail"], listed["waits"]) == ("sent", "csv", None)


def test_a_long_list_has_a_next_page(api: Api, world: World) -> None:
    for number in range(150):
        head = Head(key=AccountKey(make.PROGRAM_ID, f"pr_{number}", "USD"))
        world.treasury.move(reserve(head, 100, "run", DAY_ONE), head)
    first = api.get(f"{PROGRAM}/payouts")
    second = api.get(f"{PROGRAM}/payouts?cursor={first['next']}")
    assert ([len(page["payouts"]) for page in (first, second)], second["next"]) == ([100, 50], None)
    names = [one["id"] for page in (first, second) for one in page["payouts"]]
    assert names == sorted(set(names))


def test_a_state_that_is_none_and_a_payout_that_is_not_there(api: Api) -> None:
    assert api.call("GET", f"{PROGRAM}/payouts?state=lost", None).status_code == 400
    assert api.call("GET", f"{PROGRAM}/payouts/po_x", None).status_code == 404
