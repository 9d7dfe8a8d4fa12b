"""The JSON API's words going out: values as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from grapevine.domain.bindings import Registration, SamePerson
from grapevine.domain.coupons import Coupon
from grapevine.domain.entries import Entry
from grapevine.domain.facts import Fact
from grapevine.domain.fx import Rate
from grapevine.domain.instants import to_text
from grapevine.domain.links import Link
from grapevine.domain.listings import Listing
from grapevine.domain.money import format_minor
from grapevine.domain.people import Promoter
from grapevine.domain.plain import to_plain
from grapevine.domain.plans import Plan
from grapevine.domain.products import Product
from grapevine.domain.programs import Program, Storefront, Terms
from grapevine.domain.sales import Progress
from grapevine.domain.tiers import TierMeasure
from grapevine.usecases.list_waiting import Doubt
from grapevine.usecases.read_balance import Balance
from grapevine.usecases.read_bounties import BountyProgress
from grapevine.usecases.read_tier import TierNow


def from_rate(rate: Rate) -> dict[str, Any]:
    """Return an exchange rate."""
    return {
        "base": rate.base,
        "quote": rate.quote,
        "rate": rate.text,
        "source": rate.source,
        "effective_at": to_text(rate.effective_at),
    }


def from_registration(registration: Registration) -> dict[str, Any]:
    """Return a registration; the e-mail address never comes out again."""
    return {
        "program_id": registration.program_id,
        "customer": registration.customer_key,
        "promoter_id": registration.promoter_id,
        "occurred_at": to_text(registration.occurred_at),
        "recorded_at": to_text(registration.recorded_at),
    }


def from_same_person(same: SamePerson) -> dict[str, Any]:
    """Return which two customers are one person."""
    return {
        "program_id": same.program_id,
        "customer": same.customer_key,
        "other": same.other_key,
        "occurred_at": to_text(same.occurred_at),
        "recorded_at": to_text(same.recorded_at),
    }


def from_coupon(coupon: Coupon, now: datetime) -> dict[str, Any]:
    """Return a coupon as of now."""
    return {
        "code": coupon.code,
        "program_id": coupon.program_id,
        "promoter_id": coupon.promoter_id,
        "priority": coupon.priority,
        "enabled": coupon.is_enabled_at(now),
        "public": coupon.is_public_at(now),
        "created_at": to_text(coupon.created_at),
    }


def from_product(product: Product) -> dict[str, Any]:
    """Return a product as it is since its last change, with the instant of that."""
    last = product.changes[-1]
    return {
        "id": product.id,
        "program_id": product.program_id,
        "category": last.category,
        "collections": list(last.collections),
        "promoter_id": last.promoter_id,
        "effective_at": to_text(last.effective_at),
        "listing": _listing(product.listing) if product.listing else None,
    }


def _listing(listing: Listing) -> dict[str, Any]:
    """Return how a product is shown; prices as decimal strings, with the currency beside them."""

    def amount(minor: int | None) -> str | None:
        return None if minor is None or listing.currency is None else format_minor(minor, listing.currency)

    return {
        "title": listing.title,
        "price": amount(listing.price_minor),
        "compare_at": amount(listing.compare_at_minor),
        "currency": listing.currency,
        "picture_url": listing.picture_url,
        "page": listing.page_url,
        "stock": listing.stock,
        "gone": listing.gone,
        "updated_at": to_text(listing.updated_at),
    }


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
        "payouts": to_plain(program.payouts),
        "sandbox": program.sandbox,
        "profile": program.profile.value,
        "created_at": to_text(program.created_at),
    }


def from_plan(plan: Plan) -> dict[str, Any]:
    """Return a version of a plan."""
    values: dict[str, Any] = to_plain(plan)
    return values


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
        **_merges(promoter, now),
        **({"payee_key": key} if (key := promoter.payee_at(now)) else {}),
    }


def _merges(promoter: Promoter, now: datetime) -> dict[str, Any]:
    """Return whose duplicate an account is, or which are its own; nothing for most."""
    alias, duplicates = promoter.alias_at(now), promoter.duplicates_at(now)
    return {
        **({"duplicate_of": alias} if alias else {}),
        **({"duplicates": list(duplicates)} if duplicates else {}),
    }


def from_link(link: Link) -> dict[str, Any]:
    """Return a link."""
    return {
        "code": link.code,
        "path": f"/{link.code}",
        "program_id": link.program_id,
        "promoter_id": link.promoter_id,
        "destination": link.destination,
        "product_id": link.product_id,
    }


def from_balance(balance: Balance) -> dict[str, Any]:
    """Return a balance as decimal strings, with the currency beside them."""
    names = ("held", "payable", "blocked", "reserved", "paid", "earned")
    amounts = {name: format_minor(getattr(balance, f"{name}_minor"), balance.currency) for name in names}
    return {"currency": balance.currency, **amounts}


def from_doubt(doubt: Doubt) -> dict[str, Any]:
    """Return an order that waits, with the facts to rule on and what of their amounts could be read."""
    return {
        "order": str(doubt.wait.order),
        "reason": doubt.wait.reason.value,
        "what": doubt.wait.what,
        "since": to_text(doubt.wait.since),
        "facts": [_doubtful(fact) for fact in doubt.facts],
    }


def _doubtful(fact: Fact) -> dict[str, Any]:
    told = fact.snapshot
    return {
        "fact": fact.digest,
        "kind": fact.kind.value,
        "version": to_text(fact.version),
        "problem": fact.problem,
        "can_be_accepted": fact.can_be_accepted,
        "currency": told.currency if told else None,
        "lines": to_plain(told.lines or ()) if told else [],
        "refunds": to_plain(fact.refunds),
    }


def from_tier(found: TierNow | None, currency: str) -> dict[str, Any]:
    """Return where a promoter stands; `in_force` is null where the plan has no tiers."""
    if found is None:
        return {"currency": currency, "basis": None, "in_force": None, "running": None}
    plan = found.plan
    return {
        "currency": currency,
        "basis": plan.tier_basis.value,
        "mode": plan.tier_mode.value,
        "measure": plan.tier_measure.value,
        "in_force": _progress(found.in_force, plan, currency),
        "running": _progress(found.running, plan, currency),
    }


def _progress(found: Progress, plan: Plan, currency: str) -> dict[str, Any]:
    def measured(amount: int | None) -> str | int | None:
        return amount if amount is None or counts_orders else format_minor(amount, currency)

    counts_orders = plan.tier_measure is TierMeasure.ORDERS
    return {
        "month": found.month,
        "net_sales": format_minor(found.volume.net_minor, currency),
        "orders": found.volume.orders,
        "tier": found.tier.id,
        "add_bps": found.tier.add_bps,
        "next_tier": found.next.id if found.next else None,
        "threshold": measured(found.next.threshold if found.next else None),
        "missing": measured(found.missing),
    }


def from_bounty_progress(found: BountyProgress, program: Program) -> dict[str, Any]:
    """Return how far a promoter has come with a bounty in a period; amounts as decimal strings."""
    bounty, period = found.bounty, found.period

    def measured(amount: int) -> str | int:
        is_count = bounty.measure is TierMeasure.ORDERS
        return amount if is_count else format_minor(amount, program.currency)

    return {
        "bounty": bounty.id,
        "name": bounty.name,
        "period": period.name.partition(":")[2],
        "starts_at": to_text(period.starts_at),
        "ends_at": to_text(period.ends_at),
        "tiers": list(bounty.audience.tier_ids),
        "measure": bounty.measure.value,
        "target": measured(bounty.target),
        "reached": measured(found.reached.measured(bounty.measure)),
        "missing": measured(found.missing),
        "amount": format_minor(bounty.amount, found.currency),
        "currency": found.currency,
        "state": found.state.value,
        "hold_ends_at": to_text(period.held_until),
    }


def from_entry(entry: Entry) -> dict[str, Any]:
    """Return an entry with its postings."""
    return {
        "id": entry.id,
        "reason": entry.reason.value,
        "recorded_at": to_text(entry.recorded_at),
        "due_at": to_text(entry.due_at) if entry.due_at else None,
        "payout_id": entry.payout_id,
        **({"coupon_code": entry.coupon.code} if entry.coupon else {}),
        **({"evidence": entry.note} if entry.note else {}),
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
