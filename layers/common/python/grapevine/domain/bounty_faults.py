"""What is wrong with a bounty: every fault at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from grapevine.domain.bounties import Bounty, BountyPeriod
from grapevine.domain.dated_faults import Checks, audience_checks, window_checks
from grapevine.domain.errors import InvalidInputError
from grapevine.domain.instants import month_end, month_of
from grapevine.domain.money import MAX_MINOR
from grapevine.domain.plan_faults import faults_of
from grapevine.domain.profiles import bounty_rule_faults
from grapevine.domain.programs import Terms
from grapevine.domain.tiers import TierMeasure

MAX_ORDERS = 1_000_000
MAX_HOLD_DAYS = 180


def bounty_faults(bounty: Bounty, terms: Terms) -> tuple[InvalidInputError, ...]:
    """Return everything wrong with a bounty among a program's plans."""
    plans, zone = terms.plans_within(bounty.starts_at, bounty.ends_at), ZoneInfo(terms.program.time_zone)
    checks = (
        *window_checks(bounty),
        *_target_checks(bounty),
        *audience_checks(bounty.audience, plans),
        *_by_order_checks(bounty),
        (
            bounty.starts_at >= bounty.ends_at or has_whole_period(bounty, zone),
            f"is over before a whole {bounty.period} of the program's calendar",
            "ends_at",
        ),
    )
    return (*faults_of(checks), *bounty_rule_faults(terms.program.profile, bounty))


def _target_checks(bounty: Bounty) -> Checks:
    most = MAX_ORDERS if bounty.measure is TierMeasure.ORDERS else MAX_MINOR
    return (
        (1 <= bounty.target <= most, f"must be 1 to {most}", "target"),
        (1 <= bounty.amount <= MAX_MINOR, f"must be 1 to {MAX_MINOR}", "amount"),
        (0 <= bounty.hold_days <= MAX_HOLD_DAYS, f"must be 0 to {MAX_HOLD_DAYS}", "hold_days"),
    )


def _by_order_checks(bounty: Bounty) -> Checks:
    """Return that it asks nothing of single orders: it looks at what a promoter sold as a whole."""
    names = ("channels", "product_ids", "collection_ids", "categories")
    return tuple(
        (not getattr(bounty.audience, name), "does not apply to a bounty", f"audience.{name}")
        for name in names
    )


def has_whole_period(bounty: Bounty, zone: ZoneInfo) -> bool:
    """Say whether a day, week or month of a zone's calendar is within its window."""
    if bounty.period is BountyPeriod.ONCE:
        return True
    begin = _next_begin(bounty.period, bounty.starts_at, zone)
    return _next_begin(bounty.period, begin + timedelta(seconds=1), zone) <= bounty.ends_at


def _next_begin(period: BountyPeriod, instant: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant from this one on at which a period begins."""
    local = instant.astimezone(zone)
    if period is BountyPeriod.MONTH:
        first = month_end(month_of(instant, zone), zone)
        begins = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return begins if begins >= local else first
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    ahead = 0 if midnight == local else 1
    day = midnight + timedelta(days=ahead)
    if period is BountyPeriod.WEEK:
        day += timedelta(days=-day.weekday() % 7)
    return day
