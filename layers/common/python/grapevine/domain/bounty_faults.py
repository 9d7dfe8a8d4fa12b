"""What is wrong with a bounty: every fault at once."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from grapevine.domain.bounties import Bounty, period_at
from grapevine.domain.dated_faults import Checks, audience_checks, window_checks
from grapevine.domain.errors import InvalidInputError, faults_of
from grapevine.domain.money import MAX_MINOR
from grapevine.domain.profiles import bounty_rule_faults
from grapevine.domain.programs import Terms
from grapevine.domain.tiers import TierMeasure

MAX_ORDERS = 1_000_000
MAX_HOLD_DAYS = 180
LONGEST_PERIOD = 32
"""Days after which another period has begun."""


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
    """Say whether a period of a zone's calendar is within its window; the first begins within a month."""
    return any(
        period_at(bounty, bounty.starts_at + timedelta(days=number), zone) for number in range(LONGEST_PERIOD)
    )
