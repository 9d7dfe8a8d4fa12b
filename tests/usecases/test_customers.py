"""Customers who come back: bindings, new customers only, recurring orders, two keys of one person."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grapevine.domain.chains import HOUSE
from grapevine.domain.decisions import Decision
from grapevine.domain.entries import standing
from grapevine.domain.errors import AlreadyExistsError, InvalidInputError, NotFoundError
from grapevine.domain.explanation import explained, explanation
from grapevine.domain.facts import Fact, FactKind, OrderKey, Payment
from grapevine.domain.fx import Rate
from grapevine.domain.people import subject_key
from grapevine.domain.plans import AttributionModel, BindingPolicy, Recurring, SelfPurchase
from grapevine.usecases.create_coupon import CreateCoupon, create_coupon
from grapevine.usecases.register_customer import (
    CustomerPorts,
    JoinCustomers,
    RegisterCustomer,
    join_customers,
    register_customer,
)
from tests import builders as make
from tests.builders import ANA, BO, CY, PROGRAM_ID, STOREFRONT_ID, T0, days, minutes
from tests.strategies import PATIENT
from tests.worlds import SUBJECT_KEY, World, chain_world

DEE = "pr_dee"
KEY, OTHER_KEY = "a" * 24, "b" * 24
FIRST_EVER, TIMED = {"binding": BindingPolicy.FIRST_EVER}, {"binding": BindingPolicy.TIMED}
REGISTRATION, ALWAYS = {"binding": BindingPolicy.REGISTRATION}, {"binding": BindingPolicy.ALWAYS}


def town(**terms: object) -> World:
    """Return a world of one level, nobody clicked yet, with a promoter outside the chain."""
    world = chain_world(make.plan(1000, **terms))
    world.clicks.stored.clear()
    world.catalog.add_promoter(make.promoter(DEE))
    return world


def named(number: float) -> OrderKey:
    return OrderKey(STOREFRONT_ID, str(number))


def order(at: float, **told: object) -> Fact:
    """Return an order of 100.00 that is placed and paid that many days from T0, named by them."""
    placed_at = T0 + days(at)
    values = {"lines": (make.line("a", 10_000),), "click_id": None, "customer_key": KEY, **told}
    return make.fact(
        FactKind.PAID,
        days(at),
        order=named(at),
        recorded_at=placed_at,
        snapshot=make.snapshot(placed_at=placed_at, **values),
    )


def clicked(world: World, promoter_id: str, at: float) -> str:
    """Let somebody of their own click an hour before that day's order."""
    instant = T0 + days(at) - minutes(60)
    visitor = f"{int(at * 1000):022d}"
    click = make.click(
        id=f"{visitor}-{1:020d}",
        promoter_id=promoter_id,
        upline=(),
        occurred_at=instant,
        recorded_at=instant,
    )
    world.clicks.record(click)
    return click.id


def buys(world: World, at: float, through: str | None = None, **told: object) -> dict[str, int]:
    """Let the customer buy that day, through somebody's click or nobody's; return who earned."""
    click_id = clicked(world, through, at) if through else None
    world.append(order(at, **{"click_id": click_id, **told}))
    return posted(world, at)


def posted(world: World, at: float) -> dict[str, int]:
    """Post when the order came and when its grace has ended; return who has what."""
    for now in (minutes(1), minutes(61)):
        world.post(T0 + days(at) + now, named(at))
    world.fold()
    assert world.proof().faults == ()
    return earned(world, at)


def earned(world: World, at: float) -> dict[str, int]:
    amounts: dict[str, int] = {}
    for (account, _), minor in standing(world.ledger.entries_of(named(at))).items():
        if account.leaf != "commission":
            amounts[account.owner] = amounts.get(account.owner, 0) + minor
    return amounts


def decided(world: World, at: float) -> Decision:
    found = [entry.decision for entry in world.ledger.entries_of(named(at)) if entry.decision]
    return found[-1]


def ports(world: World) -> CustomerPorts:
    return CustomerPorts(world.catalog, world.clicks, world.secrets)


def registers(world: World, promoter_id: str, at: float, customer: str = KEY) -> None:
    command = RegisterCustomer(program_id=PROGRAM_ID, customer=customer, promoter_id=promoter_id)
    register_customer(command, ports(world), T0 + days(at))


# --- 31: the binding policies -----------------------------------------------------------------


def test_edge_31_without_a_policy_an_order_is_whose_touch_it_has_and_nobodys_without() -> None:
    world = town()
    registers(world, CY, -1)
    assert buys(world, 0, CY) == {CY: 1000}
    assert buys(world, 1) == {}
    assert buys(world, 2, DEE) == {DEE: 1000}
    assert world.catalog.customer(PROGRAM_ID, KEY).orders == ()
    assert world.ledger.entries_of(named(1)) == ()


def test_edge_31_first_ever_binds_for_good() -> None:
    world = town(**FIRST_EVER)
    assert buys(world, 0) == {}
    assert buys(world, 1, CY) == {CY: 1000}
    assert buys(world, 2, DEE) == {CY: 1000}
    assert buys(world, 3, CY) == {CY: 1000}
    assert buys(world, 900) == {CY: 1000}
    assert decided(world, 2).reason == "binding"
    assert decided(world, 900).candidates[-1].binding == str(named(1))
    assert [(c.promoter_id, c.reason, c.binding) for c in decided(world, 2).candidates] == [
        (DEE, "eligible", None),
        (CY, "eligible", str(named(1))),
    ]


def test_edge_31_registration_only_means_that_orders_bind_nobody() -> None:
    world = town(**REGISTRATION)
    assert buys(world, 0, DEE) == {DEE: 1000}
    assert buys(world, 1) == {}
    registers(world, CY, 2)
    registers(world, DEE, 3)
    assert buys(world, 4, DEE) == {CY: 1000}
    assert buys(world, 500) == {CY: 1000}


def test_edge_31_a_timed_binding_ends_after_its_days() -> None:
    world = town(**TIMED, binding_days=20, protection_days=5)
    assert buys(world, 0, CY) == {CY: 1000}
    assert buys(world, 19) == {CY: 1000}
    assert buys(world, 20) == {}
    assert buys(world, 21, DEE) == {DEE: 1000}
    assert buys(world, 22) == {DEE: 1000}


def test_edge_31_a_protected_customer_cannot_be_taken_and_one_who_is_not_can() -> None:
    world = town(**TIMED, binding_days=30, protection_days=10)
    assert buys(world, 0, CY) == {CY: 1000}
    assert buys(world, 9.9, DEE) == {CY: 1000}
    assert buys(world, 10, DEE) == {DEE: 1000}
    assert buys(world, 11, CY) == {DEE: 1000}
    assert buys(world, 12) == {DEE: 1000}


def test_edge_31_a_promoters_own_touch_renews_their_timed_binding_and_an_order_without_one_does_not() -> None:
    world = town(**TIMED, binding_days=30, protection_days=10)
    assert buys(world, 0, CY) == {CY: 1000}
    assert buys(world, 8, CY) == {CY: 1000}
    assert buys(world, 17, DEE) == {CY: 1000}
    assert buys(world, 18) == {CY: 1000}
    assert buys(world, 37.9) == {CY: 1000}
    assert buys(world, 38) == {}


def test_edge_31_always_means_whose_touch_was_last() -> None:
    world = town(**ALWAYS)
    assert buys(world, 0, CY) == {CY: 1000}
    assert buys(world, 1) == {CY: 1000}
    assert buys(world, 2, DEE) == {DEE: 1000}
    assert buys(world, 800) == {DEE: 1000}


@pytest.mark.parametrize(("terms", "winner"), [(FIRST_EVER, CY), (ALWAYS, DEE)])
def test_edge_31_a_protected_binding_wins_over_a_coupon_too(terms: dict[str, object], winner: str) -> None:
    world = town(**terms)
    create_coupon(
        CreateCoupon(program_id=PROGRAM_ID, promoter_id=DEE, code="DEE10"), world.catalog, T0 - days(1)
    )
    assert buys(world, 0, CY) == {CY: 1000}
    assert buys(world, 1, coupon_codes=("DEE10",)) == {winner: 1000}


def test_edge_31_a_coupon_binds_as_a_click_does() -> None:
    world = town(**FIRST_EVER)
    create_coupon(
        CreateCoupon(program_id=PROGRAM_ID, promoter_id=DEE, code="DEE10"), world.catalog, T0 - days(1)
    )
    assert buys(world, 0, coupon_codes=("DEE10",)) == {DEE: 1000}
    assert buys(world, 1, CY) == {DEE: 1000}


def test_edge_31_of_a_split_order_the_one_clicked_last_binds() -> None:
    world = town(**FIRST_EVER, attribution_model=AttributionModel.LINEAR)
    earlier = make.click(
        id=f"{0:022d}-{0:020d}",
        promoter_id=CY,
        upline=(),
        occurred_at=T0 - days(1),
        recorded_at=T0 - days(1),
    )
    world.clicks.record(earlier)
    assert buys(world, 0, DEE) == {CY: 500, DEE: 500}
    assert buys(world, 1) == {DEE: 1000}


def test_edge_31_a_bound_promoter_who_is_suspended_leaves_the_order_to_the_touches_then_to_the_house() -> (
    None
):
    world = town(**FIRST_EVER)
    assert buys(world, 0, CY) == {CY: 1000}
    key = (PROGRAM_ID, CY)
    world.catalog._promoters[key] = make.suspended(world.catalog._promoters[key], days(1))
    assert buys(world, 2, DEE) == {DEE: 1000}
    assert buys(world, 3) == {HOUSE: 1000}
    assert [candidate.reason for candidate in decided(world, 3).candidates] == ["suspended"]


def test_edge_31_the_upline_of_the_bound_promoter_earns_with_them() -> None:
    world = chain_world(make.plan(1000, 300, 100, **FIRST_EVER))
    world.clicks.stored.clear()
    registers(world, CY, -1)
    assert buys(world, 0) == {CY: 1000, BO: 300, ANA: 100}


def test_edge_31_an_order_of_nobody_known_has_no_history() -> None:
    world = town(**FIRST_EVER)
    assert buys(world, 0, CY, customer_key=None) == {CY: 1000}
    assert buys(world, 1, customer_key=None) == {}
    assert world.ledger.entries_of(named(1)) == ()


@pytest.mark.parametrize(
    ("policy", "expected"), [(SelfPurchase.REBATE, {CY: 1000}), (SelfPurchase.BLOCK, {})]
)
def test_edges_31_33_nobody_is_tied_to_themselves_but_for_a_rebate(
    policy: SelfPurchase, expected: dict[str, int]
) -> None:
    world = chain_world(make.plan(1000, 300, **FIRST_EVER, self_purchase=policy))
    world.clicks.stored.clear()
    key = (PROGRAM_ID, CY)
    world.catalog._promoters[key] = replace(world.catalog._promoters[key], customer_key=KEY)
    registers(world, CY, -1)
    assert buys(world, 0) == expected


def test_edge_31_the_policy_is_that_of_the_plan_the_order_was_paid_under() -> None:
    world = town(**FIRST_EVER)
    world.catalog.add_plan(PROGRAM_ID, make.plan(1000, version=2, effective_at=T0 + days(5)))
    assert buys(world, 0, CY) == {CY: 1000}
    assert buys(world, 4.9) == {CY: 1000}
    assert buys(world, 5) == {}


def test_edge_31_new_customers_only() -> None:
    world = town(new_customers_only=True)
    assert buys(world, 0, CY) == {CY: 1000}
    assert buys(world, 1, DEE) == {}
    assert decided(world, 1).reason == "existing_customer"
    assert buys(world, 2, DEE, customer_key=OTHER_KEY) == {DEE: 1000}


def test_edge_31_a_customer_who_bought_without_any_link_is_not_new() -> None:
    world = town(new_customers_only=True)
    assert buys(world, 0) == {}
    assert decided(world, 0).customer is not None
    assert buys(world, 1, CY) == {}


def test_edge_31_an_order_without_any_link_is_remembered_also_when_it_is_reported_late() -> None:
    world = town(new_customers_only=True)
    world.append(order(0))
    world.post(T0 + days(0.5), named(0))
    assert [entry.due_at for entry in world.ledger.entries_of(named(0))] == [None]
    assert buys(world, 1, CY) == {}


def test_edge_31_an_order_that_was_never_paid_makes_nobody_a_customer() -> None:
    world = town(new_customers_only=True)
    assert buys(world, 0, CY, payment=Payment.PENDING) == {}
    assert buys(world, 1, CY) == {CY: 1000}


def test_edge_31_of_two_orders_of_one_instant_one_is_first() -> None:
    world = town(new_customers_only=True)
    for number in ("x1", "x2"):
        told = order(0, click_id=clicked(world, CY, 0))
        world.append(replace(told, order=OrderKey(STOREFRONT_ID, number), digest=number))
    for at in (1, 61, 62):
        for number in ("x2", "x1"):
            world.post(T0 + minutes(at), OrderKey(STOREFRONT_ID, number))
    stands = {n: standing(world.ledger.entries_of(OrderKey(STOREFRONT_ID, n))) for n in ("x1", "x2")}
    assert (bool(stands["x1"]), bool(stands["x2"])) == (True, False)


# --- recurring orders -------------------------------------------------------------------------


def test_edge_31_first_only_pays_the_first_attributed_order() -> None:
    world = town(recurring=Recurring.FIRST_ONLY)
    assert buys(world, 0) == {}
    assert buys(world, 1, CY) == {CY: 1000}
    assert buys(world, 2, CY) == {}
    assert buys(world, 3, DEE) == {}
    assert decided(world, 3).reason == "repeat_order"


def test_edge_31_months_are_counted_from_the_first_attributed_order_and_end_half_open() -> None:
    world = town(recurring=Recurring.MONTHS, recurring_months=3, **FIRST_EVER)
    assert buys(world, 0, CY) == {CY: 1000}
    assert buys(world, 91.9) == {CY: 1000}
    assert T0 + days(92) == datetime.fromisoformat("2027-02-11T09:00:00Z")
    assert buys(world, 92) == {}
    assert buys(world, 93, DEE) == {}


def test_edge_31_lifetime_pays_every_order_of_a_bound_customer() -> None:
    world = town(**FIRST_EVER)
    assert buys(world, 0, CY) == {CY: 1000}
    assert [buys(world, at) for at in (300, 600, 2000)] == [{CY: 1000}] * 3


def test_an_order_that_waits_for_a_rate_was_the_first_all_the_same() -> None:
    world = town(recurring=Recurring.FIRST_ONLY)
    assert buys(world, 0, CY, currency="EUR") == {}
    assert buys(world, 1, CY) == {}
    rate = Rate(base="EUR", quote="USD", text="1.10", source="test", effective_at=T0 - days(1))
    world.catalog.add_rate(PROGRAM_ID, rate)
    world.post(T0 + days(2), named(0))
    assert earned(world, 0) == {CY: 1100}


# --- what was known, and when -----------------------------------------------------------------


def test_edge_40_a_late_report_is_judged_by_its_own_time_and_keeps_both() -> None:
    """Reported 40 days late: the click was a day old at the order, the plan and the sponsors were others."""
    world = town(click_window_days=30)
    world.catalog.add_plan(PROGRAM_ID, make.plan(500, version=2, effective_at=T0 + days(10)))
    told = order(0, click_id=clicked(world, CY, 0))
    world.append(replace(told, recorded_at=T0 + days(40)))
    key = (PROGRAM_ID, CY)
    world.catalog._promoters[key] = make.suspended(world.catalog._promoters[key], days(20))
    world.post(T0 + days(40), named(0))
    assert earned(world, 0) == {CY: 1000}
    entries = world.ledger.entries_of(named(0))
    facts, terms = world.facts.facts_of(named(0)), world.catalog.terms(PROGRAM_ID)
    told_why = explanation(explained(entries, facts, terms))
    assert told_why["order"]["placed_at"] == "2026-11-11T09:00:00.000Z"
    assert told_why["recorded_at"] == "2026-12-21T09:00:00.000Z"
    assert told_why["plan_version"] == 1


def test_edge_40_an_order_that_is_reported_late_leaves_the_ones_decided_before_it() -> None:
    world = town(**FIRST_EVER)
    assert buys(world, 1, DEE) == {DEE: 1000}
    late = order(0, click_id=clicked(world, CY, 0))
    world.append(late)
    world.post(T0 + days(2), named(0))
    world.post(T0 + days(3), named(1))
    assert (earned(world, 0), earned(world, 1)) == ({CY: 1000}, {DEE: 1000})
    assert buys(world, 4) == {CY: 1000}


def test_edge_40_an_order_that_is_reported_within_the_grace_still_counts() -> None:
    world = town(new_customers_only=True)
    world.append(order(1, click_id=clicked(world, DEE, 1)))
    world.post(T0 + days(1) + minutes(1), named(1))
    assert earned(world, 1) == {DEE: 1000}
    world.append(order(0, click_id=clicked(world, CY, 0)))
    world.post(T0 + days(1) + minutes(30), named(0))
    world.sweep(T0 + days(1) + minutes(62))
    assert earned(world, 1) == {}


def test_a_registration_after_the_order_or_told_after_its_grace_does_not_count() -> None:
    world = town(**REGISTRATION)
    world.append(order(0))
    world.post(T0 + minutes(1), named(0))
    registers(world, DEE, 0.01)
    command = RegisterCustomer(
        program_id=PROGRAM_ID, customer=KEY, promoter_id=BO, occurred_at=T0 - minutes(5)
    )
    register_customer(command, ports(world), T0 + minutes(60))
    world.sweep(T0 + minutes(61))
    assert earned(world, 0) == {}


def test_a_registration_told_within_the_grace_counts() -> None:
    world = town(**REGISTRATION)
    world.append(order(0))
    world.post(T0 + minutes(1), named(0))
    command = RegisterCustomer(
        program_id=PROGRAM_ID, customer=KEY, promoter_id=BO, occurred_at=T0 - minutes(5)
    )
    register_customer(command, ports(world), T0 + minutes(59))
    assert world.sweep(T0 + minutes(61)).posted == 1
    assert earned(world, 0) == {BO: 1000}


def test_an_order_that_turns_out_to_be_somebody_elses_leaves_the_first_customers_history() -> None:
    world = town(new_customers_only=True)
    assert buys(world, 0, CY) == {CY: 1000}
    told = order(0, customer_key=OTHER_KEY, click_id=clicked(world, CY, 0))
    world.append(replace(told, version=told.version + minutes(5), digest="corrected"))
    world.post(T0 + days(0.5), named(0))
    assert buys(world, 1, DEE) == {DEE: 1000}
    assert buys(world, 2, DEE, customer_key=OTHER_KEY) == {}


@given(arrivals=st.permutations(range(4)), sweeps=st.lists(st.integers(2, 70), max_size=5))
@settings(PATIENT, max_examples=60)
def test_orders_of_one_customer_end_the_same_in_whatever_order_their_facts_arrive_in_time(
    arrivals: list[int], sweeps: list[int]
) -> None:
    """Four orders within the hour, each told before the grace of any has ended."""
    world = town(**TIMED, recurring=Recurring.MONTHS, recurring_months=1)
    through = (None, CY, DEE, None)
    facts = [
        order(number / 1440, click_id=clicked(world, name, number / 1440) if name else None)
        for number, name in enumerate(through)
    ]
    for minute, number in enumerate(arrivals):
        world.append(facts[number])
        world.post(T0 + minutes(4 + minute), facts[number].order)
    for minute in (*sorted(sweeps), 90, 150):
        world.sweep(T0 + minutes(minute))
    assert [earned(world, number / 1440) for number in range(4)] == [
        {},
        {CY: 1000},
        {CY: 1000},
        {CY: 1000},
    ]


# --- 32: two keys of one person ---------------------------------------------------------------


def joins(world: World, at: float, customer: str = OTHER_KEY, other: str = KEY) -> None:
    join_customers(
        JoinCustomers(program_id=PROGRAM_ID, customer=customer, other=other), ports(world), T0 + days(at)
    )


def test_edge_32_a_guest_who_gets_an_account_is_known_from_then_on_and_no_order_before_changes() -> None:
    world = town(**FIRST_EVER)
    assert buys(world, 0, CY, customer_key=OTHER_KEY) == {CY: 1000}
    assert buys(world, 1, DEE) == {DEE: 1000}
    joins(world, 2)
    world.post(T0 + days(2), named(1))
    assert earned(world, 1) == {DEE: 1000}
    assert buys(world, 3, DEE) == {CY: 1000}
    assert buys(world, 4, customer_key=OTHER_KEY) == {CY: 1000}
    world.sweep(T0 + days(60))
    assert [earned(world, at) for at in (0, 1)] == [{CY: 1000}, {DEE: 1000}]


def test_edge_32_an_order_before_the_joining_does_not_see_the_other_keys_orders() -> None:
    world = town(new_customers_only=True)
    assert buys(world, 0, CY, customer_key=OTHER_KEY) == {CY: 1000}
    world.append(order(1, click_id=clicked(world, DEE, 1)))
    world.post(T0 + days(1) + minutes(1), named(1))
    joins(world, 1 + 0.01)
    world.sweep(T0 + days(1) + minutes(62))
    assert earned(world, 1) == {DEE: 1000}
    assert buys(world, 2, DEE) == {}


def test_edge_32_keys_that_are_joined_one_after_the_other_are_one_person() -> None:
    world = town(**FIRST_EVER)
    third = "c" * 24
    assert buys(world, 0, CY, customer_key=third) == {CY: 1000}
    joins(world, 1, third, OTHER_KEY)
    joins(world, 2, KEY, OTHER_KEY)
    assert buys(world, 3) == {CY: 1000}
    with pytest.raises(AlreadyExistsError):
        joins(world, 4, OTHER_KEY, KEY)


# --- registering ------------------------------------------------------------------------------


def test_an_e_mail_address_is_the_key_that_the_shops_orders_have() -> None:
    world = town(**REGISTRATION)
    registers(world, CY, -1, "Guest@Mail.example")
    key = subject_key(SUBJECT_KEY, "guest@mail.example")
    assert buys(world, 0, customer_key=key) == {CY: 1000}
    with pytest.raises(AlreadyExistsError):
        registers(world, CY, -1, key)


def test_a_click_names_the_promoter_of_a_registration() -> None:
    world = town(**REGISTRATION)
    click_id = clicked(world, DEE, 0)
    command = RegisterCustomer(program_id=PROGRAM_ID, customer=KEY, click_id=click_id)
    assert register_customer(command, ports(world), T0).promoter_id == DEE
    for late in (T0 - minutes(61), T0 + days(30)):
        with pytest.raises(InvalidInputError, match="click_id"):
            register_customer(command, ports(world), late)


@pytest.mark.parametrize(
    ("changes", "error", "where"),
    [
        ({"promoter_id": "pr_gone"}, NotFoundError, "pr_gone"),
        ({"promoter_id": None, "click_id": "nonsense"}, NotFoundError, "click"),
        ({"promoter_id": None, "click_id": make.CLICK_ID}, NotFoundError, "click"),
        ({"click_id": make.CLICK_ID}, InvalidInputError, "one of"),
        ({"promoter_id": None}, InvalidInputError, "one of"),
        ({"customer": "nobody"}, InvalidInputError, "customer"),
        ({"occurred_at": T0 + minutes(1)}, InvalidInputError, "future"),
        ({"program_id": "pg_other"}, NotFoundError, "pg_other"),
    ],
)
def test_a_registration_that_cannot_be_is_refused(
    changes: dict[str, object], error: type[Exception], where: str
) -> None:
    values = {"program_id": PROGRAM_ID, "customer": KEY, "promoter_id": CY, **changes}
    with pytest.raises(error, match=where):
        register_customer(RegisterCustomer(**values), ports(town()), T0)  # type: ignore[arg-type]


def test_nobody_is_joined_with_themselves() -> None:
    with pytest.raises(InvalidInputError, match="same customer"):
        joins(town(), 0, KEY, KEY)


def test_explaining_names_the_tie() -> None:
    world = town(**REGISTRATION)
    registers(world, CY, -1)
    assert buys(world, 0) == {CY: 1000}
    entries, facts = world.ledger.entries_of(named(0)), world.facts.facts_of(named(0))
    found = explained(entries, facts, world.catalog.terms(PROGRAM_ID))
    assert found.re_adds
    why = explanation(found)["attribution"]
    assert (why["reason"], why["customer"]) == ("binding", {"key": KEY, "came_through": None})
    (tie,) = why["candidates"]
    assert (tie["binding"], tie["promoter"]) == ("registration 2026-11-10T09:00:00.000Z", CY)
