"""What becomes of a balance next: what is missing to a payout, and when the next one is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from grapevine.domain.payout_terms import OnDemand
from grapevine.domain.payouts import shortfall
from grapevine.domain.programs import Program
from grapevine.domain.wording import Phrase, Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """How what is payable will be paid; minor units of `currency`.

    `missing_minor` is what is missing to the minimum of a settlement, zero where it is reached.
    `next_at` is when the next settlement starts, None where nobody has fixed that. `missing_details`
    must be known before anything is paid. `offer` is what a promoter may ask for, None where nothing.
    """

    currency: str
    payable_minor: int
    minimum_minor: int
    missing_minor: int
    next_at: datetime | None = None
    missing_details: tuple[str, ...] = ()
    offer: OnDemand | None = None

    @property
    def can_ask(self) -> bool:
        """Whether a payout on demand of all would reach its minimum now."""
        return self.offer is not None and self.payable_minor >= self.offer.minimum_minor


def outlook_of(
    program: Program, payable_minor: int, next_at: datetime | None, missing_details: tuple[str, ...] = ()
) -> Outlook:
    """Return what becomes of a promoter's payable balance under the program's terms of now."""
    return Outlook(
        currency=program.currency,
        payable_minor=payable_minor,
        minimum_minor=program.payouts.minimum_payout_minor,
        missing_minor=shortfall(payable_minor, program.payouts),
        next_at=next_at,
        missing_details=missing_details,
        offer=program.payouts.on_demand,
    )


def outlook_sentences(outlook: Outlook, zone: ZoneInfo, now: datetime, words: Wording) -> tuple[str, ...]:
    """Return it in sentences; days are of the program's calendar."""
    date = (
        words.on(outlook.next_at.astimezone(zone).date(), now.astimezone(zone).date())
        if outlook.next_at
        else ""
    )
    told = (_owed(outlook, words), _next(outlook, date, words), _asked(outlook, words))
    needed = words.comma.join(outlook.missing_details)
    details = words.say(Phrase.DETAILS_NEEDED, names=needed) if needed else ""
    return tuple(words.sentence(clause) for clause in (*told, details) if clause)


def _owed(outlook: Outlook, words: Wording) -> str:
    if outlook.payable_minor >= 0:
        return ""
    return words.say(Phrase.OWED, amount=words.amount(-outlook.payable_minor, outlook.currency))


def _next(outlook: Outlook, date: str, words: Wording) -> str:
    if outlook.missing_minor:
        missing = words.amount(outlook.missing_minor, outlook.currency)
        minimum = words.amount(outlook.minimum_minor, outlook.currency)
        below = words.say(Phrase.MISSING_TO_MINIMUM, missing=missing, minimum=minimum)
        return words.joint.join((below, words.say(Phrase.NEXT_SETTLEMENT, date=date))) if date else below
    amount = words.amount(outlook.payable_minor, outlook.currency)
    if date:
        return words.say(Phrase.PAID_NEXT, amount=amount, date=date)
    return words.say(Phrase.PAID_SOME_DAY, amount=amount)


def _asked(outlook: Outlook, words: Wording) -> str:
    if not (outlook.offer and outlook.can_ask):
        return ""
    return words.say(Phrase.CAN_ASK, minimum=words.amount(outlook.offer.minimum_minor, outlook.currency))
