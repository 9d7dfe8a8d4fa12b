"""A small shop in the stores of an engine: a program, the chain Ana ← Bo ← Cy, and a click on Cy's link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from grapevine.domain.clicks import Click
from grapevine.domain.facts import Fact, FactKind, OrderKey, Payment
from tests import builders as make
from tests.adapters.contracts.stores import Names, Stores, fresh_click_id
from tests.builders import T0, minutes


@dataclass(frozen=True, slots=True)
class Shop:
    """What the tests need to know of a shop to make its orders."""

    names: Names
    click: Click

    def fact(
        self,
        kind: FactKind,
        at: timedelta,
        order: OrderKey,
        payment: Payment = Payment.PAID,
        **changes: object,
    ) -> Fact:
        """What the storefront says of an order that came through the click."""
        snapshot = make.snapshot(click_id=self.click.id, payment=payment, **changes)
        return make.fact(kind, at, order=order, program_id=self.names.program, snapshot=snapshot)

    def refund(self, refund_id: str, at: timedelta, order: OrderKey, *parts: tuple[str, int]) -> Fact:
        """Part of an order going back."""
        refund = make.refund(refund_id, *parts)
        return make.fact(FactKind.REFUNDED, at, order=order, program_id=self.names.program, refunds=(refund,))

    def paid_order(self, order: OrderKey) -> list[Fact]:
        """The two facts of an order that was placed and paid."""
        return [
            self.fact(FactKind.PLACED, timedelta(0), order, Payment.PENDING),
            self.fact(FactKind.PAID, minutes(1), order),
        ]


def opened_shop(stores: Stores, names: Names, *rate_bps: int, **terms: object) -> Shop:
    """A shop with so many levels and what else its plan says, in the stores."""
    program = make.program(id=names.program, merchant_id=names.merchant)
    stores.catalog.add_program(program, make.plan(*(rate_bps or (1000, 300, 100)), **terms))
    stores.catalog.add_storefront(make.storefront(id=names.storefront, program_id=names.program))
    for promoter_id, sponsor_id in ((make.ANA, None), (make.BO, make.ANA), (make.CY, make.BO)):
        stores.catalog.add_promoter(make.promoter(promoter_id, sponsor_id, program_id=names.program))
    click = make.click(id=fresh_click_id(), program_id=names.program, occurred_at=T0 - minutes(30))
    stores.clicks.record(click)
    return Shop(names, click)
