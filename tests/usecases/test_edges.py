"""Edge cases by their number: what an order, its refunds and its clicks come to when something is odd.

The numbers are those of `docs/edge-cases.md`; others stand where their subject is tested.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest

from grapevine.domain.candidates import Reason
from grapevine.domain.entries import EntryReason, standing
from grapevine.domain.errors import OrderUnprocessableError
from grapevine.domain.facts import Fact, FactKind, Line, OrderKey, Outcome, Payment
from grapevine.domain.money import Rounding
from grapevine.domain.plans import GRACE
from grapevine.usecases.place_order import Placed, PlaceOrder, PlaceOrderPorts, Receipt, place_order
from grapevine.usecases.publish_plan import PublishPlan, publish_plan
from grapevine.usecases.track_click import TrackClick, TrackClickPorts, track_click
from tests import builders as make
from tests.builders import CY, PROGRAM_ID, STOREFRONT_ID, T0, days, minutes
from tests.usecases.webhooks import headers_of, line, order_body, refund_body
from tests.worlds import SECRETS, World, chain_world

PAID = make.fact(FactKind.PAID, minutes(1))
MOMENT = timedelta(milliseconds=1)
NEVER_SEEN = "8" * 22 + "-" + "9" * 20
"""A click that an order names before it was recorded."""


def deliver(
    world: World, body: dict[str, Any], topic: str = "orders/paid", storefront_id: str = STOREFRONT_ID
) -> Placed:
    """Let a signed webhook arrive."""
    raw = json.dumps(body).encode()
    ports = PlaceOrderPorts(
        storefronts=world.catalog,
        secrets=world.secrets,
        adapters=world.storefront_adapters,
        raw_bodies=world.raw_bodies,
        facts=world.facts,
        queue=world.shop_queue,
    )
    command = PlaceOrder(storefront_id=storefront_id, raw=raw, headers=headers_of(raw, topic))
    return place_order(command, ports, T0 + minutes(2))


def sold(*base_minor: int, rounding: Rounding = Rounding.HALF_EVEN) -> World:
    """Return a world in which an order of these lines, a, b and so on, stands at ten per cent."""
    world = chain_world(make.plan(1000), rounding=rounding)
    cart = tuple(make.line(name, minor) for name, minor in zip("abc", base_minor, strict=False))
    arrive(world, make.fact(FactKind.PAID, minutes(1), snapshot=make.snapshot(lines=cart)))
    return world


def arrive(world: World, *facts: Fact, later: timedelta = timedelta(0)) -> int:
    """Let facts arrive and be posted a minute later, and return what Cy has then, wherever it is."""
    world.append(*facts)
    world.post(max(fact.recorded_at for fact in facts) + minutes(1) + later)
    return earned(world)


def earned(world: World, order: OrderKey = make.ORDER) -> int:
    amounts = standing(world.ledger.entries_of(order))
    return sum(minor for (account, _), minor in amounts.items() if account.owner == CY)


def reasons(world: World) -> list[EntryReason]:
    return [entry.reason for entry in world.ledger.entries_of(make.ORDER)]


# --- order, refund, reversal ---------------------------------------------------------------------


def test_edge_1_the_same_webhook_again_is_known_and_changes_nothing() -> None:
    world = chain_world()
    first = deliver(world, order_body("1001"))
    world.post(T0 + minutes(3))
    before = world.ledger.entries_of(make.ORDER)
    again = deliver(world, order_body("1001"))
    assert (first.receipt, again.receipt) == (Receipt.APPENDED, Receipt.KNOWN)
    assert first.orders == again.orders
    assert world.post(T0 + minutes(4)) is None
    assert world.ledger.entries_of(make.ORDER) == before


def test_edge_2_of_two_deliveries_at_once_one_is_appended_and_one_is_known() -> None:
    for _ in range(20):
        world, ready = chain_world(), Barrier(2)

        def arrives(world: World = world, ready: Barrier = ready) -> Placed:
            ready.wait()
            placed = deliver(world, order_body("1001"))
            world.post(T0 + minutes(3))
            return placed

        with ThreadPoolExecutor(2) as threads:
            one, other = (future.result() for future in [threads.submit(arrives) for _ in range(2)])
        assert {one.receipt, other.receipt} == {Receipt.APPENDED, Receipt.KNOWN}
        assert one.orders == other.orders
        assert len(world.ledger.entries_of(make.ORDER)) == 1


def test_edge_3_one_order_id_in_two_storefronts_is_two_orders() -> None:
    world = chain_world()
    world.catalog.add_storefront(make.storefront(id="sf_two"))
    world.secrets.put_storefront_secrets("sf_two", SECRETS)
    other = OrderKey("sf_two", "1001")
    for storefront_id, price in ((STOREFRONT_ID, "100.00"), ("sf_two", "50.00")):
        body = order_body("1001", line_items=[line(11, price)])
        assert deliver(world, body, storefront_id=storefront_id).receipt is Receipt.APPENDED
    for order in (make.ORDER, other):
        world.post(T0 + minutes(3), order)
    assert (earned(world), earned(world, other)) == (1_000, 500)


def test_edge_5_a_refund_told_again_takes_back_the_difference_only() -> None:
    world = sold(10_000)
    told = (make.refund("r1", ("a", 2_000)), make.refund("r2", ("a", 3_000)))
    assert arrive(world, make.refunded("r1", minutes(60), ("a", 2_000))) == 800
    assert arrive(world, make.refunded("r1", minutes(61), ("a", 2_000))) == 800
    whole = make.snapshot(lines=(make.line("a", 10_000),), payment=Payment.PARTIALLY_REFUNDED)
    assert arrive(world, make.fact(FactKind.EDITED, minutes(90), snapshot=whole, refunds=told)) == 500
    assert arrive(world, make.refunded("r2", minutes(91), ("a", 3_000))) == 500


def test_edge_6_a_partly_refunded_line_gives_back_its_part_and_the_last_refund_leaves_nothing() -> None:
    world = sold(10_000, 3_333)
    assert earned(world) == 1_333
    assert arrive(world, make.refunded("r1", minutes(60), ("b", 1_000))) == 1_333 - 100
    assert arrive(world, make.refunded("r2", minutes(61), ("b", 2_333))) == 1_333 - 333
    assert arrive(world, make.refunded("r3", minutes(62), ("a", 10_000))) == 0


def test_edge_9_partial_refunds_that_each_round_down_still_add_up_to_everything() -> None:
    world = sold(1_000)
    left = [
        arrive(world, make.refunded(f"r{number}", minutes(60 + number), ("a", minor)))
        for number, minor in enumerate((333, 333, 334))
    ]
    assert left == [100 - 33, 100 - 67, 0]


NO_AMOUNT = {"shop_money": {"amount": "0.00", "currency_code": "USD"}}
TAX = {"shop_money": {"amount": "8.25", "currency_code": "USD"}}
TAX_ALONE = {"line_item_id": 11, "quantity": 0, "subtotal_set": NO_AMOUNT, "total_tax_set": TAX}


@pytest.mark.parametrize(
    "refund",
    [
        {"order_adjustments": [{"kind": "shipping_refund", "amount": "-5.00"}]},
        {
            "refund_line_items": [
                {"line_item_id": 11, "quantity": 0, "subtotal_set": NO_AMOUNT, "total_tax_set": TAX}
            ]
        },
    ],
    ids=["shipping", "tax"],
)
def test_edge_10_a_refund_of_what_is_not_in_the_base_takes_nothing_back(refund: dict[str, Any]) -> None:
    world = chain_world()
    deliver(world, order_body("1001"))
    world.post(T0 + minutes(3))
    placed = deliver(world, {**refund_body("1001", "61"), **refund}, "refunds/create")
    assert placed.problem is None
    world.post(T0 + minutes(61))
    assert earned(world) == 1_333


def test_edge_12_an_order_edited_upward_earns_the_difference_by_its_own_version_of_the_plan() -> None:
    world = chain_world(make.plan(1000))
    publish_plan(PublishPlan(PROGRAM_ID, make.plan(500, effective_at=T0 + minutes(30))), world.catalog, T0)
    assert arrive(world, PAID) == 1_333
    larger = make.snapshot(lines=(make.line("a", 20_000), make.line("b", 3_333)))
    assert arrive(world, make.fact(FactKind.EDITED, minutes(60), snapshot=larger)) == 2_333
    assert reasons(world) == [EntryReason.ACCRUED, EntryReason.EDITED]


def test_edge_13_an_order_cancelled_before_it_was_paid_moves_nothing() -> None:
    world = chain_world()
    pending = make.snapshot(payment=Payment.PENDING)
    cancelled = make.snapshot(payment=Payment.PENDING, cancelled_at=T0 + minutes(9))
    assert arrive(world, make.fact(FactKind.PLACED, snapshot=pending)) == 0
    assert arrive(world, make.fact(FactKind.CANCELLED, minutes(9), snapshot=cancelled)) == 0
    assert world.ledger.entries_of(make.ORDER) == ()


def test_edge_14_a_payment_that_fails_and_succeeds_again_is_compensated_not_edited() -> None:
    world = chain_world()
    failed = make.fact(FactKind.EDITED, minutes(10), snapshot=make.snapshot(payment=Payment.VOIDED))
    assert arrive(world, PAID) == 1_333
    (first,) = world.ledger.entries_of(make.ORDER)
    assert arrive(world, failed) == 0
    assert arrive(world, make.fact(FactKind.PAID, minutes(20))) == 1_333
    assert reasons(world) == [EntryReason.ACCRUED, EntryReason.UNPAID, EntryReason.ACCRUED]
    assert world.ledger.entries_of(make.ORDER)[0] == first


def test_edge_15_a_chargeback_and_the_dispute_that_is_won_are_a_pair_with_no_net() -> None:
    """What we know of both is the payment's state, here after the money became payable."""
    world = chain_world()
    arrive(world, PAID, make.verdict(Outcome.ALLOW))
    world.post(T0 + days(31))
    taken = make.fact(FactKind.EDITED, days(40), snapshot=make.snapshot(payment=Payment.VOIDED))
    given = make.fact(FactKind.EDITED, days(50), snapshot=make.snapshot(payment=Payment.PAID))
    assert arrive(world, taken) == 0
    assert arrive(world, given) == 1_333
    pair = world.ledger.entries_of(make.ORDER)[-2:]
    assert all(entry.postings for entry in pair)
    assert set(standing(pair).values()) <= {0}
    world.fold()
    assert world.balance(CY).payable_minor == 1_333
    assert world.proof().faults == ()


@pytest.mark.parametrize(
    "free", [make.line("a", 0), make.line("a", 10_000, gross_minor=10_000, discount_minor=10_000)], ids=str
)
def test_edge_16_an_order_of_nothing_counts_and_earns_nothing(free: Line) -> None:
    world = chain_world()
    assert arrive(world, make.fact(FactKind.PAID, minutes(1), snapshot=make.snapshot(lines=(free,)))) == 0
    (entry,) = world.ledger.entries_of(make.ORDER)
    assert entry.postings == ()
    assert entry.decision
    assert entry.decision.promoter_ids[0] == CY


# --- attribution ---------------------------------------------------------------------------------


def clicked(after: timedelta, recorded_at: datetime | None = None) -> World:
    """Return a world whose one click happened so long after the order of T0, or before it."""
    world = chain_world(make.plan(1000))
    occurred_at = T0 + after
    world.clicks.record(
        make.click(id=NEVER_SEEN, occurred_at=occurred_at, recorded_at=recorded_at or occurred_at)
    )
    return world


def order_of(click_id: str = NEVER_SEEN) -> Fact:
    return make.fact(FactKind.PAID, minutes(1), snapshot=make.snapshot(click_id=click_id))


def judged(world: World) -> Reason:
    """Return why the order's one touch was taken or not."""
    decision = world.ledger.entries_of(make.ORDER)[-1].decision
    assert decision
    (touch,) = decision.candidates
    return touch.reason


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (timedelta(seconds=5), Reason.ELIGIBLE),
        (timedelta(seconds=5) + MOMENT, Reason.AFTER_ORDER),
        (minutes(10), Reason.AFTER_ORDER),
    ],
)
def test_edge_22_a_click_after_its_order_counts_within_the_skew_of_two_clocks_only(
    after: timedelta, reason: Reason
) -> None:
    world = clicked(after)
    arrive(world, order_of(), later=minutes(20))
    assert judged(world) is reason
    assert earned(world) == (1_333 if reason is Reason.ELIGIBLE else 0)
    decision = world.ledger.entries_of(make.ORDER)[-1].decision
    assert decision
    assert decision.candidates[0].occurred_at == T0 + after


def test_edge_23_a_click_recorded_late_counts_while_the_grace_lasts() -> None:
    world = chain_world(make.plan(1000))
    assert arrive(world, order_of()) == 0
    (entry,) = world.ledger.entries_of(make.ORDER)
    assert (entry.due_at, entry.decision and entry.decision.reason) == (T0 + GRACE, Reason.CLICK_PENDING)
    world.clicks.record(make.click(id=NEVER_SEEN, recorded_at=T0 + GRACE))
    world.sweep(T0 + GRACE)
    assert earned(world) == 1_333


def test_edge_23_after_the_grace_the_attribution_stays() -> None:
    world = chain_world(make.plan(1000))
    arrive(world, order_of())
    world.sweep(T0 + GRACE + minutes(1))
    world.clicks.record(make.click(id=NEVER_SEEN, recorded_at=T0 + GRACE + minutes(2)))
    assert arrive(world, make.refunded("r1", minutes(120))) == 0
    late = clicked(-minutes(5), T0 + GRACE + MOMENT)
    assert arrive(late, order_of(), later=minutes(90)) == 0
    assert judged(late) is Reason.RECORDED_LATE


@pytest.mark.parametrize(
    ("age", "reason"),
    [
        (days(30) - MOMENT, Reason.ELIGIBLE),
        (days(30), Reason.OUTSIDE_WINDOW),
        (days(30) + MOMENT, Reason.OUTSIDE_WINDOW),
    ],
)
def test_edge_24_the_window_is_half_open_and_exactly_thirty_days_are_outside(
    age: timedelta, reason: Reason
) -> None:
    world = clicked(-age)
    arrive(world, order_of())
    assert judged(world) is reason


def test_edge_35_a_preview_never_wins_an_order() -> None:
    world = chain_world()
    visit = TrackClick(link_code=make.link().code, user_agent="facebookexternalhit/1.1")
    ports = TrackClickPorts(world.catalog, world.clicks, world.random_bytes)
    sent = track_click(visit, ports, T0 - minutes(5))
    assert sent.click
    assert "gv_click" not in sent.location
    assert arrive(world, order_of(sent.click.id)) == 0
    assert judged(world) is Reason.BOT


# --- money ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rounding", "base_minor", "total", "back", "left"),
    [
        # A total of 2.5 or 3.5; then 1.5 or 2.5 of a total of 5 that goes back.
        (Rounding.HALF_EVEN, 25, 2, 0, 2),
        (Rounding.HALF_EVEN, 35, 4, 0, 4),
        (Rounding.FLOOR, 25, 2, 0, 2),
        (Rounding.FLOOR, 35, 3, 0, 3),
        (Rounding.HALF_EVEN, 50, 5, 15, 5 - 2),
        (Rounding.HALF_EVEN, 50, 5, 25, 5 - 2),
        (Rounding.FLOOR, 50, 5, 15, 5 - 1),
        (Rounding.FLOOR, 50, 5, 25, 5 - 2),
    ],
)
def test_edge_65_half_a_minor_unit_goes_the_programs_one_way(
    rounding: Rounding, base_minor: int, total: int, back: int, left: int
) -> None:
    world = sold(base_minor, rounding=rounding)
    assert earned(world) == total
    assert arrive(world, make.refunded("r1", minutes(60), ("a", back))) == left
    assert arrive(world, make.refunded("r2", minutes(61), ("a", base_minor - back))) == 0


def test_edge_66_what_does_not_divide_goes_to_the_largest_remainder_then_to_the_first_line() -> None:
    world = sold(333, 333, 333)
    assert earned(world) == 100
    assert arrive(world, make.refunded("r1", minutes(60), ("a", 333))) == 100 - 34
    assert arrive(world, make.refunded("r2", minutes(61), ("b", 333))) == 100 - 34 - 33
    assert arrive(world, make.refunded("r3", minutes(62), ("c", 333))) == 0


@pytest.mark.parametrize(
    ("currency", "price", "minor"), [("JPY", "1000", 100), ("USD", "10.10", 101), ("KWD", "1.010", 101)]
)
def test_edge_67_a_currency_has_the_decimals_it_has(currency: str, price: str, minor: int) -> None:
    world = chain_world(make.plan(1000), currency=currency)
    deliver(world, order_body("1001", currency=currency, line_items=[line(11, price)]))
    world.post(T0 + minutes(3))
    world.fold()
    assert world.balance(CY, currency).held_minor == minor


@pytest.mark.parametrize(
    "price", ["12,50", "1.234,50", "1 234.50", "\u0661\u0662.50", "\uff11\uff12.\uff15", "1e3", "$5"]
)
def test_edge_70_only_plain_decimals_are_amounts(price: str) -> None:
    world = chain_world()
    placed = deliver(world, order_body("1001", line_items=[line(11, price)]))
    assert placed.problem
    assert "line_items[0].price: not a decimal amount" in placed.problem
    with pytest.raises(OrderUnprocessableError, match="not a decimal amount"):
        world.post(T0 + minutes(3))
    assert world.ledger.entries_of(make.ORDER) == ()


@pytest.mark.parametrize(
    ("lines", "where"),
    [
        ([line(11, "1.00", 1_000_001)], "line_items[0].quantity: must be 0 to 1000000"),
        ([line(11, "99999999999999999.00")], "line_items[0].price"),
        ([line(11, "9" * 5_000)], "line_items[0].price"),
        ([line(11, "9000000000.00", 1_000_000)], "line_items"),
    ],
    ids=["quantity", "price", "digits", "together"],
)
def test_edge_71_what_is_too_large_is_refused_with_its_place(lines: list[Any], where: str) -> None:
    world = chain_world()
    placed = deliver(world, order_body("1001", line_items=lines))
    assert placed.problem
    assert placed.problem.startswith(where)
    with pytest.raises(OrderUnprocessableError):
        world.post(T0 + minutes(3))
    assert world.ledger.entries_of(make.ORDER) == ()


# --- settlement ----------------------------------------------------------------------------------


@pytest.mark.parametrize("other_days", [0, 180])
def test_edge_72_an_order_keeps_the_hold_that_was_in_force(other_days: int) -> None:
    world = chain_world(make.plan(1000))
    other = make.plan(
        1000,
        effective_at=T0 + minutes(30),
        hold_days_after_payment=other_days,
        hold_days_after_receipt=other_days,
    )
    publish_plan(PublishPlan(PROGRAM_ID, other), world.catalog, T0)
    arrive(world, PAID, make.verdict(Outcome.ALLOW))
    arrive(world, make.refunded("r1", minutes(60), ("b", 3_333)))
    ends = T0 + minutes(1) + days(30)
    assert world.ledger.entries_of(make.ORDER)[0].due_at == ends
    assert world.post(ends - MOMENT) is None
    released = world.post(ends)
    assert released
    assert released.released


def test_edge_72_only_the_orders_own_facts_move_its_hold() -> None:
    world = chain_world(make.plan(1000))
    arrive(world, PAID, make.verdict(Outcome.ALLOW))
    receipt = make.fact(FactKind.RECEIVED, days(2), snapshot=make.snapshot(received_at=T0 + days(2)))
    arrive(world, receipt)
    assert world.ledger.entries_of(make.ORDER)[-1].due_at == T0 + days(2) + days(7)
    released = world.post(T0 + days(9))
    assert released
    assert released.released
