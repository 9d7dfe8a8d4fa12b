"""How programs, plans, storefronts, promoters, merchants and API keys look in the catalog table."""

from __future__ import annotations

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute

from grapevine.adapters.dynamo import catalog_keys, keys
from grapevine.adapters.dynamo.rows import Instant, Item, Json, Row, WholeNumber, row
from grapevine.domain.fx import Rate
from grapevine.domain.instants import from_text
from grapevine.domain.money import Rounding
from grapevine.domain.payout_terms import PayoutTerms
from grapevine.domain.plain import from_plain, to_plain
from grapevine.domain.plans import Plan
from grapevine.domain.profiles import Profile
from grapevine.domain.programs import Program, Storefront


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
    payouts = Json()
    sandbox = BooleanAttribute()
    profile = UnicodeAttribute(null=True)
    scheduled_at = Instant(null=True)
    revision = WholeNumber(null=True)


class PlanRow(Row, discriminator="plan"):
    """`PG#program` / `PLAN#effective#version`."""

    terms = Json()


class PlanNumberRow(Row, discriminator="plan_number"):
    """`PG#program` / `PV#version`: that number is taken, whenever the version takes effect."""


class StorefrontRow(Row, discriminator="storefront"):
    """`SF#id` / `META`, listed by program."""

    gpk = UnicodeAttribute(null=True)
    gsk = UnicodeAttribute(null=True)
    program_id = UnicodeAttribute()
    platform = UnicodeAttribute()
    domain = UnicodeAttribute()


class RateRow(Row, discriminator="rate"):
    """`FX#program#base#quote` / `RT#effective`: what one unit of base is worth, as decimal text."""

    text = UnicodeAttribute()
    source = UnicodeAttribute()


class MerchantRow(Row, discriminator="merchant"):
    """`MC#merchant` / `META`."""

    name = UnicodeAttribute()


def program_row(program: Program) -> ProgramRow:
    """Return a program as it is stored."""
    gpk, gsk = catalog_keys.program_listing(program.merchant_id, program.id)
    return ProgramRow(
        *catalog_keys.program(program.id),
        gpk=gpk,
        gsk=gsk,
        merchant_id=program.merchant_id,
        name=program.name,
        currency=program.currency,
        time_zone=program.time_zone,
        allowed_hosts=list(program.allowed_hosts),
        created_at=program.created_at,
        rounding=program.rounding.value,
        payouts=to_plain(program.payouts),
        sandbox=program.sandbox,
        profile=program.profile.value,
        scheduled_at=program.scheduled_at,
        revision=program.revision or None,
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
        payouts=from_plain(PayoutTerms, stored.payouts),
        sandbox=stored.sandbox,
        profile=Profile(stored.profile or Profile.GLOBAL),
        scheduled_at=stored.scheduled_at,
        revision=stored.revision or 0,
    )


def plan_row(program_id: str, plan: Plan) -> PlanRow:
    """Return a version of a plan as it is stored."""
    return PlanRow(*catalog_keys.plan(program_id, plan), terms=to_plain(plan))


def plan_of(stored: PlanRow) -> Plan:
    """Read a version of a plan back; what an older writer left out has its default."""
    return from_plain(Plan, stored.terms)


def storefront_row(storefront: Storefront) -> StorefrontRow:
    """Return a storefront as it is stored."""
    gpk, gsk = catalog_keys.storefront_listing(storefront.program_id, storefront.id)
    return StorefrontRow(
        *catalog_keys.storefront(storefront.id),
        gpk=gpk,
        gsk=gsk,
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


def rate_row(program_id: str, rate: Rate) -> RateRow:
    """Return a rate as it is stored."""
    pk = catalog_keys.rates(program_id, rate.base, rate.quote)
    return RateRow(pk, catalog_keys.rate_from(rate.effective_at), text=rate.text, source=rate.source)


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
