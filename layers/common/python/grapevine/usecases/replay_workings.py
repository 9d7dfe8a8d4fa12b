"""What a replay has worked out of each order: it looks at most of them three times, and little changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from grapevine.domain.capping import Asked
from grapevine.domain.decisions import Decision
from grapevine.domain.facts import Fact, OrderKey
from grapevine.domain.grants import GrantKey, Held, Holdings
from grapevine.domain.orders import Order
from grapevine.domain.programs import Terms
from grapevine.domain.wants import Wanted
from grapevine.usecases.post_order import Workings


class _Kept(NamedTuple):
    order: Order
    decision: Decision
    wants: Wanted


class KeptWorkings(Workings):
    """Keeps the last of each order. The terms are those of the replay."""

    def __init__(self) -> None:
        self._orders: dict[OrderKey, tuple[Sequence[Fact], Order]] = {}
        self._wants: dict[OrderKey, _Kept] = {}
        self._asked: dict[OrderKey, tuple[Wanted, Mapping[GrantKey, Held], Asked]] = {}

    def order_of(self, key: OrderKey, facts: Sequence[Fact]) -> Order:
        """Return what facts tell of an order."""
        kept = self._orders.get(key)
        if kept is None or kept[0] is not facts:
            kept = self._orders[key] = facts, super().order_of(key, facts)
        return kept[1]

    def wants_of(self, key: OrderKey, order: Order, decision: Decision, terms: Terms) -> Wanted:
        """Return what an order wants."""
        kept = self._wants.get(key)
        if kept is None or kept.order is not order or kept.decision != decision:
            kept = self._wants[key] = _Kept(order, decision, super().wants_of(key, order, decision, terms))
        return kept.wants

    def wanted(self, key: OrderKey) -> Wanted | None:
        """Return what an order wanted when it was last looked at, None where that was never asked."""
        kept = self._wants.get(key)
        return kept.wants if kept else None

    def asked_of(self, key: OrderKey, wants: Wanted, holdings: Holdings) -> Asked:
        """Return what must be read; the same, while the order wants and has the same."""
        kept = self._asked.get(key)
        if kept is None or kept[0] is not wants or kept[1] != holdings.held:
            kept = self._asked[key] = wants, holdings.held, super().asked_of(key, wants, holdings)
        return kept[2]
