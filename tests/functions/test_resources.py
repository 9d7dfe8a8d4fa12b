"""What the API lets one look at, and how storefronts change: through Chalice."""

from __future__ import annotations

from typing import Any

import pytest

from grapevine.domain.facts import OrderKey
from grapevine.ports import StorefrontSecrets
from tests import builders as make
from tests.builders import BO, CY, T0, days
from tests.functions.test_console import (
    NEW_PLAN,
    NEW_STOREFRONT,
    ODD,
    PROGRAM,
    Api,
    Clients,
    api,
    earned,
    merchant,
)
from tests.functions.webhooks import deliver, paid_order, raw, signed
from tests.worlds import World

__all__ = ["api", "earned"]
ORDER = f"{make.STOREFRONT_ID}/1001"
SHOP = f"{PROGRAM}/storefronts/{make.STOREFRONT_ID}"
EVERYTHING = (
    f"{PROGRAM}/plans",
    f"{PROGRAM}/plans/1",
    f"{PROGRAM}/storefronts",
    SHOP,
    f"{PROGRAM}/promoters/{CY}",
    f"{PROGRAM}/promoters/{CY}/links",
    f"{PROGRAM}/promoters/{CY}/commissions",
    f"{PROGRAM}/links/{make.link().code}",
    f"{PROGRAM}/coupons",
    f"{PROGRAM}/commissions",
    f"{PROGRAM}/orders/{ORDER}",
    f"{PROGRAM}/entries/{ORDER}",
)


@pytest.mark.parametrize("path", EVERYTHING)
def test_nobody_sees_what_is_anothers(
    world: World, client: Clients, api: Api, earned: None, path: str
) -> None:
    assert api.get(path)
    assert merchant(world, client, "other").refused("GET", path, None, 404)["code"] == "not_found"


@pytest.mark.parametrize(
    "path",
    [
        "plans/9",
        "plans/x",
        "storefronts/sf_gone",
        "promoters/pr_gone",
        "promoters/pr_gone/links",
        "links/gone",
        "promoters/pr_gone/commissions",
        "orders/sf_test/9",
        "orders/sf_gone/1001",
        "entries/sf_test/9",
    ],
)
def test_what_is_not_there(api: Api, earned: None, path: str) -> None:
    assert api.refused("GET", f"{PROGRAM}/{path}", None, 404)["code"] == "not_found"


def test_plans_are_listed_by_version(api: Api) -> None:
    made = api.post(f"{PROGRAM}/plans", NEW_PLAN)
    assert [plan["version"] for plan in api.get(f"{PROGRAM}/plans")["plans"]] == [1, 2]
    assert api.get(f"{PROGRAM}/plans/2") == made


def test_a_promoters_links_page_by_page(api: Api) -> None:
    path = f"{PROGRAM}/promoters/{CY}/links"
    for number in range(3):
        api.post(path, {"destination": f"https://shop.example/{number}"})
    first = api.get(f"{path}?limit=2")
    last = api.get(f"{path}?limit=2&cursor={first['next']}")
    codes = [link["code"] for page in (first, last) for link in page["links"]]
    assert (len(codes), codes, last["next"]) == (4, sorted(codes), None)
    assert api.get(f"{PROGRAM}/links/{codes[0]}") == first["links"][0]
    assert api.get(f"{PROGRAM}/promoters/{BO}/links") == {"links": [], "next": None}


def test_an_order_with_all_that_is_known_of_it(api: Api, earned: None) -> None:
    found = api.get(f"{PROGRAM}/orders/{ORDER}")
    assert {
        name: found[name] for name in ("order", "currency", "payment", "base", "refunded", "missing")
    } == {
        "order": ORDER,
        "currency": "USD",
        "payment": "paid",
        "base": "100.00",
        "refunded": "0.00",
        "missing": [],
    }
    assert found["standings"][0] == {
        "promoter_id": "pr_ana",
        "currency": "USD",
        "held": "1.00",
        "payable": "0.00",
        "blocked": "0.00",
    }
    assert found["entries"] == api.get(f"{PROGRAM}/entries/{ORDER}")["entries"]
    assert [fact["kind"] for fact in found["facts"]] == ["paid"]
    odd = api.get(f"{PROGRAM}/orders/{make.STOREFRONT_ID}/1002")
    assert (odd["entries"], odd["facts"][0]["fact"], len(odd["problems"])) == ([], ODD, 1)


def test_commissions_say_where_they_are(world: World, api: Api, earned: None) -> None:
    path = f"{PROGRAM}/promoters/{CY}/commissions"
    (held,) = api.get(path)["commissions"]
    assert {name: held[name] for name in ("promoter_id", "order", "state", "earned", "held")} == {
        "promoter_id": CY,
        "order": ORDER,
        "state": "held",
        "earned": "10.00",
        "held": "10.00",
    }
    assert held["entries"] == [f"{ORDER}/1"]
    world.post(T0 + days(60), OrderKey(make.STOREFRONT_ID, "1001"))
    world.fold()
    (payable,) = api.get(path)["commissions"]
    assert (payable["state"], payable["payable"], payable["held"]) == ("payable", "10.00", "0.00")
    assert payable["entries"] == [f"{ORDER}/1", f"{ORDER}/2"]


def test_commissions_of_many_orders_and_promoters_page_by_page(
    world: World, client: Clients, api: Api, earned: None
) -> None:
    for number in range(2, 7):
        order = {**paid_order(), "id": 2000 + number}
        deliver(client("place_order"), raw(order))
        world.post(world.clock + days(number), OrderKey(make.STOREFRONT_ID, str(2000 + number)))
    world.fold()
    seen: list[Any] = []
    for path, total in ((f"{PROGRAM}/promoters/{CY}/commissions", 6), (f"{PROGRAM}/commissions", 18)):
        seen.clear()
        cursor = ""
        while True:
            page = api.get(f"{path}?limit=4{cursor}")
            assert len(page["commissions"]) <= 4
            seen += [(one["promoter_id"], one["order"]) for one in page["commissions"]]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert len(seen) == len(set(seen)) == total
    assert [order for _, order in seen[:6]] == [
        f"{make.STOREFRONT_ID}/{n}" for n in (2006, 2005, 2004, 2003, 2002, 1001)
    ]


def test_entries_page_by_page(world: World, client: Clients, api: Api, earned: None) -> None:
    for number in range(2, 9):
        deliver(client("place_order"), raw({**paid_order(), "id": 2000 + number}))
        world.post(world.clock + days(number // 3), OrderKey(make.STOREFRONT_ID, str(2000 + number)))
    world.fold()
    path = f"{PROGRAM}/promoters/{CY}/entries"
    whole = [entry["id"] for entry in api.get(path)["entries"]]
    assert len(whole) == 8
    for limit in (1, 3, 7):
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            page = api.get(f"{path}?limit={limit}" + (f"&cursor={cursor}" if cursor else ""))
            seen += [entry["id"] for entry in page["entries"]]
            cursor = page["next"]
        assert seen == whole


# --- storefronts ---------------------------------------------------------------------------------


def test_storefronts_are_listed_without_their_secrets(api: Api) -> None:
    made = api.post(f"{PROGRAM}/storefronts", NEW_STOREFRONT)
    listed = api.get(f"{PROGRAM}/storefronts")["storefronts"]
    assert [one["id"] for one in listed] == sorted([make.STOREFRONT_ID, made["id"]])
    assert api.get(SHOP) | {"webhook_secrets": 0} == listed[
        [one["id"] for one in listed].index("sf_test")
    ] | {
        "webhook_secrets": 0,
        "access": [],
    }


def test_a_secret_is_rotated_and_the_one_before_is_good_until_it_is_dropped(
    world: World, api: Api, client: Clients
) -> None:
    place, body = client("place_order"), raw(paid_order())
    path = f"/storefronts/{make.STOREFRONT_ID}/webhooks"

    def statuses(*secrets: str) -> list[int]:
        return [deliver(place, body, signed(body, secret), path).status_code for secret in secrets]

    changed = api.changed(f"{SHOP}/secret", {"webhook_secret": "n" * 16})
    assert (changed["webhook_secrets"], changed["access"]) == (2, [])
    assert statuses("n" * 16, "current-secret-16", "previous-secret") == [200, 200, 401]
    assert api.changed(f"{SHOP}/secret", {"webhook_secret": "n" * 16})["webhook_secrets"] == 2
    last = {"webhook_secret": "n" * 16, "drop_previous": True}
    assert api.changed(f"{SHOP}/secret", last)["webhook_secrets"] == 1
    assert statuses("n" * 16, "current-secret-16") == [200, 401]
    assert api.refused("POST", f"{SHOP}/secret", {"webhook_secret": "short"})["where"] == "webhook_secret"


def test_access_is_kept_and_never_shown(world: World, api: Api) -> None:
    body = {"access": {"access_token": "shpat_secret", "api_version": "2026-10"}}
    answer = api.call("PUT", f"{SHOP}/access", body)
    assert (answer.status_code, answer.json_body["access"]) == (200, ["access_token", "api_version"])
    assert b"shpat_secret" not in answer.body
    kept = world.secrets.storefront_secrets(make.STOREFRONT_ID)
    assert isinstance(kept, StorefrontSecrets)
    assert (kept.access, len(kept.webhook_secrets)) == (body["access"], 2)
    assert api.call("PUT", f"{SHOP}/access", {"access": {}}).json_body["access"] == []
    for bad in ({}, {"access": None}, {"access": {"a": 1}}, {"access": {"": "x"}}, {"access": {"a": ""}}):
        assert api.refused("PUT", f"{SHOP}/access", bad)["where"].startswith("access")
