"""Drafts: which terms they make, what is wrong with them, and when orders rest on each other under them."""

from __future__ import annotations

from dataclasses import replace

from grapevine.domain.caps import Cap, CapPer, CapPeriod
from grapevine.domain.drafts import Draft, Span, draft_faults, drafted
from grapevine.domain.tiers import Tier
from tests import builders as make
from tests.builders import T0, days

SPAN = Span(T0, T0 + days(10))
TIERS = (Tier(id="base", threshold=0, add_bps=0), Tier(id="silver", threshold=1, add_bps=100))
DAILY = Cap(id="daily", per=CapPer.PROMOTER, period=CapPeriod.DAY, amount_minor=100)
EACH = Cap(id="each", per=CapPer.ORDER, amount_minor=100)


def test_a_draft_is_in_force_over_the_whole_span_and_no_longer() -> None:
    within, later = (make.plan(500, version=number, effective_at=T0 + days(number)) for number in (2, 20))
    terms = make.terms(make.plan(1000), within, replace(later, version=3))
    tried = drafted(terms, Draft(plan=make.plan(700, tiers=())), SPAN)
    rates = [tried.plan_at(T0 + days(day)).rate_bps for day in (-1, 0, 2, 9, 10, 20)]
    assert rates == [(1000,), (700,), (700,), (700,), (500,), (500,)]
    assert len({plan.version for plan in tried.plans}) == len(tried.plans)


def test_a_draft_that_changes_nothing_leaves_the_terms_as_they_are() -> None:
    plan = make.plan(1000, tiers=())
    terms = make.terms(plan)
    assert drafted(terms, Draft(plan=replace(plan, version=9, effective_at=T0)), SPAN) == terms
    assert drafted(terms, Draft(), SPAN) == terms


def test_a_campaign_takes_the_place_of_the_one_with_its_id() -> None:
    known = make.campaign(id="cm_1")
    terms = replace(make.terms(), campaigns=(known, make.campaign(id="cm_2")))
    changed, new = replace(known, name="Changed"), make.campaign(id="cm_3")
    tried = drafted(terms, Draft(campaigns=(new, changed)), SPAN)
    assert tried.campaigns == (changed, terms.campaigns[1], new)


def test_every_fault_of_plan_and_campaigns_is_told() -> None:
    bad = make.campaign(id="x", ends_at=T0 - days(90))
    draft = Draft(plan=make.plan(9000, screening_days=99, tiers=()), campaigns=(bad, bad))
    faults = [fault.where for fault in draft_faults(draft, Span(T0, T0), make.terms())]
    assert faults[:4] == ["to", "campaigns", "id", "id"]
    assert {"rate_bps", "screening_days", "campaigns.x.ends_at"} <= set(faults)


def test_a_good_draft_has_no_fault_and_needs_no_lead_time() -> None:
    draft = Draft(plan=make.plan(900), campaigns=(make.campaign(id="cm_1"),))
    assert draft_faults(draft, SPAN, make.terms()) == ()
