"""The catalog's port of campaigns and bounties: they come with the terms, in one read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grapevine.domain.bounties import Bounty, BountyPeriod
from grapevine.domain.campaigns import Audience, Clock, Pays, Stacking
from grapevine.domain.errors import NetworkMovedError
from grapevine.domain.tiers import TierMeasure
from tests import builders as make
from tests.adapters.contracts.stores import Names, Stores
from tests.builders import T0, days, minutes

FULL = make.campaign(
    "cm_full",
    name="双十一 & Fêtes #1",
    starts_at=T0 + days(3),
    clock=Clock.PLACED,
    audience=Audience(
        tier_ids=("gold",),
        channels=("wechat",),
        product_ids=("77",),
        collection_ids=("sale",),
        categories=("tea",),
        joined_within_days=30,
    ),
    pays=Pays.POINTS,
    multiplier_bps=20_000,
    add_points_per_unit=3,
    bonus=5,
    stacking=Stacking.EXCLUSIVE,
    order_cap=100,
    promoter_cap=200,
    budget=10**15,
    stopped_at=T0 + days(4) + minutes(1) / 60_000,
)
BOUNTY = make.bounty(
    "bt_full",
    period=BountyPeriod.ONCE,
    measure=TierMeasure.NET_SALES,
    pays=Pays.POINTS,
    audience=Audience(tier_ids=("gold",), joined_within_days=1),
    hold_days=0,
    stopped_at=T0,
)


@pytest.fixture
def program(stores: Stores, names: Names) -> str:
    """Return a program without campaigns."""
    stores.catalog.add_program(make.program(id=names.program), make.plan())
    return names.program


def test_a_program_has_no_campaigns_and_no_bounties(stores: Stores, program: str) -> None:
    terms = stores.catalog.terms(program)
    assert (terms.campaigns, terms.bounties) == ((), ())


def test_campaigns_are_read_with_the_terms_the_earliest_first(stores: Stores, program: str) -> None:
    early, late = make.campaign("cm_z"), make.campaign("cm_a", starts_at=T0 + days(2))
    for number, campaign in enumerate((FULL, late, early), start=1):
        stores.catalog.add_campaign(program, campaign, number)
    terms = stores.catalog.terms(program)
    assert terms.campaigns == (early, late, FULL)
    assert stores.catalog.terms_now(program) == terms
    assert (len(terms.plans), terms.bounties) == (1, ())


def test_bounties_are_read_with_the_terms_the_earliest_first(stores: Stores, program: str) -> None:
    plain = make.bounty("bt_b", starts_at=T0 + days(1))
    same = make.bounty("bt_a", starts_at=T0 + days(1))
    for number, bounty in enumerate((plain, BOUNTY, same), 1):
        stores.catalog.add_bounty(program, bounty, number)
    assert stores.catalog.terms(program).bounties == (BOUNTY, same, plain)


def test_a_number_is_claimed_once(stores: Stores, program: str) -> None:
    stores.catalog.add_campaign(program, make.campaign("cm_a"), 1)
    with pytest.raises(NetworkMovedError):
        stores.catalog.add_campaign(program, make.campaign("cm_b"), 1)
    stores.catalog.add_bounty(program, BOUNTY, 1)
    with pytest.raises(NetworkMovedError):
        stores.catalog.add_bounty(program, make.bounty("bt_b"), 1)
    terms = stores.catalog.terms(program)
    assert [campaign.id for campaign in terms.campaigns] == ["cm_a"]
    assert terms.bounties == (BOUNTY,)


def test_an_id_that_is_taken_is_not_taken_over(stores: Stores, program: str) -> None:
    stores.catalog.add_campaign(program, FULL, 1)
    with pytest.raises(NetworkMovedError):
        stores.catalog.add_campaign(program, make.campaign(FULL.id), 2)
    assert stores.catalog.terms(program).campaigns == (FULL,)


def test_campaigns_are_of_one_program(stores: Stores, program: str, names: Names) -> None:
    other = f"{names.program}-2"
    stores.catalog.add_program(make.program(id=other), make.plan())
    stores.catalog.add_campaign(other, FULL, 1)
    stores.catalog.add_campaign(program, make.campaign(FULL.id), 1)
    assert stores.catalog.terms(other).campaigns == (FULL,)


def test_a_campaign_is_changed_as_it_was_read(stores: Stores, program: str) -> None:
    made = make.campaign(budget=1000)
    stopped, raised = replace(made, stopped_at=T0), replace(made, budget=2000)
    stores.catalog.add_campaign(program, made, 1)
    stores.catalog.change_campaign(program, stopped, made)
    assert stores.catalog.terms(program).campaigns == (stopped,)
    with pytest.raises(NetworkMovedError):
        stores.catalog.change_campaign(program, raised, made)
    assert stores.catalog.terms(program).campaigns == (stopped,)
    both = replace(stopped, budget=None)
    stores.catalog.change_campaign(program, both, stopped)
    assert stores.catalog.terms(program).campaigns == (both,)


def test_a_bounty_is_changed_as_it_was_read(stores: Stores, program: str) -> None:
    made = make.bounty()
    stopped, other = replace(made, stopped_at=T0), replace(made, stopped_at=T0 + minutes(1))
    stores.catalog.add_bounty(program, made, 1)
    stores.catalog.change_bounty(program, stopped, made)
    with pytest.raises(NetworkMovedError):
        stores.catalog.change_bounty(program, other, made)
    assert stores.catalog.terms(program).bounties == (stopped,)


def test_what_was_never_added_is_not_changed(stores: Stores, program: str) -> None:
    made, bounty = make.campaign(), make.bounty()
    with pytest.raises(NetworkMovedError):
        stores.catalog.change_campaign(program, replace(made, stopped_at=T0), made)
    with pytest.raises(NetworkMovedError):
        stores.catalog.change_bounty(program, replace(bounty, stopped_at=T0), bounty)
    assert stores.catalog.terms(program).bounties == ()


def test_fifty_campaigns_come_in_the_one_read(stores: Stores, program: str) -> None:
    made = [make.campaign(f"cm_{number:02d}") for number in range(50)]
    for number, campaign in enumerate(made, 1):
        stores.catalog.add_campaign(program, campaign, number)
    assert list(stores.catalog.terms(program).campaigns) == made


def test_a_row_without_newer_fields_has_their_defaults(stores: Stores, program: str) -> None:
    plain = Bounty(id="bt_1", name="x", starts_at=T0, ends_at=T0 + days(7), target=1, amount=1)
    stores.catalog.add_bounty(program, plain, 1)
    assert stores.catalog.terms(program).bounties[0].hold_days == 30
