"""Caps as a plan says them, and what they leave of levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.caps import MAX_NAME, Cap, CapPer, CapPeriod, period_name
from grapevine.domain.money import MAX_MINOR
from grapevine.domain.plain import from_plain, to_plain
from grapevine.domain.plan_faults import plan_faults
from grapevine.domain.plans import Plan
from grapevine.domain.sharing import share_out
from tests import builders as make

ORDER = Cap(id="order", per=CapPer.ORDER, amount_minor=500)
DAILY = Cap(id="daily", per=CapPer.PROMOTER, period=CapPeriod.DAY, amount_minor=1_000)
MONTHLY = Cap(id="monthly", per=CapPer.PROMOTER, period=CapPeriod.MONTH, amount_minor=10_000)
CUSTOMER = Cap(id="customer", per=CapPer.CUSTOMER, period=CapPeriod.LIFETIME, amount_minor=2_000)


def faults(*caps: Cap, **changes: object) -> list[str]:
    return [str(fault) for fault in plan_faults(make.plan(caps=caps, **changes))]


def test_good_caps_have_no_fault_and_read_back_as_json() -> None:
    plan = make.plan(caps=(ORDER, DAILY, MONTHLY, CUSTOMER), recruit_bonus_minor=500)
    assert plan_faults(plan) == ()
    assert from_plain(Plan, to_plain(plan)) == plan


def test_a_cap_without_a_period_is_for_each_order() -> None:
    sent = {"id": "a", "per": "promoter", "amount_minor": 5}
    assert from_plain(Cap, sent) == Cap(id="a", per=CapPer.PROMOTER, period=CapPeriod.ORDER, amount_minor=5)


@pytest.mark.parametrize(
    ("cap", "fault"),
    [
        (
            Cap(id="a", per=CapPer.ORDER, period=CapPeriod.DAY, amount_minor=5),
            "caps.a.period: an order has no day: say per customer or per promoter",
        ),
        (
            Cap(id="a", per=CapPer.CUSTOMER, amount_minor=5),
            "caps.a.period: of one order is a cap per order: say day, month or lifetime",
        ),
        (Cap(id="a", per=CapPer.ORDER, amount_minor=0), "caps.a.amount_minor: must be 1 to 1000000000000000"),
        (
            Cap(id="a", per=CapPer.ORDER, amount_minor=10**15 + 1),
            "caps.a.amount_minor: must be 1 to 1000000000000000",
        ),
        (
            Cap(id="a/b", per=CapPer.ORDER, amount_minor=5),
            "caps.a/b: needs an id of 1 to 40 letters, digits, - or _",
        ),
        (
            Cap(id="", per=CapPer.ORDER, amount_minor=5),
            "caps.: needs an id of 1 to 40 letters, digits, - or _",
        ),
        (
            Cap(id="x" * 41, per=CapPer.ORDER, amount_minor=5),
            f"caps.{'x' * 41}: needs an id of 1 to 40 letters, digits, - or _",
        ),
    ],
)
def test_a_cap_that_cannot_be_is_refused(cap: Cap, fault: str) -> None:
    assert faults(cap) == [fault]


def test_caps_that_contradict_each_other_are_refused_all_at_once() -> None:
    lower = Cap(id="lower", per=CapPer.PROMOTER, period=CapPeriod.MONTH, amount_minor=1_000)
    twin = Cap(id="twin", per=CapPer.ORDER, amount_minor=900)
    assert faults(ORDER, twin, DAILY, lower, recruit_bonus_minor=-1) == [
        "caps.order: is for the same as twin",
        "caps.twin: is for the same as order",
        "caps.lower.amount_minor: leaves daily without effect",
        "recruit_bonus_minor: must be 0 to 1000000000000000",
    ]
    assert "caps: two have one id" in faults(ORDER, ORDER)


def test_no_more_counters_than_one_transaction_takes() -> None:
    lifetime = Cap(id="lifetime", per=CapPer.PROMOTER, period=CapPeriod.LIFETIME, amount_minor=99_999)
    assert faults(DAILY, MONTHLY, lifetime) == ["caps: more than 2 per promoter over a period"]
    assert "caps: more than 8" in faults(
        *(Cap(id=f"c{n}", per=CapPer.ORDER, amount_minor=5) for n in range(9))
    )


def test_a_period_is_one_of_the_programs_own_calendar() -> None:
    instant = datetime(2026, 10, 31, 16, 0, tzinfo=UTC)
    assert period_name(CapPeriod.DAY, instant, "Asia/Shanghai") == "2026-11-01"
    assert period_name(CapPeriod.MONTH, instant, "Asia/Shanghai") == "2026-11"
    assert period_name(CapPeriod.DAY, instant, "America/New_York") == "2026-10-31"
    assert period_name(CapPeriod.MONTH, instant, "America/New_York") == "2026-10"
    assert period_name(CapPeriod.LIFETIME, instant, "Asia/Shanghai") == "ever"


def used_of(minors: Sequence[int], keys: Sequence[Sequence[str]]) -> dict[str, int]:
    return {name: sum(m for m, names in zip(minors, keys, strict=True) if name in names) for name in "abc"}


wishes = st.lists(st.tuples(st.integers(0, 50), st.sets(st.sampled_from("abc"))), max_size=6)


@given(wishes, st.fixed_dictionaries({name: st.integers(0, 80) for name in "abc"}))
def test_nobody_gets_more_than_wanted_and_who_gets_less_has_a_limit_that_is_used_up(
    wished: list[tuple[int, set[str]]], limits: dict[str, int]
) -> None:
    wanted, keys = [minor for minor, _ in wished], [sorted(names) for _, names in wished]
    given_out = share_out(wanted, keys, limits, range(len(wanted)))
    used = {
        name: sum(m for m, names in zip(given_out, keys, strict=True) if name in names) for name in limits
    }
    assert all(used[name] <= limits[name] for name in limits)
    for minor, got, names in zip(wanted, given_out, keys, strict=True):
        assert 0 <= got <= minor
        assert got == minor or any(used[name] == limits[name] for name in names)


@given(wishes, st.fixed_dictionaries({name: st.integers(0, 80) for name in "abc"}))
def test_what_was_used_is_a_limit_that_gives_the_same_again(
    wished: list[tuple[int, set[str]]], limits: dict[str, int]
) -> None:
    """So what an entry recorded as granted is all that deriving its amounts again needs."""
    wanted, keys = [minor for minor, _ in wished], [sorted(names) for _, names in wished]
    first = share_out(wanted, keys, limits, range(len(wanted)))
    used = used_of(first, keys)
    assert share_out(wanted, keys, used, range(len(wanted))) == first


def test_an_amount_is_good_up_to_its_limits() -> None:
    for amount in (1, MAX_MINOR):
        assert faults(replace(ORDER, amount_minor=amount)) == []
    for amount in (0, MAX_MINOR + 1):
        assert faults(replace(ORDER, amount_minor=amount)) == [
            f"caps.order.amount_minor: must be 1 to {MAX_MINOR}"
        ]


@pytest.mark.parametrize("name", ["a", "a-b_c", "9", "x" * MAX_NAME])
def test_a_caps_name_is_letters_digits_and_dashes(name: str) -> None:
    assert faults(replace(ORDER, id=name)) == []


@pytest.mark.parametrize("name", ["", "-", "a b", "a/b", "ä", "aXXb!", "x" * (MAX_NAME + 1)])
def test_any_other_name_of_a_cap_is_refused(name: str) -> None:
    assert faults(replace(ORDER, id=name)) == [
        f"caps.{name}: needs an id of 1 to {MAX_NAME} letters, digits, - or _"
    ]
