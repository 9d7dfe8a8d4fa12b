"""Random programs and orders with campaigns and points: budgets hold, books are proven, words re-add."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from grapevine.domain.campaign_grants import BUDGET
from grapevine.domain.campaigns import Audience, Campaign, Pays, Stacking
from grapevine.domain.explanation import explained
from grapevine.domain.programs import Terms
from tests.builders import PROGRAM_ID, T0, days
from tests.reference import Story
from tests.strategies import PATIENT, VersionedCatalog, play, stories, sweeps_of, world_of
from tests.usecases.boosting import day_of

END = T0 + days(90)
AUDIENCES = (
    *(Audience(),) * 4,
    Audience(tier_ids=("silver",)),
    Audience(collection_ids=("sale",)),
    Audience(categories=("tea",), product_ids=("88",)),
    Audience(joined_within_days=101),
)


class Offering(VersionedCatalog):
    """A catalog with campaigns; they are there from the start."""

    offers: tuple[Campaign, ...] = ()

    def terms(self, program_id: str) -> Terms:
        return replace(super().terms(program_id), campaigns=self.offers)


@st.composite
def offers(draw: st.DrawFn) -> tuple[Campaign, ...]:
    return tuple(draw(_offer(f"cm_{number}")) for number in range(1, draw(st.integers(1, 4)) + 1))


@st.composite
def _offer(draw: st.DrawFn, name: str) -> Campaign:
    stacking = draw(st.sampled_from(Stacking))
    has_bonus = stacking in (Stacking.ADD, Stacking.EXCLUSIVE)
    return day_of(
        name,
        ends_at=T0 + days(40),
        stacking=stacking,
        pays=draw(st.sampled_from(Pays)),
        multiplier_bps=draw(st.sampled_from((10_000, 15_000, 20_000))),
        add_bps=draw(st.sampled_from((0, 99, 500))),
        add_points_per_unit=draw(st.sampled_from((0, 3))),
        bonus=draw(st.sampled_from((0, 777))) if has_bonus else 0,
        audience=draw(st.sampled_from(AUDIENCES)),
        order_cap=draw(st.sampled_from((None, None, 900))),
        promoter_cap=draw(st.sampled_from((None, None, 1_500))),
        budget=draw(st.sampled_from((None, 0, 1_000, 5_001))),
    )


@given(stories(), offers(), st.sampled_from((0, 0, 2)))
@settings(PATIENT, max_examples=60)
def test_campaigns_keep_to_their_budgets_and_every_entry_explains_itself(
    story: Story, campaigns: tuple[Campaign, ...], per_unit: int
) -> None:
    plans = tuple(replace(plan, points_per_unit=per_unit) for plan in story.plans)
    story = replace(story, plans=plans)
    world = world_of(story)
    catalog = Offering(story)
    catalog.offers, catalog.volumes = campaigns, world.catalog.volumes
    world.catalog = world.ledger.customers = catalog
    play(story, world, sweeps_of(story, END))
    assert world.proof().faults == ()
    for campaign in campaigns:
        taken = [minor for key, minor in world.ledger.counters.items() if key.scarce == BUDGET + campaign.id]
        assert sum(taken) <= (campaign.budget or 0)
        assert min(taken, default=0) >= 0
    terms = world.catalog.terms(PROGRAM_ID)
    for order in story.orders:
        entries, facts = world.ledger.entries_of(order), world.facts.facts_of(order)
        for number in range(1, len(entries) + 1):
            assert explained(entries[:number], facts, terms).re_adds, number
