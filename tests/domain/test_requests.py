"""Requests that come twice, and too many of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.requests import (
    ANSWER_LIFE,
    LEASE,
    WINDOW,
    Allowance,
    Claim,
    KeptAnswer,
    RequestDiffersError,
    RequestInProgressError,
    checked_name,
    claimed,
    fingerprint_of,
    given_back,
    repeatable,
    seconds_to_next,
    window_of,
    with_answer,
)
from tests.builders import T0, minutes
from tests.worlds import counting_bytes

SECOND = timedelta(seconds=1)


def asked(at: datetime = T0, fingerprint: str = "f") -> Claim:
    return Claim(key_id="k", name="n", fingerprint=fingerprint, begun_at=at, leased_until=at + LEASE)


def test_the_first_of_its_name_is_claimed() -> None:
    assert claimed(asked(), None, T0) == asked()


def test_while_it_is_answered_nobody_else_has_it() -> None:
    for at in (T0, T0 + LEASE - SECOND):
        with pytest.raises(RequestInProgressError):
            claimed(asked(at), asked(), at)


def test_who_broke_off_is_followed_by_the_same_request_as_of_its_beginning() -> None:
    later = T0 + LEASE
    found = claimed(asked(later), asked(), later)
    assert found == replace(asked(), leased_until=later + LEASE, revision=2)
    with pytest.raises(RequestDiffersError):
        claimed(asked(later, "other"), asked(), later)


def test_an_answer_is_given_again_for_a_day_and_to_nothing_else() -> None:
    answered = with_answer(asked(), KeptAnswer(201, b"{}"))
    last = T0 + ANSWER_LIFE - SECOND
    assert claimed(asked(last), answered, last) == answered
    with pytest.raises(RequestDiffersError):
        claimed(asked(last, "other"), answered, last)
    over = T0 + ANSWER_LIFE
    assert claimed(asked(over, "other"), answered, over) == replace(asked(over, "other"), revision=3)


def test_what_was_refused_may_be_another_request_and_what_broke_may_not() -> None:
    refused = given_back(asked(), T0 + SECOND, refused=True)
    at = T0 + SECOND
    assert claimed(asked(at, "other"), refused, at).fingerprint == "other"
    broken = given_back(asked(), at, refused=False)
    assert claimed(asked(at), broken, at).revision == 3
    with pytest.raises(RequestDiffersError):
        claimed(asked(at, "other"), broken, at)


def test_ids_are_the_same_whenever_the_request_is_and_secrets_never() -> None:
    def made(claim: Claim, secret: str = "s") -> list[bytes]:
        taken = repeatable(claim, secret, source)
        return [taken(12), taken(8), taken(12)]

    source = counting_bytes()
    again = claimed(asked(T0 + LEASE), asked(), T0 + LEASE)
    assert made(asked()) == made(again)
    assert len(set(made(asked()))) == 3
    assert [len(one) for one in made(asked())] == [12, 8, 12]
    others = (replace(asked(), name="m"), replace(asked(), fingerprint="g"), asked(T0 + SECOND))
    assert not any(set(made(other)) & set(made(asked())) for other in others)
    assert not set(made(asked(), "t")) & set(made(asked()))
    secret = repeatable(asked(), "s", source)
    assert secret(32) != secret(32) != repeatable(asked(), "s", source)(32)


def test_a_request_is_told_by_its_method_place_and_body() -> None:
    parts = [("POST", "/a", b"{}"), ("PUT", "/a", b"{}"), ("POST", "/b", b"{}"), ("POST", "/a", b"{ }")]
    assert len({fingerprint_of(*one) for one in parts}) == 4
    assert fingerprint_of(*parts[0]) == fingerprint_of("POST", "/a", b"{}")


@pytest.mark.parametrize("name", ["", " ", "a b", "x" * 256, "é", "a\n"])
def test_a_name_is_visible_ascii(name: str) -> None:
    with pytest.raises(InvalidInputError) as fault:
        checked_name(name)
    assert fault.value.where == "Idempotency-Key"


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)))  # noqa: DTZ001 - made aware below
def test_every_instant_is_in_one_minute(naive: datetime) -> None:
    now = naive.replace(tzinfo=T0.tzinfo)
    begun = window_of(now)
    assert begun <= now < begun + WINDOW
    assert (begun.second, begun.microsecond) == (0, 0)
    assert 1 <= seconds_to_next(now) <= 60
    assert now + timedelta(seconds=seconds_to_next(now)) >= begun + WINDOW


def test_the_last_request_of_a_minute_is_answered_and_the_next_is_not() -> None:
    assert [Allowance(2, used, 9).is_over for used in (1, 2, 3)] == [False, False, True]
    assert [Allowance(2, used, 9).remaining for used in (1, 2, 3, 9)] == [1, 0, 0, 0]
    assert window_of(T0 + minutes(1)) != window_of(T0)
