"""An explanation as sentences for whoever earned, or did not: what, why, what went back, when it is payable.

A sentence about one commission is put together from `sentence_parts`. Whoever adds something that
changes an amount adds a part there and its words to `wordings`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from grapevine.domain.accounts import Leaf, net
from grapevine.domain.candidates import Reason
from grapevine.domain.chains import HOUSE
from grapevine.domain.entries import BonusKey, BonusKind, Entry, EntryReason
from grapevine.domain.explanation import Explained
from grapevine.domain.money import POINTS
from grapevine.domain.payouts import leg_named
from grapevine.domain.sentence_extras import added, extra_clauses
from grapevine.domain.sentence_parts import Told, clauses, so_far, state, stayed, told
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
    EntryReason.SPENT: (Phrase.FORGIVEN, Phrase.FORGIVEN),
    EntryReason.EXPIRED: (Phrase.FORGIVEN, Phrase.FORGIVEN),
    EntryReason.RESTORED: (Phrase.FORGIVEN, Phrase.FORGIVEN),
    EntryReason.CHARGED: (Phrase.FORGIVEN, Phrase.LESS),
    EntryReason.OPENED: (Phrase.FORGIVEN, Phrase.LESS),
}
"""What is said of amounts that were neither earned nor lost: a balance that only moved, or a debt."""
BESIDE = {Leaf.FEES: (Phrase.FEE_TAKEN, Phrase.FEE_BACK), Leaf.TAX: (Phrase.TAX_TAKEN, Phrase.TAX_BACK)}
"""What is said of what a payout takes beside what is paid, and of what comes back of that."""


def sentences(found: Explained, words: Wording, promoter_id: str | None = None) -> dict[str, list[str]]:
    """Return by promoter what they are told about an order as it stands after an entry.

    Without a promoter, everybody whom it concerns; what concerns nobody is said to the program.
    """
    names = (promoter_id,) if promoter_id else _concerned(found)
    rows = tuple(told(found, found.decision, words)) if found.decision else ()
    return {
        name: list(_said_to(name, [row for row in rows if row.promoter_id == name], found, words))
        for name in names
    }


def entry_sentence(entry: Entry, accounts: frozenset[str], words: Wording) -> str:
    """Return what one entry changed for one promoter, in these accounts: why, and what is where now."""
    changes = [
        (account.leaf, currency, minor)
        for (account, currency), minor in net(entry.postings).items()
        if account.owner in accounts and minor
    ]
    beside = taken_beside(entry, accounts)
    # What came or went is told first, cash before points; what only moved is told by where it is now.
    clauses = [
        clause
        for currency in sorted({code for _, code, _ in changes}, key=lambda code: code == POINTS)
        for clause in _of_currency(
            entry, currency, [(leaf, n) for leaf, c, n in changes if c == currency], beside, words
        )
    ]
    return words.sentence(_why(entry, accounts, words), *_part_of_payout(entry, words), *clauses)


def taken_beside(entry: Entry, accounts: frozenset[str]) -> dict[tuple[Leaf, str], int]:
    """Return the fees and the tax that an entry took from accounts, by currency; below zero came back."""
    taken: dict[tuple[Leaf, str], int] = {}
    for posting in entry.postings:
        ends = ((posting.source, posting.destination, 1), (posting.destination, posting.source, -1))
        for own, other, sign in ends:
            if own.owner in accounts and other.leaf in BESIDE:
                key = (other.leaf, posting.amount.currency)
                taken[key] = taken.get(key, 0) + sign * posting.amount.minor
    return taken


def beside_clause(leaf: Leaf, minor: int, currency: str, words: Wording) -> str:
    """Return what is said of a fee, or tax, that was taken, or below zero came back."""
    more, less = BESIDE[leaf]
    return words.say(more if minor > 0 else less, amount=words.amount(abs(minor), currency))


def _part_of_payout(entry: Entry, words: Wording) -> Iterator[str]:
    """Yield which part of a payout an entry is about, where it has several that we know of."""
    leg = leg_named(entry.purpose) if entry.payout_id and entry.purpose else None
    if leg and leg[1] > 1:
        yield words.say(Phrase.PART_OF_PAYOUT, number=leg[1])


def _of_currency(
    entry: Entry,
    currency: str,
    changes: Sequence[tuple[Leaf, int]],
    beside: Mapping[tuple[Leaf, str], int],
    words: Wording,
) -> Iterator[str]:
    taken = {leaf: minor for (leaf, code), minor in beside.items() if code == currency and minor}
    if total := sum(minor for _, minor in changes) + sum(taken.values()):
        more, less = _BETWEEN_ACCOUNTS.get(entry.reason, (Phrase.MORE, Phrase.LESS))
        yield words.say(more if total > 0 else less, amount=words.amount(abs(total), currency))
    if entry.note:
        yield words.say(Phrase.EVIDENCE, what=entry.note)
    if entry.coupon:
        yield words.say(Phrase.FOR_COUPON, code=entry.coupon.code)
    for leaf, minor in changes:
        if minor > 0 and entry.reason not in _BETWEEN_ACCOUNTS:
            phrase = Phrase.NOW_SPENDABLE if (leaf, currency) == (Leaf.PAYABLE, POINTS) else _NOW[leaf]
            yield words.say(phrase, amount=words.amount(minor, currency))
    yield from (beside_clause(leaf, minor, currency, words) for leaf, minor in taken.items())


def _why(entry: Entry, accounts: frozenset[str], words: Wording) -> str:
    """Return why an entry was posted, in words; a bonus says what it is for."""
    if isinstance(entry.key, BonusKey) and entry.key.kind is BonusKind.SHARE:
        return words.say(Phrase.SHARE_BONUS, product=entry.key.name)
    if entry.reason is EntryReason.RETURNED and any(leg.source.leaf is Leaf.PAID for leg in entry.postings):
        return words.say(Phrase.CAME_BACK)
    return words.entries[_reason_for(entry, accounts)]


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
    earners = [name for chain in decision.chains for name in chain]
    recruiters = [recruiter for _, recruiter, _ in found.bonuses]
    touched = [candidate.promoter_id for candidate in decision.candidates]
    gated = [short.promoter_id for short in decision.gated]
    return tuple(dict.fromkeys((*earners, *recruiters, *touched, *gated))) or (HOUSE,)


def _said_to(name: str, rows: Sequence[Told], found: Explained, words: Wording) -> Iterator[str]:
    decision = found.decision
    more = (*_added(name, found, words), *_gated(name, found, words), *_bonuses(name, found, words))
    if decision and decision.is_pending:
        yield words.sentence(words.say(Phrase.UNDECIDED, why=words.decisions[decision.reason]))
    elif rows and name == HOUSE:
        yield from (words.sentence(stayed(row)) for row in rows)
    elif rows:
        yield from _earned(rows, words)
    elif not more:
        yield words.sentence(_nothing(name, found, words))
    yield from more
    yield from _rulings(found, words)


def _earned(rows: Sequence[Told], words: Wording) -> Iterator[str]:
    """Yield a sentence for each commission; the last of which something is left says where it all is."""
    last = next((row for row in reversed(rows) if row.left_minor), None)
    for row in rows:
        yield words.sentence(*clauses(row), state(row) if row is last else "")


def _added(name: str, found: Explained, words: Wording) -> Iterator[str]:
    """Yield what campaigns and points add for them."""
    for row in added(found, found.decision, words) if found.decision else ():
        if row.promoter_id == name:
            yield words.sentence(*extra_clauses(row))


def _gated(name: str, found: Explained, words: Wording) -> Iterator[str]:
    """Yield why a level was not theirs where they were short of the plan's gate."""
    decision = found.decision
    for short in decision.gated if decision else ():
        if decision and short.promoter_id == name:
            gate, currency = (
                found.terms.plan_version(decision.plan_version).upline_gate_minor,
                _currency(found),
            )
            sold, asked = words.amount(short.net_minor, currency), words.amount(gate, currency)
            told = words.say(Phrase.GATED, sold=sold, gate=asked, month=words.in_month(short.month))
            yield words.sentence(told, so_far(short.month, words) if decision.provisional_until else "")


def _bonuses(name: str, found: Explained, words: Wording) -> Iterator[str]:
    for _, recruiter, minor in found.bonuses:
        if recruiter == name:
            amount = words.amount(minor, _currency(found))
            yield words.sentence(words.say(Phrase.RECRUIT_BONUS, amount=amount))


def _currency(found: Explained) -> str:
    return found.terms.program.currency


def _nothing(name: str, found: Explained, words: Wording) -> str:
    decision = found.decision
    if decision is None:
        return words.say(Phrase.NOTHING)
    if name == HOUSE and decision.chains:
        return words.say(Phrase.NOTHING_STAYED)
    if name == HOUSE:
        return words.say(Phrase.NOBODY_BECAUSE, why=words.decisions[decision.reason])
    reasons = [touch.reason for touch in decision.candidates if touch.promoter_id == name]
    if not reasons or any(name in claim for claim in decision.claims):
        return words.say(Phrase.NOTHING)
    # Who could have won did not: the decision's own reason says why, else the touch's own.
    why = decision.reason if Reason.ELIGIBLE in reasons else reasons[-1]
    return words.say(Phrase.NOTHING_BECAUSE, why=words.decisions[why])


def _rulings(found: Explained, words: Wording) -> Iterator[str]:
    for ruling in found.order.rulings:
        phrase = Phrase.RULED_ACCEPTED if ruling.accepted else Phrase.RULED_REJECTED
        yield words.sentence(words.say(phrase, who=ruling.by, why=ruling.why))
