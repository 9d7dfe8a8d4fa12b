"""The JSON API through Chalice: who may, what every route takes and gives, and what bad input is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import pytest
from chalice.test import Client, HTTPResponse

from grapevine.adapters.memory.catalog import MemoryCatalog
from grapevine.domain.candidates import Reason
from grapevine.domain.errors import NetworkMovedError, OrderUnprocessableError, UnavailableError
from grapevine.domain.facts import OrderKey
from grapevine.domain.instants import to_text
from grapevine.domain.people import Promoter, subject_key
from grapevine.domain.settlements import Settlement
from grapevine.ports import ApiKey
from tests import builders as make
from tests.builders import ANA, BO, CY, T0, days, minutes
from tests.functions.webhooks import deliver, paid_order, raw, signed
from tests.problems import UNAUTHENTICATED, told
from tests.runtime.observed import Line, invocations
from tests.usecases.pointing import post
from tests.usecases.scarce import order, paid
from tests.worlds import World

Clients = Callable[[str], Client]
PROGRAM = f"/programs/{make.PROGRAM_ID}"
NEW_PROGRAM = {
    "name": "Tea",
    "currency": "EUR",
    "time_zone": "Europe/Lisbon",
    "allowed_hosts": ["Tea.Example"],
    "payouts": {"minimum_payout_minor": 500, "settlement_day": 31},
    "plan": {"rate_bps": [800, 150, 50], "hold_days_after_payment": 14},
}
NEW_STOREFRONT = {"platform": "shopify", "domain": "tea.example", "webhook_secret": "s" * 16}
NEW_PROMOTER = {"name": "Dee", "email": "Dee@Example.com", "sponsor_id": CY}
NEW_LINK = {"destination": "https://shop.example/p?a=1#b"}
NEW_PLAN = {"effective_at": "2026-11-12T00:00:00Z", "click_window_days": 7, "vacancy": "compress"}
NEW_CAMPAIGN = {
    "name": "Double 11",
    "starts_at": "2026-11-12T00:00",
    "ends_at": "2026-11-13T00:00:00+08:00",
    "multiplier_bps": 20_000,
    "budget": 5_000,
}
NEW_BOUNTY = {
    "name": "Ten a week",
    "starts_at": "2026-11-16T00:00",
    "ends_at": "2026-12-14T00:00",
    "target": 10,
    "amount": 5_000,
}
NEW_RATE = {
    "base": "JPY",
    "quote": "USD",
    "rate": "0.0066",
    "source": "the bank",
    "effective_at": "2026-11-11T00:00:00Z",
}
NEW_COUPON = {"code": "dee-10", "priority": 5}
DISABLED = {"enabled": False}
PUBLIC = {"public": True, "by": "Mei", "reason": "on a deal site"}
NEW_PAYEE = {"payee": "DE89 3704 0044 0532 0130 00"}
BELOW = "10.00 USD is missing to the minimum payout of 10.00 USD"
NEW_PAYOUT = {"amount_minor": 2_000}
NEW_SPONSOR = {"sponsor_id": ANA}
NEW_PRODUCTS = {"products": [{"id": "77", "category": "tea", "collections": ["sale"], "promoter_id": CY}]}
NEW_CUSTOMER = {"customer": "guest@x.example", "promoter_id": CY}
NEW_PERSON = {"customer": "guest@x.example", "other": "a" * 24}
NEW_STATUS = {"status": "suspended", "reason": "sells on a flea market"}
NEW_SPENDING = {"points": 200, "request_id": "spend-1"}
ODD = "f" * 16
RULING = {"fact": ODD, "by": "Mei", "why": "I asked the shop"}

ROUTES: tuple[tuple[str, str, dict[str, Any] | None], ...] = (
    ("POST", "/programs", NEW_PROGRAM),
    ("GET", "/programs", None),
    ("GET", PROGRAM, None),
    ("POST", f"{PROGRAM}/plans", NEW_PLAN),
    ("POST", f"{PROGRAM}/campaigns", NEW_CAMPAIGN),
    ("GET", f"{PROGRAM}/campaigns", None),
    ("GET", f"{PROGRAM}/campaigns/cm_made", None),
    ("POST", f"{PROGRAM}/campaigns/cm_made/stop", {}),
    ("POST", f"{PROGRAM}/campaigns/cm_made/budget", {"budget": 6_000}),
    ("POST", f"{PROGRAM}/bounties", NEW_BOUNTY),
    ("GET", f"{PROGRAM}/bounties", None),
    ("POST", f"{PROGRAM}/bounties/bt_made/stop", {}),
    ("POST", f"{PROGRAM}/rates", NEW_RATE),
    ("POST", f"{PROGRAM}/storefronts", NEW_STOREFRONT),
    ("POST", f"{PROGRAM}/customers", NEW_CUSTOMER),
    ("POST", f"{PROGRAM}/customers/join", NEW_PERSON),
    ("POST", f"{PROGRAM}/promoters", NEW_PROMOTER),
    ("GET", f"{PROGRAM}/promoters", None),
    ("POST", f"{PROGRAM}/products", NEW_PRODUCTS),
    ("POST", f"{PROGRAM}/promoters/{CY}/coupons", NEW_COUPON),
    ("POST", f"{PROGRAM}/coupons/{make.coupon().code}", DISABLED),
    ("GET", f"{PROGRAM}/coupons/{make.coupon().code}", None),
    ("GET", f"{PROGRAM}/promoters/{CY}/coupons", None),
    ("POST", f"{PROGRAM}/coupons/{make.coupon().code}/public", PUBLIC),
    ("POST", f"{PROGRAM}/leaks", {}),
    ("POST", f"{PROGRAM}/promoters/{CY}/payee", NEW_PAYEE),
    ("GET", f"{PROGRAM}/promoters/{CY}/payee", None),
    ("POST", f"{PROGRAM}/promoters/{CY}/payouts", NEW_PAYOUT),
    ("GET", f"{PROGRAM}/promoters/{CY}/payouts", None),
    ("POST", f"{PROGRAM}/payouts/po_made/approve", {"by": "Mei"}),
    ("POST", f"{PROGRAM}/payouts/po_made/reject", {"by": "Mei", "reason": "not this one"}),
    ("GET", f"{PROGRAM}/rings", None),
    ("POST", f"{PROGRAM}/promoters/{CY}/sponsor", NEW_SPONSOR),
    ("POST", f"{PROGRAM}/promoters/{CY}/status", NEW_STATUS),
    ("POST", f"{PROGRAM}/promoters/{CY}/links", NEW_LINK),
    ("GET", f"{PROGRAM}/promoters/{CY}/balance", None),
    ("GET", f"{PROGRAM}/promoters/{CY}/entries", None),
    ("GET", f"{PROGRAM}/promoters/{CY}/points", None),
    ("POST", f"{PROGRAM}/promoters/{CY}/points/spend", NEW_SPENDING),
    ("PUT", f"{PROGRAM}/payouts", {"minimum_payout_minor": 2_000, "schedule": "daily"}),
    ("GET", f"{PROGRAM}/settlements", None),
    ("POST", f"{PROGRAM}/settlements", {"name": "closing"}),
    ("GET", f"{PROGRAM}/settlements/{make.PROGRAM_ID}.2026-11-10", None),
    ("GET", f"{PROGRAM}/waiting", None),
    ("POST", f"{PROGRAM}/orders/{make.STOREFRONT_ID}/1002/accept", RULING),
    ("POST", f"{PROGRAM}/orders/{make.STOREFRONT_ID}/1003/reject", RULING),
    ("GET", f"{PROGRAM}/entries/{make.STOREFRONT_ID}/1001/1/explain", None),
)
OF_A_PROGRAM = ROUTES[2:]
BODIES = [(path, body) for method, path, body in ROUTES if method == "POST" and body]
each_route = pytest.mark.parametrize(("method", "path", "body"), ROUTES, ids=lambda value: str(value)[:60])
each_program_route = pytest.mark.parametrize(
    ("method", "path", "body"), OF_A_PROGRAM, ids=lambda value: str(value)[:60]
)
each_body = pytest.mark.parametrize(("path", "good"), BODIES, ids=lambda value: str(value)[:60])


@dataclass(frozen=True)
class Api:
    """The console as one merchant calls it."""

    console: Client
    key: str

    def call(self, method: str, path: str, body: object = None, **headers: str) -> HTTPResponse:
        sent = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json", **headers}
        text = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self.console.http.request(method, path, headers=sent, body=text)

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        answer = self.call("GET", path)
        assert answer.status_code == 200, answer.body
        return answer.json_body

    def post(self, path: str, body: object) -> Any:  # noqa: ANN401 - JSON
        answer = self.call("POST", path, body)
        assert answer.status_code == 201, answer.body
        return answer.json_body

    def changed(self, path: str, body: object) -> Any:  # noqa: ANN401 - JSON
        answer = self.call("POST", path, body)
        assert answer.status_code == 200, answer.body
        return answer.json_body

    def refused(self, method: str, path: str, body: object = None, status: int = 400) -> dict[str, Any]:
        answer = self.call(method, path, body)
        assert answer.status_code == status, answer.body
        return told(answer.json_body)


def merchant(world: World, client: Clients, name: str) -> Api:
    """Let a merchant in and return the API with their key."""
    hashed = sha256(f"secret of {name}".encode()).hexdigest()
    key = ApiKey(id=f"key_{name}", merchant_id=f"mc_{name}", secret_hash=hashed, created_at=T0)
    world.catalog.add_merchant(key.merchant_id, name, key)
    return Api(client("console"), f"gv.{key.id}.secret of {name}")


@pytest.fixture
def api(world: World, client: Clients) -> Api:
    """Return the API of the merchant whose program the world has."""
    return merchant(world, client, "test")


@pytest.fixture
def stranger(world: World, client: Clients) -> Api:
    """Return the API of another merchant."""
    return merchant(world, client, "other")


def quarantine(world: World, order: OrderKey) -> None:
    """Let an order wait for a person."""
    odd = make.snapshot(lines=(make.line("a", 10_000), make.line("b", -2_000)))
    world.append(make.fact(order=order, snapshot=odd, problem="line_items[1].price: negative", digest=ODD))
    with pytest.raises(OrderUnprocessableError):
        world.post(world.clock, order)


@pytest.fixture
def earned(world: World, client: Clients) -> None:
    """Let there be a coupon, two odd orders, and one of 100.00 that arrives as a webhook and accrues."""
    world.catalog.add_coupon(make.coupon())
    later = T0 + days(1)
    world.catalog.add_campaign(make.PROGRAM_ID, make.campaign("cm_made", starts_at=later, budget=5_000), 1)
    world.catalog.add_bounty(make.PROGRAM_ID, make.bounty("bt_made", starts_at=later), 1)
    run = Settlement(id=f"{make.PROGRAM_ID}.2026-11-10", program_id=make.PROGRAM_ID, started_at=T0)
    world.settlements.start(run)
    for number in ("1002", "1003"):
        quarantine(world, OrderKey(make.STOREFRONT_ID, number))
    deliver(client("place_order"), raw(paid_order()))
    world.post(world.clock)
    world.fold()


# --- who may -------------------------------------------------------------------------------------

BAD_HEADERS = (
    None,
    "",
    "Bearer",
    "Bearer ",
    "Bearer gv",
    "Bearer gv..",
    "Bearer gv.key_test.",
    "Bearer gv.key_test.secret of other",
    "Bearer gv.key_gone.secret of test",
    "Bearer xx.key_test.secret of test",
    "Bearer key_test.secret of test",
    "Bearer gv.key_test.secret of test.more",
    "Basic gv.key_test.secret of test",
    "gv.key_test.secret of test",
    "Bearer gv.mc_test.secret of test",
    "Bearer " + "\u00fc" * 300,
)


@each_route
def test_without_a_good_key_there_is_no_detail(
    world: World, api: Api, method: str, path: str, body: dict[str, Any] | None
) -> None:
    programs = list(world.catalog.programs())
    for header in BAD_HEADERS:
        headers = {"Content-Type": "application/json"} | ({"Authorization": header} if header else {})
        for text in (b"", b"{", json.dumps(body).encode()):
            answer = api.console.http.request(method, path, headers=headers, body=text)
            assert (answer.status_code, told(answer.json_body)) == (401, UNAUTHENTICATED)
    assert list(world.catalog.programs()) == programs


def test_a_path_that_makes_no_sense_is_no_way_around_the_key(api: Api) -> None:
    path = f"{PROGRAM}/entries/!/!/not-a-number/explain"
    assert api.console.http.get(path).status_code == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_in_any_case(api: Api, scheme: str) -> None:
    assert api.call("GET", "/programs", Authorization=f"{scheme} {api.key}").status_code == 200
    assert api.call("GET", "/programs", Authorization=f"{scheme}  {api.key} ").status_code == 200


@each_program_route
def test_somebody_elses_program_is_not_there(
    world: World, stranger: Api, method: str, path: str, body: dict[str, Any] | None
) -> None:
    assert stranger.refused(method, path, body, 404) == {
        "code": "not_found",
        "detail": f"no program {make.PROGRAM_ID!r}",
    }
    chain = [make.promoter(ANA), make.promoter(BO, ANA), make.promoter(CY, BO)]
    assert list(world.catalog.promoters_of(make.PROGRAM_ID)) == chain
    assert len(world.catalog.terms(make.PROGRAM_ID).plans) == 1


@each_program_route
def test_a_program_that_nobody_has(api: Api, method: str, path: str, body: dict[str, Any] | None) -> None:
    gone = path.replace(make.PROGRAM_ID, "pg_gone")
    assert api.refused(method, gone, body, 404)["detail"] == "no program 'pg_gone'"


def test_a_merchant_lists_their_own_programs(api: Api, stranger: Api) -> None:
    theirs = stranger.post("/programs", NEW_PROGRAM)["id"]
    assert [program["id"] for program in api.get("/programs")["programs"]] == [make.PROGRAM_ID]
    assert [program["id"] for program in stranger.get("/programs")["programs"]] == [theirs]


def test_health_needs_no_key_and_says_nothing(client: Clients, lines: list[Line]) -> None:
    answer = client("console").http.get("/health")
    assert (answer.status_code, answer.json_body) == (200, {"status": "ok"})
    assert [line["handler"] for line in invocations(lines)] == ["read_health"]


# --- what every route gives ----------------------------------------------------------------------


def test_a_program_with_its_plan(world: World, api: Api) -> None:
    made = api.post("/programs", NEW_PROGRAM)
    plan = made["plans"][0]
    assert (made["currency"], made["allowed_hosts"], made["payouts"]["settlement_day"]) == (
        "EUR",
        ["tea.example"],
        31,
    )
    assert (plan["version"], plan["rate_bps"], plan["hold_days_after_payment"]) == (1, [800, 150, 50], 14)
    assert (plan["effective_at"], plan["click_window_days"]) == ("2026-11-11T09:00:00.000Z", 30)
    assert api.get(f"/programs/{made['id']}") == made
    assert world.secrets.subject_key(made["id"])


def test_a_program_in_as_few_words_as_possible(api: Api) -> None:
    needed = {name: NEW_PROGRAM[name] for name in ("name", "currency", "time_zone", "allowed_hosts")}
    made = api.post("/programs", {**needed, "name": "茶 🫖"})
    assert (made["name"], made["payouts"]["minimum_payout_minor"], made["sandbox"]) == ("茶 🫖", 1000, False)
    assert made["plans"][0]["rate_bps"] == [1000, 200]


def test_a_storefront_takes_webhooks_and_shows_no_secret(world: World, api: Api, client: Clients) -> None:
    answer = api.call("POST", f"{PROGRAM}/storefronts", {**NEW_STOREFRONT, "previous_secret": "p" * 16})
    made = answer.json_body
    assert answer.status_code == 201
    assert b"ssss" not in answer.body
    assert b"pppp" not in answer.body
    body = raw(paid_order())
    for secret in ("s" * 16, "p" * 16):
        headers = signed(body, secret, **{"shop-domain": "tea.example"})
        assert deliver(client("place_order"), body, headers, made["webhook_path"]).status_code == 200
    assert len(world.facts.facts_of(OrderKey(made["id"], "1001"))) == 1


def test_a_promoter_whose_address_is_apart(world: World, api: Api, lines: list[Line]) -> None:
    answer = api.call("POST", f"{PROGRAM}/promoters", NEW_PROMOTER)
    made = answer.json_body
    assert (made["name"], made["sponsor_id"], made["status"]) == ("Dee", CY, "active")
    assert b"example.com" not in answer.body.lower()
    stored = world.catalog.promoters(make.PROGRAM_ID, (made["id"],))[made["id"]]
    key = subject_key(world.secrets.subject_key(make.PROGRAM_ID), "dee@example.com")
    assert stored.customer_key == key
    assert world.personal_data.remembered[key]["email"] == "Dee@Example.com"
    assert "example.com" not in json.dumps(lines).lower()
    assert made in api.get(f"{PROGRAM}/promoters")["promoters"]


def test_a_customer_who_signed_up_is_tied_and_their_address_is_nowhere(
    world: World, api: Api, lines: list[Line]
) -> None:
    made = api.post(f"{PROGRAM}/customers", {**NEW_CUSTOMER, "occurred_at": "2026-11-11T08:00:00+00:00"})
    key = subject_key(world.secrets.subject_key(make.PROGRAM_ID), "Guest@X.example")
    assert made == {
        "program_id": make.PROGRAM_ID,
        "customer": key,
        "promoter_id": CY,
        "occurred_at": "2026-11-11T08:00:00.000Z",
        "recorded_at": to_text(world.clock),
    }
    (registration,) = world.catalog.customer(make.PROGRAM_ID, key).registrations
    assert registration.promoter_id == CY
    assert "x.example" not in json.dumps(lines).lower()
    assert world.personal_data.remembered == {}
    again = {**NEW_CUSTOMER, "occurred_at": "2026-11-11T08:00:00Z"}
    assert api.refused("POST", f"{PROGRAM}/customers", again, 409)["code"] == "already_exists"


def test_two_customers_who_are_one_person(world: World, api: Api) -> None:
    made = api.post(f"{PROGRAM}/customers/join", NEW_PERSON)
    (same,) = world.catalog.customer(make.PROGRAM_ID, "a" * 24).identities
    assert (same.other_key, same.occurred_at) == (made["customer"], world.clock)
    api.refused("POST", f"{PROGRAM}/customers/join", {**NEW_PERSON, "occurred_at": None}, 409)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"click_id": make.CLICK_ID}, "click_id"),
        ({"promoter_id": None}, "promoter_id"),
        ({"customer": "someone"}, "customer"),
        ({"occurred_at": "2099-01-01T00:00:00Z"}, "occurred_at"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"occurred_at": 1}, "occurred_at"),
    ],
)
def test_a_registration_that_cannot_be(api: Api, changes: dict[str, Any], where: str) -> None:
    assert api.refused("POST", f"{PROGRAM}/customers", {**NEW_CUSTOMER, **changes})["where"] == where


def test_a_promoter_without_a_sponsor(api: Api) -> None:
    body = {"name": " Eve ", "email": "e@x"}
    for sent in (body, {**body, "sponsor_id": None}):
        made = api.post(f"{PROGRAM}/promoters", sent)
        assert (made["name"], made["sponsor_id"]) == ("Eve", None)


def test_a_link_that_leads_to_the_shop(api: Api, client: Clients) -> None:
    made = api.post(f"{PROGRAM}/promoters/{CY}/links", NEW_LINK)
    answer = client("track_click").http.get(made["path"], headers={"User-Agent": "Mozilla/5.0 (iPhone)"})
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("https://shop.example/p?a=1&gv_click=")


def test_a_balance_by_where_the_money_is(api: Api, earned: None) -> None:
    assert api.get(f"{PROGRAM}/promoters/{CY}/balance") == {
        "currency": "USD",
        "held": "10.00",
        "payable": "0.00",
        "blocked": "0.00",
        "reserved": "0.00",
        "paid": "0.00",
        "earned": "10.00",
        "payout": {
            "minimum": "10.00",
            "missing": "10.00",
            "next_settlement_at": "2026-12-09T16:00:00.000Z",
            "missing_details": [],
            "on_demand_from": None,
            "sentences": [f"{BELOW}; the next settlement is on 10 December."],
        },
    }
    assert api.get(f"{PROGRAM}/promoters/{ANA}/balance")["earned"] == "1.00"


def test_a_new_promoter_has_nothing(api: Api) -> None:
    made = api.post(f"{PROGRAM}/promoters", NEW_PROMOTER)["id"]
    assert api.get(f"{PROGRAM}/promoters/{made}/balance")["earned"] == "0.00"
    assert api.get(f"{PROGRAM}/promoters/{made}/entries") == {"entries": [], "next": None}


def test_entries_newest_first(world: World, api: Api, earned: None) -> None:
    world.append(make.refunded("r1", minutes(60), ("11", 5_000)))
    world.post(T0 + minutes(60))
    world.fold()
    newest, oldest = api.get(f"{PROGRAM}/promoters/{BO}/entries")["entries"]
    assert (newest["reason"], oldest["reason"]) == ("refunded", "accrued")
    assert (oldest["id"], oldest["payout_id"]) == (f"{make.ORDER}/1", None)
    assert {
        "source": f"program/{make.PROGRAM_ID}/commission",
        "destination": f"program/{make.PROGRAM_ID}/promoter/{BO}/held",
        "amount": "3.00",
        "currency": "USD",
    } in oldest["postings"]


def test_an_entry_explains_itself(api: Api, earned: None) -> None:
    why = api.get(f"{PROGRAM}/entries/{make.STOREFRONT_ID}/1001/1/explain")
    assert (why["entry"], why["reason"], why["re_adds"]) == (f"{make.ORDER}/1", "accrued", True)
    assert (why["order"]["base"], why["order"]["refunded"]) == ("100.00", "0.00")
    assert why["attribution"]["promoters"] == [[CY, BO, ANA]]
    assert [(level["rate_bps"], level["total"]) for level in why["levels"]] == [
        (1000, "10.00"),
        (300, "3.00"),
        (100, "1.00"),
    ]
    assert why["standing"] == {CY: "10.00", BO: "3.00", ANA: "1.00"}


EXPLAIN = f"{PROGRAM}/entries/{make.STOREFRONT_ID}/1001/1/explain"
EARNED = {
    "en": "You earned 10.00 USD: 10 % of 100.00 USD that somebody bought through your link on 11 November; "
    "payable on 11 December.",
    "zh": "你获得佣金 10.00 美元：11月11日有人通过你的链接购买了 100.00 美元，按 10% 计算；"
    "12月11日起可以提现。",
}


@pytest.mark.parametrize(
    ("query", "header", "language"),
    [
        ("", "", "en"),
        ("", "zh-CN,zh;q=0.9", "zh"),
        ("&language=zh", "", "zh"),
        ("&language=en", "zh-CN", "en"),
    ],
)
def test_a_promoter_is_told_in_their_language(
    api: Api, earned: None, query: str, header: str, language: str
) -> None:
    path = f"{EXPLAIN}?promoter_id={CY}{query}"
    answer = api.call("GET", path, **({"Accept-Language": header} if header else {}))
    assert answer.json_body["sentences"] == {CY: [EARNED[language]]}


def test_everybody_whom_an_entry_concerns_is_told(api: Api, earned: None) -> None:
    assert set(api.get(EXPLAIN)["sentences"]) == {CY, BO, ANA}


def test_an_unknown_language_is_refused(api: Api, earned: None) -> None:
    error = api.refused("GET", f"{EXPLAIN}?language=tlh")
    assert (error["where"], error["detail"]) == ("language", "language: must be one of en, zh")


def test_each_entry_in_a_list_says_what_it_means(api: Api, earned: None) -> None:
    path = f"{PROGRAM}/promoters/{BO}/entries?language=zh"
    (entry,) = api.get(path)["entries"]
    assert entry["sentence"] == "你的一笔订单已付款；你增加了 3.00 美元；3.00 美元 等待可提现。"


# --- who waits ----------------------------------------------------------------------------------


def test_edge_17_a_merchant_sees_what_waits_accepts_it_and_it_is_paid(world: World, api: Api) -> None:
    quarantine(world, make.ORDER)
    (listed,) = api.get(f"{PROGRAM}/waiting")["waiting"]
    assert (listed["order"], listed["reason"]) == (str(make.ORDER), "quarantined")
    assert (listed["what"], listed["since"]) == ("line_items[1].price: negative", "2026-11-11T09:00:00.000Z")
    (odd,) = listed["facts"]
    assert (odd["fact"], odd["can_be_accepted"], odd["currency"]) == (ODD, True, "USD")
    assert [line["gross_minor"] for line in odd["lines"]] == [10_000, -2_000]
    ruled = api.changed(f"{PROGRAM}/orders/{make.ORDER}/accept", RULING)
    assert ruled == {**RULING, "accepted": True}
    world.post(world.clock)
    world.fold()
    assert api.get(f"{PROGRAM}/promoters/{CY}/balance")["held"] == "10.00"
    assert api.get(f"{PROGRAM}/waiting") == {"waiting": [], "next": None}


def test_edge_17_a_rejected_order_waits_no_more_and_the_opposite_is_refused(world: World, api: Api) -> None:
    quarantine(world, make.ORDER)
    path = f"{PROGRAM}/orders/{make.ORDER}"
    for _ in range(2):
        assert api.changed(f"{path}/reject", RULING)["accepted"] is False
    assert api.refused("POST", f"{path}/accept", RULING, 409)["code"] == "already_exists"
    assert world.post(world.clock) is None
    assert api.get(f"{PROGRAM}/waiting") == {"waiting": [], "next": None}


def test_edge_4_a_refund_without_its_order_is_in_the_list(world: World, api: Api) -> None:
    world.append(make.refunded("r1", minutes(60), ("a", 2_345)))
    world.post(T0 + minutes(61))
    (listed,) = api.get(f"{PROGRAM}/waiting")["waiting"]
    assert (listed["reason"], listed["facts"]) == ("refund_first", [])


def test_an_order_of_another_merchants_program_cannot_be_ruled_on(world: World, api: Api) -> None:
    other = make.fact(program_id="pg_other", problem="odd", digest=ODD)
    world.append(other)
    for act in ("accept", "reject"):
        error = api.refused("POST", f"{PROGRAM}/orders/{make.ORDER}/{act}", RULING, 404)
        assert error["code"] == "not_found"


# --- what changes -------------------------------------------------------------------------------


def test_the_next_version_of_a_plan(world: World, api: Api) -> None:
    made = api.post(f"{PROGRAM}/plans", {**NEW_PLAN, "rate_bps": [500, 50]})
    assert (made["version"], made["effective_at"]) == (2, "2026-11-12T00:00:00.000Z")
    assert (made["rate_bps"], made["vacancy"], made["default_sponsor_id"]) == ([500, 50], "compress", None)
    # What is left out has its default, not the version before's value.
    assert (made["click_window_days"], made["pool_cap_bps"]) == (7, 3000)
    assert api.get(PROGRAM)["plans"][1] == made
    assert api.post(f"{PROGRAM}/plans", NEW_PLAN)["version"] == 3
    assert [plan.version for plan in world.catalog.terms(make.PROGRAM_ID).plans] == [1, 2, 3]


def test_a_plan_with_a_default_sponsor(api: Api) -> None:
    body = {**NEW_PLAN, "vacancy": "default_sponsor", "default_sponsor_id": ANA}
    assert api.post(f"{PROGRAM}/plans", body)["default_sponsor_id"] == ANA


def test_a_plan_of_everything_comes_back_as_it_was_sent(api: Api) -> None:
    rules = [
        {"id": "a", "sku": "PAN", "rate_bps": [1500, 100]},
        {"id": "b", "product_id": "1", "promoter_id": CY, "per_unit_minor": [250]},
    ]
    settings = {
        "attribution_model": "linear",
        "coupon_mode": "if_winner",
        "self_purchase": "rebate",
        "line_cap_bps": 5000,
        "caps": [{"id": "daily", "per": "promoter", "period": "day", "amount_minor": 9_000}],
        "recruit_bonus_minor": 500,
    }
    made = api.post(f"{PROGRAM}/plans", {**NEW_PLAN, **settings, "rules": rules})
    assert {name: made[name] for name in settings} == settings
    assert [
        {name: rule[name] for name in sent} for rule, sent in zip(made["rules"], rules, strict=True)
    ] == rules
    assert made["rules"][0]["promoter_id"] is None


def test_a_rate_counts_for_orders_that_waited_for_it(world: World, api: Api) -> None:
    told = make.snapshot(currency="JPY")
    world.append(make.fact(snapshot=told))
    pending = world.post(T0 + minutes(2))
    assert pending
    assert pending.decision
    assert pending.decision.reason is Reason.RATE_PENDING
    sent = {**NEW_RATE, "effective_at": "2026-11-11T00:00:00.000Z"}
    assert api.post(f"{PROGRAM}/rates", sent) == sent
    entry = world.post(T0 + minutes(3))
    assert entry
    assert entry.decision
    assert (entry.decision.reason, entry.decision.rate) == (
        Reason.LAST_CLICK,
        world.catalog.rate(make.PROGRAM_ID, "JPY", "USD", T0),
    )
    assert api.refused("POST", f"{PROGRAM}/rates", sent, 409)["code"] == "already_exists"


def test_a_coupon_has_one_spelling_and_is_switched(world: World, api: Api) -> None:
    made = api.post(f"{PROGRAM}/promoters/{CY}/coupons", {"code": " dee-10 "})
    assert (made["code"], made["promoter_id"], made["priority"], made["enabled"]) == ("DEE-10", CY, 0, True)
    again = {"code": "Dee-10"}
    assert api.refused("POST", f"{PROGRAM}/promoters/{BO}/coupons", again, 409)["code"] == "already_exists"
    world.clock += minutes(1)
    for path in (f"{PROGRAM}/coupons/dee-10", f"{PROGRAM}/coupons/%44EE-10"):
        assert api.changed(path, DISABLED) == {**made, "enabled": False}
    stored = world.catalog.coupons(make.PROGRAM_ID, ("DEE-10",))["DEE-10"]
    assert len(stored.changes) == 1
    assert stored.is_enabled_at(T0)
    assert not stored.is_enabled_at(T0 + minutes(1))
    assert api.changed(f"{PROGRAM}/coupons/DEE-10", {"enabled": True}) == made


def test_edge_28_a_coupon_shows_its_score_and_a_person_marks_it(world: World, api: Api) -> None:
    code = api.post(f"{PROGRAM}/promoters/{CY}/coupons", NEW_COUPON)["code"]
    path = f"{PROGRAM}/coupons/{code}"
    for number in range(1, 6):
        world.append(paid(number, coupon_codes=(code,), click_id=None))
        world.post(T0 + minutes(20), order(number))
    world.fold()
    shown = api.get(path)
    assert (shown["public"], shown["marks"], shown["leak"]["reason"]) == (False, [], "untouched")
    assert {name: shown["leak"][name] for name in ("used", "touched", "untouched", "score")} == {
        "used": 5,
        "touched": 0,
        "untouched": 5,
        "score": 13,
    }
    assert api.changed(f"{PROGRAM}/leaks", {}) == {"marked": []}
    marked = api.changed(f"{path}/public", PUBLIC)
    assert [mark["by"] for mark in marked["marks"]] == ["Mei"]
    world.clock += minutes(2)
    assert [one["public"] for one in api.get(f"{PROGRAM}/promoters/{CY}/coupons")["coupons"]] == [True]
    assert api.refused("GET", f"{PROGRAM}/coupons/GONE", status=404)["code"] == "not_found"
    assert api.refused("GET", f"{PROGRAM}/promoters/pr_gone/coupons", status=404)["code"] == "not_found"


def test_edge_28_scores_mark_where_the_plan_says_what_a_public_coupon_earns(world: World, api: Api) -> None:
    terms = {
        "effective_at": "2026-11-11T09:02:00Z",
        "public_coupon": "needs_touch",
        "public_coupon_score": 10,
    }
    api.post(f"{PROGRAM}/plans", terms)
    code = api.post(f"{PROGRAM}/promoters/{CY}/coupons", NEW_COUPON)["code"]
    for number in range(1, 6):
        world.append(paid(number, coupon_codes=(code,), click_id=None))
        world.post(T0 + minutes(20), order(number))
    world.fold()
    world.clock += minutes(30)
    (marked,) = api.changed(f"{PROGRAM}/leaks", {})["marked"]
    assert (marked["code"], marked["leak"]["score"], marked["leak"]["threshold"]) == (code, 13, 10)
    assert api.changed(f"{PROGRAM}/leaks", {}) == {"marked": []}


def test_edge_51_accounts_paid_to_one_place_are_listed_as_a_ring(
    world: World, api: Api, lines: list[Line]
) -> None:
    keys = {api.changed(f"{PROGRAM}/promoters/{name}/payee", NEW_PAYEE)["payee_key"] for name in (CY, BO)}
    (ring,) = api.get(f"{PROGRAM}/rings")["rings"]
    assert (ring["promoter_ids"], ring["score"], len(keys)) == ([BO, CY], 92, 1)
    assert ring["links"] == [
        {"reason": "invited_themselves", "promoter_ids": [BO, CY]},
        {"reason": "shared_payee", "promoter_ids": [BO, CY]},
    ]
    world.clock += minutes(1)
    assert "payee_key" not in api.changed(f"{PROGRAM}/promoters/{BO}/payee", {"payee": None})
    assert "3704" not in json.dumps(lines)
    for body in ({}, {"payee": ""}, {"payee": " "}, {"payee": "x" * 201}):
        assert api.refused("POST", f"{PROGRAM}/promoters/{BO}/payee", body)["where"] == "payee"
    api.refused("POST", f"{PROGRAM}/promoters/pr_gone/payee", NEW_PAYEE, 404)


def test_a_change_of_a_sponsor_counts_for_later_orders(world: World, api: Api) -> None:
    world.clock = T0 - minutes(1)
    changed = api.changed(f"{PROGRAM}/promoters/{CY}/sponsor", NEW_SPONSOR)
    assert (changed["id"], changed["sponsor_id"]) == (CY, ANA)
    assert changed in api.get(f"{PROGRAM}/promoters")["promoters"]
    world.append(make.fact())
    entry = world.post(T0 + minutes(1))
    assert entry
    assert entry.decision
    assert entry.decision.promoter_ids == (CY, ANA)


def test_edge_42_a_ban_queues_that_what_is_held_is_voided(world: World, api: Api) -> None:
    path = f"{PROGRAM}/promoters/{CY}/status"
    assert api.changed(path, {"status": "banned", "reason": "cheated"})["status"] == "banned"
    assert api.changed(path, {"status": "active", "reason": "cleared"})["id"] == CY
    assert world.settlement_queue.voids == [(make.PROGRAM_ID, CY)]


def test_edge_50_merged_accounts_show_each_other_and_their_money_together(world: World, api: Api) -> None:
    world.append(make.fact())
    world.post(T0 + minutes(1))
    world.fold()
    path = f"{PROGRAM}/promoters"
    world.catalog.add_promoter(make.promoter("pr_dee"))
    merged = api.changed(f"{path}/{CY}/merge", {"promoter_id": "pr_dee"})
    assert (merged["id"], merged["duplicates"]) == ("pr_dee", [CY])
    assert {"duplicate_of": "pr_dee", "id": CY}.items() <= api.get(path)["promoters"][2].items()
    assert api.get(f"{path}/pr_dee/balance")["held"] == api.get(f"{path}/{CY}/balance")["held"] == "13.33"
    assert api.get(f"{path}/pr_dee/entries") == api.get(f"{path}/{CY}/entries")
    statement = api.get(f"{path}/pr_dee/statement")
    assert [account["promoter_id"] for account in statement["accounts"]] == ["pr_dee", CY]
    assert statement["accounts"][1]["entries"][0]["changes"] == {"held": "13.33"}
    assert statement["re_adds"]


@pytest.mark.parametrize("name", ["pr_gone", "", "pr#cy", CY])
def test_a_merge_that_cannot_be(world: World, api: Api, name: str) -> None:
    error = api.refused("POST", f"{PROGRAM}/promoters/{CY}/merge", {"promoter_id": name})
    assert error["where"] == "promoter_id"
    assert world.catalog.network_version(make.PROGRAM_ID) == 0


def test_a_statement_of_nobody(api: Api) -> None:
    assert api.refused("GET", f"{PROGRAM}/promoters/pr_x/statement", status=404)["code"] == "not_found"


def test_a_promoter_whose_sponsor_leaves(api: Api) -> None:
    assert api.changed(f"{PROGRAM}/promoters/{CY}/sponsor", {"sponsor_id": None})["sponsor_id"] is None


def test_a_promoter_is_suspended_and_earns_again(world: World, api: Api) -> None:
    path = f"{PROGRAM}/promoters/{CY}/status"
    assert api.changed(path, NEW_STATUS)["status"] == "suspended"
    world.clock += minutes(1)
    assert api.changed(path, {"status": "active", "reason": "cleared"})["status"] == "active"
    changes = world.catalog.promoters(make.PROGRAM_ID, (CY,))[CY].status_changes
    assert [(change.status.value, change.reason) for change in changes] == [
        ("suspended", "sells on a flea market"),
        ("active", "cleared"),
    ]


def test_the_same_change_again_changes_nothing(world: World, api: Api) -> None:
    for path, body in (
        (f"{PROGRAM}/promoters/{CY}/sponsor", NEW_SPONSOR),
        (f"{PROGRAM}/promoters/{CY}/status", NEW_STATUS),
    ):
        first = api.changed(path, body)
        world.clock += minutes(1)
        assert api.changed(path, body) == first
    assert world.catalog.network_version(make.PROGRAM_ID) == 2


def test_edge_45_a_circle_is_refused_with_the_way(world: World, api: Api) -> None:
    for promoter_id, way in ((ANA, f"{CY} < {BO} < {ANA}"), (CY, CY)):
        error = api.refused("POST", f"{PROGRAM}/promoters/{promoter_id}/sponsor", {"sponsor_id": CY})
        assert error == {
            "code": "invalid_input",
            "detail": f"sponsor_id: would close a circle: {way}",
            "where": "sponsor_id",
        }
    assert world.catalog.network_version(make.PROGRAM_ID) == 0


# --- what is refused -----------------------------------------------------------------------------


@each_body
@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b'{"name": ' + b"9" * 5000 + b"}", "is not JSON"),
        (b"[]", "must be a JSON object"),
        (b"null", "must be a JSON object"),
        (b'"text"', "must be a JSON object"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_body_that_is_no_object(api: Api, path: str, good: dict[str, Any], text: bytes, what: str) -> None:
    error = api.refused("POST", path, text)
    assert error == {"code": "invalid_input", "detail": f"body: {what}", "where": "body"}


@each_body
def test_a_misspelt_field(api: Api, path: str, good: dict[str, Any]) -> None:
    error = api.refused("POST", path, {**good, "nmae": "x"})
    assert error["detail"] == "nmae: is not a field of this request"
    assert error["where"] == "nmae"


def test_a_misspelt_field_with_half_a_character(api: Api) -> None:
    assert api.refused("POST", "/programs", {"\ud800": 1})["where"] == "?"


def test_a_misspelt_field_of_the_plan(api: Api) -> None:
    error = api.refused("POST", "/programs", {**NEW_PROGRAM, "plan": {"rate_bsp": [1]}})
    assert error["where"] == "plan.rate_bsp"


@each_body
@pytest.mark.parametrize("value", [5, 1.5, True, [], [5], {}, {"a": 1}, "\ud800"], ids=repr)
def test_each_field_of_a_wrong_type_is_named(
    world: World, api: Api, path: str, good: dict[str, Any], value: object
) -> None:
    for name, known in good.items():
        if _fits(value, known):
            continue
        error = api.refused("POST", path, {**good, name: value})
        where = error.get("where") or error["faults"][0]["where"]
        assert where.split(".")[0].split("[")[0] == name


def _fits(value: object, known: object) -> bool:
    """Whether a value is of the type that a field has, and so not refused for it."""
    return type(value) is type(known) and value not in ("\ud800", [5])


@each_body
def test_each_field_that_must_be_there_is_named(api: Api, path: str, good: dict[str, Any]) -> None:
    optional = {
        "payouts",
        "plan",
        "sponsor_id",
        "click_window_days",
        "multiplier_bps",
        "budget",
        "vacancy",
        "priority",
        "payee",
        "amount_minor",
    }
    required = set(good) - optional
    for name in sorted(required):
        for body in ({**good, name: None}, {key: value for key, value in good.items() if key != name}):
            assert api.refused("POST", path, body)["where"] == name


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"allowed_hosts": ["shop.example", 1]}, "allowed_hosts[1]"),
        ({"allowed_hosts": "shop.example"}, "allowed_hosts"),
        ({"payouts": {"settlement_day": 10.0}}, "payouts.settlement_day"),
        ({"sandbox": "yes"}, "sandbox"),
        ({"profile": "mars"}, "profile"),
        ({"plan": {"rate_bps": 1000}}, "plan.rate_bps"),
        ({"plan": {"rate_bps": ["10%"]}}, "plan.rate_bps[0]"),
        ({"plan": {"rate_bps": [1000, True]}}, "plan.rate_bps[1]"),
        ({"plan": {"rate_bps": [0.5]}}, "plan.rate_bps[0]"),
        ({"plan": {"screening_days": "3"}}, "plan.screening_days"),
        ({"plan": {"hold_days_after_receipt": True}}, "plan.hold_days_after_receipt"),
        ({"plan": {"vacancy": "nobody"}}, "plan.vacancy"),
        ({"plan": {"attribution_model": "all"}}, "plan.attribution_model"),
        ({"plan": {"coupon_mode": 1}}, "plan.coupon_mode"),
        ({"plan": {"self_purchase": ""}}, "plan.self_purchase"),
        ({"plan": {"rules": {}}}, "plan.rules"),
        ({"plan": {"rules": [{"rate_bps": [1]}]}}, "plan.rules[0].id"),
        ({"plan": {"rules": [{"id": "a", "sukp": "x"}]}}, "plan.rules[0].sukp"),
        ({"plan": {"rules": [{"id": "a", "rate_bps": [1.5]}]}}, "plan.rules[0].rate_bps[0]"),
        ({"plan": {"default_sponsor_id": 7}}, "plan.default_sponsor_id"),
        ({"plan": {"effective_at": "2027-01-01T00:00:00Z"}}, "plan.effective_at"),
    ],
)
def test_a_value_inside_is_named_with_its_path(api: Api, changes: dict[str, Any], where: str) -> None:
    assert api.refused("POST", "/programs", {**NEW_PROGRAM, **changes})["where"] == where


def test_every_fault_of_a_plan_is_named_at_once(world: World, api: Api) -> None:
    plan = {
        "rate_bps": [9000, 9000, -1, 5],
        "pool_cap_bps": 20_000,
        "click_window_days": 0,
        "hold_days_after_receipt": 181,
        "hold_days_after_payment": -1,
        "screening_days": 31,
        "default_sponsor_id": CY,
    }
    bad = {
        "name": " ",
        "currency": "usd",
        "time_zone": "../../etc/passwd",
        "allowed_hosts": ["shop.example", "not a host", "-.example"],
        "payouts": {"minimum_payout_minor": 0, "settlement_day": 32},
        "plan": plan,
    }
    before = list(world.catalog.programs())
    error = api.refused("POST", "/programs", bad)
    assert error["code"] == "invalid_input"
    wheres = [fault["where"] for fault in error["faults"]]
    payouts = {"payouts.minimum_payout_minor", "payouts.settlement_day"}
    assert set(wheres) == (set(bad) - {"plan", "payouts"}) | payouts | set(plan)
    assert wheres.count("allowed_hosts") == 2
    assert all(fault["what"] for fault in error["faults"])
    assert list(world.catalog.programs()) == before


@pytest.mark.parametrize("zone", ["", "Europe", "Mars/Base", "/etc/localtime", "\x00", "a" * 5000])
def test_a_time_zone_that_is_none(api: Api, zone: str) -> None:
    error = api.refused("POST", "/programs", {**NEW_PROGRAM, "time_zone": zone})
    assert [fault["where"] for fault in error["faults"]] == ["time_zone"]


def test_a_minimum_that_no_account_could_hold(api: Api) -> None:
    error = api.refused("POST", "/programs", {**NEW_PROGRAM, "payouts": {"minimum_payout_minor": 10**30}})
    assert [fault["where"] for fault in error["faults"]] == ["payouts.minimum_payout_minor"]


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"platform": "shopware"}, "platform"),
        ({"webhook_secret": "short"}, "webhook_secret"),
        ({"previous_secret": "short"}, "previous_secret"),
        ({"previous_secret": ""}, "previous_secret"),
        ({"domain": "https://tea.example/"}, "domain"),
        ({"domain": ""}, "domain"),
    ],
)
def test_a_storefront_that_cannot_be(world: World, api: Api, changes: dict[str, Any], where: str) -> None:
    assert api.refused("POST", f"{PROGRAM}/storefronts", {**NEW_STOREFRONT, **changes})["where"] == where


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@b@c"}, "email"),
        ({"email": "a b@c"}, "email"),
        ({"sponsor_id": "pr_gone"}, "sponsor_id"),
        ({"sponsor_id": ""}, "sponsor_id"),
        ({"sponsor_id": "x" * 5000}, "sponsor_id"),
    ],
)
def test_a_promoter_who_cannot_be(world: World, api: Api, changes: dict[str, Any], where: str) -> None:
    assert api.refused("POST", f"{PROGRAM}/promoters", {**NEW_PROMOTER, **changes})["where"] == where
    assert len(list(world.catalog.promoters_of(make.PROGRAM_ID))) == 3
    assert world.personal_data.remembered == {}


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"vacancy": "default_sponsor"}, {"default_sponsor_id"}),
        ({"vacancy": "default_sponsor", "default_sponsor_id": "pr_gone"}, {"default_sponsor_id"}),
        ({"vacancy": "default_sponsor", "default_sponsor_id": ""}, {"default_sponsor_id"}),
        ({"default_sponsor_id": ANA}, {"default_sponsor_id"}),
        ({"effective_at": "2026-11-11T09:01:59.999Z"}, {"effective_at"}),
        ({"effective_at": "2026-11-10T00:00:00Z"}, {"effective_at"}),
        (
            {
                "effective_at": "2026-11-11T09:00:00Z",
                "rate_bps": [9000, 9000],
                "click_window_days": 0,
                "screening_days": 31,
                "vacancy": "house",
                "default_sponsor_id": "pr_gone",
            },
            {"effective_at", "rate_bps", "click_window_days", "screening_days", "default_sponsor_id"},
        ),
    ],
    ids=lambda value: str(sorted(value)),
)
def test_a_plan_that_cannot_be_is_refused_with_all_faults(
    world: World, api: Api, changes: dict[str, Any], where: set[str]
) -> None:
    error = api.refused("POST", f"{PROGRAM}/plans", {**NEW_PLAN, **changes})
    assert error["code"] == "invalid_input"
    assert {fault["where"] for fault in error["faults"]} == where
    assert len(world.catalog.terms(make.PROGRAM_ID).plans) == 1


def test_a_plan_is_published_two_minutes_ahead_at_least(api: Api) -> None:
    soonest = {**NEW_PLAN, "effective_at": "2026-11-11T09:02:00Z"}
    assert api.post(f"{PROGRAM}/plans", soonest)["effective_at"] == "2026-11-11T09:02:00.000Z"


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2026-11-12", "2026-11-12T00:00:00", "2026-13-01T00:00:00Z", "9" * 5000]
)
def test_an_instant_that_is_none(api: Api, text: str) -> None:
    error = api.refused("POST", f"{PROGRAM}/plans", {**NEW_PLAN, "effective_at": text})
    assert error["where"] == "effective_at"


@pytest.mark.parametrize(
    ("action", "body", "where"),
    [
        ("sponsor", {}, "sponsor_id"),
        ("sponsor", {"sponsor_id": ""}, "sponsor_id"),
        ("sponsor", {"sponsor_id": "pr_gone"}, "sponsor_id"),
        ("sponsor", {"sponsor_id": "pr#cy"}, "sponsor_id"),
        ("sponsor", {"sponsor_id": "x" * 5000}, "sponsor_id"),
        ("status", {**NEW_STATUS, "status": "fired"}, "status"),
        ("status", {**NEW_STATUS, "status": "Suspended"}, "status"),
        ("status", {**NEW_STATUS, "reason": " "}, "reason"),
        ("status", {**NEW_STATUS, "reason": "x" * 501}, "reason"),
    ],
)
def test_a_change_that_cannot_be(
    world: World, api: Api, action: str, body: dict[str, Any], where: str
) -> None:
    assert api.refused("POST", f"{PROGRAM}/promoters/{CY}/{action}", body)["where"] == where
    assert world.catalog.network_version(make.PROGRAM_ID) == 0


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"rate": "1,5"}, "rate"),
        ({"rate": "0"}, "rate"),
        ({"rate": "-1"}, "rate"),
        ({"rate": "1e5"}, "rate"),
        ({"rate": "9" * 5000}, "rate"),
        ({"base": "USD"}, "rate"),
        ({"base": "XYZ"}, "rate"),
        ({"quote": "EUR"}, "quote"),
        ({"source": " "}, "source"),
        ({"source": "x" * 101}, "source"),
        ({"effective_at": "today"}, "effective_at"),
    ],
    ids=str,
)
def test_a_rate_that_cannot_be(world: World, api: Api, changes: dict[str, Any], where: str) -> None:
    assert api.refused("POST", f"{PROGRAM}/rates", {**NEW_RATE, **changes})["where"] == where
    assert world.catalog.rate(make.PROGRAM_ID, "JPY", "USD", T0) is None


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"code": ""}, "code"),
        ({"code": "A"}, "code"),
        ({"code": "no blanks"}, "code"),
        ({"code": "CY#10"}, "code"),
        ({"code": "\u0410NA10"}, "code"),  # Cyrillic A
        ({"code": "x" * 5000}, "code"),
        ({"priority": -1}, "priority"),
        ({"priority": 1001}, "priority"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_coupon_that_cannot_be(world: World, api: Api, changes: dict[str, Any], where: str) -> None:
    error = api.refused("POST", f"{PROGRAM}/promoters/{CY}/coupons", {**NEW_COUPON, **changes})
    assert error["where"] == where
    assert world.catalog.coupons(make.PROGRAM_ID, ("DEE-10",)) == {}


@pytest.mark.parametrize("code", ["NONE", "%23%23", "a%20b", "x" * 500])
def test_a_coupon_that_nobody_has(api: Api, code: str) -> None:
    answer = api.call("POST", f"{PROGRAM}/coupons/{code}", DISABLED)
    assert answer.status_code in (400, 404)
    assert answer.json_body["code"] in ("invalid_input", "not_found")


class Moving(MemoryCatalog):
    """A catalog whose network somebody else changes between every read and write."""

    def change_promoter(self, promoter: Promoter, network_version: int, *others: Promoter) -> None:
        raise NetworkMovedError(promoter.program_id)


def test_a_network_that_never_rests(world: World, api: Api) -> None:
    moving = Moving()
    vars(moving).update(vars(world.catalog))
    world.catalog = moving
    error = api.refused("POST", f"{PROGRAM}/promoters/{CY}/status", NEW_STATUS, 409)
    assert error["code"] == "try_again"


@pytest.mark.parametrize(
    "destination",
    [
        "",
        "http://shop.example/",
        "https://evil.example/",
        "https://shop.example@evil.example/",
        "https://shop.example.evil.example/",
        "javascript:alert(1)",
        "//shop.example/",
        "https://shop.example/\r\nSet-Cookie: a=b",
        "https://shop.example:8443/",
        "https://shop.example/" + "a" * 5000,
    ],
)
def test_a_link_that_leads_elsewhere(api: Api, destination: str) -> None:
    error = api.refused("POST", f"{PROGRAM}/promoters/{CY}/links", {"destination": destination})
    assert error["where"] == "destination"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", f"{PROGRAM}/promoters/pr_gone/coupons", NEW_COUPON),
        ("POST", f"{PROGRAM}/promoters/pr_gone/links", NEW_LINK),
        ("POST", f"{PROGRAM}/promoters/pr_gone/sponsor", NEW_SPONSOR),
        ("POST", f"{PROGRAM}/promoters/pr_gone/sponsor", {"sponsor_id": None}),
        ("POST", f"{PROGRAM}/promoters/pr_gone/status", NEW_STATUS),
        ("GET", f"{PROGRAM}/promoters/pr_gone/balance", None),
        ("GET", f"{PROGRAM}/promoters/pr_gone/entries", None),
        ("GET", f"{PROGRAM}/promoters/%00/balance", None),
    ],
)
def test_a_promoter_that_nobody_is(api: Api, method: str, path: str, body: dict[str, Any] | None) -> None:
    assert api.refused(method, path, body, 404)["code"] == "not_found"


@pytest.mark.parametrize("sequence", ["x", "-1", "1.0", "%31", "1 ", "9" * 5000])
def test_a_sequence_that_is_no_number(api: Api, earned: None, sequence: str) -> None:
    path = f"{PROGRAM}/entries/{make.STOREFRONT_ID}/1001/{sequence}/explain"
    assert api.refused("GET", path)["where"] == "sequence"


@pytest.mark.parametrize(
    "path",
    [
        f"{make.STOREFRONT_ID}/1001/0",
        f"{make.STOREFRONT_ID}/1001/2",
        f"{make.STOREFRONT_ID}/1001/999999",
        f"{make.STOREFRONT_ID}/1002/1",
        "sf_gone/1001/1",
    ],
)
def test_an_entry_that_is_not_there(api: Api, earned: None, path: str) -> None:
    assert api.refused("GET", f"{PROGRAM}/entries/{path}/explain", None, 404)["code"] == "not_found"


def test_an_entry_of_another_program_of_the_same_merchant(api: Api, earned: None) -> None:
    other = api.post("/programs", NEW_PROGRAM)["id"]
    api.refused("GET", f"/programs/{other}/entries/{make.STOREFRONT_ID}/1001/1/explain", None, 404)


def test_a_storefront_name_that_is_no_name(api: Api) -> None:
    assert api.refused("GET", f"{PROGRAM}/entries/!/1001/1/explain")["where"] == "storefront_id"


def test_what_is_not_json_is_not_taken(api: Api) -> None:
    answer = api.call("POST", "/programs", NEW_PROGRAM, **{"Content-Type": "text/plain"})
    assert answer.status_code == 415
    assert api.call("DELETE", PROGRAM).status_code == 405


class NoAnswer:
    """A store that does not answer, and says more than anybody outside should read."""

    def account(self, key: object) -> object:
        raise UnavailableError("arn:aws:dynamodb:eu-1:1234:table/state")


def test_a_store_that_does_not_answer(world: World, api: Api, lines: list[Line]) -> None:
    world.treasury = NoAnswer()  # type: ignore[assignment]
    answer = api.call("GET", f"{PROGRAM}/promoters/{CY}/balance")
    assert (answer.status_code, told(answer.json_body)) == (503, {"code": "unavailable"})
    (line,) = invocations(lines)
    assert (line["handler"], line["outcome"], line["status"]) == ("read_balance", "error", 503)
    assert "table/state" in line["error"]


@pytest.mark.parametrize(
    ("method", "path", "body"), [one for one in ROUTES if "/payouts" not in one[1]], ids=lambda v: str(v)[:60]
)
def test_every_request_is_one_line_without_the_key(
    world: World,
    api: Api,
    earned: None,
    lines: list[Line],
    method: str,
    path: str,
    body: dict[str, Any] | None,
) -> None:
    plan = make.plan(1000, version=2, effective_at=T0 - minutes(9), points_per_unit_off=100)
    world.catalog.add_plan(make.PROGRAM_ID, plan)
    post(world, 77, 200, T0)
    lines.clear()
    assert api.call(method, path, body).status_code in (200, 201)
    (line,) = invocations(lines)
    assert line["outcome"] == "ok"
    assert "secret" not in json.dumps(lines)


def test_products_are_listed_page_by_page(api: Api) -> None:
    """A product put with a listing is shown as it was put, and the pages have every product once."""
    terms = {"title": "Tea", "price": "1.50", "page": "/tea", "stock": 3}
    for name in ("1", "2", "3"):
        api.changed(f"{PROGRAM}/products", {"products": [{"id": name, "listing": terms}]})
    first = api.get(f"{PROGRAM}/products?limit=2")
    assert [product["id"] for product in first["products"]] == ["1", "2"]
    shown = first["products"][0]["listing"]
    assert (shown["price"], shown["currency"], shown["page"]) == ("1.50", "USD", "https://shop.example/tea")
    last = api.get(f"{PROGRAM}/products?limit=2&cursor={first['next']}")
    assert ([product["id"] for product in last["products"]], last["next"]) == (["3"], None)
    for limit in ("0", "101", "-1", "x", "²"):
        assert api.refused("GET", f"{PROGRAM}/products?limit={limit}", None)["where"] == "limit"


def test_everything_wrong_with_listings_is_named_at_once(api: Api) -> None:
    terms = [{"title": "Tea", "price": "-1"}, {"title": "Mug", "picture_url": "http://cdn.example/a"}]
    body = {"products": [{"id": str(number), "listing": term} for number, term in enumerate(terms)]}
    told = api.refused("POST", f"{PROGRAM}/products", body)
    assert [fault["where"] for fault in told["faults"]] == [
        "products[0].listing.price",
        "products[1].listing.picture_url",
    ]
    assert api.get(f"{PROGRAM}/products")["products"] == []


def test_products_are_put_and_read(api: Api) -> None:
    put = api.changed(f"{PROGRAM}/products", NEW_PRODUCTS)
    assert put["products"] == [api.get(f"{PROGRAM}/products/77")]
    assert {name: put["products"][0][name] for name in NEW_PRODUCTS["products"][0]} == NEW_PRODUCTS[
        "products"
    ][0]
    assert api.refused("GET", f"{PROGRAM}/products/88", None, 404)["code"] == "not_found"


def test_a_product_that_is_wrong_is_refused_with_its_place(api: Api) -> None:
    body = {"products": [{"id": "77"}, {"id": "88", "promoter_id": "pr_nobody"}]}
    assert api.refused("POST", f"{PROGRAM}/products", body)["where"] == "products[1].promoter_id"
