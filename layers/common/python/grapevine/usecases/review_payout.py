"""Decide on a payout that waits for a person: approved it is sent, rejected its money is payable again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.money import Rounding
from grapevine.domain.payouts import LegOutcome, Payout, PayoutState, PayoutStateError, approved, conclude
from grapevine.ports import TermsReader, Treasury
from grapevine.usecases.current_payout import current_payout
from grapevine.usecases.starting_over import moved

LONGEST_WORDS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPayout:
    """What a person decides: who they are, and, where they reject, why; the promoter is shown that."""

    program_id: str
    payout_id: str
    by: str
    reason: str = ""


def approve_payout(command: ReviewPayout, treasury: Treasury) -> Payout:
    """Let a payout be sent; one that waits for nobody stays as it is.

    PayoutStateError for one that was rejected, NotFoundError, HeadMovedError when it never stood still.
    """
    _checked(command.by, "by")
    return _retried(command, treasury, lambda payout: _approved(payout, command, treasury))


def _approved(payout: Payout, command: ReviewPayout, treasury: Treasury) -> Payout:
    if payout.state is PayoutState.STOPPED:
        raise PayoutStateError(f"{payout.id} was stopped: {payout.detail}")
    if not payout.review:
        return payout
    after = replace(approved(payout), detail=f"approved by {command.by}")
    treasury.change(after)
    return after


def reject_payout(command: ReviewPayout, catalog: TermsReader, treasury: Treasury, now: datetime) -> Payout:
    """Give a payout's money back to payable, with its fee and tax, and say why; again changes nothing.

    PayoutStateError for one that does not wait for a review, NotFoundError, HeadMovedError.
    """
    _checked(command.by, "by")
    _checked(command.reason, "reason")
    rounding = catalog.terms(command.program_id).program.rounding
    words = f"rejected by {command.by}: {command.reason}"
    return _retried(command, treasury, lambda payout: _rejected(payout, words, rounding, treasury, now))


def _rejected(payout: Payout, words: str, rounding: Rounding, treasury: Treasury, now: datetime) -> Payout:
    """Stop each leg that waits, one entry each; what broke off between two of them goes on here."""
    if not payout.review:
        raise PayoutStateError(f"{payout.id} waits for no review")
    for leg in payout.legs:
        if leg.state is PayoutState.REQUESTED:
            _, head = treasury.account(payout.key)
            outcome = LegOutcome(number=leg.number, state=PayoutState.STOPPED, detail=words)
            movement = conclude(head, payout, outcome, rounding, now)
            treasury.move(movement, head)
            payout = movement.payout
    return payout


def _retried(command: ReviewPayout, treasury: Treasury, step: Callable[[Payout], Payout]) -> Payout:
    """Take a step of the payout as it is then."""
    return moved(lambda: step(current_payout(command.program_id, command.payout_id, treasury)))


def _checked(text: str, where: str) -> None:
    if not (text.strip() and len(text) <= LONGEST_WORDS and text.isprintable()):
        raise InvalidInputError(f"must have 1 to {LONGEST_WORDS} characters, all of them visible", where)
