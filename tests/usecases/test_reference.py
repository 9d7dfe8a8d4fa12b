"""Random programs and orders, hour by hour: the ledger stands where a second calculator says."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given, settings

from grapevine.domain.campaign_grants import BUDGET, PROMOTER
from grapevine.domain.entries import Entry, decision_in_force, grants_of
from grapevine.domain.explanation import explained
from grapevine.domain.facts import OrderKey
from grapevine.domain.grants import GrantKey, Held, held
from grapevine.domain.money import POINTS
from tests.builders import PROGRAM_ID, T0, days
from tests.granting import badly_granted
from tests.reference import Recorded, Story, stand
from tests.strategies import PATIENT, play, stories, sweeps_of, told_by, world_of
from tests.usecases.amounts import paid_by_campaigns, standing_of
from tests.worlds import World

END = T0 + days(90)
"""Beyond the last arrival and every hold."""


def check_order(story: Story, world: World, order: OrderKey) -> None:
    """Compare amounts, accounts, and the very sweep that released."""
    entries = world.ledger.entries_of(order)
    recorded = [Recorded(e.recorded_at, str(g.key), g.granted) for e in entries for g in e.grants]
    expected = stand(story, order, sweeps_of(story, END), recorded)
    assert standing_of(entries) == expected.amounts
    assert standing_of(entries, POINTS) == expected.points
    assert paid_by_campaigns(entries) == expected.paid
    has = of_one_thing(held(grants_of(entries)))
    # A budget is asked for no more than the campaign's cap on a promoter offered, which nobody records.
    behind = {BUDGET + campaign.id for campaign in story.campaigns if campaign.promoter_cap is not None}
    offered = {BUDGET + name[len(PROMOTER) :].split("/")[0] for name, one in has.items() if one.most}
    assert has.keys() >= set(expected.wanted) - (behind - offered)
    for name, one in has.items():
        assert one.granted <= expected.wanted.get(name, 0)
        assert expected.wanted.get(name, 0) <= one.wanted or name in behind
    released = [entry.recorded_at for entry in entries if entry.released]
    assert released[:1] == ([expected.released_at] if expected.released_at else [])


def of_one_thing(has: Mapping[GrantKey, Held]) -> dict[str, Held]:
    """Return what an order has by the names of what is scarce, a budget's shards together."""
    found: dict[str, Held] = {}
    for key, one in has.items():
        name = key.scarce if key.scarce.startswith(BUDGET) else str(key)
        known = found.get(name, Held())
        found[name] = Held(max(known.wanted, one.wanted), one.most, known.granted + one.granted)
    return found


def check_grants(story: Story, world: World) -> None:
    """Go through the entries as they came: nothing passes its limit, and who got less found nothing left."""
    taken: dict[GrantKey, int] = {}
    has: dict[tuple[str, GrantKey], tuple[int, int]] = {}
    for entry in world.ledger.appended:
        limits = limits_of(story, entry, world)
        for grant in entry.grants:
            highest, before = has.get((str(entry.key), grant.key), (0, 0))
            has[str(entry.key), grant.key] = max(highest, grant.wanted), grant.granted
            taken[grant.key] = taken.get(grant.key, 0) + grant.granted - before
            if grant.granted > before:
                assert taken[grant.key] <= limits.get(grant.key.scarce, taken[grant.key])
        for grant in entry.grants if len(limits) == 2 and not story.campaigns else ():
            if grant.granted < grant.wanted:
                assert taken[grant.key] >= limits[grant.key.scarce]
    assert list(badly_granted(world.ledger.appended, story.campaigns)) == []
    assert not_zero(taken) == not_zero(world.ledger.counters)


def not_zero(counters: Mapping[GrantKey, int]) -> dict[GrantKey, int]:
    """Return what was taken of anything; what was asked for in vain may have no counter."""
    return {key: minor for key, minor in counters.items() if minor}


def limits_of(story: Story, entry: Entry, world: World) -> dict[str, int]:
    """Return what an entry's plan limits over several orders."""
    decision = decision_in_force(world.ledger.entries_of(entry.key)[: entry.sequence])
    (plan,) = (plan for plan in story.plans if decision and plan.version == decision.plan_version)
    counted = {f"cap.{cap.id}": cap.amount_minor for cap in plan.caps if cap.is_counted}
    return {"recruit": 1, **counted}


def check_explanations(world: World, order: OrderKey) -> None:
    entries, facts = world.ledger.entries_of(order), world.facts.facts_of(order)
    terms = world.catalog.terms(PROGRAM_ID)
    for number in range(1, len(entries) + 1):
        assert explained(entries[:number], facts, terms).re_adds, number


def check(story: Story) -> None:
    world = world_of(story)
    play(story, world, sweeps_of(story, END))
    # Whoever posts it may meet an order that waits: the stream, a sweep, or who voids after a ban.
    reasons = {reason.removeprefix("sweep: ").removeprefix("void: ") for _, reason in world.failures.sent}
    assert all(reason == "odd" or "no body tells" in reason for reason in reasons)
    told = told_by(story, world)
    for order in story.orders:
        check_order(told, world, order)
        check_explanations(world, order)
    check_grants(story, world)
    assert world.proof().faults == ()


@given(stories())
@settings(PATIENT, max_examples=100)
def test_the_ledger_stands_where_the_reference_does(story: Story) -> None:
    check(story)
