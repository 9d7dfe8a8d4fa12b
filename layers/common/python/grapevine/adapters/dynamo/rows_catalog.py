"""How programs, plans, storefronts, promoters, merchants and API keys look in the catalog table."""

from __future__ import annotations

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute

from grapevine.adapters.dynamo import keys
from grapevine.adapters.dynamo.rows import Instant, Item, Json, Row, WholeNumber, row
from grapevine.domain.money import Rounding
from grapevine.domain.people import Promoter, PromoterStatus
from grapevine.domain.programs import Plan, Program, Storefront
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


class StorefrontRow(Row, discriminator="storefront"):
    """`SF#id` / `META`."""

    program_id = UnicodeAttribute()
    platform = UnicodeAttribute()
    domain = UnicodeAttribute()


class PromoterRow(Row, discriminator="promoter"):
    """`PR#program#promoter` / `META`: the promoter now, listed by program."""

    gpk = UnicodeAttribute()
    gsk = UnicodeAttribute()
    name = UnicodeAttribute()
    sponsor_id = UnicodeAttribute(null=True)
    joined_at = Instant()
    customer_key = UnicodeAttribute(null=True)
    status = UnicodeAttribute()


class SponsorRow(Row, discriminator="sponsor"):
    """`PR#program#promoter` / `SP#effective`: the sponsor from an instant on."""

    sponsor_id = UnicodeAttribute(null=True)


class StatusRow(Row, discriminator="status"):
    """`PR#program#promoter` / `ST#effective`: the status from an instant on."""

    status = UnicodeAttribute()


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
    )


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


def promoter_rows(promoter: Promoter) -> tuple[Row, ...]:
    """Return a new promoter as it is stored: as it is now first, then its history."""
    gpk, gsk = keys.promoter_listing(promoter.program_id, promoter.id)
    now = PromoterRow(
        *keys.promoter(promoter.program_id, promoter.id),
        gpk=gpk,
        gsk=gsk,
        name=promoter.name,
        sponsor_id=promoter.sponsor_id,
        joined_at=promoter.joined_at,
        customer_key=promoter.customer_key,
        status=promoter.status.value,
    )
    return (
        now,
        SponsorRow(*keys.sponsor_since(promoter), sponsor_id=promoter.sponsor_id),
        StatusRow(*keys.status_since(promoter), status=promoter.status.value),
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
        status=PromoterStatus(stored.status),
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
