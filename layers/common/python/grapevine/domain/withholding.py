"""What a payout takes beside what the promoter gets, the fee of one on demand and tax, and its legs.

Tax is cumulative in its period, so that many small payouts keep back exactly what one would, and
what was kept back too much, because money came back, is made good by the next one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.heads import Head
from grapevine.domain.instants import month_of
from grapevine.domain.legs import plan_legs
from grapevine.domain.money import Rounding, round_ratio
from grapevine.domain.payout_terms import WHOLE_BPS, OnDemand, PayoutTerms, TaxPeriod, Withholding
from grapevine.domain.payouts import Reservation
from grapevine.domain.programs import Program
from grapevine.domain.transfers import RailLimits

YEAR_DIGITS = 4


class NotPaidReason(StrEnum):
    """Why an amount is not paid out."""

    NOTHING_LEFT = "nothing_left"
    """Fee and tax come to as much as the amount."""
    BELOW_RAIL_MINIMUM = "below_rail_minimum"
    """The promoter's rail transfers more at least."""
    OVER_RAIL_LIMIT = "over_rail_limit"
    """The promoter's rail would need months of legs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotPaid:
    """That nothing is paid of an amount, why, and what is missing at least; minor units."""

    reason: NotPaidReason
    missing_minor: int


def tax_period(terms: PayoutTerms, zone: ZoneInfo, now: datetime) -> str:
    """Return the period that a payout is taxed in, `YYYY` or `YYYY-MM`; empty where nothing is withheld."""
    if terms.withholding is None:
        return ""
    month = month_of(now, zone)
    return month[:YEAR_DIGITS] if terms.withholding.period is TaxPeriod.YEAR else month


def withheld(
    rule: Withholding, gross_before_minor: int, tax_before_minor: int, amount_minor: int, rounding: Rounding
) -> int:
    """Return the tax on an amount, after what was paid out and kept back before in the same period.

    All of the period's tax on what is over the threshold less what was kept back; never negative,
    never over the amount.
    """
    over = max(gross_before_minor + amount_minor - rule.threshold_minor, 0)
    due = round_ratio(over * rule.rate_bps, WHOLE_BPS, rounding) - tax_before_minor
    return min(max(due, 0), amount_minor)


def reservation_for(
    program: Program,
    head: Head,
    amount_minor: int,
    now: datetime,
    *,
    on_demand: bool = False,
    limits: RailLimits | None = None,
) -> Reservation | NotPaid:
    """Return what a payout of so much of payable takes: what the promoter gets, its fee and its tax.

    The tax is on the whole amount, the fee included. Who asks for more than the limit waits for a person.
    Where the promoter's rail has limits, it goes in legs that keep them.
    """
    asked = program.payouts.on_demand if on_demand else None
    fee = fee_of(asked, amount_minor, program.rounding)
    period = _period_after(head, tax_period(program.payouts, ZoneInfo(program.time_zone), now))
    tax = _tax(program, head, period, amount_minor)
    net = amount_minor - fee - tax
    if net <= 0:
        return NotPaid(reason=NotPaidReason.NOTHING_LEFT, missing_minor=1 - net)
    wanted = Reservation(
        amount_minor=net,
        fee_minor=fee,
        tax_minor=tax,
        tax_period=period,
        review=_is_reviewed(asked, amount_minor),
    )
    return _in_legs(wanted, limits, now) if limits else wanted


def _in_legs(wanted: Reservation, limits: RailLimits, now: datetime) -> Reservation | NotPaid:
    if (short := limits.minimum_minor - wanted.amount_minor) > 0:
        return NotPaid(reason=NotPaidReason.BELOW_RAIL_MINIMUM, missing_minor=short)
    try:
        return replace(wanted, legs=plan_legs(wanted.amount_minor, limits, now))
    except InvalidInputError:
        return NotPaid(reason=NotPaidReason.OVER_RAIL_LIMIT, missing_minor=0)


def fee_of(asked: OnDemand | None, amount_minor: int, rounding: Rounding) -> int:
    """Return what a payout on demand of so much costs; a scheduled one (None) costs nothing."""
    if asked is None:
        return 0
    return asked.fee_minor + round_ratio(amount_minor * asked.fee_bps, WHOLE_BPS, rounding)


def _is_reviewed(asked: OnDemand | None, amount_minor: int) -> bool:
    limit = asked.review_above_minor if asked else None
    return limit is not None and amount_minor > limit


def _tax(program: Program, head: Head, period: str, amount_minor: int) -> int:
    rule = program.payouts.withholding
    if rule is None:
        return 0
    gross, tax = (head.tax_gross_minor, head.tax_minor) if period == head.tax_period else (0, 0)
    # Under zero only where the kind of period was changed, and changed back, before money came back.
    return withheld(rule, max(gross, 0), max(tax, 0), amount_minor, program.rounding)


def _period_after(head: Head, period: str) -> str:
    """Return the period, or the head's where that is a later one: a clock that is behind opens no old one.

    Only periods of one kind are compared; after a change from months to years, or back, counting starts anew.
    """
    is_behind = len(period) == len(head.tax_period) and period < head.tax_period
    return head.tax_period if is_behind else period
