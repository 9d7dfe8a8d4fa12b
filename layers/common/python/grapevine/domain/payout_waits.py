"""Why a payout that was asked for is not on its way yet, so that nobody has to guess."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.legs import day_start, fits_today
from grapevine.domain.payee_details import cooled_at, missing_details
from grapevine.domain.payout_terms import PayoutTerms
from grapevine.domain.payouts import Leg, Payout, PayoutState, PayoutStateError
from grapevine.domain.people import Promoter, PromoterStatus
from grapevine.domain.transfers import Payee, RailLimits, RailName

STOPPING = (PromoterStatus.SUSPENDED, PromoterStatus.BANNED)
"""Whose payouts are stopped, as long as they are not sent."""


class WaitsFor(StrEnum):
    """What has to happen before a leg may be sent."""

    REVIEW = "review"
    """A person approves it."""
    DUE = "due"
    """Its day comes."""
    PAYEE = "payee"
    """Somebody says where the promoter is paid."""
    RAIL = "rail"
    """The program gets credentials for the promoter's rail."""
    DETAILS = "details"
    """What the rail or the program must know of the promoter is there and right."""
    COOLING = "cooling"
    """Details that were changed have been left alone for long enough."""
    LIMIT = "limit"
    """The rail takes as much at once, or today."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutWait:
    """Why a leg waits; `until` where that is known, `detail` in words."""

    waits_for: WaitsFor
    until: datetime | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a promoter would be paid now.

    `limits` are the rail's, None where the program does not have the rail, or has it wrongly set up.
    `faults` is what is wrong with that, or, by the rail, with the payee's details. Without a payee the
    rail is one that needs none, or None.
    """

    rail: RailName | None
    payee: Payee | None = None
    limits: RailLimits | None = None
    faults: tuple[InvalidInputError, ...] = ()


def waiting_reason(
    payout: Payout, leg: Leg, way: Way, terms: PayoutTerms, now: datetime
) -> PayoutWait | None:
    """Return why a leg may not be sent now, None where it may."""
    if payout.review:
        return PayoutWait(waits_for=WaitsFor.REVIEW)
    if leg.due_at > now:
        return PayoutWait(waits_for=WaitsFor.DUE, until=leg.due_at)
    return _unready(way, terms, now) or _too_much(leg, way)


def day_wait(leg: Leg, sent_today: Sequence[Leg], limits: RailLimits, now: datetime) -> PayoutWait | None:
    """Return why a leg waits for the rail's next day, None where what went today leaves room for it."""
    if fits_today(sent_today, leg, limits):
        return None
    return PayoutWait(
        waits_for=WaitsFor.LIMIT, until=day_start(limits, now, 1), detail="one person's day is full"
    )


def stopping_status(payout: Payout, promoter: Promoter | None, now: datetime) -> PromoterStatus | None:
    """Return the status for which a payout is stopped: one that came after it was asked for.

    What a banned one is paid for good, is paid.
    """
    if promoter is None:
        return None
    before, after = promoter.status_at(payout.requested_at), promoter.status_at(now)
    return after if after in STOPPING and after is not before else None


def waiting_legs(payout: Payout) -> tuple[Leg, ...]:
    """Return the legs that were not sent yet, in their order."""
    return tuple(leg for leg in payout.legs if leg.state is PayoutState.REQUESTED)


def recalled(payout: Payout, numbers: Sequence[int]) -> Payout:
    """Return the payout with legs waiting again that were marked for a batch and are not in it.

    It moves no money; whoever calls it knows that the batch is written down without them, for good.
    """
    if any(payout.leg(number).state is not PayoutState.SENT for number in numbers):
        raise PayoutStateError(f"{payout.id}: only what was marked as sent is recalled")
    legs = tuple(
        replace(leg, state=PayoutState.REQUESTED, batch_id="") if leg.number in numbers else leg
        for leg in payout.legs
    )
    return replace(payout, legs=legs, version=payout.version + 1)


def _unready(way: Way, terms: PayoutTerms, now: datetime) -> PayoutWait | None:
    if way.rail is None:
        return PayoutWait(waits_for=WaitsFor.PAYEE)
    if way.limits is None:
        return PayoutWait(waits_for=WaitsFor.RAIL, detail=": ".join((way.rail, *map(str, way.faults))))
    missing = tuple(f"{name} is missing" for name in missing_details(terms, way.payee))
    if wrong := (*missing, *map(str, way.faults)):
        return PayoutWait(waits_for=WaitsFor.DETAILS, detail="; ".join(wrong))
    if way.payee and cooled_at(way.payee, terms) > now:
        return PayoutWait(waits_for=WaitsFor.COOLING, until=cooled_at(way.payee, terms))
    return None


def _too_much(leg: Leg, way: Way) -> PayoutWait | None:
    limits = way.limits
    if limits is None:
        return None
    if limits.transfer_minor is not None and leg.amount_minor > limits.transfer_minor:
        detail = f"{way.rail} transfers {limits.transfer_minor} at most"
        return PayoutWait(waits_for=WaitsFor.LIMIT, detail=detail)
    if leg.amount_minor < limits.minimum_minor:
        detail = f"{way.rail} transfers {limits.minimum_minor} at least"
        return PayoutWait(waits_for=WaitsFor.LIMIT, detail=detail)
    return None
