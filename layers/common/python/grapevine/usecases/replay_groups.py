"""Group a period's orders by what they may share, and replay groups apart from each other."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from grapevine.domain.chains import HOUSE
from grapevine.domain.coupons import readable_codes
from grapevine.domain.ids import visitor_of
from grapevine.domain.programs import Terms
from grapevine.domain.ties import (
    Groups,
    Ties,
    Trace,
    bodies_of,
    clashes,
    crossed,
    dealt,
    linked,
    promoters_known,
    ties_of,
    within_reach,
)
from grapevine.ports import PastCatalog
from grapevine.usecases.replay_guesses import Ask
from grapevine.usecases.replay_moment import OrderRecord
from grapevine.usecases.replay_orders import Part, Readers, Records
from grapevine.usecases.replay_past import AT_ONCE, MOST_CLICKS

Names = list[Hashable]
ATTEMPTS = 3
"""How often groups are tried apart; then everything is replayed in one."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """What group each order is in, by the place of the group's first order.

    Groups share nothing. Or they do share counters: then `units` has, in the same way, which orders share
    more than that. A unit is within one group; what it was told wrongly makes it be posted again alone.
    """

    groups: Sequence[int]
    units: Sequence[int] = ()

    def parts(self, orders: Sequence[OrderRecord], number: int) -> list[Part]:
        """Return orders in so many parts, each group in one."""
        named = self.units or self.groups
        dealing = dealt(self.groups, number)
        among = len(dealing) if self.units else 1
        return [
            Part([orders[place] for place in places], [named[place] for place in places], places, among)
            for places in dealing
        ]

    def united(self, missed: Sequence[set[int]]) -> Grouping:
        """Return the grouping in which what should have been one is one."""
        groups = _united(self.groups, [{self.groups[first] for first in each} for each in missed])
        return Grouping(groups, _united(self.units, missed) if self.units else ())


class Traced(Protocol):
    """What came of a part of the orders."""

    @property
    def trace(self) -> Trace:
        """What its orders shared."""

    @property
    def asks(self) -> Sequence[Ask]:
        """What they were told of counters that other parts share."""


class Corrected(Protocol):
    """What came of the orders that had to be made again."""

    @property
    def trace(self) -> Trace:
        """What they shared."""

    @property
    def again(self) -> frozenset[int]:
        """Their units."""


T = TypeVar("T", bound=Traced)
C = TypeVar("C", bound=Corrected)


def replayed_apart(
    orders: Sequence[OrderRecord],
    grouping: Grouping,
    parts: int,
    replay: Callable[[list[Part]], list[T]],
    correct: Callable[[Sequence[int], list[T]], C],
    tries: int = ATTEMPTS,
) -> tuple[list[T], C | None]:
    """Replay orders in parts, and return what came of each, and of those that had to be made again, if any.

    Groups may have missed something. Where what one part wrote was read by another one, the groups
    that did are one, and everything is replayed once more.
    """
    some = grouping.parts(orders, parts if tries > 1 else 1)
    found = replay(some)
    missed = clashes([one.trace for one in found])
    if not missed and some[0].among == 1:
        return found, None
    if not missed:
        corrected = correct(grouping.units, found)
        missed = crossed([*(one.trace for one in found), corrected.trace], corrected.again)
        if not missed:
            return found, corrected
    return replayed_apart(orders, grouping.united(missed), parts, replay, correct, tries - 1)


def _united(groups: Sequence[int], missed: Sequence[set[int]]) -> list[int]:
    joined = Groups()
    for each in missed:
        joined.join(sorted(each))
    first: dict[Hashable, int] = {}
    return [first.setdefault(joined.of(group), group) for group in groups]


def grouped(records: Records, terms: Terms, readers: Readers) -> Grouping:
    """Return which orders rest on each other.

    It is worked out from what is recorded, so it may miss something; whoever replays groups apart looks
    afterwards whether they were (`clashes`). Budgets tie nothing where all that orders share besides is
    other counters or customers: what they leave is guessed, and put right afterwards.
    """
    ties = ties_of(terms, records.span)
    if not ties.budgets or ties.sales:
        return Grouping(_joined(records, terms, ties, readers))
    groups = _joined(records, terms, replace(ties, budgets=()), readers)
    return Grouping(groups, _joined(records, terms, Ties(customers=ties.pasts), readers))


def _joined(records: Records, terms: Terms, ties: Ties, readers: Readers) -> list[int]:
    """Return for each order the place of the first order that it is tied to."""
    if not ties:
        return list(range(len(records.orders)))
    names = _Naming(terms, ties, readers)
    shared = [names.of(order) for order in records.orders]
    groups = Groups()
    if ties.promoters:
        _join_people(
            groups, {name for each in shared for name in each if isinstance(name, str)}, terms, readers
        )
    for number, each in enumerate(shared):
        groups.join([number, *each])
    first: dict[Hashable, int] = {}
    return [first.setdefault(groups.of(number), number) for number in range(len(shared))]


class _Naming:
    """Names what an order may share with others: promoters by their ids, all else as pairs."""

    def __init__(self, terms: Terms, ties: Ties, readers: Readers) -> None:
        self._terms, self._ties, self._readers = terms, ties, readers
        self._owners: dict[str, list[str]] = {}

    def of(self, order: OrderRecord) -> Names:
        bodies = bodies_of(order.facts)
        customers = {body.customer_key for body in bodies if body.customer_key}
        plan = self._terms.plan_at(order.paid_at)
        is_touched = any(body.click_id or body.coupon_codes for body in bodies)
        if not (is_touched or plan.product_bound or (plan.needs_history and customers)):
            return []
        found: Names = [("customer", key) for key in customers] if self._ties.customers else []
        found += [("budget", one.id) for one in self._ties.budgets if within_reach(one, order.facts)]
        return [*found, *dict.fromkeys(self._promoters(order))] if self._ties.promoters else found

    def _promoters(self, order: OrderRecord) -> Iterator[str]:
        """Yield everybody who may have to do with an order, but for those above them."""
        plan, bodies = self._terms.plan_at(order.paid_at), bodies_of(order.facts)
        yield from (name for name in promoters_known(order.entries) if name != HOUSE)
        if not any(entry.decision for entry in order.entries):
            yield from self._clicked({body.click_id for body in bodies if body.click_id})
        for code in readable_codes(tuple({code for body in bodies for code in body.coupon_codes or ()})):
            yield from self._owned(code)
        if plan.default_sponsor_id:
            yield plan.default_sponsor_id
        if plan.product_bound:
            for name in {line.product_id for body in bodies for line in body.lines or ()}:
                yield from self._bound(name) if name else ()

    def _clicked(self, click_ids: set[str]) -> Iterator[str]:
        for visitor_id in {visitor_of(click_id) for click_id in click_ids}:
            clicks = self._readers.clicks.clicks_of(visitor_id, MOST_CLICKS) if visitor_id else ()
            yield from (click.promoter_id for click in clicks)

    def _owned(self, code: str) -> Sequence[str]:
        if code not in self._owners:
            coupons = self._readers.catalog.coupons(self._terms.program.id, (code,)).values()
            self._owners[code] = [coupon.promoter_id for coupon in coupons]
        return self._owners[code]

    def _bound(self, product_id: str) -> Sequence[str]:
        key = f"product {product_id}"
        if key not in self._owners:
            products = self._readers.catalog.products(self._terms.program.id, (product_id,)).values()
            changes = (change for product in products for change in product.changes)
            self._owners[key] = [change.promoter_id for change in changes if change.promoter_id]
        return self._owners[key]


def _join_people(groups: Groups, names: set[str], terms: Terms, readers: Readers) -> None:
    """Let everybody be of one group with whoever is above them, in however many steps."""
    catalog: PastCatalog = readers.catalog
    met, missing = set[str](), names
    while missing:
        part = sorted(missing)[:AT_ONCE]
        met.update(part)
        missing = missing.difference(part)
        for promoter in catalog.promoters(terms.program.id, part).values():
            others = list(linked(promoter))
            groups.join([promoter.id, *others])
            missing = missing.union(name for name in others if name not in met)
