"""What-if in parts: orders that share nothing are replayed apart, and all parts come to what one does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given, settings

from grapevine.domain.caps import Cap, CapPer, CapPeriod
from grapevine.domain.drafts import NOTHING_NEW, Draft, drafted
from grapevine.domain.plans import BindingPolicy, Plan, Recurring
from grapevine.domain.programs import Terms
from grapevine.domain.tiers import Tier, TierBasis
from grapevine.domain.what_if import Tally
from grapevine.usecases.replay_groups import Grouping, grouped, replayed_apart
from grapevine.usecases.replay_orders import Part, Readers, Records
from grapevine.usecases.what_if import PutRight, Replayed, put_right, read_records, replayed, what_if
from tests import builders as make
from tests.builders import T0, days
from tests.reference import Story
from tests.strategies import PATIENT, plans, stories
from tests.usecases.test_what_if import END, ask, played, ports_of
from tests.usecases.towns import END as TOWNS_END
from tests.usecases.towns import town
from tests.worlds import World

TIERS = (
    Tier(id="base", threshold=0, add_bps=0),
    Tier(id="silver", threshold=40_000, add_bps=200),
    Tier(id="gold", threshold=90_000, add_bps=400),
)
DAILY = Cap(id="daily", per=CapPer.PROMOTER, period=CapPeriod.DAY, amount_minor=2_000)
MONTHLY = Cap(id="monthly", per=CapPer.PROMOTER, period=CapPeriod.MONTH, amount_minor=4_000)
LOYAL = Cap(id="loyal", per=CapPer.CUSTOMER, period=CapPeriod.LIFETIME, amount_minor=6_000)


def planned(**changes: object) -> Draft:
    return Draft(plan=make.plan(1000, 300, 100, **{"tiers": (), **changes}))


WEEK = make.campaign("cm_week", starts_at=T0, ends_at=T0 + days(7), add_bps=200, budget=3_000)
DRAFTS = {
    "nothing": NOTHING_NEW,
    "rates": Draft(plan=make.plan(1200, 200, tiers=())),
    "caps": planned(caps=(DAILY, MONTHLY)),
    "a customer's cap": planned(caps=(LOYAL,)),
    "running tiers": planned(tiers=TIERS, tier_basis=TierBasis.RUNNING_MONTH),
    "recruits": planned(recruit_bonus_minor=700),
    "history": planned(binding=BindingPolicy.ALWAYS, recurring=Recurring.MONTHS, recurring_months=1),
    "history and caps": planned(caps=(MONTHLY,), new_customers_only=True),
    "a budget": Draft(campaigns=(WEEK,)),
    "a budget and a promoter's cap": Draft(campaigns=(replace(WEEK, promoter_cap=400),)),
    "everything": Draft(
        plan=make.plan(
            1000,
            300,
            100,
            caps=(MONTHLY, LOYAL),
            tiers=TIERS,
            tier_basis=TierBasis.RUNNING_MONTH,
            recruit_bonus_minor=700,
            binding=BindingPolicy.ALWAYS,
        ),
        campaigns=(WEEK,),
    ),
}


def tally_of(
    records: Records, terms: Terms, readers: Readers, grouping: Grouping, parts: int
) -> tuple[Tally, list[int]]:
    """Return what orders in parts come to, and how many parts there were each time they were tried."""
    tried: list[int] = []

    def replay(some: list[Part]) -> list[Replayed]:
        tried.append(len(some))
        return [replayed(records, part, terms, readers) for part in some]

    def correct(units: Sequence[int], done: list[Replayed]) -> PutRight:
        return put_right(records, terms, readers, units, [one.asks for one in done])

    done, right = replayed_apart(records.orders, grouping, parts, replay, correct)
    tally = right.tally if right else Tally()
    for one in done:
        tally.merge(one.tally(right.again if right else ()))
    return tally, tried


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", DRAFTS)
def test_parts_of_a_town_come_to_what_one_process_does(name: str, seed: int) -> None:
    world = towns(seed)
    ports = ports_of(world)
    records, terms = read_records(ask(DRAFTS[name]), ports, TOWNS_END)
    whole = replayed(records, Part(records.orders), terms, ports.readers).tally()
    grouping = grouped(records, terms, ports.readers)
    assert tally_of(records, terms, ports.readers, grouping, 3)[0] == whole
    # Whoever groups badly is found out.
    apart = range(len(records.orders))
    assert tally_of(records, terms, ports.readers, Grouping(apart), 2)[0] == whole
    assert tally_of(records, terms, ports.readers, Grouping(apart, apart), 2)[0] == whole
    assert (name == "nothing") is (whole.changed == 0)


def towns(seed: int, known: dict[int, World] = {}) -> World:  # noqa: B006 - made once: nobody changes one
    if seed not in known:
        known[seed] = town(seed)
    return known[seed]


@pytest.mark.parametrize("name", ["caps", "running tiers", "recruits", "a customer's cap"])
def test_several_trees_are_several_parts_and_need_no_second_try(name: str) -> None:
    ports = ports_of(towns(1))
    records, terms = read_records(ask(DRAFTS[name]), ports, TOWNS_END)
    grouping = grouped(records, terms, ports.readers)
    assert 3 <= len(set(grouping.groups)) < len(grouping.groups)
    assert tally_of(records, terms, ports.readers, grouping, 3)[1] == [3]


def test_a_customer_with_two_keys_is_found_while_replaying() -> None:
    """Nobody reads every customer before the replay: what was missed is put together afterwards."""
    ports = ports_of(towns(1))
    records, terms = read_records(ask(DRAFTS["history"]), ports, TOWNS_END)
    groups = grouped(records, terms, ports.readers)
    tries = {number: tally_of(records, terms, ports.readers, groups, number)[1] for number in (1, 2, 3)}
    assert tries[1] == [1]
    assert any(len(tried) > 1 for tried in tries.values())


def test_with_every_group_wrong_one_part_is_left() -> None:
    ports = ports_of(towns(2))
    records, terms = read_records(ask(DRAFTS["everything"]), ports, TOWNS_END)
    tried = tally_of(records, terms, ports.readers, Grouping(range(len(records.orders))), 8)[1]
    assert tried[0] == 8
    assert tried[-1] < 8
    assert len(tried) <= 3


@given(stories(), plans())
@settings(PATIENT, max_examples=30)
def test_any_groups_of_any_story_come_to_what_one_process_does(
    story: Story, others: tuple[Plan, ...]
) -> None:
    world = played(story)
    ports = ports_of(world)
    records, same = read_records(ask(), ports, END)
    for terms in (same, drafted(same, Draft(plan=others[0]), records.span)):
        whole = replayed(records, Part(records.orders), terms, ports.readers).tally()
        at = partial(tally_of, records, terms, ports.readers)
        assert at(grouped(records, terms, ports.readers), 3)[0] == whole
        assert at(Grouping(range(len(records.orders))), 3)[0] == whole


def test_the_unchanged_plan_of_a_town_makes_no_difference() -> None:
    for plan in (
        planned(caps=(MONTHLY,)).plan,
        planned(tiers=TIERS, tier_basis=TierBasis.RUNNING_MONTH).plan,
    ):
        assert plan
        world = town(4, plan)
        report = what_if(ask(), ports_of(world), TOWNS_END)
        assert (report.orders, report.changed) == (40, 0)
