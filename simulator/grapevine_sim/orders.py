"""An order from its outline: products, prices, discounts, taxes and refunds drawn from the seed."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from grapevine_sim.plans import (
    CustomerPlan,
    LinePlan,
    OrderPlan,
    Product,
    PromoterPlan,
    RefundPlan,
    ReturnedLine,
)
from grapevine_sim.recipes import GUEST, Discount, Ending, Recipe
from grapevine_sim.stories import DELIVERED_AFTER, ORDER_SPACING, PAID_AFTER, REFUND_SPACING, story_of

FIRST_ID = 9_007_199_254_740_993
"""One over 2^53: whoever reads our ids as floating point numbers loses orders."""
SALES_TAX_PERCENT = 8
TAX_INSIDE_PERCENT = 19

_GOODS = (
    ("Linen shirt", "natural", "LINEN-N"),
    ("Cast-iron pan", "28 cm", "PAN-28"),
    ("Espresso mill", "steel", "MILL-S"),
    ("Down jacket", "moss", "DOWN-M"),
    ("Desk lamp", "brass", "LAMP-B"),
    ("Trail shoes", "42", "TRAIL-42"),
    ("Tea set", "celadon", "TEA-C"),
)
_FIRST_NAMES = ("Mira", "Jonas", "Wen", "Amina", "Luca", "Sofia", "Kofi", "Yuki", "Nadia", "Tomas")
_LAST_NAMES = ("Berg", "Okoro", "Lindqvist", "Zhao", "Marin", "Haddad", "Novak", "Silva")


def order_plan(
    recipe: Recipe, index: int, click: str, promoters: Sequence[PromoterPlan], rng: Random
) -> OrderPlan:
    """Return the order of an outline; `index` is its place in the day."""
    id_ = FIRST_ID + 1000 * index
    placed_at = ORDER_SPACING * (index + 1)
    lines, discount = _discounted(recipe, _basket(recipe, id_, rng), rng)
    refunds = _refunds(recipe, id_, placed_at, lines, rng)
    return OrderPlan(
        key=recipe.key,
        id=id_,
        number=1001 + index,
        placed_at=placed_at,
        click=click if recipe.owner else None,
        is_click_in_cart=recipe.is_click_in_cart,
        customer=_customer(recipe, index, promoters, rng),
        lines=lines,
        discount_code=f"HELLO{index}" if discount else None,
        discount_minor=discount,
        shipping_minor=rng.choice((490, 990)),
        tip_minor=rng.choice((0, 0, 200)),
        taxes_included=recipe.taxes_included,
        presentment=recipe.presentment or ("USD", 1000),
        refunds=refunds,
        story=story_of(recipe, placed_at, refunds),
        is_refund_first=recipe.ending is Ending.REFUND_FIRST,
    )


def _basket(recipe: Recipe, order_id: int, rng: Random) -> list[tuple[int, Product, int]]:
    """Return line ids, products and quantities; what is refunded in parts has several units."""
    goods = rng.sample(range(len(_GOODS)), recipe.lines)
    basket = [
        (order_id + 101 + n, _product(which, recipe, rng), _quantity(recipe, n, rng))
        for n, which in enumerate(goods)
    ]
    gift_card = [(order_id + 150, _gift_card(rng), 1)] if recipe.with_gift_card else []
    return basket + gift_card


def _product(which: int, recipe: Recipe, rng: Random) -> Product:
    title, variant, sku = _GOODS[which]
    low, high = (1_999, 4_499) if recipe.is_small else (8_995, 24_999)
    return Product(
        id=7_700_100 + which,
        variant_id=8_800_200 + which,
        title=title,
        variant=variant,
        sku=sku,
        vendor="Orchard",
        grams=250 + 50 * which,
        price_minor=rng.randint(low, high),
    )


def _gift_card(rng: Random) -> Product:
    return Product(
        id=7_700_999,
        variant_id=8_800_999,
        title="Gift card",
        variant="by mail",
        sku="GIFT",
        vendor="Orchard",
        grams=0,
        price_minor=rng.choice((2500, 5000, 10_000)),
        is_gift_card=True,
    )


def _quantity(recipe: Recipe, n: int, rng: Random) -> int:
    is_parted = recipe.ending in (Ending.TWO_REFUNDS, Ending.ALL_BACK, Ending.REFUND_FIRST) and n == 0
    return 3 if is_parted else rng.randint(1, 2)


def _discounted(
    recipe: Recipe, basket: list[tuple[int, Product, int]], rng: Random
) -> tuple[tuple[LinePlan, ...], int]:
    """Return the lines with their shares of the discount, and the discount."""
    gross = [product.price_minor * quantity for _, product, quantity in basket]
    discount = _discount(recipe, sum(gross), rng)
    shares = _spread(discount, gross)
    percent = TAX_INSIDE_PERCENT if recipe.taxes_included else SALES_TAX_PERCENT
    lines = tuple(
        LinePlan(
            id=line_id,
            product=product,
            quantity=quantity,
            discount_minor=share,
            tax_minor=0
            if product.is_gift_card
            else _tax(product.price_minor * quantity - share, percent, inside=recipe.taxes_included),
        )
        for (line_id, product, quantity), share in zip(basket, shares, strict=True)
    )
    return lines, discount


def _discount(recipe: Recipe, gross: int, rng: Random) -> int:
    return {
        Discount.NONE: 0,
        Discount.CODE: 1000,
        Discount.PERCENT: gross * rng.randint(5, 25) // 100,
        Discount.FULL: gross,
    }[recipe.discount]


def _spread(total: int, weights: Sequence[int]) -> list[int]:
    """Split as a shop does: floor, and whatever is left goes to the last line."""
    shares = [total * weight // sum(weights) for weight in weights]
    return [*shares[:-1], shares[-1] + total - sum(shares)]


def _tax(net: int, percent: int, *, inside: bool) -> int:
    whole = 100 + percent if inside else 100
    return (net * percent + whole // 2) // whole


def _refunds(
    recipe: Recipe, order_id: int, placed_at: int, lines: tuple[LinePlan, ...], rng: Random
) -> tuple[RefundPlan, ...]:
    first = lines[0]
    since = placed_at + PAID_AFTER + (DELIVERED_AFTER if recipe.is_delivered else 0)
    batches: dict[Ending, list[list[tuple[LinePlan, int, int]]]] = {
        Ending.TWO_REFUNDS: [[(first, 0, 1)], [(first, 1, rng.randint(1, 2))]],
        Ending.ALL_BACK: [
            [(first, 0, 1)],
            [(first, 1, 2), *((line, 0, line.quantity) for line in lines[1:])],
        ],
        Ending.REFUND_FIRST: [[(first, 0, rng.randint(1, 3))]],
        Ending.CANCELLED: [[(line, 0, line.quantity) for line in lines]],
        Ending.SHIPPING_BACK: [[]],
    }
    return tuple(
        RefundPlan(
            id=order_id + 200 + 20 * n,
            at=since + REFUND_SPACING * (n + 1),
            lines=tuple(_back(order_id + 205 + 20 * n + i, *part) for i, part in enumerate(batch)),
            shipping_minor=0 if batch else 300,
        )
        for n, batch in enumerate(batches.get(recipe.ending, []))
    )


def _back(id_: int, line: LinePlan, already: int, units: int) -> ReturnedLine:
    """Return units of a line with their money: cumulative, so that the last unit clears the line."""
    return ReturnedLine(
        id=id_,
        line=line,
        quantity=units,
        subtotal_minor=_part(line.net_minor, line, already, units),
        tax_minor=_part(line.tax_minor, line, already, units),
    )


def _part(minor: int, line: LinePlan, already: int, units: int) -> int:
    return minor * (already + units) // line.quantity - minor * already // line.quantity


def _customer(recipe: Recipe, index: int, promoters: Sequence[PromoterPlan], rng: Random) -> CustomerPlan:
    first, last = rng.choice(_FIRST_NAMES), rng.choice(_LAST_NAMES)
    own = {promoter.name: promoter.email for promoter in promoters}
    # The promoter types the address as people do; it is the same person.
    email = (
        own[recipe.buyer].upper()
        if recipe.buyer in own
        else f"{first}.{last}.{index}@customers.example".lower()
    )
    id_ = None if recipe.buyer == GUEST else 6_600_000 + index
    return CustomerPlan(id=id_, first_name=first, last_name=last, email=email)
