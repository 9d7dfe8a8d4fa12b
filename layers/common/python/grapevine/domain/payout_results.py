"""What a rail says of a leg, and what may be made of it: news, nothing new, or what cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from grapevine.domain.payouts import FOLLOWING, Leg, PayoutState
from grapevine.domain.transfers import TransferResult

TOLD = (PayoutState.SENT, PayoutState.COMPLETED, PayoutState.FAILED, PayoutState.RETURNED)
"""What a rail can say of a transfer."""


class Applied(StrEnum):
    """What became of a result."""

    COMPLETED = "completed"
    FAILED = "failed"
    RETURNED = "returned"
    NOTED = "noted"
    """Still not known, but the rail's name or words for it changed."""
    UNCHANGED = "unchanged"
    REJECTED = "rejected"
    """Of nothing that we know, or not possible; why is said, a person must look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One result and what became of it; `why` where it was rejected."""

    transfer_id: str
    applied: Applied
    why: str = ""


def judged(leg: Leg, result: TransferResult) -> Told:
    """Say what a result means for a leg as it is.

    A rail may tell its news late and twice: that a transfer is under way says nothing once its outcome
    is known. Everything else that does not follow from where the leg is contradicts our books.
    """
    return Told(transfer_id=result.transfer_id, applied=_applied(leg, result), why=_why(leg, result))


def _applied(leg: Leg, result: TransferResult) -> Applied:
    if _why(leg, result):
        return Applied.REJECTED
    if result.state is leg.state or result.state is PayoutState.SENT:
        return Applied.NOTED if _says_more(leg, result) else Applied.UNCHANGED
    return Applied(result.state)


def _says_more(leg: Leg, result: TransferResult) -> bool:
    if leg.state is not PayoutState.SENT:
        return False
    is_named = bool(result.reference) and result.reference != leg.reference
    return is_named or result.detail != leg.detail


def _why(leg: Leg, result: TransferResult) -> str:
    """Return why a result cannot be, nothing where it can."""
    if result.state not in TOLD:
        return f"no rail says {result.state}"
    if result.state is leg.state:
        return ""
    if result.state is PayoutState.SENT:
        return "" if leg.state is not PayoutState.REQUESTED else "it was not sent"
    if result.state in FOLLOWING.get(leg.state, ()):
        return ""
    return f"it is {leg.state} already, the rail says {result.state}"
