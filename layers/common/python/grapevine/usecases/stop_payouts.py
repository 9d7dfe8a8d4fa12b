"""Stop what was asked for and never sent, of a promoter who was suspended or banned since."""

from __future__ import annotations

from datetime import datetime

from grapevine.domain.errors import HeadMovedError
from grapevine.domain.money import Rounding
from grapevine.domain.payout_waits import waiting_legs
from grapevine.domain.payouts import LegOutcome, Payout, PayoutState, conclude
from grapevine.ports import Treasury
from grapevine.usecases.starting_over import ATTEMPTS


def stop_payout(payout: Payout, detail: str, rounding: Rounding, treasury: Treasury, now: datetime) -> bool:
    """Give back what the legs reserved that are not sent; return whether there were any.

    What somebody else sends or stops meanwhile is left as it is. HeadMovedError when the account
    never stood still.
    """
    stopped, moved = False, 0
    current: Payout | None = payout
    while current and (legs := waiting_legs(current)):
        outcome = LegOutcome(number=legs[0].number, state=PayoutState.STOPPED, detail=detail)
        _, head = treasury.account(current.key)
        try:
            movement = conclude(head, current, outcome, rounding, now)
            treasury.move(movement, head)
        except HeadMovedError:
            moved += 1
            if moved == ATTEMPTS:
                raise
            current = treasury.payout(payout.settlement_id, payout.id)
        else:
            stopped, current = True, movement.payout
    return stopped
