"""The JSON API's words: bodies in as commands, values out as JSON."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from grapevine.domain.coupons import Coupon
from grapevine.domain.entries import Entry
from grapevine.domain.errors import InvalidInputError, MoneyError
from grapevine.domain.fx import Rate
from grapevine.domain.instants import parse_instant, to_text
from grapevine.domain.links import Link
from grapevine.domain.money import format_minor
from grapevine.domain.people import Promoter, PromoterStatus
from grapevine.domain.programs import (
    AttributionModel,
    CouponMode,
    Plan,
    Program,
    SelfPurchase,
    Storefront,
    Terms,
    Vacancy,
)
from grapevine.domain.rates import RateRule
from grapevine.runtime.body import Body
from grapevine.usecases.change_promoter import ChangeSponsor, ChangeStatus
from grapevine.usecases.create_coupon import CreateCoupon, SwitchCoupon
from grapevine.usecases.create_program import CreateProgram, CreateStorefront
from grapevine.usecases.create_promoter import CreateLink, CreatePromoter
from grapevine.usecases.publish_plan import PublishPlan
from grapevine.usecases.publish_rate import PublishRate
from grapevine.usecases.read_balance import Balance

_PLAN_CHOICES = ("vacancy", "attribution_model", "coupon_mode", "self_purchase")
_PLAN_DAYS = ("click_window_days", "hold_days_after_receipt", "hold_days_after_payment", "screening_days")


def to_create_program(body: Body, merchant_id: str, now: datetime) -> CreateProgram:
    """Read a new program with its plan."""
    body.refuse_unknown(
        "name",
        "currency",
        "time_zone",
        "allowed_hosts",
        "minimum_payout_minor",
        "settlement_day",
        "sandbox",
        "plan",
    )
    return CreateProgram(
        merchant_id=merchant_id,
        name=body.text("name"),
        currency=body.text("currency"),
        time_zone=body.text("time_zone"),
        allowed_hosts=body.texts("allowed_hosts"),
        minimum_payout_minor=body.integer("minimum_payout_minor", 1000),
        settlement_day=body.integer("settlement_day", 10),
        sandbox=body.boolean("sandbox"),
        plan=_to_plan(body.section("plan"), now),
    )


def to_publish_plan(body: Body, program_id: str) -> PublishPlan:
    """Read the next version of a plan; what is left out has its default, not the last version's value."""
    effective_at = parse_instant(body.text("effective_at"), "effective_at")
    return PublishPlan(program_id, _to_plan(body, effective_at, "effective_at"))


def to_change_sponsor(body: Body, program_id: str, promoter_id: str) -> ChangeSponsor:
    """Read a promoter's new sponsor; null is nobody."""
    body.refuse_unknown("sponsor_id")
    if "sponsor_id" not in body.values:
        raise InvalidInputError("must be a string or null", "sponsor_id")
    return ChangeSponsor(
        program_id=program_id, promoter_id=promoter_id, sponsor_id=body.optional_text("sponsor_id")
    )


def to_change_status(body: Body, program_id: str, promoter_id: str) -> ChangeStatus:
    """Read a promoter's new status with its reason."""
    body.refuse_unknown("status", "reason")
    return ChangeStatus(
        program_id=program_id,
        promoter_id=promoter_id,
        status=body.choice("status", PromoterStatus),
        reason=body.text("reason"),
    )


def to_create_coupon(body: Body, program_id: str, promoter_id: str) -> CreateCoupon:
    """Read a code to make."""
    body.refuse_unknown("code", "priority")
    return CreateCoupon(
        program_id=program_id,
        promoter_id=promoter_id,
        code=body.text("code"),
        priority=body.integer("priority", 0),
    )


def to_publish_rate(body: Body, program_id: str) -> PublishRate:
    """Read an exchange rate."""
    body.refuse_unknown("base", "quote", "rate", "source", "effective_at")
    try:
        rate = Rate(
            base=body.text("base"),
            quote=body.text("quote"),
            text=body.text("rate"),
            source=body.text("source"),
            effective_at=parse_instant(body.text("effective_at"), "effective_at"),
        )
    except MoneyError as error:
        raise InvalidInputError(str(error), "rate") from error
    return PublishRate(program_id, rate)


def from_rate(rate: Rate) -> dict[str, Any]:
    """Return an exchange rate."""
    return {
        "base": rate.base,
        "quote": rate.quote,
        "rate": rate.text,
        "source": rate.source,
        "effective_at": to_text(rate.effective_at),
    }


def to_switch_coupon(body: Body, program_id: str, code: str) -> SwitchCoupon:
    """Read whether a code counts from now on."""
    body.refuse_unknown("enabled")
    return SwitchCoupon(program_id=program_id, code=code, enabled=body.boolean("enabled"))


def from_coupon(coupon: Coupon, now: datetime) -> dict[str, Any]:
    """Return a coupon as of now."""
    return {
        "code": coupon.code,
        "program_id": coupon.program_id,
        "promoter_id": coupon.promoter_id,
        "priority": coupon.priority,
        "enabled": coupon.is_enabled_at(now),
        "created_at": to_text(coupon.created_at),
    }


def _to_rule(body: Body) -> RateRule:
    body.refuse_unknown("id", "sku", "product_id", "promoter_id", "rate_bps", "per_unit_minor")
    return RateRule(
        id=body.text("id"),
        sku=body.optional_text("sku"),
        product_id=body.optional_text("product_id"),
        promoter_id=body.optional_text("promoter_id"),
        rate_bps=body.integers("rate_bps", ()),
        per_unit_minor=body.integers("per_unit_minor", ()),
    )


def _from_rule(rule: RateRule) -> dict[str, Any]:
    values = asdict(rule)
    return {name: value for name, value in values.items() if value not in (None, ())}


def _to_plan(body: Body, effective_at: datetime, *more: str) -> Plan:
    names = (
        "rate_bps",
        "pool_cap_bps",
        "line_cap_bps",
        "rules",
        "default_sponsor_id",
        *_PLAN_CHOICES,
        *_PLAN_DAYS,
    )
    body.refuse_unknown(*names, *more)
    standard = Plan(version=1, effective_at=effective_at)
    days = {name: body.integer(name, getattr(standard, name)) for name in _PLAN_DAYS}
    return replace(
        standard,
        rate_bps=body.integers("rate_bps", standard.rate_bps),
        pool_cap_bps=body.integer("pool_cap_bps", standard.pool_cap_bps),
        vacancy=body.choice("vacancy", Vacancy, standard.vacancy),
        attribution_model=body.choice("attribution_model", AttributionModel, standard.attribution_model),
        coupon_mode=body.choice("coupon_mode", CouponMode, standard.coupon_mode),
        self_purchase=body.choice("self_purchase", SelfPurchase, standard.self_purchase),
        default_sponsor_id=body.optional_text("default_sponsor_id"),
        rules=tuple(_to_rule(rule) for rule in body.sections("rules")),
        line_cap_bps=body.integer("line_cap_bps", standard.line_cap_bps),
        click_window_days=days["click_window_days"],
        hold_days_after_receipt=days["hold_days_after_receipt"],
        hold_days_after_payment=days["hold_days_after_payment"],
        screening_days=days["screening_days"],
    )


def to_create_storefront(body: Body, program_id: str) -> CreateStorefront:
    """Read a shop to connect."""
    body.refuse_unknown("platform", "domain", "webhook_secret", "previous_secret")
    return CreateStorefront(
        program_id=program_id,
        platform=body.text("platform"),
        domain=body.text("domain"),
        webhook_secret=body.text("webhook_secret"),
        previous_secret=body.optional_text("previous_secret"),
    )


def to_create_promoter(body: Body, program_id: str) -> CreatePromoter:
    """Read a person who joins."""
    body.refuse_unknown("name", "email", "sponsor_id")
    return CreatePromoter(
        program_id=program_id,
        name=body.text("name"),
        email=body.text("email"),
        sponsor_id=body.optional_text("sponsor_id"),
    )


def to_create_link(body: Body, program_id: str, promoter_id: str) -> CreateLink:
    """Read a link to make."""
    body.refuse_unknown("destination")
    return CreateLink(program_id=program_id, promoter_id=promoter_id, destination=body.text("destination"))


def from_program(terms: Terms) -> dict[str, Any]:
    """Return a program with its plan versions."""
    return {**_program(terms.program), "plans": [from_plan(plan) for plan in terms.plans]}


def _program(program: Program) -> dict[str, Any]:
    return {
        "id": program.id,
        "name": program.name,
        "currency": program.currency,
        "time_zone": program.time_zone,
        "allowed_hosts": list(program.allowed_hosts),
        "rounding": program.rounding.value,
        "minimum_payout_minor": program.minimum_payout_minor,
        "settlement_day": program.settlement_day,
        "sandbox": program.sandbox,
        "created_at": to_text(program.created_at),
    }


def from_plan(plan: Plan) -> dict[str, Any]:
    """Return a version of a plan."""
    return {
        "version": plan.version,
        "effective_at": to_text(plan.effective_at),
        "rate_bps": list(plan.rate_bps),
        "pool_cap_bps": plan.pool_cap_bps,
        "line_cap_bps": plan.line_cap_bps,
        "rules": [_from_rule(rule) for rule in plan.rules],
        **{name: getattr(plan, name).value for name in _PLAN_CHOICES},
        "default_sponsor_id": plan.default_sponsor_id,
        **{name: getattr(plan, name) for name in _PLAN_DAYS},
    }


def from_storefront(storefront: Storefront) -> dict[str, Any]:
    """Return a storefront; its secrets never leave the secret store."""
    return {
        "id": storefront.id,
        "program_id": storefront.program_id,
        "platform": storefront.platform,
        "domain": storefront.domain,
        "webhook_path": f"/storefronts/{storefront.id}/webhooks",
    }


def from_promoter(promoter: Promoter, now: datetime) -> dict[str, Any]:
    """Return a promoter as of now, without anything that names the person elsewhere."""
    return {
        "id": promoter.id,
        "program_id": promoter.program_id,
        "name": promoter.name,
        "sponsor_id": promoter.sponsor_at(now),
        "status": promoter.status_at(now).value,
        "joined_at": to_text(promoter.joined_at),
    }


def from_link(link: Link) -> dict[str, Any]:
    """Return a link."""
    return {
        "code": link.code,
        "path": f"/{link.code}",
        "program_id": link.program_id,
        "promoter_id": link.promoter_id,
        "destination": link.destination,
    }


def from_balance(balance: Balance) -> dict[str, Any]:
    """Return a balance as decimal strings, with the currency beside them."""
    names = ("held", "payable", "blocked", "reserved", "paid", "earned")
    amounts = {name: format_minor(getattr(balance, f"{name}_minor"), balance.currency) for name in names}
    return {"currency": balance.currency, **amounts}


def from_entry(entry: Entry) -> dict[str, Any]:
    """Return an entry with its postings."""
    return {
        "id": entry.id,
        "reason": entry.reason.value,
        "recorded_at": to_text(entry.recorded_at),
        "due_at": to_text(entry.due_at) if entry.due_at else None,
        "payout_id": entry.payout_id,
        "postings": [
            {
                "source": str(posting.source),
                "destination": str(posting.destination),
                "amount": format_minor(posting.amount.minor, posting.amount.currency),
                "currency": posting.amount.currency,
            }
            for posting in entry.postings
        ],
    }
