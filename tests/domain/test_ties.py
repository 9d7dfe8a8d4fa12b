"""What orders can share: which terms tie them, who belongs together, and how groups are dealt out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grapevine.domain.campaigns import Audience, Clock
from grapevine.domain.caps import Cap, CapPer, CapPeriod
from grapevine.domain.drafts import Span
from grapevine.domain.people import Merge
from grapevine.domain.plans import BindingPolicy, Plan
from grapevine.domain.tiers import Tier, TierBasis
from grapevine.domain.ties import Groups, Ties, Trace, clashes, dealt, linked, ties_of, within_reach
from tests import builders as make
from tests.builders import T0, days

SPAN = Span(T0, T0 + days(10))
TIERS = (Tier(id="base", threshold=0, add_bps=0), Tier(id="silver", threshold=1, add_bps=100))
DAILY = Cap(id="daily", per=CapPer.PROMOTER, period=CapPeriod.DAY, amount_minor=100)
LOYAL = Cap(id="loyal", per=CapPer.CUSTOMER, period=CapPeriod.DAY, amount_minor=100)
EACH = Cap(id="each", per=CapPer.ORDER, amount_minor=100)
ONE = Cap(id="one", per=CapPer.PROMOTER, amount_minor=100)


@pytest.mark.parametrize(
    ("plan", "ties"),
    [
        (make.plan(1000), Ties()),
        (make.plan(1000, caps=(EACH, ONE)), Ties()),
        (make.plan(1000, caps=(DAILY,)), Ties(promoters=True)),
        (make.plan(1000, caps=(LOYAL,)), Ties(customers=True)),
        (make.plan(1000, recruit_bonus_minor=1), Ties(promoters=True)),
        (make.plan(1000, binding=BindingPolicy.ALWAYS), Ties(customers=True, pasts=True)),
        (make.plan(1000, tiers=TIERS), Ties()),
        (make.plan(1000, tiers=TIERS, tier_basis=TierBasis.RUNNING_MONTH), Ties(promoters=True, sales=True)),
        (make.plan(1000, 100, upline_gate_minor=1), Ties()),
    ],
)
def test_orders_rest_on_each_other_by_what_is_scarce_sold_or_remembered(plan: Plan, ties: Ties) -> None:
    assert ties_of(make.terms(plan), SPAN) == ties
    assert bool(ties) is (ties != Ties())


def test_a_span_of_two_months_ties_orders_by_the_month_before() -> None:
    longer = Span(T0, T0 + days(30))
    assert ties_of(make.terms(make.plan(1000, tiers=TIERS)), longer).promoters
    assert not ties_of(make.terms(make.plan(1000)), longer)


def test_campaigns_tie_orders_by_their_budget_and_their_promoters_cap() -> None:
    terms = make.terms(make.plan(1000))
    budgeted, capped, free = make.campaign(budget=100), make.campaign(promoter_cap=100), make.campaign()
    assert ties_of(replace(terms, campaigns=(budgeted, free)), SPAN) == Ties(budgets=(budgeted,))
    assert ties_of(replace(terms, campaigns=(capped,)), SPAN) == Ties(promoters=True)
    assert not ties_of(replace(terms, campaigns=(free,)), SPAN)


def test_a_promoter_shares_with_every_sponsor_account_and_payee_of_any_time() -> None:
    found = make.promoter("pr_1", "pr_2").with_sponsor("pr_3", T0).with_sponsor(None, T0 + days(1))
    found = replace(found, alias=Merge(T0, "pr_4"), duplicates=(Merge(T0, "pr_5"),)).with_payee("k", T0)
    assert list(linked(found)) == ["pr_2", "pr_3", "pr_4", "pr_5", "py_k"]
    assert list(linked(make.promoter("pr_1"))) == []


def test_a_campaign_reaches_orders_of_its_days_and_its_products() -> None:
    campaign = make.campaign(starts_at=T0, ends_at=T0 + days(1))
    tea = make.snapshot(lines=(make.line("a", 100, product_id="77"),), placed_at=T0 - days(1))
    facts = (make.fact(snapshot=tea),)
    assert within_reach(campaign, facts)
    assert not within_reach(replace(campaign, starts_at=T0 + days(2), ends_at=T0 + days(3)), facts)
    assert not within_reach(replace(campaign, clock=Clock.PLACED), facts)
    assert within_reach(replace(campaign, clock=Clock.PLACED, starts_at=T0 - days(1)), facts)
    for audience, reaches in (
        (Audience(product_ids=("77", "78")), True),
        (Audience(product_ids=("78",)), False),
        (Audience(product_ids=("78",), categories=("tea",)), True),
        (Audience(collection_ids=("sale",)), True),
    ):
        assert within_reach(replace(campaign, audience=audience), facts) is reaches


def test_names_in_common_make_groups_in_however_many_steps() -> None:
    groups = Groups()
    groups.join([1, "a"])
    groups.join([2, "b", "c"])
    groups.join([3, "c"])
    groups.join([4])
    assert groups.of(2) == groups.of(3)
    assert len({groups.of(number) for number in (1, 2, 4, 5)}) == 4
    groups.join(["a", "c"])
    assert groups.of(1) == groups.of(3)
    groups.join([])


def test_groups_stay_whole_and_parts_are_alike() -> None:
    assert dealt([7, 7, 7, 1, 2, 7, 3, 4], 2) == [[0, 1, 2, 5], [3, 4, 6, 7]]
    assert dealt([1, 1, 1], 2) == [[0, 1, 2]]
    assert dealt(range(5), 2) == [[0, 2, 4], [1, 3]]
    assert dealt([], 2) == []


def test_what_one_part_wrote_no_other_may_have_read() -> None:
    one = Trace(read={"x": {1}}, wrote={"x": {1}, "sold": {1, 2}})
    apart = Trace(read={"y": {3}}, wrote={"sold": {3}, "y": {4}})
    assert clashes([one, apart]) == []
    assert clashes([one]) == []
    # All that had to do with it are one group: of three parts also the one that only wrote.
    reader, writer = Trace(read={"sold": {5}}), Trace(wrote={"sold": {6}})
    assert clashes([one, reader, writer]) == [{1, 2, 5, 6}, {1, 2, 5, 6}]
