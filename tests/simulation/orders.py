"""What a shop tells about one order: bodies with versions of their own, each arriving in some phase."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from grapevine.domain.facts import (
    Fact,
    FactKind,
    Line,
    OrderKey,
    Outcome,
    Payment,
    Refund,
    RefundLine,
    Snapshot,
    Verdict,
)
from grapevine.ports import Reading
from tests.simulation.scripts import MINUTE, PROGRAM_ID, Delivery

STOPS = (Outcome.BLOCK, Outcome.REVIEW)

FAILS = 0.15
"""How often a payment fails right after it: whoever posts both at once has nothing to write."""

Arriving = tuple[int, Delivery | Fact]
"""A phase's number with what arrives in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What an order is told with: its name, when phases begin, the clicks it names, who bought."""

    order: OrderKey
    phases: tuple[datetime, ...]
    placed_at: datetime
    click_ids: tuple[str | None, ...]
    codes: tuple[tuple[str, ...] | None, ...]
    currency: str
    email: str | None
    test: bool


def told(random: Random, setting: Setting) -> list[Arriving]:
    """Return an order's deliveries: placed, paid, changed, refunded, cancelled, each early or late."""
    cart = tuple(_line(random, f"l{number}") for number in range(random.choice((1, 1, 2, 3))))
    found: list[Arriving] = []
    for number, (phase, reading) in enumerate(_readings(random, setting, cart)):
        arrives = min(phase + random.choice((0, 0, 0, 0, 0, 1, 2)), len(setting.phases) - 1)
        found.append((arrives, _delivery(number, reading)))
    if random.random() < 0.1:
        found += _mended(random, setting, random.choice(found)[0], cart)
    return found


def _delivery(number: int, reading: Reading) -> Delivery:
    return Delivery(f"{reading.order_id} {number} {reading.kind}".encode(), f"orders/{reading.kind}", reading)


def _readings(random: Random, setting: Setting, cart: tuple[Line, ...]) -> Iterator[tuple[int, Reading]]:
    paid = setting.placed_at + random.choice((0, 1)) * MINUTE
    yield 0, _body(random, setting, FactKind.PLACED, setting.placed_at, Payment.PENDING, cart)
    if random.random() < 0.95:
        yield 0, _body(random, setting, FactKind.PAID, paid, Payment.PAID, cart)
    if random.random() < FAILS:
        yield 0, _body(random, setting, FactKind.EDITED, paid + MINUTE / 2, Payment.VOIDED, cart)
    refunds: tuple[Refund, ...] = ()
    busy = random.choices(range(len(setting.phases)), k=random.choice((1, 1, 2)))
    for _ in range(random.choice((0, 1, 2, 2, 3))):
        phase = random.choice(busy)
        version = _version(random, setting, phase, paid)
        what = random.random()
        if what < 0.55:
            refund = _refund(random, f"r{len(refunds)}", version, cart)
            refunds = (*refunds, refund)
            yield from _refunded(random, setting, (phase, version), refund, refunds, cart)
        elif what < 0.9:
            cart = _edited(random, cart)
            yield phase, _body(random, setting, FactKind.EDITED, version, _state(random), cart, refunds)
        else:
            cancelled = _body(random, setting, FactKind.CANCELLED, version, Payment.VOIDED, cart, refunds)
            yield phase, replace(cancelled, snapshot=_cancelled(cancelled.snapshot, version))


def _refunded(
    random: Random,
    setting: Setting,
    when: tuple[int, datetime],
    refund: Refund,
    refunds: tuple[Refund, ...],
    cart: tuple[Line, ...],
) -> Iterator[tuple[int, Reading]]:
    """Yield a refund's own webhook, the order's body of the same instant, or both."""
    phase, version = when
    how = random.choice(("both", "both", "refund", "order"))
    if how != "order":
        brief = replace(refund, lines=refund.lines[:1]) if random.random() < 0.2 else refund
        yield phase, _reading(setting, FactKind.REFUNDED, version, refunds=(brief,))
    if how != "refund":
        state = Payment.PARTIALLY_REFUNDED
        yield phase, _body(random, setting, FactKind.EDITED, version, state, cart, refunds)


def _body(
    random: Random,
    setting: Setting,
    kind: FactKind,
    version: datetime,
    payment: Payment,
    cart: tuple[Line, ...],
    refunds: tuple[Refund, ...] = (),
) -> Reading:
    """Return a body that tells the whole order."""
    snapshot = Snapshot(
        placed_at=setting.placed_at,
        payment=payment,
        currency=setting.currency,
        lines=cart,
        click_id=random.choice(setting.click_ids),
        coupon_codes=random.choice(setting.codes),
        test=setting.test and random.random() < 0.5,
    )
    return _reading(setting, kind, version, snapshot, refunds)


def _reading(
    setting: Setting,
    kind: FactKind,
    version: datetime,
    snapshot: Snapshot | None = None,
    refunds: tuple[Refund, ...] = (),
) -> Reading:
    return Reading(
        order_id=setting.order.order_id,
        kind=kind,
        version=version,
        snapshot=snapshot,
        refunds=refunds,
        customer_email=setting.email,
    )


def _mended(random: Random, setting: Setting, phase: int, cart: tuple[Line, ...]) -> Iterator[Arriving]:
    """Yield a body that cannot be used, and the whole one that clears it, in one phase."""
    version = _version(random, setting, phase, setting.placed_at)
    whole = _body(random, setting, FactKind.EDITED, version + MINUTE / 2, Payment.PAID, cart)
    snapshot = Snapshot(placed_at=setting.placed_at)
    yield phase, _delivery(98, replace(whole, version=version, snapshot=snapshot, problem="no lines"))
    yield phase, _delivery(99, whole)


def _cancelled(snapshot: Snapshot | None, version: datetime) -> Snapshot | None:
    return snapshot and replace(snapshot, cancelled_at=version)


def _version(random: Random, setting: Setting, phase: int, earliest: datetime) -> datetime:
    """Return an instant shortly before a phase, never one whose holds would end inside a phase."""
    return max(setting.phases[phase] - random.randint(1, 40) * MINUTE, earliest)


def _state(random: Random) -> Payment:
    return random.choice((*(Payment.PAID,) * 6, Payment.PARTIALLY_REFUNDED, Payment.VOIDED))


def _line(random: Random, name: str) -> Line:
    quantity = random.choice((1, 1, 2, 3))
    gross = (
        random.choice((random.choice((0, 7)), 1999, 10_000, 33_333, 99_999, random.randrange(200_000)))
        * quantity
    )
    return Line(
        id=name,
        product_id=random.choice((None, None, "77")),
        sku=random.choice((None, None, "TEA", "MUG")),
        quantity_milli=quantity * 1000,
        gross_minor=gross,
        discount_minor=random.choice((0, 0, gross // 7)),
        tax_minor=random.choice((0, 0, gross // 11)),
        gift_card=random.random() < 0.04,
    )


def _edited(random: Random, cart: tuple[Line, ...]) -> tuple[Line, ...]:
    changed = _line(random, random.choice(cart).id)
    if random.random() < 0.3:
        return (*cart, replace(changed, id=f"l{len(cart)}"))
    return tuple(changed if line.id == changed.id else line for line in cart)


def _refund(random: Random, name: str, at: datetime, cart: Sequence[Line]) -> Refund:
    lines = random.sample(cart, random.randint(1, len(cart)))
    return Refund(id=name, created_at=at, lines=tuple(_refund_line(random, line) for line in lines))


def _refund_line(random: Random, line: Line) -> RefundLine:
    units = random.randint(1, line.quantity_milli // 1000)
    share = line.base_minor * units * 1000 // line.quantity_milli
    return RefundLine(
        line_id=line.id, quantity_milli=units * 1000, subtotal_minor=random.choice((share, share, share // 3))
    )


def alone(
    random: Random, setting: Setting, deliveries: Sequence[Arriving], *, may_stop_late: bool
) -> tuple[list[Arriving], bool]:
    """Return what must not share its phase with anything else of the order, and whether that stops it.

    A receipt, an allowing verdict, or one that stops an order that may have been released by then.
    """
    taken = {phase for phase, _ in deliveries}
    free = [phase for phase in range(2, len(setting.phases)) if phase not in taken]
    random.shuffle(free)
    found: list[Arriving] = []
    if free and random.random() < 0.4:
        found.append(_received(random, setting, free.pop()))
    if free and random.random() < 0.3:
        found.append(verdict(random, setting, free.pop(), Outcome.ALLOW))
    if free and may_stop_late and random.random() < 0.5:
        found.append(verdict(random, setting, free.pop(), random.choice(STOPS)))
        return found, True
    return found, False


def _received(random: Random, setting: Setting, phase: int) -> Arriving:
    at = _version(random, setting, phase, setting.placed_at)
    return phase, _delivery(97, _reading(setting, FactKind.RECEIVED, at, Snapshot(received_at=at)))


def verdict(random: Random, setting: Setting, phase: int, outcome: Outcome) -> Arriving:
    """Return a verdict that a person gave."""
    version = _version(random, setting, phase, setting.placed_at + timedelta(seconds=1))
    return phase, Fact(
        order=setting.order,
        program_id=PROGRAM_ID,
        kind=FactKind.VERDICT,
        version=version,
        digest=f"{outcome}{phase}",
        recorded_at=setting.phases[phase],
        verdict=Verdict(outcome=outcome, rule="person", evidence="looked at it"),
    )
