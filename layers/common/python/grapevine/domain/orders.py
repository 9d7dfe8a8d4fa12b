"""The fold from an order's facts to what the order is, whatever order the facts arrived in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from typing import Any

from grapevine.domain.facts import (
    Fact,
    FactKind,
    Outcome,
    Payment,
    Refund,
    Ruling,
    Snapshot,
    Tender,
    Verdict,
)
from grapevine.domain.lines import OrderLine, order_lines
from grapevine.domain.plans import GRACE
from grapevine.domain.quarantine import as_ruled, rulings_of

SEVERITIES = tuple(Outcome)
FIELDS = tuple(field.name for field in fields(Snapshot))
VALUES = attrgetter(*FIELDS)
"""What a body may tell, and reads all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order as all of its facts together tell it.

    `lines` has the items, then the charges. `known_since` is when a fact that names its click was
    first recorded, `untold` what no fact told that an earning order needs, `problems` what a
    person must look at, `rulings` what one did; `tenders` is None where no fact tells how it was
    paid, `charges_told` whether one told the charges.
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
    tenders: tuple[Tender, ...] | None = None
    charges_told: bool = False
    rulings: tuple[Ruling, ...] = ()
    referrer: str = ""

    @property
    def earns(self) -> bool:
        """Whether commission may stand on it: paid, not cancelled."""
        return self.payment.earns and self.cancelled_at is None

    @property
    def product_ids(self) -> tuple[str, ...]:
        """The products that it names, in the order of its lines."""
        return tuple(dict.fromkeys(item.line.product_id for item in self.lines if item.line.product_id))

    @property
    def base_minor(self) -> int:
        """The commission base before refunds, as it is unless the plan lists other components."""
        return sum(item.base_minor for item in self.lines)

    @property
    def refunded_minor(self) -> int:
        """The part of the base that went back."""
        return sum(item.refunded_minor for item in self.lines if item.base_minor)


def fold(facts: Iterable[Fact]) -> Order:
    """Return the order that a set of facts tells; permuting or repeating them changes nothing."""
    known = tuple(facts)
    told = as_ruled(known)
    ordered = sorted({fact.digest: fact for fact in told}.values(), key=_by_source)
    snapshots = [fact.snapshot for fact in ordered if fact.snapshot]
    last, refunds = _as_last_told(snapshots), _united(ordered)
    click_id = _click_named(ordered, last.placed_at)
    return Order(
        known_since=_known_since(told, click_id),
        placed_at=last.placed_at,
        paid_at=min([fact.version for fact in ordered if _earns(fact)], default=None),
        payment=last.payment or Payment.PENDING,
        currency=last.currency,
        lines=order_lines((*(last.lines or ()), *(last.charges or ())), refunds),
        cancelled_at=last.cancelled_at,
        received_at=min([s.received_at for s in snapshots if s.received_at], default=None),
        customer_key=last.customer_key,
        click_id=click_id,
        coupon_codes=last.coupon_codes or (),
        test=any(s.test for s in snapshots),
        verdict=_verdict(ordered),
        refund_ids=tuple([refund.id for refund in refunds]),
        untold=_untold(last),
        problems=(*_problems(ordered), *_mixed_currencies(snapshots)),
        tenders=last.tenders,
        charges_told=last.charges is not None,
        rulings=rulings_of(known),
        referrer=last.referrer or "",
    )


def _as_last_told(snapshots: Sequence[Snapshot]) -> Snapshot:
    """Return one snapshot in which each field is as the latest body that tells it does."""
    if len(snapshots) == 1:
        return snapshots[0]
    last: dict[str, Any] = {}
    for snapshot in snapshots:
        told = zip(FIELDS, VALUES(snapshot), strict=True)
        last |= {name: value for name, value in told if value is not None}
    return Snapshot(**last)


def _untold(last: Snapshot) -> tuple[str, ...]:
    needed = (
        (last.lines, "its lines"),
        (last.currency, "its currency"),
        (last.placed_at, "when it was placed"),
    )
    return tuple([what for told, what in needed if told is None])


def _known_since(facts: Sequence[Fact], click_id: str | None) -> datetime | None:
    """Return when a fact that names the order's click was first recorded: only then could it be screened."""
    told = [f.recorded_at for f in facts if f.snapshot and f.snapshot.click_id == click_id]
    return min(told, default=None)


def _by_source(fact: Fact) -> tuple[datetime, int, int, str]:
    """Sort as the source does: its version, then the further financial state, then more refunds."""
    payment = fact.snapshot.payment if fact.snapshot else None
    return fact.version, payment.rank if payment else -1, len(fact.refunds), fact.digest


def _earns(fact: Fact) -> bool:
    return bool(fact.snapshot and fact.snapshot.payment and fact.snapshot.payment.earns)


def _click_named(ordered: Sequence[Fact], placed_at: datetime | None) -> str | None:
    """Return the click that was named last within the grace period, else the first named after it.

    Later somebody may name another one; by then the attribution stays.
    """
    named = [(fact.version, fact.snapshot.click_id) for fact in ordered if fact.snapshot]
    told = [(version, click_id) for version, click_id in named if click_id is not None]
    in_time = [click_id for version, click_id in told if placed_at and version <= placed_at + GRACE]
    return in_time[-1] if in_time else told[0][1] if told else None


def _problems(ordered: Sequence[Fact]) -> tuple[str, ...]:
    """Return the problems that stand: a body that tells the whole order clears those of earlier ones.

    A refund's stays: no later body is sure to tell what it could not.
    """
    if not [fact for fact in ordered if fact.problem]:
        return ()
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


def _mixed_currencies(snapshots: Sequence[Snapshot]) -> tuple[str, ...]:
    """Return what is wrong when bodies disagree about the currency: one's lines, another's name."""
    currencies = {snapshot.currency for snapshot in snapshots if snapshot.currency is not None}
    return (f"told in {' and in '.join(sorted(currencies))}",) if len(currencies) > 1 else ()


def _united(ordered: Sequence[Fact]) -> tuple[Refund, ...]:
    """Return every refund once; where bodies disagree, the one that tells most lines, then the latest."""
    by_id: dict[str, Refund] = {}
    for refund in [refund for fact in ordered for refund in fact.refunds]:
        known = by_id.get(refund.id)
        if known is None or len(refund.lines) >= len(known.lines):
            by_id[refund.id] = refund
    return tuple([by_id[refund_id] for refund_id in sorted(by_id)])


def _verdict(ordered: Sequence[Fact]) -> Verdict | None:
    """Return the latest verdict; of one instant, the most severe."""
    verdicts = [
        (fact.version, SEVERITIES.index(fact.verdict.outcome), fact.digest, fact.verdict)
        for fact in ordered
        if fact.verdict
    ]
    return max(verdicts, key=lambda item: item[:3])[3] if verdicts else None
