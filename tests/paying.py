"""Steps of a payout of one leg, in few words, and a program without rails."""

from __future__ import annotations

from datetime import datetime

from grapevine.domain import payouts
from grapevine.domain.errors import NotFoundError
from grapevine.domain.heads import Head
from grapevine.domain.money import Rounding
from grapevine.domain.payouts import LegOutcome, Movement, Payout, PayoutState, Reservation
from grapevine.domain.transfers import RailName
from grapevine.ports import Rail


class NoRails:
    """A program that has no rail: nobody's payout has limits."""

    def rail(self, program_id: str, name: RailName) -> Rail:
        raise NotFoundError("rail", f"{program_id}/{name}")


def reserve(head: Head, minor: int, settlement_id: str, now: datetime) -> Movement:
    """Reserve an amount, with neither fee nor tax."""
    return payouts.reserve(head, Reservation(amount_minor=minor), settlement_id, now)


def concluded(head: Head, payout: Payout, state: PayoutState, detail: str, now: datetime) -> Movement:
    """Take the first leg to its outcome."""
    outcome = LegOutcome(number=1, state=state, detail=detail)
    return payouts.conclude(head, payout, outcome, Rounding.HALF_EVEN, now)


def complete(head: Head, payout: Payout, detail: str, now: datetime) -> Movement:
    """Pay it."""
    return concluded(head, payout, PayoutState.COMPLETED, detail, now)


def give_back(head: Head, payout: Payout, detail: str, now: datetime) -> Movement:
    """Take back what the rail did not pay."""
    return concluded(head, payout, PayoutState.FAILED, detail, now)


def stop(head: Head, payout: Payout, detail: str, now: datetime) -> Movement:
    """Take back what was never sent."""
    return concluded(head, payout, PayoutState.STOPPED, detail, now)
