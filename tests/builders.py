"""Small, readable makers of domain values; every argument has a boring default."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from grapevine.domain.bounties import Bounty
from grapevine.domain.campaigns import Campaign
from grapevine.domain.clicks import Click
from grapevine.domain.coupons import Coupon
from grapevine.domain.facts import (
    Fact,
    FactKind,
    Line,
    OrderKey,
    Outcome,
    Payment,
    Refund,
    RefundLine,
    Snapshot,
    Verdict,
)
from grapevine.domain.fx import Rate
from grapevine.domain.links import Link
from grapevine.domain.payout_terms import PayoutTerms
from grapevine.domain.people import Promoter, PromoterStatus
from grapevine.domain.plans import Plan
from grapevine.domain.programs import Program, Storefront, Terms

T0 = datetime(2026, 11, 11, 9, 0, tzinfo=UTC)
"""When the orders of the tests are placed."""

PROGRAM_ID, STOREFRONT_ID = "pg_test", "sf_test"
ORDER = OrderKey(STOREFRONT_ID, "1001")
CLICK_ID = "2" * 22 + "-" + "3" * 20
ANA, BO, CY = "pr_ana", "pr_bo", "pr_cy"


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def days(number: float) -> timedelta:
    return timedelta(days=number)


PAYOUT_FIELDS = {field.name for field in fields(PayoutTerms)}


def program(**changes: object) -> Program:
    """Return a program; what belongs to its payout terms may be named beside the rest."""
    values: dict[str, object] = {
        "id": PROGRAM_ID,
        "merchant_id": "mc_test",
        "name": "Test",
        "currency": "USD",
        "time_zone": "Asia/Shanghai",
        "allowed_hosts": ("shop.example",),
        "created_at": T0 - days(400),
    }
    payouts = {name: changes.pop(name) for name in PAYOUT_FIELDS & changes.keys()}
    values["payouts"] = PayoutTerms(**payouts)  # type: ignore[arg-type]
    return Program(**{**values, **changes})  # type: ignore[arg-type]


def plan(*rate_bps: int, **changes: object) -> Plan:
    values: dict[str, object] = {
        "version": 1,
        "effective_at": T0 - days(400),
        "rate_bps": rate_bps or (1000, 200),
    }
    return Plan(**{**values, **changes})  # type: ignore[arg-type]


def terms(*plans: Plan, **changes: object) -> Terms:
    return Terms(program(**changes), plans or (plan(),))


def campaign(campaign_id: str = "cm_test", **changes: object) -> Campaign:
    """Return a campaign that adds 1 % for a week from T0."""
    values: dict[str, object] = {"name": "Test", "starts_at": T0, "ends_at": T0 + days(7), "add_bps": 100}
    return Campaign(**{"id": campaign_id, **values, **changes})  # type: ignore[arg-type]


def bounty(bounty_id: str = "bt_test", **changes: object) -> Bounty:
    """Return a bounty of 50.00 for 10 orders a week, for four weeks from T0."""
    values: dict[str, object] = {"name": "Test", "starts_at": T0, "ends_at": T0 + days(28)}
    made = {"id": bounty_id, "target": 10, "amount": 5000, **values, **changes}
    return Bounty(**made)  # type: ignore[arg-type]


def coupon(code: str = "CY-10", promoter_id: str = CY, **changes: object) -> Coupon:
    values: dict[str, object] = {
        "program_id": PROGRAM_ID,
        "code": code,
        "promoter_id": promoter_id,
        "created_at": T0 - days(30),
    }
    return Coupon(**{**values, **changes})  # type: ignore[arg-type]


def rate(text: str = "1.10", effective_at: datetime = T0, **changes: object) -> Rate:
    values: dict[str, object] = {"base": "EUR", "quote": "USD", "text": text, "source": "a bank"}
    return Rate(**{**values, "effective_at": effective_at, **changes})  # type: ignore[arg-type]


def storefront(**changes: object) -> Storefront:
    values: dict[str, object] = {
        "id": STOREFRONT_ID,
        "program_id": PROGRAM_ID,
        "platform": "shopify",
        "domain": "shop.example",
    }
    return Storefront(**{**values, **changes})  # type: ignore[arg-type]


def promoter(name: str, sponsor_id: str | None = None, **changes: object) -> Promoter:
    values: dict[str, object] = {
        "id": name,
        "program_id": PROGRAM_ID,
        "name": name,
        "sponsor_id": sponsor_id,
        "joined_at": T0 - days(100),
    }
    return Promoter(**{**values, **changes})  # type: ignore[arg-type]


def suspended(promoter: Promoter, at: timedelta = timedelta(days=-50)) -> Promoter:
    """Return a promoter whom somebody suspends at an instant; before most orders of the tests."""
    return promoter.with_status(PromoterStatus.SUSPENDED, "asked to", T0 + at)


def click(**changes: object) -> Click:
    values: dict[str, object] = {
        "id": CLICK_ID,
        "link_code": "bcdfghjk",
        "program_id": PROGRAM_ID,
        "promoter_id": CY,
        "upline": (BO, ANA),
        "occurred_at": T0 - minutes(30),
        "recorded_at": T0 - minutes(30),
        "user_agent": "Mozilla/5.0 (iPhone)",
    }
    return Click(**{**values, **changes})  # type: ignore[arg-type]


def link(**changes: object) -> Link:
    values: dict[str, object] = {
        "code": "bcdfghjk",
        "program_id": PROGRAM_ID,
        "promoter_id": CY,
        "destination": "https://shop.example/products/tea?size=2#top",
        "upline": (BO, ANA),
    }
    return Link(**{**values, **changes})  # type: ignore[arg-type]


def line(line_id: str, base_minor: int, **changes: object) -> Line:
    values: dict[str, object] = {
        "id": line_id,
        "product_id": None,
        "sku": None,
        "quantity_milli": 1000,
        "gross_minor": base_minor,
        "discount_minor": 0,
    }
    return Line(**{**values, **changes})  # type: ignore[arg-type]


def refund(refund_id: str, *parts: tuple[str, int]) -> Refund:
    return Refund(
        id=refund_id,
        created_at=T0 + minutes(60),
        lines=tuple(
            RefundLine(line_id=name, quantity_milli=0, subtotal_minor=minor) for name, minor in parts
        ),
    )


def snapshot(**changes: object) -> Snapshot:
    values: dict[str, object] = {
        "placed_at": T0,
        "payment": Payment.PAID,
        "currency": "USD",
        "lines": (line("a", 10_000), line("b", 3_333)),
        "click_id": CLICK_ID,
    }
    return Snapshot(**{**values, **changes})  # type: ignore[arg-type]


def fact(kind: FactKind = FactKind.PAID, at: timedelta = timedelta(0), **changes: object) -> Fact:
    """Return a fact whose digest follows from its content, as a real one's does."""
    values: dict[str, object] = {
        "order": ORDER,
        "program_id": PROGRAM_ID,
        "kind": kind,
        "version": T0 + at,
        "recorded_at": T0 + at,
        "snapshot": snapshot() if kind not in (FactKind.REFUNDED, FactKind.VERDICT) else None,
        **changes,
    }
    content = repr(sorted((name, repr(value)) for name, value in values.items() if name != "recorded_at"))
    values.setdefault("digest", blake2b(content.encode(), digest_size=8).hexdigest())
    return Fact(**values)  # type: ignore[arg-type]


def refunded(refund_id: str, at: timedelta, *parts: tuple[str, int]) -> Fact:
    return fact(FactKind.REFUNDED, at, refunds=(refund(refund_id, *parts),))


def verdict(outcome: Outcome, at: timedelta = timedelta(0)) -> Fact:
    found = Verdict(outcome=outcome, rule="self_referral", evidence="test")
    return fact(FactKind.VERDICT, at, verdict=found)
