"""The fold of a customer's history, against a slow one that looks at every instant."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.bindings import (
    CustomerNote,
    CustomerOrder,
    History,
    Registration,
    Tie,
    is_protected,
    past_of,
    tie_in_force,
)
from grapevine.domain.facts import OrderKey
from grapevine.domain.instants import months_after
from grapevine.domain.plan_faults import plan_faults
from grapevine.domain.plans import BindingPolicy, Plan, Recurring
from tests import builders as make
from tests.builders import ANA, BO, CY, PROGRAM_ID, STOREFRONT_ID, T0, days, minutes

KEY = "a" * 24


def ordered(number: int, through_id: str | None, **changes: object) -> CustomerOrder:
    """An order placed on that day and told a minute later."""
    values: dict[str, object] = {
        "program_id": PROGRAM_ID,
        "order": OrderKey(STOREFRONT_ID, str(number)),
        "sequence": 1,
        "recorded_at": T0 + days(number) + minutes(1),
        "placed_at": T0 + days(number),
        "note": CustomerNote(KEY, through_id, earned=through_id is not None),
    }
    return CustomerOrder(**{**values, **changes})  # type: ignore[arg-type]


def registered(number: int, promoter_id: str) -> Registration:
    instant = T0 + days(number)
    return Registration(
        program_id=PROGRAM_ID,
        customer_key=KEY,
        promoter_id=promoter_id,
        occurred_at=instant,
        recorded_at=instant,
    )


def slowly(history: History, plan: Plan, day: int) -> tuple[str | None, bool]:
    """Return who is bound on a day, and whether protected, by living through each day before."""
    holder: str | None = None
    since = 0
    for today in range(day + 1):
        timed = plan.binding is BindingPolicy.TIMED
        if timed and holder and today - since >= plan.binding_days:
            holder = None
        free = holder is None or plan.binding is BindingPolicy.ALWAYS
        free = free or (timed and today - since >= plan.protection_days)
        came = [r.promoter_id for r in history.registrations if r.occurred_at == T0 + days(today)]
        if plan.binding is not BindingPolicy.REGISTRATION and today < day:
            came += [
                o.note.through_id
                for o in history.orders
                if o.placed_at == T0 + days(today) and o.note.through_id
            ]
        for name in came:
            renews = name == holder and plan.binding in (BindingPolicy.TIMED, BindingPolicy.ALWAYS)
            if free or renews:
                holder, since = name, today
                free = plan.binding is BindingPolicy.ALWAYS or (timed and plan.protection_days == 0)
    if holder is None or plan.binding is BindingPolicy.ALWAYS:
        return holder, False
    return holder, plan.binding is not BindingPolicy.TIMED or day - since < plan.protection_days


@given(
    policy=st.sampled_from([policy for policy in BindingPolicy if policy is not BindingPolicy.OFF]),
    spans=st.tuples(st.integers(1, 9), st.integers(0, 9)).map(lambda t: (max(t), min(t))),
    orders=st.dictionaries(st.integers(0, 20), st.sampled_from((None, ANA, BO, CY)), max_size=8),
    registrations=st.dictionaries(st.integers(0, 20), st.sampled_from((ANA, BO, CY)), max_size=4),
    day=st.integers(0, 30),
    shuffled=st.randoms(),
)
def test_edge_31_the_tie_in_force_is_what_living_through_every_day_comes_to(
    policy: BindingPolicy,
    spans: tuple[int, int],
    orders: dict[int, str | None],
    registrations: dict[int, str],
    day: int,
    shuffled: object,
) -> None:
    plan = make.plan(1000, binding=policy, binding_days=spans[0], protection_days=spans[1])
    told = [ordered(number, name) for number, name in orders.items()]
    signed = [registered(number, name) for number, name in registrations.items()]
    shuffled.shuffle(told)  # type: ignore[attr-defined]
    history = History(tuple(told), tuple(signed))
    instant = T0 + days(day)
    # By its name the order comes before the others of its own instant.
    past = past_of((history,), OrderKey(STOREFRONT_ID, "!"), instant, instant + minutes(60))
    tie = tie_in_force(past, plan, instant)
    found = (tie.promoter_id if tie else None), bool(tie and is_protected(tie, plan, instant))
    assert found == slowly(history, plan, day)


def test_without_a_policy_nobody_is_bound() -> None:
    tie = Tie(promoter_id=CY, occurred_at=T0, recorded_at=T0, name="x", is_registration=True)
    past = past_of((History(registrations=(registered(0, CY),)),), make.ORDER, T0, T0 + minutes(60))
    assert tie_in_force(past, make.plan(1000), T0) is None
    assert is_protected(tie, make.plan(1000), T0)


def test_only_what_was_known_before_the_instant_counts_and_as_it_was_told_then() -> None:
    early = ordered(1, CY)
    later = ordered(1, BO, sequence=2, recorded_at=T0 + days(3))
    history = History((later, early))
    for known_until, expected in (
        (T0 + days(1) + minutes(1), None),
        (T0 + days(1) + minutes(2), CY),
        (T0 + days(3), CY),
        (T0 + days(3) + minutes(1), BO),
    ):
        past = past_of((history,), make.ORDER, T0 + days(2), known_until)
        assert [tie.promoter_id for tie in past.ties] == ([expected] if expected else [])
        assert past.has_ordered is (expected is not None)


def test_an_order_is_never_before_itself_nor_after_one_that_left() -> None:
    mine = ordered(1, CY)
    gone = ordered(1, None, sequence=2, placed_at=None, recorded_at=T0 + days(1) + minutes(2))
    until = T0 + days(2)
    assert past_of((History((mine,)),), mine.order, T0 + days(1), until).ties == ()
    assert past_of((History((mine, gone)),), make.ORDER, T0 + days(2), until).has_ordered is False


def test_one_order_in_two_histories_of_one_person_is_there_although_one_key_lost_it() -> None:
    lost = ordered(1, None, sequence=2, placed_at=None)
    kept = ordered(1, CY, sequence=2)
    for histories in ((History((lost,)), History((kept,))), (History((kept,)), History((lost,)))):
        past = past_of(histories, make.ORDER, T0 + days(2), T0 + days(2))
        assert [tie.promoter_id for tie in past.ties] == [CY]


def test_the_first_attributed_order_is_the_earliest_that_earned() -> None:
    told = (ordered(0, None), ordered(3, CY), ordered(2, BO))
    past = past_of((History(told),), make.ORDER, T0 + days(9), T0 + days(9))
    assert past.first_earned_at == T0 + days(2)


@pytest.mark.parametrize(
    ("months", "expected"),
    [(0, "2026-11-30"), (1, "2026-12-30"), (3, "2027-02-28"), (15, "2028-02-29"), (120, "2036-11-30")],
)
def test_months_end_on_the_same_day_or_the_last(months: int, expected: str) -> None:
    start = datetime.fromisoformat("2026-11-30T23:59:59Z")
    assert months_after(start, months) == datetime.fromisoformat(f"{expected}T23:59:59Z")


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        ({"binding_days": 0, "protection_days": 0}, ["binding_days"]),
        ({"binding_days": 3651}, ["binding_days"]),
        ({"protection_days": -1}, ["protection_days"]),
        ({"binding_days": 10, "protection_days": 11}, ["protection_days"]),
        ({"recurring": Recurring.MONTHS}, ["recurring_months"]),
        ({"recurring_months": 3}, ["recurring_months"]),
        ({"recurring": Recurring.MONTHS, "recurring_months": 0}, ["recurring_months"]),
        ({"recurring": Recurring.MONTHS, "recurring_months": 121}, ["recurring_months"]),
        (
            {"recurring": Recurring.MONTHS, "recurring_months": 3, "new_customers_only": True},
            ["new_customers_only"],
        ),
        (
            {"binding_days": 0, "protection_days": 5, "recurring": Recurring.MONTHS},
            ["binding_days", "protection_days", "recurring_months"],
        ),
        ({"binding": BindingPolicy.TIMED, "binding_days": 3650, "protection_days": 3650}, []),
        ({"recurring": Recurring.MONTHS, "recurring_months": 120}, []),
        ({"new_customers_only": True, "recurring": Recurring.FIRST_ONLY}, []),
    ],
)
def test_every_contradiction_of_a_plan_about_customers_is_named(
    changes: dict[str, object], places: list[str]
) -> None:
    assert [fault.where for fault in plan_faults(make.plan(1000, **changes))] == places


@pytest.mark.parametrize(
    ("changes", "needs"),
    [
        ({}, False),
        ({"binding_days": 5, "protection_days": 5}, False),
        ({"binding": BindingPolicy.TIMED}, True),
        ({"new_customers_only": True}, True),
        ({"recurring": Recurring.FIRST_ONLY}, True),
    ],
)
def test_a_plan_that_does_not_look_back_needs_no_history(changes: dict[str, object], needs: bool) -> None:
    assert make.plan(1000, **changes).needs_history is needs
