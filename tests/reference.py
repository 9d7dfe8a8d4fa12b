"""A second, slow calculator of what must stand: the books' opponent in the tests.

It shares no arithmetic with `grapevine.domain`: whole fractions instead of integers, and at every
instant everything from the beginning, from the facts that had arrived by then. It keeps no
entries and knows no sequence, so a difference that the ledger loses shows here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import groupby
from math import floor
from typing import Any

from grapevine.domain.clicks import Click
from grapevine.domain.facts import Fact, Line, OrderKey, Outcome, Payment, Refund
from grapevine.domain.money import Rounding
from grapevine.domain.people import Promoter, PromoterStatus
from grapevine.domain.programs import Plan, Program, Vacancy

HOUR = timedelta(hours=1)
SKEW = timedelta(seconds=5)
HOUSE = "program"
"""Who has what nobody could earn."""
PAID_STATES = {Payment.PAID, Payment.PARTIALLY_REFUNDED, Payment.REFUNDED}
STATE_ORDER = [
    Payment.PENDING,
    Payment.AUTHORIZED,
    Payment.PARTIALLY_PAID,
    Payment.PAID,
    Payment.PARTIALLY_REFUNDED,
    Payment.REFUNDED,
    Payment.VOIDED,
]


@dataclass(frozen=True)
class Story:
    """Everything that happens in one program; a fact arrives at its `recorded_at`."""

    program: Program
    plans: tuple[Plan, ...]
    promoters: tuple[Promoter, ...]
    clicks: tuple[Click, ...]
    facts: tuple[Fact, ...]

    @property
    def orders(self) -> tuple[OrderKey, ...]:
        return tuple(sorted({fact.order for fact in self.facts}, key=str))


@dataclass(frozen=True)
class Stand:
    """What an order must come to: amounts by (promoter, account), and when it was released."""

    amounts: dict[tuple[str, str], int]
    released_at: datetime | None


@dataclass(frozen=True)
class View:
    """The order as those see it who know some of its facts."""

    amounts: dict[str, int]
    outcome: Outcome | None
    releases_at: datetime | None


def stand(story: Story, order: OrderKey, sweeps: Sequence[datetime]) -> Stand:
    """Return what stands after the last sweep, looking at each arrival and at each sweep."""
    facts = sorted((fact for fact in story.facts if fact.order == order), key=lambda f: f.recorded_at)
    arrivals = [fact.recorded_at for fact in facts]
    placed = min((f.snapshot.placed_at for f in facts if f.snapshot and f.snapshot.placed_at), default=None)
    released_at, view, seen = None, View({}, None, None), (0, False)
    for now in sorted({*sweeps, *arrivals}):
        is_patient = placed is not None and now >= placed + HOUR
        if seen != (bisect_right(arrivals, now), is_patient):
            seen = bisect_right(arrivals, now), is_patient
            known = facts[: seen[0]]
            view = look(story, known, now if is_patient else arrivals[seen[0] - 1])
        if released_at is None and view.releases_at and now >= view.releases_at:
            released_at = now
    where = "payable" if released_at else "blocked" if view.outcome is Outcome.BLOCK else "held"
    places = {(name, "house" if name == HOUSE else where): minor for name, minor in view.amounts.items()}
    return Stand(places, released_at)


def look(story: Story, known: Sequence[Fact], clicks_until: datetime) -> View:
    """Return the order as these facts tell it, with the clicks that had come by then."""
    ordered = _in_order(known)
    paid = [fact.version for fact in ordered if fact.snapshot and fact.snapshot.payment in PAID_STATES]
    is_paid = _last(ordered, "payment") in PAID_STATES and _last(ordered, "cancelled_at") is None
    placed, outcome = _last(ordered, "placed_at"), _outcome(ordered)
    if not is_paid or placed is None or _last(ordered, "lines") is None:
        return View({}, outcome, None)
    plan = _plan(story, min(paid))
    earners = _earners(story, _clicked(story, ordered, placed, plan, clicks_until), placed, plan)
    each = [
        (name, _commission(ordered, rate, story.program.rounding))
        for name, rate in zip(earners, plan.rate_bps, strict=False)
    ]
    totals = {name: sum(amount for owner, amount in each if owner == name) for name, _ in each}
    amounts = {name: total for name, total in totals.items() if total}
    waits = not set(amounts) - {HOUSE} or outcome in (Outcome.BLOCK, Outcome.REVIEW)
    return View(amounts, outcome, None if waits else _release(ordered, placed, min(paid), plan, outcome))


def _in_order(facts: Iterable[Fact]) -> list[Fact]:
    def place(fact: Fact) -> tuple[datetime, int, int, str]:
        state = fact.snapshot.payment if fact.snapshot else None
        return fact.version, STATE_ORDER.index(state) if state else -1, len(fact.refunds), fact.digest

    return sorted(facts, key=place)


def _last(ordered: Sequence[Fact], name: str) -> Any:  # noqa: ANN401 - what bodies have under that name
    for fact in reversed(ordered):
        value = getattr(fact.snapshot, name, None)
        if value is not None:
            return value
    return None


def _outcome(ordered: Sequence[Fact]) -> Outcome | None:
    severity = {Outcome.ALLOW: 0, Outcome.REVIEW: 1, Outcome.BLOCK: 2}
    given = [(fact.version, severity[fact.verdict.outcome]) for fact in ordered if fact.verdict]
    return {rank: outcome for outcome, rank in severity.items()}[max(given)[1]] if given else None


def _plan(story: Story, instant: datetime) -> Plan:
    before = [plan for plan in story.plans if plan.effective_at <= instant]
    return max(before or story.plans[:1], key=lambda plan: (plan.effective_at, plan.version))


def _release(
    ordered: Sequence[Fact], placed: datetime, paid_at: datetime, plan: Plan, outcome: Outcome | None
) -> datetime:
    received = [f.snapshot.received_at for f in ordered if f.snapshot and f.snapshot.received_at]
    if received:
        ends = min(received) + timedelta(days=plan.hold_days_after_receipt)
    else:
        ends = paid_at + timedelta(days=plan.hold_days_after_payment)
    if outcome is Outcome.ALLOW:
        return ends
    click_id = _click_told(ordered, placed)
    naming = [fact.recorded_at for fact in ordered if fact.snapshot and fact.snapshot.click_id == click_id]
    return max(ends, min(naming)) + timedelta(days=plan.screening_days)


def _clicked(
    story: Story, ordered: Sequence[Fact], placed: datetime, plan: Plan, clicks_until: datetime
) -> Promoter | None:
    click_id = _click_told(ordered, placed)
    for click in story.clicks:
        if click.id != click_id or click.recorded_at > clicks_until:
            continue
        age = placed - click.occurred_at
        is_good = (
            -SKEW <= age < timedelta(days=plan.click_window_days)
            and click.recorded_at <= placed + HOUR
            and click.bot_reason is None
            and click.program_id == story.program.id
        )
        owner = next((p for p in story.promoters if p.id == click.promoter_id), None)
        if is_good and owner:
            return owner
    return None


def _click_told(ordered: Sequence[Fact], placed: datetime) -> object:
    """Return the click named last within the grace period, else the one named first after it."""
    told = [(f.version, f.snapshot.click_id) for f in ordered if f.snapshot and f.snapshot.click_id]
    in_time = [click_id for version, click_id in told if version <= placed + HOUR]
    return next(iter((*in_time[-1:], *(click_id for _, click_id in told))), None)


def _earners(story: Story, clicked: Promoter | None, placed: datetime, plan: Plan) -> list[str]:
    """Return who earns level by level; nobody without a click, the house where they are suspended."""
    if clicked is None:
        return []
    if _is_suspended(clicked, placed):
        return [HOUSE]
    above = _above(story, clicked, placed)
    paid = [clicked.id, *(promoter.id for promoter in above)][: len(plan.rate_bps)]
    instead = _instead(story, paid, placed, plan)
    names = [clicked.id]
    for promoter in above:
        if not _is_suspended(promoter, placed):
            names.append(promoter.id)
        elif plan.vacancy is not Vacancy.COMPRESS:
            names.append(instead)
    return names


def _above(story: Story, promoter: Promoter, placed: datetime) -> list[Promoter]:
    found: list[Promoter] = []
    name = _sponsor(promoter, placed)
    while known := [other for other in story.promoters if other.id == name]:
        found += known
        name = _sponsor(known[0], placed)
    return found


def _instead(story: Story, chain: Sequence[str], placed: datetime, plan: Plan) -> str:
    for promoter in story.promoters:
        if promoter.id == plan.default_sponsor_id and promoter.id not in chain:
            return HOUSE if _is_suspended(promoter, placed) else promoter.id
    return HOUSE


def _sponsor(promoter: Promoter, placed: datetime) -> str | None:
    name = promoter.sponsor_id
    for change in promoter.sponsor_changes:
        name = change.sponsor_id if change.effective_at <= placed else name
    return name


def _is_suspended(promoter: Promoter, placed: datetime) -> bool:
    status = PromoterStatus.ACTIVE
    for change in promoter.status_changes:
        status = change.status if change.effective_at <= placed else status
    return status is PromoterStatus.SUSPENDED


def _commission(ordered: Sequence[Fact], rate_bps: int, rounding: Rounding) -> int:
    lines, refunds = _last(ordered, "lines") or (), _refunds(ordered)
    return commission([(_base(line), _went_back(line, refunds)) for line in lines], rate_bps, rounding)


def commission(lines: Sequence[tuple[int, int]], rate_bps: int, rounding: Rounding) -> int:
    """Return what a level keeps of lines, each a base and what went back of it.

    Rounded once, dealt out to the lines, given back line by line.
    """
    sold = [(base, back) for base, back in lines if base]
    total = _whole(Fraction(sum(base for base, _ in sold) * rate_bps, 10_000), rounding)
    return sum(
        share - _whole(Fraction(share * back, base), rounding)
        for (base, back), share in zip(sold, _dealt(total, [base for base, _ in sold]), strict=True)
    )


def _base(line: Line) -> int:
    return 0 if line.gift_card else max(0, line.gross_minor - line.discount_minor - line.tax_minor)


def _whole(amount: Fraction, rounding: Rounding) -> int:
    """Round as the program does; Python's own `round` takes the even half."""
    return floor(amount) if rounding is Rounding.FLOOR else round(amount)


def _dealt(total: int, bases: Sequence[int]) -> list[int]:
    """Deal a total out unit by unit: first what is whole, then always to whom most is owed."""
    owed = [Fraction(total * base, sum(bases)) for base in bases]
    dealt = [floor(share) for share in owed]
    for _ in range(total - sum(dealt)):
        shares = [share - got for share, got in zip(owed, dealt, strict=True)]
        dealt[shares.index(max(shares))] += 1
    return dealt


def _refunds(ordered: Sequence[Fact]) -> list[Refund]:
    """Return each refund once: of what was told about it, the longest, and of those the last."""
    told = [refund for fact in ordered for refund in fact.refunds]
    by_name = sorted(told, key=lambda refund: refund.id)
    return [
        max(reversed(versions), key=lambda refund: len(refund.lines))
        for versions in (list(group) for _, group in groupby(by_name, key=lambda refund: refund.id))
    ]


def _went_back(line: Line, refunds: Sequence[Refund]) -> int:
    parts = [part for refund in refunds for part in refund.lines if part.line_id == line.id]
    if line.tax_minor and line.quantity_milli:
        units = sum(part.quantity_milli for part in parts if part.subtotal_minor)
        return round(Fraction(_base(line)) * min(Fraction(units, line.quantity_milli), Fraction(1)))
    return min(_base(line), sum(part.subtotal_minor for part in parts))
