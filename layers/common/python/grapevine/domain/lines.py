"""An order's line with what of it went back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from grapevine.domain.facts import WHOLE_ORDER, Line, Refund
from grapevine.domain.money import Rounding, allocate, prorate
from grapevine.domain.products import SoldProduct


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """A line with what of it went back: of its money in minor units, and in thousandths of units.

    `base_minor` is what commission is counted on, and `taken_out_minor` what a plan took out of it
    because it was not paid with money; `refunded_minor` is a part of the two together.
    `product` is what the decision knows of the product.
    """

    line: Line
    base_minor: int
    refunded_minor: int
    refunded_milli: int = 0
    refunded_tax_minor: int = 0
    taken_out_minor: int = 0
    product: SoldProduct | None = None


def order_lines(lines: Sequence[Line], refunds: Sequence[Refund]) -> tuple[OrderLine, ...]:
    """Return lines with what all refunds together took of each.

    What went back without saying of which line is shared by what is left of all of them, in
    proportion to what was paid, exactly; so money back of the whole order leaves nothing of any.
    """
    found = tuple([order_line(line, refunds) for line in lines])
    parts = [part for refund in refunds for part in refund.lines if part.line_id == WHOLE_ORDER]
    left = [_left(item) for item in found]
    back = min(sum(part.subtotal_minor for part in parts), sum(left))
    if back <= 0:
        return found
    shares = allocate(back, left)
    return tuple([_with_share(item, *of) for item, *of in zip(found, shares, left, strict=True)])


def order_line(line: Line, refunds: Sequence[Refund]) -> OrderLine:
    """Return a line with what all refunds together took of it; its base is the default one."""
    returned = [part for refund in refunds for part in refund.lines if part.line_id == line.id]
    if not returned:
        return OrderLine(line=line, base_minor=line.base_minor, refunded_minor=0)
    units = min(sum(part.quantity_milli for part in returned), line.quantity_milli)
    paid_back = min(sum(part.quantity_milli for part in returned if part.subtotal_minor), line.quantity_milli)
    return OrderLine(
        line=line,
        base_minor=line.base_minor,
        refunded_minor=_refunded(line, sum(part.subtotal_minor for part in returned), paid_back),
        refunded_milli=units,
        refunded_tax_minor=sum(part.tax_minor for part in returned),
    )


def _refunded(line: Line, subtotal_minor: int, paid_back_milli: int) -> int:
    """Return the part of a line's net that went back, never more than the net.

    Where tax is inside the price, a refund's subtotal may or may not hold it; the units do not
    lie, so they decide there. A charge has no units.
    """
    if line.tax_minor and line.quantity_milli:
        return prorate(line.net_minor, paid_back_milli, line.quantity_milli, Rounding.HALF_EVEN)
    return min(max(subtotal_minor, 0), line.net_minor)


def _left(item: OrderLine) -> int:
    """Return what of a line's price, with all of its tax, has not gone back by name."""
    tax = item.line.tax_minor + item.line.added_tax_minor
    net_left = item.line.net_minor - item.refunded_minor
    return net_left + max(tax - item.refunded_tax_minor, 0) if net_left else 0


def _with_share(item: OrderLine, share: int, left: int) -> OrderLine:
    """Return a line of which a share of what was `left` went back as well; all of it takes its units."""
    if not share:
        return item
    net_left = item.line.net_minor - item.refunded_minor
    net = prorate(net_left, share, left, Rounding.HALF_EVEN)
    return replace(
        item,
        refunded_minor=item.refunded_minor + net,
        refunded_milli=item.line.quantity_milli if share == left else item.refunded_milli,
        refunded_tax_minor=item.refunded_tax_minor + share - net,
    )


def with_sold(lines: Sequence[OrderLine], products: Sequence[SoldProduct]) -> tuple[OrderLine, ...]:
    """Return lines with what a decision knows of their products."""
    known = {product.product_id: product for product in products}
    return tuple(replace(item, product=known.get(item.line.product_id or "")) for item in lines)
