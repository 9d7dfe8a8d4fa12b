"""How orders rest on each other: which share what is scarce, what was sold, or what is remembered.

Orders that share nothing, in however many steps, may be posted again apart from each other.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from grapevine.domain.campaigns import Campaign, Clock
from grapevine.domain.caps import CapPer
from grapevine.domain.drafts import Span
from grapevine.domain.entries import Entry
from grapevine.domain.facts import Fact, Snapshot
from grapevine.domain.instants import month_of
from grapevine.domain.payees import PAYEE_PREFIX
from grapevine.domain.people import Promoter
from grapevine.domain.plans import Plan
from grapevine.domain.programs import Terms
from grapevine.domain.tiers import TierBasis


@dataclass(frozen=True, slots=True)
class Ties:
    """What orders of a span can share under some terms.

    `promoters` is what one promoter, or one person, earns or sells, `sales` whether it is what they sell;
    `customers` what is remembered of a customer, or counted, `pasts` whether it is what is remembered;
    `budgets` are the campaigns that all orders in their reach share.
    """

    promoters: bool = False
    customers: bool = False
    budgets: tuple[Campaign, ...] = ()
    sales: bool = False
    pasts: bool = False

    def __bool__(self) -> bool:
        return self.promoters or self.customers or bool(self.budgets)


def ties_of(terms: Terms, span: Span) -> Ties:
    """Return what orders of a span can share.

    What was sold counts in the running month, or in a month before that is itself within the span.
    """
    zone = ZoneInfo(terms.program.time_zone)
    last = span.ends_at - timedelta(milliseconds=1)
    several = month_of(span.starts_at, zone) != month_of(last, zone)
    plans = terms.plans_within(span.starts_at, span.ends_at)
    sales = any(_by_sales(plan, several=several) for plan in plans)
    pasts = any(plan.needs_history for plan in plans)
    return Ties(
        promoters=sales
        or any(_caps(plan, CapPer.PROMOTER) or plan.recruit_bonus_minor > 0 for plan in plans)
        or any(campaign.promoter_cap is not None for campaign in terms.campaigns),
        customers=pasts or any(_caps(plan, CapPer.CUSTOMER) for plan in plans),
        budgets=tuple(campaign for campaign in terms.campaigns if campaign.budget is not None),
        sales=sales,
        pasts=pasts,
    )


def _by_sales(plan: Plan, *, several: bool) -> bool:
    is_running = bool(plan.tiers) and plan.tier_basis is TierBasis.RUNNING_MONTH
    return plan.counts_sales and (several or is_running)


def _caps(plan: Plan, per: CapPer) -> bool:
    return any(cap.is_counted and cap.per is per for cap in plan.caps)


def promoters_known(entries: Sequence[Entry]) -> Iterator[str]:
    """Yield everybody whom an order's recorded decisions name: who touched it, and who earned."""
    for decision in [entry.decision for entry in entries if entry.decision]:
        yield from (touch.promoter_id for touch in decision.candidates)
        yield from (name for chain in decision.chains for name in chain)


def linked(promoter: Promoter) -> Iterator[str]:
    """Yield whom a promoter shares with at any time: sponsors, other accounts of theirs, where it is paid."""
    sponsors = (promoter.sponsor_id, *(change.sponsor_id for change in promoter.sponsor_changes))
    yield from filter(None, sponsors)
    yield from (merge.promoter_id for merge in (promoter.alias, *promoter.duplicates) if merge)
    yield from (PAYEE_PREFIX + change.payee_key for change in promoter.payee_changes if change.payee_key)


def within_reach(campaign: Campaign, facts: Sequence[Fact]) -> bool:
    """Say whether a campaign can be for an order, by any instant and product that its facts tell."""
    bodies = bodies_of(facts)
    if campaign.clock is Clock.PAID:
        instants: list[datetime | None] = [fact.version for fact in facts if fact.snapshot]
    else:
        instants = [body.placed_at for body in bodies]
    audience = campaign.audience
    names = {line.product_id for body in bodies for line in body.lines or ()}
    may_be_for = bool(audience.collection_ids or audience.categories)
    is_for_one = not audience.product_ids or may_be_for or not names.isdisjoint(audience.product_ids)
    return is_for_one and any(at is not None and campaign.is_on(at) for at in instants)


def bodies_of(facts: Sequence[Fact]) -> list[Snapshot]:
    """Return what bodies told of an order."""
    return [fact.snapshot for fact in facts if fact.snapshot]


class Groups:
    """Which of some things belong together: those that have a name in common, in however many steps."""

    def __init__(self) -> None:
        self._above: dict[Hashable, Hashable] = {}

    def join(self, names: Iterable[Hashable]) -> None:
        """Let all names be of one group."""
        roots = [self.of(name) for name in names]
        for root in roots[1:]:
            self._above[self.of(root)] = self.of(roots[0])

    def of(self, name: Hashable) -> Hashable:
        """Return the name that stands for a name's group."""
        above, path = self._above.setdefault(name, name), [name]
        while above != path[-1]:
            path.append(above)
            above = self._above[above]
        self._above.update(dict.fromkeys(path, above))
        return above


def dealt(groups: Sequence[int], parts: int) -> list[list[int]]:
    """Deal places out so that each group stays in one part and parts are alike: the largest group first.

    >>> dealt([0, 1, 1, 1, 2, 3], 2)
    [[1, 2, 3], [0, 4, 5]]
    """
    sizes: dict[int, int] = {}
    for group in groups:
        sizes[group] = sizes.get(group, 0) + 1
    total, part_of = [0] * parts, dict[int, int]()
    for group in sorted(sizes, key=lambda name: -sizes[name]):
        part_of[group] = least = min(range(parts), key=total.__getitem__)
        total[least] += sizes[group]
    found: list[list[int]] = [[] for _ in range(parts)]
    for place, group in enumerate(groups):
        found[part_of[group]].append(place)
    return [part for part in found if part]


@dataclass(slots=True)
class Trace:
    """What some orders read and wrote of what orders can share, each with the groups that did."""

    read: dict[Hashable, set[int]] = field(default_factory=dict)
    wrote: dict[Hashable, set[int]] = field(default_factory=dict)


def clashes(traces: Sequence[Trace]) -> list[set[int]]:
    """Return the groups that should have been one: what one part has written another one has read.

    What several have written and nobody else reads adds up, whoever comes first.
    """
    return [
        _all_that_touched(name, traces)
        for number, trace in enumerate(traces)
        for name in trace.wrote
        if any(name in other.read for place, other in enumerate(traces) if place != number)
    ]


def crossed(traces: Sequence[Trace], again: Collection[int]) -> list[set[int]]:
    """Return the groups that should have been one with some that were made again, alone.

    What one of them wrote another group has read, or the other way round.
    """
    found = []
    for name in {name for trace in traces for name in trace.wrote}:
        together = _all_that_touched(name, traces)
        is_read = any(name in trace.read for trace in traces)
        if is_read and len(together) > 1 and not together.isdisjoint(again):
            found.append(together)
    return found


def _all_that_touched(name: Hashable, traces: Sequence[Trace]) -> set[int]:
    maps: list[Mapping[Hashable, set[int]]] = [one for trace in traces for one in (trace.read, trace.wrote)]
    return {group for one in maps for group in one.get(name, ())}
