"""Waits, failures and what ends them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.subscriptions import (
    MOST_FAILURES,
    Answer,
    DisabledReason,
    Parked,
    SigningSecrets,
    Subscription,
    SubscriptionState,
    retry_after_of,
    type_faults,
    wait_after,
)
from tests.builders import PROGRAM_ID, T0, minutes

ERROR = Answer(500)


def subscription(**changes: object) -> Subscription:
    made = Subscription(id="wh_1", program_id=PROGRAM_ID, url="https://example.com/", created_at=T0)
    return made.changed(**changes) if changes else made


def seconds(failures: int, answer: Answer = ERROR) -> float:
    return wait_after("wh_1", failures, answer).total_seconds()


def test_waits_double_from_twelve_seconds_to_a_day() -> None:
    for failures in range(1, 14):
        grown = 12 * 2 ** (failures - 1)
        assert grown <= seconds(failures) <= grown * 1.2
    assert {seconds(failures) for failures in range(15, 40)} == {86400}


@given(st.text(max_size=20), st.integers(1, 50))
def test_a_wait_is_the_same_whoever_counts_it_and_within_bounds(name: str, failures: int) -> None:
    wait = wait_after(name, failures, ERROR)
    assert wait == wait_after(name, failures, ERROR)
    assert timedelta(seconds=12) <= wait <= timedelta(days=1)


def test_waits_of_different_subscribers_differ() -> None:
    assert len({wait_after(f"wh_{number}", 8, ERROR) for number in range(20)}) > 10


def test_a_longer_wait_that_was_asked_for_is_kept_up_to_a_day() -> None:
    assert seconds(1, Answer(429, retry_after_seconds=600)) == 600
    assert seconds(9, Answer(429, retry_after_seconds=1)) > 3000
    assert seconds(1, Answer(503, retry_after_seconds=10**9)) == 86400


@pytest.mark.parametrize(
    ("text", "expected"), [("120", 120), ("", None), ("Wed, 21 Oct", None), ("-1", None)]
)
def test_retry_after(text: str, expected: int | None) -> None:
    assert retry_after_of({"retry-after": text}) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [(200, True), (299, True), (300, False), (302, False), (199, False), (None, False)],
)
def test_only_two_hundreds_arrive(status: int | None, expected: bool) -> None:
    assert Answer(status).is_success is expected


def test_twenty_failures_in_a_row_disable_and_one_that_arrives_starts_anew() -> None:
    one = subscription()
    for _ in range(MOST_FAILURES - 1):
        one = one.failed(ERROR, T0)
    assert one.is_enabled
    assert one.arrived(T0).failures == 0
    last = one.failed(ERROR, T0)
    assert (last.state, last.reason) == (SubscriptionState.DISABLED, DisabledReason.FAILING)
    again = last.enabled()
    assert (again.state, again.reason, again.failures, again.due_at) == (
        SubscriptionState.ENABLED,
        None,
        0,
        None,
    )


def test_gone_disables_at_once() -> None:
    gone = subscription().failed(Answer(410), T0)
    assert (gone.state, gone.reason) == (SubscriptionState.DISABLED, DisabledReason.GONE)


def test_nothing_is_tried_before_it_is_due() -> None:
    waiting = subscription().failed(ERROR, T0)
    assert waiting.due_at
    assert not waiting.may_try(T0)
    assert waiting.may_try(waiting.due_at)


@pytest.mark.parametrize(
    ("types", "kind", "expected"),
    [
        ((), "payout.sent", True),
        (("payout.sent",), "payout.sent", True),
        (("payout.*",), "payout.sent", True),
        (("payout.sent",), "payout.failed", False),
        (("commission.*",), "payout.sent", False),
    ],
)
def test_what_is_asked_for(types: tuple[str, ...], kind: str, expected: bool) -> None:
    assert subscription(types=types).wants(kind) is expected


def test_types_that_do_not_exist_are_all_named() -> None:
    faults = type_faults(("payout.sent", "payout.*", "payout", "*"), "types")
    assert [fault.where for fault in faults] == ["types[2]", "types[3]"]


def test_what_waits_waits_once_and_in_order() -> None:
    parked = Parked("wh_1", 0, "order/1", (5,), 1, T0, T0)
    assert parked.behind(9).behind(7).behind(9).pending == (5, 7, 9)
    later = T0 + minutes(1)
    following = parked.behind(7).without_first(later)
    assert (following.pending, following.attempts, following.due_at) == ((7,), 0, later)


def test_a_new_secret_signs_beside_the_old_one_for_a_day() -> None:
    rotated = SigningSecrets("old").rotated("new", T0)
    assert rotated.in_force(T0 + timedelta(hours=23)) == ("new", "old")
    assert rotated.in_force(T0 + timedelta(hours=24)) == ("new",)
