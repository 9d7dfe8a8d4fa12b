"""The fold from an order's facts to what the order is, whatever order the facts arrived in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from grapevine.domain.facts import Fact, FactKind, Line, Outcome, Payment, Refund, Ruling, Snapshot, Verdict
from grapevine.domain.money import Rounding, prorate
from grapevine.domain.plans import GRACE
from grapevine.domain.quarantine import as_ruled, rulings_of

T = TypeVar("T")
SEVERITIES = tuple(Outcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """A line with what of it went back: of its base in minor units, and in thousandths of units."""

    line: Line
    refunded_minor: int
    refunded_milli: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order as all of its facts together tell it.

    `known_since` is when a fact that names its click was first recorded, `untold` what no fact
    told that an earning order needs, `problems` what a person must look at, `rulings` what one did.
    """

    known_since: datetime | None
    placed_at: datetime | None
    paid_at: datetime | None
    payment: Payment
    currency: str | None
    lines: tuple[OrderLine, ...]
    cancelled_at: datetime | None
    received_at: datetime | None
    customer_key: str | None
    click_id: str | None
    coupon_codes: tuple[str, ...]
    test: bool
    verdict: Verdict | None
    refund_ids: tuple[str, ...]
    untold: tuple[str, ...]
    problems: tuple[str, ...]
    rulings: tuple[Ruling, ...] = ()

    @property
    def earns(self) -> bool:
        """Whether commission may stand on it: paid, not cancelled."""
        return self.payment.earns and self.cancelled_at is None

    @property
    def base_minor(self) -> int:
        """The commission base before refunds."""
        return sum(item.line.base_minor for item in self.lines)

    @property
    def refunded_minor(self) -> int:
        """The part of the base that went back."""
        return sum(item.refunded_minor for item in self.lines)


def fold(facts: Iterable[Fact]) -> Order:
    """Return the order that a set of facts tells; permuting or repeating them changes nothing."""
    known = tuple(facts)
    told = as_ruled(known)
    ordered = sorted({fact.digest: fact for fact in told}.values(), key=_by_source)
    refunds = _united(ordered)
    lines = _latest(ordered, lambda s: s.lines)
    currency = _latest(ordered, lambda s: s.currency)
    placed_at = _latest(ordered, lambda s: s.placed_at)
    click_id = _click_named(ordered, placed_at)
    needed = {"its lines": lines, "its currency": currency, "when it was placed": placed_at}
    return Order(
        known_since=_known_since(told, click_id),
        placed_at=placed_at,
        paid_at=min((fact.version for fact in ordered if _earns(fact)), default=None),
        payment=_latest(ordered, lambda s: s.payment) or Payment.PENDING,
        currency=currency,
        lines=tuple(_order_line(line, refunds) for line in lines or ()),
        cancelled_at=_latest(ordered, lambda s: s.cancelled_at),
        received_at=_earliest(ordered, lambda s: s.received_at),
        customer_key=_latest(ordered, lambda s: s.customer_key),
        click_id=click_id,
        coupon_codes=_latest(ordered, lambda s: s.coupon_codes) or (),
        test=any(fact.snapshot.test for fact in ordered if fact.snapshot),
        verdict=_verdict(ordered),
        refund_ids=tuple(refund.id for refund in refunds),
        untold=tuple(what for what, told in needed.items() if told is None),
        problems=(*_problems(ordered), *_mixed_currencies(ordered)),
        rulings=rulings_of(known),
    )


def _known_since(facts: Sequence[Fact], click_id: str | None) -> datetime | None:
    """Return when a fact that names the order's click was first recorded: only then could it be screened."""
    named = (fact for fact in facts if fact.snapshot and fact.snapshot.click_id == click_id)
    return min((fact.recorded_at for fact in named), default=None)


def _by_source(fact: Fact) -> tuple[datetime, int, int, str]:
    """Sort as the source does: its version, then the further financial state, then more refunds."""
    payment = fact.snapshot.payment if fact.snapshot else None
    return fact.version, payment.rank if payment else -1, len(fact.refunds), fact.digest


def _told(facts: Iterable[Fact], pick: Callable[[Snapshot], T | None]) -> Iterator[T]:
    for fact in facts:
        if fact.snapshot and (value := pick(fact.snapshot)) is not None:
            yield value


def _latest(facts: Sequence[Fact], pick: Callable[[Snapshot], T | None]) -> T | None:
    return next(_told(reversed(facts), pick), None)


def _earliest(facts: Sequence[Fact], pick: Callable[[Snapshot], datetime | None]) -> datetime | None:
    return min(_told(facts, pick), default=None)


def _earns(fact: Fact) -> bool:
    return bool(fact.snapshot and fact.snapshot.payment and fact.snapshot.payment.earns)


def _click_named(ordered: Sequence[Fact], placed_at: datetime | None) -> str | None:
    """Return the click that was named last within the grace period, else the first named after it.

    Later somebody may name another one; by then the attribution stays.
    """
    end = placed_at + GRACE if placed_at else None
    in_time = _latest([fact for fact in ordered if end and fact.version <= end], lambda s: s.click_id)
    return in_time if in_time is not None else next(_told(ordered, lambda s: s.click_id), None)


def _problems(ordered: Sequence[Fact]) -> tuple[str, ...]:
    """Return the problems that stand: a body that tells the whole order clears those of earlier ones.

    A refund's stays: no later body is sure to tell what it could not.
    """
    whole = max((index for index, fact in enumerate(ordered) if _tells_all(fact.snapshot)), default=-1)
    return tuple(
        fact.problem
        for index, fact in enumerate(ordered)
        if fact.problem and (index > whole or fact.kind is FactKind.REFUNDED)
    )


def _tells_all(snapshot: Snapshot | None) -> bool:
    return snapshot is not None and None not in (
        snapshot.lines,
        snapshot.payment,
        snapshot.currency,
        snapshot.placed_at,
    )


def _mixed_currencies(ordered: Sequence[Fact]) -> tuple[str, ...]:
    """Return what is wrong when bodies disagree about the currency: one's lines, another's name."""
    currencies = sorted(set(_told(ordered, lambda s: s.currency)))
    return (f"told in {' and in '.join(currencies)}",) if len(currencies) > 1 else ()


def _united(ordered: Sequence[Fact]) -> tuple[Refund, ...]:
    """Return every refund once; where bodies disagree, the one that tells most lines, then the latest."""
    by_id: dict[str, Refund] = {}
    for refund in (refund for fact in ordered for refund in fact.refunds):
        known = by_id.get(refund.id)
        if known is None or len(refund.lines) >= len(known.lines):
            by_id[refund.id] = refund
    return tuple(by_id[refund_id] for refund_id in sorted(by_id))


def _order_line(line: Line, refunds: Sequence[Refund]) -> OrderLine:
    returned = [part for refund in refunds for part in refund.lines if part.line_id == line.id]
    units = min(sum(part.quantity_milli for part in returned), line.quantity_milli)
    return OrderLine(line=line, refunded_minor=_refunded(line, refunds), refunded_milli=units)


def _refunded(line: Line, refunds: Sequence[Refund]) -> int:
    """Return the part of a line's base that went back, never more than the base.

    Where tax is inside the price, a refund's subtotal may or may not hold it; the units do not
    lie, so they decide there.
    """
    returned = [part for refund in refunds for part in refund.lines if part.line_id == line.id]
    if line.tax_minor and line.quantity_milli:
        units = min(sum(p.quantity_milli for p in returned if p.subtotal_minor), line.quantity_milli)
        return prorate(line.base_minor, units, line.quantity_milli, Rounding.HALF_EVEN)
    return min(max(sum(part.subtotal_minor for part in returned), 0), line.base_minor)


def _verdict(ordered: Sequence[Fact]) -> Verdict | None:
    """Return the latest verdict; of one instant, the most severe."""
    verdicts = [
        (fact.version, SEVERITIES.index(fact.verdict.outcome), fact.digest, fact.verdict)
        for fact in ordered
        if fact.verdict
    ]
    return max(verdicts, key=lambda item: item[:3])[3] if verdicts else None
