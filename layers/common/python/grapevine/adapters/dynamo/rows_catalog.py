"""How programs, plans, storefronts, promoters, merchants and API keys look in the catalog table."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute

from grapevine.adapters.dynamo import keys
from grapevine.adapters.dynamo.rows import Instant, Item, Json, Row, WholeNumber, row
from grapevine.domain.coupons import Coupon, CouponChange
from grapevine.domain.fx import Rate
from grapevine.domain.instants import from_text, to_text
from grapevine.domain.money import Rounding
from grapevine.domain.people import Promoter, PromoterStatus, SponsorChange, StatusChange
from grapevine.domain.programs import (
    AttributionModel,
    CouponMode,
    Plan,
    Program,
    SelfPurchase,
    Storefront,
    Vacancy,
)
from grapevine.domain.rates import RateRule
from grapevine.ports import ApiKey


class ProgramRow(Row, discriminator="program"):
    """`PG#program` / `META`, listed by merchant."""

    gpk = UnicodeAttribute()
    gsk = UnicodeAttribute()
    merchant_id = UnicodeAttribute()
    name = UnicodeAttribute()
    currency = UnicodeAttribute()
    time_zone = UnicodeAttribute()
    allowed_hosts = Json()
    created_at = Instant()
    rounding = UnicodeAttribute()
    minimum_payout_minor = WholeNumber()
    settlement_day = WholeNumber()
    sandbox = BooleanAttribute()


class PlanRow(Row, discriminator="plan"):
    """`PG#program` / `PLAN#effective#version`."""

    version = WholeNumber()
    effective_at = Instant()
    rate_bps = Json()
    pool_cap_bps = WholeNumber()
    click_window_days = WholeNumber()
    hold_days_after_receipt = WholeNumber()
    hold_days_after_payment = WholeNumber()
    screening_days = WholeNumber()
    vacancy = UnicodeAttribute()
    default_sponsor_id = UnicodeAttribute(null=True)
    attribution_model = UnicodeAttribute()
    coupon_mode = UnicodeAttribute()
    self_purchase = UnicodeAttribute()
    rules = Json()
    line_cap_bps = WholeNumber()


class PlanNumberRow(Row, discriminator="plan_number"):
    """`PG#program` / `PV#version`: that number is taken, whenever the version takes effect."""


class StorefrontRow(Row, discriminator="storefront"):
    """`SF#id` / `META`."""

    program_id = UnicodeAttribute()
    platform = UnicodeAttribute()
    domain = UnicodeAttribute()


class PromoterRow(Row, discriminator="promoter"):
    """`PR#program#promoter` / `META`: the promoter with its history, listed by program."""

    gpk = UnicodeAttribute()
    gsk = UnicodeAttribute()
    name = UnicodeAttribute()
    sponsor_id = UnicodeAttribute(null=True)
    joined_at = Instant()
    customer_key = UnicodeAttribute(null=True)
    sponsor_changes = Json(null=True)
    status_changes = Json(null=True)


class NetworkRow(Row, discriminator="network"):
    """`PG#program` / `NETWORK`: how often the network changed; sponsor changes serialise on it."""

    version = WholeNumber()


class CouponRow(Row, discriminator="coupon"):
    """`CP#program#code` / `META`: a coupon with its history; `switched` counts the changes."""

    promoter_id = UnicodeAttribute()
    created_at = Instant()
    priority = WholeNumber()
    changes = Json()
    switched = WholeNumber()


class RateRow(Row, discriminator="rate"):
    """`FX#program#base#quote` / `RT#effective`: what one unit of base is worth, as decimal text."""

    text = UnicodeAttribute()
    source = UnicodeAttribute()


class MerchantRow(Row, discriminator="merchant"):
    """`MC#merchant` / `META`."""

    name = UnicodeAttribute()


class ApiKeyRow(Row, discriminator="api_key"):
    """`KEY#id` / `META`: the hash of the secret part, never the secret."""

    merchant_id = UnicodeAttribute()
    secret_hash = UnicodeAttribute()
    created_at = Instant()


def program_row(program: Program) -> ProgramRow:
    """Return a program as it is stored."""
    gpk, gsk = keys.program_listing(program.merchant_id, program.id)
    return ProgramRow(
        *keys.program(program.id),
        gpk=gpk,
        gsk=gsk,
        merchant_id=program.merchant_id,
        name=program.name,
        currency=program.currency,
        time_zone=program.time_zone,
        allowed_hosts=list(program.allowed_hosts),
        created_at=program.created_at,
        rounding=program.rounding.value,
        minimum_payout_minor=program.minimum_payout_minor,
        settlement_day=program.settlement_day,
        sandbox=program.sandbox,
    )


def program_of(stored: ProgramRow) -> Program:
    """Read a program back."""
    return Program(
        id=keys.last_part(stored.pk),
        merchant_id=stored.merchant_id,
        name=stored.name,
        currency=stored.currency,
        time_zone=stored.time_zone,
        allowed_hosts=tuple(stored.allowed_hosts),
        created_at=stored.created_at,
        rounding=Rounding(stored.rounding),
        minimum_payout_minor=stored.minimum_payout_minor,
        settlement_day=stored.settlement_day,
        sandbox=stored.sandbox,
    )


def plan_row(program_id: str, plan: Plan) -> PlanRow:
    """Return a version of a plan as it is stored."""
    return PlanRow(
        *keys.plan(program_id, plan),
        version=plan.version,
        effective_at=plan.effective_at,
        rate_bps=list(plan.rate_bps),
        pool_cap_bps=plan.pool_cap_bps,
        click_window_days=plan.click_window_days,
        hold_days_after_receipt=plan.hold_days_after_receipt,
        hold_days_after_payment=plan.hold_days_after_payment,
        screening_days=plan.screening_days,
        vacancy=plan.vacancy.value,
        default_sponsor_id=plan.default_sponsor_id,
        attribution_model=plan.attribution_model.value,
        coupon_mode=plan.coupon_mode.value,
        self_purchase=plan.self_purchase.value,
        rules=[asdict(rule) for rule in plan.rules],
        line_cap_bps=plan.line_cap_bps,
    )


def plan_of(stored: PlanRow) -> Plan:
    """Read a version of a plan back."""
    return Plan(
        version=stored.version,
        effective_at=stored.effective_at,
        rate_bps=tuple(stored.rate_bps),
        pool_cap_bps=stored.pool_cap_bps,
        click_window_days=stored.click_window_days,
        hold_days_after_receipt=stored.hold_days_after_receipt,
        hold_days_after_payment=stored.hold_days_after_payment,
        screening_days=stored.screening_days,
        vacancy=Vacancy(stored.vacancy),
        default_sponsor_id=stored.default_sponsor_id,
        attribution_model=AttributionModel(stored.attribution_model),
        coupon_mode=CouponMode(stored.coupon_mode),
        self_purchase=SelfPurchase(stored.self_purchase),
        rules=tuple(_rule_of(values) for values in stored.rules),
        line_cap_bps=stored.line_cap_bps,
    )


def _rule_of(values: dict[str, Any]) -> RateRule:
    rates = {name: tuple(values[name]) for name in ("rate_bps", "per_unit_minor")}
    return RateRule(**{**values, **rates})


def storefront_row(storefront: Storefront) -> StorefrontRow:
    """Return a storefront as it is stored."""
    return StorefrontRow(
        *keys.storefront(storefront.id),
        program_id=storefront.program_id,
        platform=storefront.platform,
        domain=storefront.domain,
    )


def storefront_of(item: Item) -> Storefront:
    """Read a storefront back."""
    stored = row(StorefrontRow, item)
    return Storefront(
        id=keys.last_part(stored.pk),
        program_id=stored.program_id,
        platform=stored.platform,
        domain=stored.domain,
    )


def promoter_row(promoter: Promoter) -> PromoterRow:
    """Return a promoter as it is stored, with everything that changed since it joined."""
    gpk, gsk = keys.promoter_listing(promoter.program_id, promoter.id)
    return PromoterRow(
        *keys.promoter(promoter.program_id, promoter.id),
        gpk=gpk,
        gsk=gsk,
        name=promoter.name,
        sponsor_id=promoter.sponsor_id,
        joined_at=promoter.joined_at,
        customer_key=promoter.customer_key,
        sponsor_changes=[[to_text(c.effective_at), c.sponsor_id] for c in promoter.sponsor_changes] or None,
        status_changes=[[to_text(c.effective_at), c.status.value, c.reason] for c in promoter.status_changes]
        or None,
    )


def promoter_of(stored: PromoterRow) -> Promoter:
    """Read a promoter back."""
    return Promoter(
        id=keys.last_part(stored.pk),
        program_id=keys.program_in(stored.pk),
        name=stored.name,
        sponsor_id=stored.sponsor_id,
        joined_at=stored.joined_at,
        customer_key=stored.customer_key,
        sponsor_changes=tuple(
            SponsorChange(from_text(at), name) for at, name in stored.sponsor_changes or ()
        ),
        status_changes=tuple(
            StatusChange(from_text(at), PromoterStatus(status), reason)
            for at, status, reason in stored.status_changes or ()
        ),
    )


def rate_row(program_id: str, rate: Rate) -> RateRow:
    """Return a rate as it is stored."""
    pk = keys.rates(program_id, rate.base, rate.quote)
    return RateRow(pk, keys.rate_from(rate.effective_at), text=rate.text, source=rate.source)


def rate_of(stored: RateRow) -> Rate:
    """Read a rate back."""
    *_, base, quote = stored.pk.split(keys.SEPARATOR)
    return Rate(
        base=base,
        quote=quote,
        text=stored.text,
        source=stored.source,
        effective_at=from_text(keys.last_part(stored.sk)),
    )


def coupon_row(coupon: Coupon) -> CouponRow:
    """Return a coupon as it is stored."""
    return CouponRow(
        *keys.coupon(coupon.program_id, coupon.code),
        promoter_id=coupon.promoter_id,
        created_at=coupon.created_at,
        priority=coupon.priority,
        changes=[[to_text(change.effective_at), change.enabled] for change in coupon.changes],
        switched=len(coupon.changes),
    )


def coupon_of(stored: CouponRow) -> Coupon:
    """Read a coupon back."""
    return Coupon(
        program_id=keys.program_in(stored.pk),
        code=keys.last_part(stored.pk),
        promoter_id=stored.promoter_id,
        created_at=stored.created_at,
        priority=stored.priority,
        changes=tuple(CouponChange(from_text(at), enabled) for at, enabled in stored.changes),
    )


def api_key_row(key: ApiKey) -> ApiKeyRow:
    """Return an API key as it is stored."""
    return ApiKeyRow(
        *keys.api_key(key.id),
        merchant_id=key.merchant_id,
        secret_hash=key.secret_hash,
        created_at=key.created_at,
    )


def api_key_of(item: Item) -> ApiKey:
    """Read an API key back."""
    stored = row(ApiKeyRow, item)
    return ApiKey(
        id=keys.last_part(stored.pk),
        merchant_id=stored.merchant_id,
        secret_hash=stored.secret_hash,
        created_at=stored.created_at,
    )
