"""Terms as somebody thinks of changing them, to be tried on what has happened before they are published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from grapevine.domain.campaign_faults import campaign_faults, outlived_faults
from grapevine.domain.campaigns import CAMPAIGN_PREFIX, Campaign
from grapevine.domain.errors import InvalidInputError, faults_of
from grapevine.domain.plan_faults import plan_faults, with_default_tiers
from grapevine.domain.plans import Plan
from grapevine.domain.profiles import plan_rule_faults
from grapevine.domain.programs import Terms


@dataclass(frozen=True, slots=True)
class Draft:
    """What is tried: a plan in place of the one in force, campaigns beside those there are, or both.

    A campaign whose id is there takes that one's place. The plan's version and instant do not
    matter: it is in force over the whole span.
    """

    plan: Plan | None = None
    campaigns: tuple[Campaign, ...] = ()


NOTHING_NEW = Draft()
"""The terms as they are."""


@dataclass(frozen=True, slots=True)
class Span:
    """From an instant until before another."""

    starts_at: datetime
    ends_at: datetime

    def has(self, instant: datetime) -> bool:
        """Say whether an instant is within it."""
        return self.starts_at <= instant < self.ends_at


def draft_faults(draft: Draft, span: Span, terms: Terms) -> tuple[InvalidInputError, ...]:
    """Return everything wrong with a draft and its span, not the first thing; it needs no lead time."""
    names = [campaign.id for campaign in draft.campaigns]
    checks = (
        (span.starts_at < span.ends_at, "must be after the start", "to"),
        (len(set(names)) == len(names), "two have one id", "campaigns"),
        *((name.startswith(CAMPAIGN_PREFIX), f"must begin with {CAMPAIGN_PREFIX}", "id") for name in names),
    )
    return (*faults_of(checks), *_plan_faults(draft, span, terms), *_campaign_faults(draft, span, terms))


def _plan_faults(draft: Draft, span: Span, terms: Terms) -> tuple[InvalidInputError, ...]:
    if draft.plan is None:
        return ()
    plan = with_default_tiers(replace(draft.plan, effective_at=span.starts_at), terms.program.currency)
    beside = replace(terms, campaigns=_not_in(terms.campaigns, draft.campaigns))
    outlived = tuple(outlived_faults(plan, beside))
    return (*plan_faults(plan), *plan_rule_faults(terms.program.profile, plan), *outlived)


def _campaign_faults(draft: Draft, span: Span, terms: Terms) -> tuple[InvalidInputError, ...]:
    tried = drafted(terms, draft, span)
    return tuple(
        InvalidInputError(fault.what, f"campaigns.{campaign.id}.{fault.where}")
        for campaign in draft.campaigns
        for fault in campaign_faults(campaign, tried)
    )


def _not_in(known: Sequence[Campaign], others: Sequence[Campaign]) -> tuple[Campaign, ...]:
    names = {other.id for other in others}
    return tuple(campaign for campaign in known if campaign.id not in names)


def drafted(terms: Terms, draft: Draft, span: Span) -> Terms:
    """Return a program's terms as if a draft had been in force; the same ones where it changes nothing."""
    plans = _with_plan(terms, draft.plan, span) if draft.plan else terms.plans
    new = {campaign.id: campaign for campaign in draft.campaigns}
    campaigns = tuple([new.pop(known.id, known) for known in terms.campaigns])
    return replace(terms, plans=plans, campaigns=(*campaigns, *new.values()))


def _with_plan(terms: Terms, plan: Plan, span: Span) -> tuple[Plan, ...]:
    """Return the versions with a draft instead of the span's; after it what was in force then is again."""
    draft = with_default_tiers(plan, terms.program.currency)
    if all(_says_the_same(draft, known) for known in terms.plans_within(span.starts_at, span.ends_at)):
        return terms.plans
    number = max(known.version for known in terms.plans) + 1
    after = replace(terms.plan_at(span.ends_at), version=number + 1, effective_at=span.ends_at)
    outside = (known for known in terms.plans if not span.has(known.effective_at))
    plans = (*outside, replace(draft, version=number, effective_at=span.starts_at), after)
    return tuple(sorted(plans, key=lambda known: (known.effective_at, known.version)))


def _says_the_same(draft: Plan, known: Plan) -> bool:
    return replace(draft, version=known.version, effective_at=known.effective_at) == known


def is_scarce(plan: Plan) -> bool:
    """Say whether orders under a plan take from what is scarce."""
    return any(cap.is_counted for cap in plan.caps) or plan.recruit_bonus_minor > 0
