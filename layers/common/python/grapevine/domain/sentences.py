"""An explanation as sentences for whoever earned, or did not: what, why, what went back, when it is payable.

A sentence about one commission is put together from parts; each part says one thing or nothing.
Whoever adds something that changes an amount adds a part here and its words to `wordings`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from grapevine.domain.accounts import Leaf, net
from grapevine.domain.accrual import hold_end
from grapevine.domain.chains import HOUSE
from grapevine.domain.commissions import LevelCommission
from grapevine.domain.decisions import Candidate, Decision, Reason
from grapevine.domain.earnings import levels
from grapevine.domain.entries import Entry, EntryReason
from grapevine.domain.explanation import Explained
from grapevine.domain.facts import Outcome
from grapevine.domain.wording import Phrase, Wording

_NOW = {
    Leaf.HELD: Phrase.NOW_HELD,
    Leaf.PAYABLE: Phrase.NOW_PAYABLE,
    Leaf.BLOCKED: Phrase.NOW_BLOCKED,
    Leaf.RESERVED: Phrase.NOW_RESERVED,
    Leaf.PAID: Phrase.NOW_PAID,
}
_BETWEEN_ACCOUNTS = {
    EntryReason.MERGED: (Phrase.MOVED_IN, Phrase.MOVED_OUT),
    EntryReason.WRITTEN_OFF: (Phrase.FORGIVEN, Phrase.FORGIVEN),
}
"""What is said of amounts that were neither earned nor lost: a balance that only moved, or a debt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One level's commission with all that a part of a sentence about it may need."""

    found: Explained
    decision: Decision
    promoter_id: str
    level: int
    commission: LevelCommission
    words: Wording

    def amount(self, minor: int) -> str:
        """Return an amount in the program's currency."""
        return self.words.amount(minor, self.found.terms.program.currency)


def sentences(found: Explained, words: Wording, promoter_id: str | None = None) -> dict[str, list[str]]:
    """Return by promoter what they are told about an order as it stands after an entry.

    Without a promoter, everybody whom it concerns; what concerns nobody is said to the program.
    """
    names = (promoter_id,) if promoter_id else _concerned(found)
    return {name: list(_said_to(name, found, words)) for name in names}


def entry_sentence(entry: Entry, accounts: frozenset[str], words: Wording) -> str:
    """Return what one entry changed for one promoter, in these accounts: why, and what is where now."""
    changes = [
        (account.leaf, currency, minor)
        for (account, currency), minor in net(entry.postings).items()
        if account.owner in accounts and minor
    ]
    total = sum(minor for _, _, minor in changes)
    # What came or went is told first; money that only moved is told by where it is now.
    rest = [] if entry.reason in _BETWEEN_ACCOUNTS else [change for change in changes if change[2] > 0]
    clauses = [words.say(_NOW[leaf], amount=words.amount(minor, code)) for leaf, code, minor in rest]
    if total and changes:
        more, less = _BETWEEN_ACCOUNTS.get(entry.reason, (Phrase.MORE, Phrase.LESS))
        clauses.insert(
            0, words.say(more if total > 0 else less, amount=words.amount(abs(total), changes[0][1]))
        )
    return words.sentence(words.entries[_reason_for(entry, accounts)], *clauses)


def _reason_for(entry: Entry, accounts: frozenset[str]) -> EntryReason:
    """Return why an entry was posted as far as it is this promoter's; of others' bans they learn nothing."""
    if entry.reason is not EntryReason.VOIDED or not entry.voided or accounts & {*entry.voided}:
        return entry.reason
    return EntryReason.RELEASED if entry.released else EntryReason.EDITED


def _concerned(found: Explained) -> tuple[str, ...]:
    """Return everybody who earned or was a candidate, and the program where only it can be told."""
    decision = found.decision
    if decision is None:
        return (HOUSE,)
    earners = [name for claim in decision.claims for name in claim]
    touched = [candidate.promoter_id for candidate in decision.candidates]
    return tuple(dict.fromkeys((*earners, *touched))) or (HOUSE,)


def _said_to(name: str, found: Explained, words: Wording) -> Iterator[str]:
    decision = found.decision
    told = _told(name, found, decision, words) if decision else []
    if decision and decision.is_pending:
        yield words.sentence(words.say(Phrase.UNDECIDED, why=words.decisions[decision.reason]))
    elif told and name == HOUSE:
        yield from (words.sentence(_stayed(row)) for row in told)
    elif told:
        for row in told:
            is_last = row is told[-1]
            yield words.sentence(*_clauses(row), _state(row) if is_last else "")
    else:
        yield words.sentence(_nothing(name, decision, words))
    yield from _rulings(found, words)


def _told(name: str, found: Explained, decision: Decision, words: Wording) -> list[Told]:
    return [
        Told(
            found=found,
            decision=decision,
            promoter_id=name,
            level=level,
            commission=commission,
            words=words,
        )
        for level, earner, commission in levels(found.order, decision, found.terms)
        if earner == name and commission.total_minor
    ]


def _clauses(row: Told) -> list[str]:
    return [part(row) for part in PARTS]


def _headline(row: Told) -> str:
    shares, words = row.commission.shares, row.words
    program, order = row.found.terms.program, row.found.order
    phrase = Phrase.EARNED_BY_RULES if any(share.rule_id for share in shares) else Phrase.EARNED
    return words.say(
        phrase,
        amount=row.amount(row.commission.total_minor),
        rate=words.share(row.commission.rate_bps),
        base=words.amount(sum(share.base_minor for share in shares), order.currency or program.currency),
        how=_how(row),
        date=_day(order.placed_at or row.found.entry.recorded_at, row.found, words),
    )


def _how(row: Told) -> str:
    """Return how the customer came: through this promoter's link or coupon, or somebody's below."""
    plan = row.found.terms.plan_version(row.decision.plan_version)
    if row.level > 1 and row.promoter_id == plan.default_sponsor_id:
        return row.words.say(Phrase.STANDS_IN, level=row.level)
    if row.level > 1:
        phrase = Phrase.ONE_BELOW if row.level == 2 else Phrase.FURTHER_BELOW
        return row.words.say(phrase, steps=row.level - 1)
    coupons = [touch for touch in row.decision.candidates if _won_by_coupon(touch, row)]
    if row.decision.reason is Reason.COUPON and coupons:
        return row.words.say(Phrase.OWN_COUPON, code=coupons[0].coupon_code)
    return row.words.say(Phrase.OWN_LINK)


def _won_by_coupon(touch: Candidate, row: Told) -> bool:
    return touch.coupon_code is not None and touch.promoter_id == row.promoter_id


def _shared(row: Told) -> str:
    number = len(row.decision.claims)
    return row.words.say(Phrase.SHARED, number=number) if number > 1 else ""


def _capped(row: Told) -> str:
    is_capped = any(share.is_capped for share in row.commission.shares)
    return row.words.say(Phrase.CAPPED) if is_capped else ""


def _converted(row: Told) -> str:
    rate = row.decision.rate
    return row.words.say(Phrase.CONVERTED, base=rate.base, rate=rate.text, quote=rate.quote) if rate else ""


def _went_back(row: Told) -> str:
    order, back = row.found.order, row.commission.reversed_minor
    if row.promoter_id in row.found.entry.voided:
        return row.words.say(Phrase.VOIDED_BACK)
    if order.test is not row.found.terms.program.sandbox:
        return row.words.say(Phrase.TEST_BACK)
    if order.cancelled_at:
        return row.words.say(Phrase.CANCELLED_BACK)
    if not order.payment.earns:
        return row.words.say(Phrase.UNPAID_BACK)
    if back and back == row.commission.total_minor:
        return row.words.say(Phrase.ALL_BACK)
    return row.words.say(Phrase.PART_BACK, amount=row.amount(back)) if back else ""


Part = Callable[[Told], str]
PARTS: tuple[Part, ...] = (_headline, _shared, _capped, _converted, _went_back)
"""What a sentence about one commission says, in this order; a part that has nothing to say is empty."""


def _state(row: Told) -> str:
    """Return where what stands is, or when it will be payable; nothing where nothing stands."""
    found, words = row.found, row.words
    if not found.standing_minor.get(row.promoter_id):
        return ""
    if row.promoter_id in found.entry.waits:
        return words.say(Phrase.WAITS_FOR_YOU)
    if found.entry.released:
        return words.say(Phrase.IS_PAYABLE)
    outcome = found.order.verdict.outcome if found.order.verdict else None
    if outcome in (Outcome.BLOCK, Outcome.REVIEW):
        return words.say(Phrase.IS_BLOCKED if outcome is Outcome.BLOCK else Phrase.IS_REVIEWED)
    ends = hold_end(found.order, found.terms.plan_version(row.decision.plan_version))
    if ends is None:
        return words.say(Phrase.IS_HELD)
    # After the hold an order may still wait for its screening: then the entry says until when.
    return words.say(Phrase.PAYABLE_ON, date=_day(max(ends, found.entry.due_at or ends), found, words))


def _stayed(row: Told) -> str:
    return row.words.say(Phrase.HOUSE, amount=row.amount(row.commission.earned_minor), level=row.level)


def _nothing(name: str, decision: Decision | None, words: Wording) -> str:
    if decision is None:
        return words.say(Phrase.NOTHING)
    if name == HOUSE:
        return words.say(Phrase.NOBODY_BECAUSE, why=words.decisions[decision.reason])
    reasons = [touch.reason for touch in decision.candidates if touch.promoter_id == name]
    if not reasons or name in decision.promoter_ids:
        return words.say(Phrase.NOTHING)
    # Who could have won did not: the decision's own reason says why, else the touch's own.
    why = decision.reason if Reason.ELIGIBLE in reasons else reasons[-1]
    return words.say(Phrase.NOTHING_BECAUSE, why=words.decisions[why])


def _rulings(found: Explained, words: Wording) -> Iterator[str]:
    for ruling in found.order.rulings:
        phrase = Phrase.RULED_ACCEPTED if ruling.accepted else Phrase.RULED_REJECTED
        yield words.sentence(words.say(phrase, who=ruling.by, why=ruling.why))


def _day(instant: datetime, found: Explained, words: Wording) -> str:
    """Return an instant's day on the program's calendar."""
    zone = ZoneInfo(found.terms.program.time_zone)
    return words.on(instant.astimezone(zone).date(), found.entry.recorded_at.astimezone(zone).date())
