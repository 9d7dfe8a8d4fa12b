"""What an order's products decide: the groups that its lines' rates follow, and whose lines they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from grapevine.domain.campaigns import Campaign
from grapevine.domain.chains import HOUSE, NOBODY
from grapevine.domain.decisions import MAX_CLAIMS, Decision, claim_of
from grapevine.domain.orders import Order
from grapevine.domain.people import Promoter, person_of
from grapevine.domain.plans import Plan, SelfPurchase
from grapevine.domain.products import Product, SoldProduct
from grapevine.domain.tiers import Shortfall


def bound_promoters(products: Mapping[str, Product], placed_at: datetime, plan: Plan) -> dict[str, str]:
    """Return the promoter that each product was bound to when the order was placed, by product."""
    if not plan.product_bound:
        return {}
    known = {product_id: product.at(placed_at) for product_id, product in products.items()}
    return {name: found.promoter_id for name, found in known.items() if found and found.promoter_id}


def with_products(
    decision: Decision,
    order: Order,
    placed_at: datetime,
    plan: Plan,
    products: Mapping[str, Product],
    promoters: Mapping[str, Promoter],
    short: Mapping[str, Shortfall] = NOBODY,
    campaigns: Sequence[Campaign] = (),
) -> Decision:
    """Return a decision with what the order's products were when it was placed.

    Lines of a bound product belong to its promoter, all others to the order's winner. At most
    MAX_CLAIMS promoters share an order: those who are bound come first, in the order of the lines,
    then the latest winners, of whom at least one stays. Lines of promoters beyond that belong to
    the winner.
    """
    bound = {
        product_id: person_of(name, promoters, placed_at)
        for product_id, name in bound_promoters(products, placed_at, plan).items()
    }
    room = MAX_CLAIMS - min(len(decision.claims), 1)
    names = tuple(dict.fromkeys(bound[name] for name in order.product_ids if bound.get(name) in promoters))[
        :room
    ]
    earners = {name: _earners(name, order, placed_at, plan, promoters, short) for name in names}
    groups = _groups(plan, campaigns)
    sold = (
        _sold(name, products[name], placed_at, groups, earners.get(bound.get(name, "")))
        for name in order.product_ids
        if name in products
    )
    claims = decision.claims[-(MAX_CLAIMS - len(names)) :]
    return replace(
        decision,
        promoter_ids=claims[0] if claims else (),
        further=claims[1:],
        products=tuple(product for product in sold if product != SoldProduct(product_id=product.product_id)),
    )


def _earners(
    promoter_id: str,
    order: Order,
    placed_at: datetime,
    plan: Plan,
    promoters: Mapping[str, Promoter],
    short: Mapping[str, Shortfall],
) -> tuple[str, ...]:
    """Return who is paid for a bound promoter's lines: the house where they are suspended."""
    promoter = promoters[promoter_id]
    if not promoter.earns_at(placed_at):
        return (HOUSE,)
    if plan.self_purchase is SelfPurchase.DISCOUNT_ONLY and promoter.buys_as(order.customer_key, placed_at):
        return ()
    return claim_of(promoter_id, order, placed_at, plan, promoters, short)


def _groups(plan: Plan, campaigns: Sequence[Campaign]) -> frozenset[str | None]:
    """Return the categories and collections that any pay is for."""
    rules = [name for rule in plan.rules for name in (rule.category, rule.collection_id)]
    named = [name for c in campaigns for name in (*c.audience.categories, *c.audience.collection_ids)]
    return frozenset((*rules, *named))


def _sold(
    name: str,
    product: Product,
    placed_at: datetime,
    groups: frozenset[str | None],
    earners: tuple[str, ...] | None,
) -> SoldProduct:
    """Return what pay can tell a product by; the rest of it is not worth an entry's bytes."""
    known = product.at(placed_at)
    return SoldProduct(
        product_id=name,
        category=known.category if known and known.category in groups else None,
        collections=tuple(c for c in known.collections if c in groups) if known else (),
        earners=earners,
    )
