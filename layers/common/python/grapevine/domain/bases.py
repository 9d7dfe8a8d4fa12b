"""The commission base: which part of what the customer paid for each line a plan counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from grapevine.domain.facts import Component, Line
from grapevine.domain.lines import OrderLine
from grapevine.domain.money import Rounding, allocate, prorate
from grapevine.domain.orders import Order
from grapevine.domain.plans import ITEMS_ONLY, Plan


@dataclass(frozen=True, slots=True)
class Paid:
    """What was paid for one line, net and in tax, and whether each is in the base; minor units."""

    net_minor: int
    tax_minor: int
    counts_net: bool
    counts_tax: bool

    def counted(self, net_minor: int, tax_minor: int) -> int:
        """Return what of two such amounts is in the base."""
        return net_minor * self.counts_net + tax_minor * self.counts_tax


def counted_lines(order: Order, plan: Plan) -> tuple[OrderLine, ...]:
    """Return an order's lines with the base that this plan counts, and what of that went back.

    What was paid with an excluded tender is taken out of everything that was paid, in proportion,
    exactly: by largest remainder over net and tax of each line in turn. So it is out of the base as
    far as it paid for the base.
    """
    if plan.base == ITEMS_ONLY and not plan.excluded_tenders:
        return order.lines
    paid = [_paid(item.line, plan) for item in order.lines]
    taken = _taken_out(order, paid, plan)
    return tuple(_counted(item, part, *out) for item, part, out in zip(order.lines, paid, taken, strict=True))


def uncounted(order: Order, plan: Plan) -> tuple[str, ...]:
    """Return what no fact told that this plan's base needs: what nobody told is not nothing."""
    kinds = set(plan.excluded_tenders)
    unknown = [t.kind.value for t in order.tenders or () if t.kind in kinds and t.minor is None]
    checks = (
        (bool(kinds) and order.tenders is None, "how it was paid"),
        (bool(unknown), f"how much was paid with {' and '.join(sorted(unknown))}"),
        (
            not {Component.SHIPPING, Component.TIP}.isdisjoint(plan.base) and not order.charges_told,
            "its shipping and tips",
        ),
    )
    return tuple(what for is_missing, what in checks if is_missing)


def _paid(line: Line, plan: Plan) -> Paid:
    kind = Component.GIFT_CARD if line.gift_card else line.component
    counts = kind in plan.base
    return Paid(
        net_minor=line.net_minor,
        tax_minor=line.tax_minor + line.added_tax_minor,
        counts_net=counts,
        counts_tax=counts and Component.TAX in plan.base,
    )


def _taken_out(order: Order, paid: Sequence[Paid], plan: Plan) -> list[tuple[int, int]]:
    """Return for each line what excluded tenders paid of its net and of its tax."""
    amounts = [minor for part in paid for minor in (part.net_minor, part.tax_minor)]
    told = sum(tender.minor or 0 for tender in order.tenders or () if tender.kind in plan.excluded_tenders)
    out = min(told, sum(amounts))
    shares = allocate(out, amounts) if out else (0,) * len(amounts)
    return list(zip(shares[::2], shares[1::2], strict=True))


def _counted(item: OrderLine, paid: Paid, net_out: int, tax_out: int) -> OrderLine:
    taken_out = paid.counted(net_out, tax_out)
    return replace(
        item,
        base_minor=paid.counted(paid.net_minor, paid.tax_minor) - taken_out,
        taken_out_minor=taken_out,
        refunded_minor=paid.counted(item.refunded_minor, _tax_back(item, paid)),
    )


def _tax_back(item: OrderLine, paid: Paid) -> int:
    """Return the tax that went back: as told, and never less than goes with the net that did."""
    net_back = item.refunded_minor
    with_net = prorate(paid.tax_minor, net_back, paid.net_minor, Rounding.HALF_EVEN) if net_back else 0
    return min(max(item.refunded_tax_minor, with_net), paid.tax_minor)
