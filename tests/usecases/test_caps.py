"""The most that commissions may come to: per order, customer and promoter, in a period."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grapevine.domain.caps import Cap, CapPer, CapPeriod
from grapevine.domain.entries import EntryReason
from grapevine.domain.errors import ConcurrencyError, EntryExistsError, GrantMovedError
from grapevine.domain.facts import FactKind, Payment
from grapevine.domain.grants import Grant, GrantChange
from grapevine.domain.plans import AttributionModel, Plan
from grapevine.domain.verification import Fault
from grapevine.usecases.post_order import PostOrder, PostOrderPorts, post_order
from tests import builders as make
from tests.builders import ANA, BO, CY, T0, days, minutes
from tests.usecases.scarce import Racing, check, counters, gone, key, order, paid, post, stands, told
from tests.worlds import World, chain_world

DAILY = Cap(id="daily", per=CapPer.PROMOTER, period=CapPeriod.DAY, amount_minor=1_500)
FOR_LIFE = Cap(id="for-life", per=CapPer.CUSTOMER, period=CapPeriod.LIFETIME, amount_minor=2_000)
TODAY = "2026-11-11"


def capped(*caps: Cap, **changes: object) -> Plan:
    return make.plan(1000, 300, 100, caps=caps, **changes)


def world_of(*caps: Cap, **changes: object) -> World:
    return chain_world(capped(*caps, **changes))


# --- one order -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (1_400, {CY: 1000, BO: 300, ANA: 100}),
        (1_399, {CY: 1000, BO: 300, ANA: 99}),
        (1_250, {CY: 1000, BO: 250}),
        (1_000, {CY: 1000}),
        (1, {CY: 1}),
    ],
)
def test_all_levels_of_an_order_within_a_cap_the_furthest_from_the_sale_give_way(
    amount: int, expected: dict[str, int]
) -> None:
    world = world_of(Cap(id="order", per=CapPer.ORDER, amount_minor=amount))
    post(world, paid(1))
    assert stands(world, 1) == expected
    assert world.ledger.appended[0].grants == ()


def test_each_promoter_of_an_order_within_a_cap() -> None:
    world = world_of(Cap(id="each", per=CapPer.PROMOTER, amount_minor=200))
    post(world, paid(1))
    assert stands(world, 1) == {CY: 200, BO: 200, ANA: 100}


def test_a_cap_on_an_order_is_about_what_refunds_leave() -> None:
    world = world_of(Cap(id="order", per=CapPer.ORDER, amount_minor=600))
    post(world, paid(1))
    post(world, gone(1, 5_000))
    assert stands(world, 1) == {CY: 500, BO: 100}
    post(world, gone(1, 5_000, minutes(11)))
    assert stands(world, 1) == {}


def test_the_house_is_the_merchants_own_and_counts_under_no_cap() -> None:
    world = world_of(Cap(id="order", per=CapPer.ORDER, amount_minor=1_050), DAILY)
    bo = world.catalog.promoters(make.PROGRAM_ID, (BO,))[BO]
    world.catalog.change_promoter(make.suspended(bo), 0)
    post(world, paid(1))
    assert stands(world, 1) == {CY: 1000, "program": 300, ANA: 50}
    assert counters(world) == {f"cap.daily/{CY}/{TODAY}": 1000, f"cap.daily/{ANA}/{TODAY}": 50}


def test_a_promoter_on_two_levels_of_one_order_is_one_promoter() -> None:
    world = world_of(
        Cap(id="each", per=CapPer.PROMOTER, amount_minor=600), attribution_model=AttributionModel.LINEAR
    )
    world.clicks.record(make.click(id=make.CLICK_ID[:-1] + "9", promoter_id=BO, occurred_at=T0 - minutes(40)))
    post(world, paid(1))
    # Bo has 500 of his own half at level one and 150 at level two of Cy's.
    assert stands(world, 1) == {CY: 500, BO: 600, ANA: 150 + 50}


# --- over a period -------------------------------------------------------------------------------


def test_what_a_promoter_earns_in_a_day_is_capped_and_explained() -> None:
    world = world_of(DAILY)
    post(world, paid(1))
    post(world, paid(2))
    assert stands(world, 2) == {CY: 500, BO: 300, ANA: 100}
    assert counters(world) == {
        f"cap.daily/{CY}/{TODAY}": 1_500,
        f"cap.daily/{BO}/{TODAY}": 600,
        f"cap.daily/{ANA}/{TODAY}": 200,
    }
    known = told(world, 2)
    assert known["caps"][0] == {
        "cap": "daily",
        "per": "promoter",
        "subject": CY,
        "period": TODAY,
        "limit": "15.00",
        "wanted": "10.00",
        "granted": "5.00",
        "capped": True,
    }
    assert [row["earned"] for row in known["levels"]] == ["5.00", "3.00", "1.00"]
    assert [row["capped"] for row in known["caps"]] == [True, False, False]


def test_an_order_that_finds_nothing_left_records_what_it_wanted_and_asks_no_more() -> None:
    world = world_of(Cap(id="daily", per=CapPer.PROMOTER, period=CapPeriod.DAY, amount_minor=1_000))
    post(world, paid(1))
    entry = post(world, paid(2))
    assert entry is not None
    assert entry.grants[2] == Grant(key("cap.daily", CY, TODAY), 1000, 0)
    post(world, gone(1, 10_000))
    world.post(T0 + minutes(30), order(2))
    assert stands(world, 2) == {BO: 300, ANA: 100}
    assert world.post(T0 + minutes(30), order(2)) is None


def test_what_an_order_gives_back_a_later_one_may_have() -> None:
    world = world_of(DAILY)
    post(world, paid(1, 15_000))
    entry = post(world, gone(1, 6_000))
    assert entry is not None
    assert Grant(key("cap.daily", CY, TODAY), 900, 900) in entry.grants
    post(world, paid(2))
    assert stands(world, 2)[CY] == 600
    assert counters(world)[f"cap.daily/{CY}/{TODAY}"] == 1_500


def test_a_refund_of_what_was_wanted_and_not_granted_gives_nothing_back() -> None:
    world = world_of(DAILY)
    post(world, paid(1))
    post(world, paid(2))
    post(world, gone(2, 4_000))
    assert stands(world, 2)[CY] == 500
    assert counters(world)[f"cap.daily/{CY}/{TODAY}"] == 1_500
    post(world, gone(2, 3_000, minutes(11)))
    assert stands(world, 2)[CY] == 300
    post(world, gone(2, 3_000, minutes(12)))
    assert stands(world, 2) == {}
    assert counters(world)[f"cap.daily/{CY}/{TODAY}"] == 1_000


def test_an_order_that_is_edited_upward_asks_for_the_rise() -> None:
    world = world_of(DAILY)
    post(world, paid(1))
    edit = make.fact(
        FactKind.EDITED,
        minutes(5),
        order=order(1),
        snapshot=make.snapshot(lines=(make.line("a", 20_000),), customer_key="cu_eve"),
    )
    post(world, edit)
    assert stands(world, 1) == {CY: 1_500, BO: 600, ANA: 200}


def test_edge_14_an_order_that_is_paid_again_has_what_it_had_as_far_as_it_is_there() -> None:
    world = world_of(DAILY)
    bodies = (Payment.PENDING, Payment.PAID, Payment.PENDING, Payment.PAID)
    facts = [
        make.fact(
            FactKind.EDITED,
            minutes(5 + number),
            order=order(1),
            snapshot=make.snapshot(lines=(make.line("a", 10_000),), payment=payment, customer_key="cu_eve"),
        )
        for number, payment in enumerate(bodies)
    ]
    post(world, paid(1))
    post(world, facts[0])
    assert (stands(world, 1), counters(world)) == ({}, {})
    post(world, facts[1])
    assert stands(world, 1)[CY] == 1000
    post(world, facts[2])
    post(world, paid(2, 12_000))
    post(world, facts[3])
    assert stands(world, 1) == {CY: 300, BO: 300, ANA: 100}


def test_a_customers_orders_share_a_cap_for_ever_and_another_customer_has_their_own() -> None:
    world = world_of(FOR_LIFE)
    post(world, paid(1))
    post(world, paid(2))
    assert stands(world, 2) == {CY: 600}
    post(world, paid(3, at=days(40)), at=days(41))
    assert stands(world, 3) == {}
    post(world, paid(4, customer_key="cu_fay"))
    assert stands(world, 4) == {CY: 1000, BO: 300, ANA: 100}
    assert counters(world) == {"cap.for-life/cu_eve/ever": 2_000, "cap.for-life/cu_fay/ever": 1_400}


def test_an_order_that_names_no_customer_is_under_no_cap_per_customer() -> None:
    world = world_of(Cap(id="c", per=CapPer.CUSTOMER, period=CapPeriod.DAY, amount_minor=1))
    post(world, paid(1, customer_key=None))
    assert stands(world, 1) == {CY: 1000, BO: 300, ANA: 100}


def test_the_day_is_the_programs_own_and_the_instant_is_when_it_was_paid() -> None:
    """Eleven in the evening and one in the morning in Shanghai are two days, and one in UTC."""
    world = world_of(DAILY)
    post(world, paid(1, 15_000, minutes(6 * 60)), at=minutes(8 * 60))
    post(world, paid(2, 15_000, minutes(8 * 60)), at=minutes(8 * 60))
    assert stands(world, 2)[CY] == 1_500
    assert set(counters(world)) >= {f"cap.daily/{CY}/2026-11-11", f"cap.daily/{CY}/2026-11-12"}


def test_an_order_whose_day_turns_out_to_be_another_gives_back_and_asks_there() -> None:
    world = world_of(DAILY)
    post(world, paid(1, at=minutes(8 * 60)), at=minutes(8 * 60 + 1))
    earlier = make.fact(FactKind.PAID, minutes(2), order=order(1), snapshot=paid(1).snapshot)
    post(world, earlier, at=minutes(8 * 60 + 2))
    assert counters(world)[f"cap.daily/{CY}/2026-11-11"] == 1000
    assert f"cap.daily/{CY}/2026-11-12" not in counters(world)


def test_several_caps_hold_together_and_each_counts_what_was_earned() -> None:
    monthly = Cap(id="monthly", per=CapPer.PROMOTER, period=CapPeriod.MONTH, amount_minor=1_600)
    world = world_of(DAILY, monthly, FOR_LIFE, Cap(id="order", per=CapPer.ORDER, amount_minor=1_300))
    post(world, paid(1))
    assert stands(world, 1) == {CY: 1000, BO: 300}
    post(world, paid(2))
    assert stands(world, 2) == {CY: 500, BO: 200}
    post(world, paid(3, customer_key="cu_fay", at=days(1)), at=days(2))
    assert stands(world, 3) == {CY: 100, BO: 300}
    assert counters(world) == {
        f"cap.daily/{CY}/2026-11-11": 1_500,
        f"cap.daily/{BO}/2026-11-11": 500,
        f"cap.daily/{CY}/2026-11-12": 100,
        f"cap.daily/{BO}/2026-11-12": 300,
        f"cap.monthly/{CY}/2026-11": 1_600,
        f"cap.monthly/{BO}/2026-11": 800,
        "cap.for-life/cu_eve/ever": 2_000,
        "cap.for-life/cu_fay/ever": 400,
    }


def test_release_and_a_verdict_move_capped_money_and_ask_for_nothing() -> None:
    world = world_of(DAILY, FOR_LIFE)
    post(world, paid(1))
    entry = post(world, paid(2), at=minutes(20))
    assert entry is not None
    released = world.post(T0 + days(40), order(2))
    assert released is not None
    assert (released.reason, released.grants) == (EntryReason.RELEASED, ())
    check(world)
    assert stands(world, 2) == {CY: 500, BO: 100}


# --- other writers, and the proof ----------------------------------------------------------------


@pytest.mark.parametrize(("times", "left"), [(0, 1000), (1, 700), (2, 0)])
def test_who_finds_less_left_than_was_read_starts_over(times: int, left: int) -> None:
    world = world_of(DAILY)
    world.append(paid(1))
    ports = PostOrderPorts(Racing(world, times), world.facts, world.clicks, world.catalog, world.pages)
    post_order(PostOrder(order(1)), ports, T0 + minutes(20))
    check(world)
    assert stands(world, 1).get(CY, 0) == left
    assert counters(world)[f"cap.daily/{CY}/{TODAY}"] == min(1_500, 1000 + 800 * times)


def test_a_counter_and_an_entry_move_together_or_not_at_all() -> None:
    world = world_of(DAILY)
    entry = post(world, paid(1))
    assert entry is not None
    cy = key("cap.daily", CY, TODAY)
    with pytest.raises(EntryExistsError):
        world.ledger.append(entry, (GrantChange(cy, 1, 9_999),))
    with pytest.raises(GrantMovedError):
        world.ledger.append(replace(entry, sequence=2), (GrantChange(cy, 501, 1_500),))
    assert world.ledger.entries_of(order(1)) == (entry,)
    assert issubclass(GrantMovedError, ConcurrencyError)
    assert world.ledger.counters[cy] == 1000


def test_a_counter_that_somebody_changed_is_a_fault() -> None:
    world = world_of(DAILY)
    post(world, paid(1))
    cy, stray = key("cap.daily", CY, TODAY), key("cap.daily", "pr_nobody", TODAY)
    world.ledger.counters |= {cy: 900, stray: 5}
    assert world.proof().faults == (
        Fault("grant", str(cy), "stored 900, entries say 1000"),
        Fault("grant", str(stray), "stored 5, entries say 0"),
    )
    del world.ledger.counters[cy], world.ledger.counters[stray]
    assert world.proof().faults == (Fault("grant", str(cy), "stored 0, entries say 1000"),)
