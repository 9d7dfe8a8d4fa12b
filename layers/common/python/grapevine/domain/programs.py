"""A merchant's offer: the program, the versions of its plan together, its storefronts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from grapevine.domain.bounties import Bounty, Period, period_named
from grapevine.domain.campaigns import Campaign
from grapevine.domain.errors import GrapevineError, InvalidInputError, NotFoundError, faults_of
from grapevine.domain.money import EXPONENTS, POINTS, Rounding
from grapevine.domain.payout_terms import USUAL, PayoutTerms, payout_term_faults
from grapevine.domain.plans import Plan
from grapevine.domain.profiles import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What an offer is for good: whose, in which currency, how it rounds; and how it pays out as of now.

    `scheduled_at` is when its schedule was last changed, `revision` how often its payout terms were.
    """

    id: str
    merchant_id: str
    name: str
    currency: str
    time_zone: str
    allowed_hosts: tuple[str, ...]
    created_at: datetime
    rounding: Rounding = Rounding.HALF_EVEN
    sandbox: bool = False
    profile: Profile = Profile.GLOBAL
    payouts: PayoutTerms = USUAL
    scheduled_at: datetime | None = None
    revision: int = 0

    def with_payouts(self, payouts: PayoutTerms, now: datetime) -> Program:
        """Return the program that pays out in another way from now on."""
        before = (self.payouts.schedule, self.payouts.settlement_day)
        is_moved = before != (payouts.schedule, payouts.settlement_day)
        scheduled_at = now if is_moved else self.scheduled_at
        return replace(self, payouts=payouts, scheduled_at=scheduled_at, revision=self.revision + 1)


@dataclass(frozen=True, slots=True)
class Terms:
    """A program with every version of its plan, its campaigns and bounties, as one read brings them."""

    program: Program
    plans: tuple[Plan, ...]
    campaigns: tuple[Campaign, ...] = ()
    bounties: tuple[Bounty, ...] = ()

    def plan_at(self, instant: datetime) -> Plan:
        """Return the version in force then; before the first one, the first."""
        in_force = [plan for plan in self.plans if plan.effective_at <= instant]
        return max(in_force or self.plans[:1], key=lambda plan: (plan.effective_at, plan.version))

    def plans_within(self, starts_at: datetime, ends_at: datetime) -> tuple[Plan, ...]:
        """Return the versions in force at some instant of a window, the earliest first."""
        later = (plan for plan in self.plans if starts_at < plan.effective_at < ends_at)
        return (self.plan_at(starts_at), *later)

    def plan_version(self, version: int) -> Plan:
        """Return that version of the plan; NotFoundError where these terms are older than it."""
        for plan in self.plans:
            if plan.version == version:
                return plan
        raise NotFoundError("plan version", f"{self.program.id}/{version}")

    def bounty_period(self, name: str) -> tuple[Bounty, Period]:
        """Return the bounty and the period that a bonus's key names; NotFoundError where there is none."""
        bounty_id = name.partition(":")[0]
        for bounty in self.bounties:
            if bounty.id == bounty_id:
                return bounty, period_named(bounty, name, ZoneInfo(self.program.time_zone))
        raise NotFoundError("bounty", f"{self.program.id}/{bounty_id}")

    def campaign(self, campaign_id: str) -> Campaign:
        """Return a campaign; NotFoundError where there is none, or these terms are older than it."""
        for campaign in self.campaigns:
            if campaign.id == campaign_id:
                return campaign
        raise NotFoundError("campaign", campaign_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Storefront:
    """A shop's connection to one program; `platform` names the adapter that reads its webhooks."""

    id: str
    program_id: str
    platform: str
    domain: str


class InvalidProgramError(GrapevineError):
    """A program or plan with every fault named at once."""

    def __init__(self, faults: tuple[InvalidInputError, ...]) -> None:
        super().__init__("; ".join(str(fault) for fault in faults))
        self.faults = faults


def program_faults(program: Program) -> tuple[InvalidInputError, ...]:
    """Return everything wrong with a program, not the first thing."""
    checks = (
        (bool(program.name.strip()), "must not be empty", "name"),
        (len(program.name) <= 200, "longer than 200 characters", "name"),
        (program.currency in EXPONENTS, f"unknown currency {program.currency!r}", "currency"),
        (program.currency != POINTS, "points are not money that a program pays out", "currency"),
        (is_zone(program.time_zone), f"unknown time zone {program.time_zone!r}", "time_zone"),
        (bool(program.allowed_hosts), "at least one host is needed", "allowed_hosts"),
    )
    payouts = (
        InvalidInputError(fault.what, f"payouts.{fault.where}")
        for fault in payout_term_faults(program.payouts)
    )
    return (*faults_of(checks), *payouts)


def is_zone(name: str) -> bool:
    """Say whether a time zone of that name is known."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
