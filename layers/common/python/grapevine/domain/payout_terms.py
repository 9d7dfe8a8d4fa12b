"""When and how a program pays out: schedule, minimum, payouts on demand, tax, and what it must know first.

These are in force as of now, unlike a plan: what a payout took as fee and tax is kept with the payout.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from grapevine.domain.errors import InvalidInputError, faults_of
from grapevine.domain.money import MAX_MINOR

WHOLE_BPS = 10_000
MAX_COOLING_HOURS = 720
MAX_DETAILS = 10


class Schedule(StrEnum):
    """How often a program settles, on its own calendar."""

    MONTHLY = "monthly"
    """On `settlement_day` of each month; a day that a month does not have is its last."""
    WEEKLY = "weekly"
    """On weekday `settlement_day`, Monday is 1."""
    DAILY = "daily"
    ON_DEMAND = "on_demand"
    """When an operator says so, and when a promoter asks."""


class TaxPeriod(StrEnum):
    """Over what the threshold of withholding counts, on the program's calendar."""

    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True, kw_only=True)
class Withholding:
    """Tax kept back from payouts: a share of what is over a threshold in a period."""

    rate_bps: int
    threshold_minor: int = 0
    period: TaxPeriod = TaxPeriod.YEAR


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDemand:
    """That promoters may ask for their money themselves, and what that costs them.

    Over `review_above_minor` a person approves it first; None: nobody looks.
    """

    minimum_minor: int = 1000
    fee_minor: int = 0
    fee_bps: int = 0
    review_above_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutTerms:
    """How a program pays out.

    `required_details` names what must be known of a promoter before anything is paid, by the names
    that payee details have. A payout to details that changed within `cooling_hours` waits.
    """

    schedule: Schedule = Schedule.MONTHLY
    settlement_day: int = 10
    minimum_payout_minor: int = 1000
    cooling_hours: int = 72
    required_details: tuple[str, ...] = ()
    withholding: Withholding | None = None
    on_demand: OnDemand | None = None


USUAL = PayoutTerms()
"""What a program has that says nothing of payouts."""
LAST_DAY = {Schedule.MONTHLY: 31, Schedule.WEEKLY: 7}
"""The greatest settlement day of a schedule that has one."""


def payout_term_faults(terms: PayoutTerms) -> tuple[InvalidInputError, ...]:
    """Return everything wrong with payout terms."""
    last = LAST_DAY.get(terms.schedule, 31)
    names = terms.required_details
    checks = (
        (1 <= terms.minimum_payout_minor <= MAX_MINOR, f"must be 1 to {MAX_MINOR}", "minimum_payout_minor"),
        (1 <= terms.settlement_day <= last, f"must be 1 to {last}", "settlement_day"),
        (0 <= terms.cooling_hours <= MAX_COOLING_HOURS, f"must be 0 to {MAX_COOLING_HOURS}", "cooling_hours"),
        (len(names) <= MAX_DETAILS, f"more than {MAX_DETAILS}", "required_details"),
        (len(set(names)) == len(names), "names one twice", "required_details"),
        *_withholding_checks(terms.withholding),
        *_on_demand_checks(terms.on_demand),
    )
    return faults_of(checks)


def _withholding_checks(tax: Withholding | None) -> tuple[tuple[bool, str, str], ...]:
    if tax is None:
        return ()
    return (
        (1 <= tax.rate_bps < WHOLE_BPS, f"must be 1 to {WHOLE_BPS - 1}", "withholding.rate_bps"),
        (0 <= tax.threshold_minor <= MAX_MINOR, f"must be 0 to {MAX_MINOR}", "withholding.threshold_minor"),
    )


def _on_demand_checks(asked: OnDemand | None) -> tuple[tuple[bool, str, str], ...]:
    if asked is None:
        return ()
    limit = asked.review_above_minor
    return (
        (1 <= asked.minimum_minor <= MAX_MINOR, f"must be 1 to {MAX_MINOR}", "on_demand.minimum_minor"),
        (0 <= asked.fee_minor < asked.minimum_minor, "must be under the minimum", "on_demand.fee_minor"),
        (0 <= asked.fee_bps <= 5000, "must be 0 to 5000", "on_demand.fee_bps"),
        (
            limit is None or 0 <= limit <= MAX_MINOR,
            f"must be 0 to {MAX_MINOR}",
            "on_demand.review_above_minor",
        ),
    )
