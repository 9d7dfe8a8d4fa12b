"""An order with a negative amount on the deployed house: listed, accepted by a person, counted; the proof."""

from __future__ import annotations

import json
from typing import Any

from grapevine_sim.day import until
from grapevine_sim.web import Answer, invoke, request, schedule_event
from tests.adapters.storefronts import shopify_bodies as bodies
from tests.e2e.conftest import HOST, House


def test_a_negative_amount_waits_until_a_person_accepts_it(house: House) -> None:
    program = house.program()
    storefront, path = house.storefront(program), f"/programs/{program}"
    promoter = house.console.post(f"{path}/promoters", {"name": "Ana", "email": "ana@waits.example"})["id"]
    order = f"{path}/orders/{storefront}/1001"
    assert house.deliver(storefront, odd_order(house, path, promoter), "orders/paid").status == 200
    until(lambda: bool(house.console.get(f"{path}/waiting")["waiting"]), "the order to be listed")
    (listed,) = house.console.get(f"{path}/waiting")["waiting"]
    assert listed["what"] == "line_items[1].price: negative"
    ruling = {"fact": listed["facts"][0]["fact"], "by": "Mei", "why": "a discount"}
    assert [ruled(house, f"{order}/accept", ruling).status for _ in range(2)] == [200, 200]
    assert ruled(house, f"{order}/reject", ruling).status == 409
    balance = f"{path}/promoters/{promoter}/balance"
    until(lambda: house.console.get(balance)["held"] == "10.00", "the order to count")
    assert house.console.get(f"{path}/waiting") == {"waiting": [], "next": None}
    until(lambda: not list(house.parts.waits.waiting(program)), "the row to be gone")


def odd_order(house: House, path: str, promoter: str) -> bytes:
    """Return an order through the promoter's coupon, with a discount as a line below nothing."""
    house.console.post(f"{path}/promoters/{promoter}/coupons", {"code": "ANA-10"})
    now = house.parts.now().isoformat()
    lines = (bodies.line(1, price_set=None, price="100.00"), bodies.line(2, price_set=None, price="-20.00"))
    changes: dict[str, Any] = {"created_at": now, "updated_at": now, "landing_site": f"https://{HOST}/"}
    return json.dumps(bodies.order(*lines, id=1001, **changes, discount_codes=[{"code": "ANA-10"}])).encode()


def ruled(house: House, path: str, ruling: dict[str, str]) -> Answer:
    headers = {"Authorization": f"Bearer {house.console.api_key}", "Content-Type": "application/json"}
    return request("POST", house.console.url + path, json.dumps(ruling).encode(), headers)


def test_the_hourly_jobs_run_under_their_own_role(house: House) -> None:
    functions, site = house.deployment.apps["settle"].functions, house.deployment.site
    event = schedule_event(house.parts.now())
    assert invoke(site, functions["report_waiting"], event) == {"overdue": []}
    assert invoke(site, functions["verify_programs"], event)["failed"] == []
