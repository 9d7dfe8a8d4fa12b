"""Campaigns and bounties are made ahead of time, stopped ahead of time, and their budgets only grow."""

from __future__ import annotations

from dataclasses import replace
from threading import Barrier, Thread
from typing import Any

import pytest

from grapevine.adapters.cache import CachedCatalog
from grapevine.adapters.memory.catalog import MemoryCatalog
from grapevine.domain.bounties import Bounty
from grapevine.domain.campaign_grants import shard_limit, shards_of
from grapevine.domain.campaigns import Audience, Campaign, Stacking
from grapevine.domain.dated_faults import MAX_OPEN
from grapevine.domain.errors import InvalidInputError, NetworkMovedError, NotFoundError
from grapevine.domain.money import MAX_MINOR
from grapevine.domain.profiles import Profile
from grapevine.domain.programs import InvalidProgramError
from grapevine.domain.tiers import default_tiers
from grapevine.usecases.change_promoter import ATTEMPTS
from grapevine.usecases.create_bounty import CreateBounty, StopBounty, create_bounty, stop_bounty
from grapevine.usecases.create_campaign import (
    CreateCampaign,
    RaiseBudget,
    StopCampaign,
    create_campaign,
    raise_budget,
    stop_campaign,
)
from grapevine.usecases.publish_plan import LEAD_TIME, PublishPlan, publish_plan
from tests import builders as make
from tests.builders import PROGRAM_ID, T0, days
from tests.usecases.faults import Crash, How, Plug, Plugged
from tests.worlds import World, counting_bytes

SOON = T0 + LEAD_TIME
ALONE = {"stacking": Stacking.EXCLUSIVE}


@pytest.fixture
def world() -> World:
    """Return a program with tiers and nobody in it."""
    world = World()
    world.catalog.add_program(make.program(), make.plan(tiers=default_tiers("USD", 500)))
    return world


def created(world: World, **changes: Any) -> Campaign:  # noqa: ANN401 - a campaign's fields
    campaign = make.campaign("", **{"starts_at": SOON, **changes})
    return create_campaign(CreateCampaign(PROGRAM_ID, campaign), world.catalog, world.random_bytes, T0)


def bounty(world: World, **changes: Any) -> Bounty:  # noqa: ANN401 - a bounty's fields
    made = make.bounty("", **{"starts_at": SOON, "ends_at": T0 + days(30), **changes})
    return create_bounty(CreateBounty(PROGRAM_ID, made), world.catalog, world.random_bytes, T0)


def refused(world: World, **changes: Any) -> list[str]:  # noqa: ANN401 - a campaign's fields
    before = world.catalog.terms(PROGRAM_ID)
    with pytest.raises(InvalidProgramError) as refusal:
        created(world, **changes)
    assert world.catalog.terms(PROGRAM_ID) == before
    return [fault.where for fault in refusal.value.faults]


def stopped(world: World, campaign: Campaign, now: Any = T0) -> Campaign:  # noqa: ANN401 - an instant
    return stop_campaign(StopCampaign(PROGRAM_ID, campaign.id), world.catalog, now)


def raised(world: World, campaign: Campaign, budget: int) -> Campaign:
    return raise_budget(RaiseBudget(PROGRAM_ID, campaign.id, budget), world.catalog)


def test_a_campaign_has_an_id_of_its_own_and_comes_with_the_terms(world: World) -> None:
    made = created(world, id="cm_mine", budget=5, stopped_at=T0, first_budget=9)
    other = created(world)
    assert (made.id[:3], made.id != other.id, made.stopped_at) == ("cm_", True, None)
    assert (made.budget, made.first_budget, other.first_budget) == (5, 5, None)
    assert set(world.catalog.terms(PROGRAM_ID).campaigns) == {made, other}


def test_it_begins_when_every_function_can_know(world: World) -> None:
    assert created(world).starts_at == SOON
    assert refused(world, starts_at=SOON - days(1) / 86_400_000) == ["starts_at"]


def test_every_fault_at_once_and_nothing_is_stored(world: World) -> None:
    worst = {"starts_at": T0, "ends_at": T0, "name": "", "bonus": -1, "audience": Audience(tier_ids=("x",))}
    assert sorted(refused(world, **worst)) == sorted(
        ["name", "ends_at", "bonus", "audience.tier_ids", "starts_at"]
    )


def test_two_cannot_both_be_the_only_one_until_one_is_stopped(world: World) -> None:
    first = created(world, **ALONE, starts_at=T0 + days(1))
    assert refused(world, **ALONE, starts_at=T0 + days(2)) == ["stacking"]
    stopped(world, first)
    assert created(world, **ALONE, starts_at=T0 + days(2)).stacking is Stacking.EXCLUSIVE


def test_a_program_has_so_many_that_are_not_over(world: World) -> None:
    made = [created(world) for _ in range(MAX_OPEN)]
    assert refused(world) == [""]
    stopped(world, made[0])
    created(world)
    assert refused(world) == [""]
    assert bounty(world).id.startswith("bt_")


def test_a_programs_profile_is_asked(world: World) -> None:
    world.catalog.add_program(make.program(id="pg_cn", profile=Profile.CHINA), make.plan())
    campaign = make.campaign(starts_at=SOON, add_bps=5000)
    with pytest.raises(InvalidProgramError, match=r"profile\.china\.pool"):
        create_campaign(CreateCampaign("pg_cn", campaign), world.catalog, world.random_bytes, T0)
    three = make.plan(1, 1, 1, effective_at=SOON)
    with pytest.raises(InvalidProgramError, match=r"profile\.china\.levels"):
        publish_plan(PublishPlan("pg_cn", three), world.catalog, T0)


def test_a_plan_that_contradicts_what_is_running_is_refused(world: World) -> None:
    made = created(world, audience=Audience(tier_ids=("gold",)))
    bare = make.plan(1000, effective_at=SOON, tiers=())
    with pytest.raises(InvalidProgramError) as refusal:
        publish_plan(PublishPlan(PROGRAM_ID, bare), world.catalog, T0)
    assert [fault.where for fault in refusal.value.faults] == [f"campaigns.{made.id}.audience.tier_ids"]
    stopped(world, made)
    assert publish_plan(PublishPlan(PROGRAM_ID, bare), world.catalog, T0).version == 2


# --- stopping ------------------------------------------------------------------------------------


def test_it_is_stopped_ahead_of_time_and_once(world: World) -> None:
    made = created(world)
    now = T0 + days(1)
    ended = stopped(world, made, now)
    assert ended.stopped_at == now + LEAD_TIME
    assert ended.is_on(now + LEAD_TIME - days(1) / 86_400_000)
    assert not ended.is_on(now + LEAD_TIME)
    assert stopped(world, made, now + days(1)) == ended
    assert world.catalog.terms(PROGRAM_ID).campaigns == (ended,)


def test_one_that_never_began_never_does(world: World) -> None:
    ended = stopped(world, created(world, starts_at=T0 + days(1)))
    assert not any(ended.is_on(T0 + days(n / 4)) for n in range(40))


def test_what_is_over_is_not_stopped(world: World) -> None:
    made = created(world)
    for now in (made.ends_at, made.ends_at - LEAD_TIME):
        with pytest.raises(InvalidInputError, match="over"):
            stopped(world, made, now)
    assert stopped(world, made, made.ends_at - LEAD_TIME - days(1) / 86_400_000).stopped_at


def test_nobody_stops_or_raises_what_is_not_there(world: World) -> None:
    for step in (stopped, lambda world, one: raised(world, one, 5)):
        with pytest.raises(NotFoundError):
            step(world, make.campaign("cm_gone"))
    with pytest.raises(NotFoundError):
        stop_bounty(StopBounty(PROGRAM_ID, "bt_gone"), world.catalog, T0)


# --- the budget ----------------------------------------------------------------------------------


def test_a_budget_only_grows(world: World) -> None:
    made = created(world, budget=5_000)
    for budget in (4_999, 0, -1, MAX_MINOR + 1):
        with pytest.raises(InvalidInputError) as refusal:
            raised(world, made, budget)
        assert refusal.value.where == "budget"
    assert raised(world, made, 5_000) == made
    more = raised(world, made, 5_001)
    assert more == replace(made, budget=5_001)
    assert more.first_budget == 5_000
    assert raised(world, made, 5_001) == more
    assert world.catalog.terms(PROGRAM_ID).campaigns == (more,)


@pytest.mark.parametrize("budget", [1, 999, 1_999, 4_999, 7_001, 10_000])
@pytest.mark.parametrize("more", [1, 999, 1_000, 6_500, 10**9])
def test_a_raised_budget_leaves_every_counter_at_least_what_it_had(
    world: World, budget: int, more: int
) -> None:
    """Else a counter that is used up already and the others' new parts come to more than the budget."""
    made = created(world, budget=budget)
    after = raised(world, made, budget + more)
    before, limits = (
        [shard_limit(campaign, shard) for shard in range(shards_of(campaign))] for campaign in (made, after)
    )
    assert (sum(before), sum(limits)) == (budget, budget + more)
    assert all(limit >= had for had, limit in zip(before, limits, strict=True))


def test_what_has_no_limit_has_none_to_raise(world: World) -> None:
    with pytest.raises(InvalidInputError, match="no limit"):
        raised(world, created(world), 5)


def test_a_raise_and_a_stop_at_once_both_count(world: World) -> None:
    made, barrier = created(world, budget=5_000), Barrier(2)

    def at_once(step: Any) -> None:  # noqa: ANN401 - a use case
        barrier.wait()
        step()

    steps = (lambda: raised(world, made, 9_000), lambda: stopped(world, made))
    threads = [Thread(target=at_once, args=(step,)) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (found,) = world.catalog.terms(PROGRAM_ID).campaigns
    assert (found.budget, found.stopped_at) == (9_000, SOON)


# --- bounties ------------------------------------------------------------------------------------


def test_a_bounty_is_made_and_stopped_ahead_of_time(world: World) -> None:
    made = bounty(world)
    assert world.catalog.terms(PROGRAM_ID).bounties == (made,)
    ended = stop_bounty(StopBounty(PROGRAM_ID, made.id), world.catalog, T0 + days(1))
    assert ended == replace(made, stopped_at=T0 + days(1) + LEAD_TIME)
    assert stop_bounty(StopBounty(PROGRAM_ID, made.id), world.catalog, T0 + days(2)) == ended
    over = bounty(world)
    with pytest.raises(InvalidInputError, match="over"):
        stop_bounty(StopBounty(PROGRAM_ID, over.id), world.catalog, over.ends_at)
    with pytest.raises(InvalidProgramError) as refusal:
        bounty(world, starts_at=T0, target=0)
    assert [fault.where for fault in refusal.value.faults] == ["target", "starts_at"]


# --- others at the same time ---------------------------------------------------------------------


def test_what_was_made_elsewhere_a_moment_ago_is_there(world: World) -> None:
    kept = CachedCatalog(world.catalog, lambda: 0.0)
    assert kept.terms(PROGRAM_ID).campaigns == ()
    made, won = created(world, budget=5_000), bounty(world)
    assert raise_budget(RaiseBudget(PROGRAM_ID, made.id, 6_000), kept).budget == 6_000
    assert stop_campaign(StopCampaign(PROGRAM_ID, made.id), kept, T0).stopped_at
    assert stop_bounty(StopBounty(PROGRAM_ID, won.id), kept, T0).stopped_at


class Overtaken(MemoryCatalog):
    """Somebody else adds a campaign of their own just before the first of ours is."""

    def __init__(self, theirs: Campaign) -> None:
        super().__init__()
        self.theirs: list[Campaign] = [theirs]

    def add_campaign(self, program_id: str, campaign: Campaign, number: int) -> None:
        while self.theirs:
            super().add_campaign(program_id, self.theirs.pop(), number)
        super().add_campaign(program_id, campaign, number)


@pytest.mark.parametrize(("stacking", "is_refused"), [(Stacking.EXCLUSIVE, True), (Stacking.ADD, False)])
def test_who_was_not_first_looks_again_and_sees_the_rival(stacking: Stacking, is_refused: bool) -> None:
    theirs = make.campaign("cm_theirs", starts_at=SOON, stacking=stacking)
    catalog = Overtaken(theirs)
    catalog.add_program(make.program(), make.plan())
    command = CreateCampaign(PROGRAM_ID, make.campaign(starts_at=SOON, stacking=Stacking.EXCLUSIVE))
    if is_refused:
        with pytest.raises(InvalidProgramError, match="cm_theirs"):
            create_campaign(command, catalog, counting_bytes(), T0)
        assert catalog.terms(PROGRAM_ID).campaigns == (theirs,)
    else:
        made = create_campaign(command, catalog, counting_bytes(), T0)
        assert set(catalog.terms(PROGRAM_ID).campaigns) == {theirs, made}


def test_who_is_never_first_is_told_to_try_again(world: World) -> None:
    class Busy(MemoryCatalog):
        attempts = 0

        def add_campaign(self, program_id: str, campaign: Campaign, number: int) -> None:
            self.attempts += 1
            raise NetworkMovedError(program_id)

    busy = Busy()
    busy.add_program(make.program(), make.plan())
    command = CreateCampaign(PROGRAM_ID, make.campaign(starts_at=SOON))
    with pytest.raises(NetworkMovedError):
        create_campaign(command, busy, counting_bytes(), T0)
    assert busy.attempts == ATTEMPTS


def test_a_crash_leaves_a_whole_campaign_or_none(world: World) -> None:
    command = CreateCampaign(PROGRAM_ID, make.campaign(starts_at=SOON))
    for how, left in ((How.CRASH_BEFORE, 0), (How.CRASH_AFTER, 1)):
        plugged = Plugged(world.catalog, Plug(fail_at=2, how=how))
        with pytest.raises(Crash):
            create_campaign(command, plugged, world.random_bytes, T0)
        assert len(world.catalog.terms(PROGRAM_ID).campaigns) == left
