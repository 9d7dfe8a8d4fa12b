"""One order explained to the last field, by hand: another currency, a tier, two campaigns, a refund."""

from __future__ import annotations

from typing import Any

from grapevine.domain.campaigns import Pays
from grapevine.domain.explanation import explained, explanation
from grapevine.domain.facts import FactKind, Outcome, Payment
from tests import builders as make
from tests.builders import CY, PROGRAM_ID, T0, minutes
from tests.usecases.boosting import day_of, tiered
from tests.usecases.scarce import order
from tests.worlds import World


def told(world: World, number: int) -> dict[str, Any]:
    key = order(1)
    terms = world.catalog.terms(PROGRAM_ID)
    return explanation(explained(world.ledger.entries_of(key)[:number], world.facts.facts_of(key), terms))


def festival() -> World:
    """Return a silver promoter's order of 133.33 euros on the day, at 1.10, of which 23.45 went back."""
    cash = day_of("cm_1", multiplier_bps=15_000, bonus=70)
    world = tiered(cash, day_of("cm_2", name="Points day", pays=Pays.POINTS, bonus=50))
    world.catalog.add_rate(PROGRAM_ID, make.rate("1.10"))
    paid = make.fact(FactKind.PAID, minutes(1), order=order(1), snapshot=make.snapshot(currency="EUR"))
    verdict = make.verdict(Outcome.ALLOW).verdict
    world.append(paid, make.fact(FactKind.VERDICT, order=order(1), verdict=verdict))
    world.post(T0 + minutes(2), order(1))
    back = (make.refund("r1", ("a", 2_345)),)
    world.append(make.fact(FactKind.REFUNDED, minutes(60), order=order(1), refunds=back))
    world.post(T0 + minutes(61), order(1))
    return world


def line(name: str, base: str, share: str, back: str) -> dict[str, Any]:
    """Return a campaign's part of a line."""
    return {"line": name, "capped": False, "base": base, "share": share, "reversed": back}


def test_every_field_of_an_explanation() -> None:
    found = told(festival(), 2)
    # 12 per cent of 100.00 and 33.33 euros at 1.10; of the first 23.45 in a hundred went back.
    sold = {"component": "item", "rule": None, "capped": False, "taken_out": "0.00"}
    lines = [
        {**sold, "line": "a", "base": "100.00", "refunded": "23.45", "share": "13.20", "reversed": "3.10"},
        {**sold, "line": "b", "base": "33.33", "refunded": "0.00", "share": "4.40", "reversed": "0.00"},
    ]
    campaign = {"stacking": "add", "promoter": CY}
    assert found == {
        "entry": "sf_test/1/2",
        "reason": "refunded",
        "recorded_at": "2026-11-11T10:01:00.000Z",
        "currency": "USD",
        "order": {
            "currency": "EUR",
            "placed_at": "2026-11-11T09:00:00.000Z",
            "paid_at": "2026-11-11T09:01:00.000Z",
            "cancelled_at": None,
            "payment": "paid",
            "base": "133.33",
            "taken_out": "0.00",
            "refunded": "23.45",
            "refunds": ["r1"],
        },
        "attribution": {
            "reason": "last_click",
            "promoters": [[CY]],
            "candidates": [
                {
                    "click": make.CLICK_ID,
                    "coupon": None,
                    "binding": None,
                    "promoter": CY,
                    "occurred_at": "2026-11-11T08:30:00.000Z",
                    "reason": "eligible",
                }
            ],
            "products": [],
            "customer": None,
        },
        "plan_version": 1,
        "rate": {
            "from": "EUR",
            "to": "USD",
            "rate": "1.10",
            "source": "a bank",
            "effective_at": "2026-11-11T09:00:00.000Z",
        },
        "tiers": [
            {
                "promoter": CY,
                "tier": "silver",
                "add_bps": "200",
                "basis": "previous_month",
                "mode": "whole",
                "month": "2026-10",
                "net_sales": "200.00",
                "orders": 2,
                "provisional_until": None,
            }
        ],
        "gated": [],
        "levels": [
            {
                "level": 1,
                "promoter": CY,
                "rate_bps": 1000,
                "total": "17.60",
                "reversed": "3.10",
                "lines": lines,
                # Two per cent of 146.66 dollars.
                "uplift": "2.93",
                "lowered": "0.00",
                "earned": "14.50",
            }
        ],
        "caps": [],
        "campaigns": [
            {
                **campaign,
                "campaign": "cm_1",
                "name": "Double 11",
                "currency": "USD",
                # Half of ten per cent of 146.66, and 0.70.
                "total": "8.03",
                "reversed": "1.41",
                "wanted": "6.62",
                "granted": "6.62",
                "lines": [line("a", "100.00", "6.03", "1.41"), line("b", "33.33", "2.00", "0.00")],
            },
            {
                **campaign,
                "campaign": "cm_2",
                "name": "Points day",
                "currency": "PTS",
                "total": "50",
                "reversed": "9",
                "wanted": "41",
                "granted": "41",
                "lines": [line("a", "100.00", "38", "9"), line("b", "33.33", "12", "0")],
            },
        ],
        "kept_bps": 10000,
        "recruit_bonuses": [],
        "hold_ends_at": "2026-12-11T09:01:00.000Z",
        "released": False,
        "waits": [],
        "voided": [],
        "verdict": "allow",
        "rulings": [],
        "postings": [
            {
                "source": f"program/{PROGRAM_ID}/commission",
                "destination": f"program/{PROGRAM_ID}/campaign/{name}/budget",
                "amount": amount,
            }
            for name, amount in (("cm_1", "1.41"), ("cm_2", "9"))
        ]
        + [
            {
                "source": f"program/{PROGRAM_ID}/promoter/{CY}/held",
                "destination": f"program/{PROGRAM_ID}/commission",
                "amount": amount,
            }
            for amount in ("9", "4.51")
        ],
        "standing": {CY: "21.12"},
        "points": {CY: "41"},
        "re_adds": True,
    }


def test_before_the_refund_nothing_is_reversed() -> None:
    found = told(festival(), 1)
    assert found["order"]["refunds"] == []
    assert (found["standing"], found["points"]) == ({CY: "25.63"}, {CY: "50"})


def test_an_order_that_was_cancelled_says_when() -> None:
    world = festival()
    at = T0 + minutes(90)
    gone = make.snapshot(currency="EUR", cancelled_at=at, payment=Payment.VOIDED)
    world.append(make.fact(FactKind.CANCELLED, minutes(90), order=order(1), snapshot=gone))
    world.post(T0 + minutes(91), order(1))
    found = told(world, 3)
    assert found["order"]["cancelled_at"] == "2026-11-11T10:30:00.000Z"
    assert (found["standing"], found["points"], found["re_adds"]) == ({}, {}, True)
