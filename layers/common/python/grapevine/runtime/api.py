"""The JSON API's words coming in: bodies as commands."""

from __future__ import annotations

from datetime import datetime

from grapevine.domain.errors import InvalidInputError, MoneyError
from grapevine.domain.facts import OrderKey
from grapevine.domain.fx import Rate
from grapevine.domain.instants import parse_instant, to_text
from grapevine.domain.payout_terms import PayoutTerms
from grapevine.domain.people import PromoterStatus
from grapevine.domain.plain import flag_of, from_plain
from grapevine.domain.plans import Plan
from grapevine.domain.profiles import Profile, with_profile_defaults
from grapevine.domain.programs import Program
from grapevine.runtime.body import Body
from grapevine.usecases.change_promoter import ChangeSponsor, ChangeStatus
from grapevine.usecases.create_coupon import CreateCoupon, SwitchCoupon
from grapevine.usecases.create_program import CreateProgram, CreateStorefront
from grapevine.usecases.create_promoter import CreateLink, CreatePromoter
from grapevine.usecases.merge_promoters import MergePromoters
from grapevine.usecases.publish_plan import PublishPlan
from grapevine.usecases.publish_rate import PublishRate
from grapevine.usecases.put_products import ProductTerms, PutProducts
from grapevine.usecases.register_customer import JoinCustomers, RegisterCustomer
from grapevine.usecases.rule_order import RuleOrder
from grapevine.usecases.spend_points import SpendPoints


def to_create_program(body: Body, merchant_id: str, now: datetime) -> CreateProgram:
    """Read a new program with its plan."""
    body.refuse_unknown(
        "name",
        "currency",
        "time_zone",
        "allowed_hosts",
        "payouts",
        "sandbox",
        "profile",
        "plan",
    )
    profile = body.choice("profile", Profile, Profile.GLOBAL)
    return CreateProgram(
        merchant_id=merchant_id,
        name=body.text("name"),
        currency=body.text("currency"),
        time_zone=body.text("time_zone"),
        allowed_hosts=body.texts("allowed_hosts"),
        payouts=from_plain(PayoutTerms, dict(body.section("payouts").values), "payouts"),
        sandbox=body.boolean("sandbox"),
        profile=profile,
        plan=_to_plan(body.section("plan"), now, profile),
    )


def to_publish_plan(body: Body, program: Program) -> PublishPlan:
    """Read the next version of a plan; what is left out has its default, not the last version's value."""
    effective_at = parse_instant(body.text("effective_at"), "effective_at")
    return PublishPlan(program.id, _to_plan(body, effective_at, program.profile, "effective_at"))


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


def to_merge_promoters(body: Body, program_id: str, promoter_id: str) -> MergePromoters:
    """Read whose duplicate a promoter's account is."""
    body.refuse_unknown("promoter_id")
    return MergePromoters(
        program_id=program_id, duplicate_id=promoter_id, promoter_id=body.text("promoter_id")
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


def to_put_products(body: Body, program_id: str) -> PutProducts:
    """Read products; what is left out of one is nothing, not what it was."""
    body.refuse_unknown("products")
    return PutProducts(
        program_id, from_plain(tuple[ProductTerms, ...], body.values.get("products"), "products")
    )


def to_rule_order(body: Body, program_id: str, order: OrderKey, *, accepted: bool) -> RuleOrder:
    """Read who rules on which fact of an order, and why."""
    body.refuse_unknown("fact", "by", "why")
    return RuleOrder(
        program_id=program_id,
        order=order,
        fact=body.text("fact"),
        accepted=accepted,
        by=body.text("by"),
        why=body.text("why"),
    )


def to_register_customer(body: Body, program_id: str) -> RegisterCustomer:
    """Read who signed up, through which click or promoter."""
    body.refuse_unknown("customer", "click_id", "promoter_id", "occurred_at")
    return RegisterCustomer(
        program_id=program_id,
        customer=body.text("customer"),
        click_id=body.optional_text("click_id"),
        promoter_id=body.optional_text("promoter_id"),
        occurred_at=_instant(body, "occurred_at"),
    )


def to_join_customers(body: Body, program_id: str) -> JoinCustomers:
    """Read which two customers are one person."""
    body.refuse_unknown("customer", "other", "occurred_at")
    return JoinCustomers(
        program_id=program_id,
        customer=body.text("customer"),
        other=body.text("other"),
        occurred_at=_instant(body, "occurred_at"),
    )


def _instant(body: Body, name: str) -> datetime | None:
    text = body.optional_text(name)
    return None if text is None else parse_instant(text, name)


def to_switch_coupon(body: Body, program_id: str, code: str) -> SwitchCoupon:
    """Read whether a code counts from now, or a later instant, on."""
    body.refuse_unknown("enabled", "effective_at")
    enabled = flag_of(body.values.get("enabled"), "enabled")
    at = _instant(body, "effective_at")
    return SwitchCoupon(program_id=program_id, code=code, enabled=enabled, effective_at=at)


def _to_plan(body: Body, effective_at: datetime, profile: Profile, *more: str) -> Plan:
    """Read a plan; its version and instant are not the caller's to say here."""
    values = {name: value for name, value in body.values.items() if name not in more}
    for name in ("version", "effective_at"):
        if name in values:
            raise InvalidInputError("is not a field of this request", body.path + name)
    values = with_profile_defaults(profile, values)
    return from_plain(Plan, {**values, "version": 1, "effective_at": to_text(effective_at)}, body.path[:-1])


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
    body.refuse_unknown("destination", "product_id")
    return CreateLink(
        program_id=program_id,
        promoter_id=promoter_id,
        destination=body.text("destination"),
        product_id=body.optional_text("product_id"),
    )


def to_spend_points(body: Body, program_id: str, promoter_id: str) -> SpendPoints:
    """Read how many points are spent, and the request's own name."""
    body.refuse_unknown("points", "request_id")
    return SpendPoints(
        program_id=program_id,
        promoter_id=promoter_id,
        points=body.integer("points", 0),
        request_id=body.text("request_id"),
    )
