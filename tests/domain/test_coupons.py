"""How codes are spelt, when a coupon counts, and when it is public."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.coupons import PublicChange, look_of, normal_code
from grapevine.domain.errors import InvalidInputError
from tests import builders as make
from tests.builders import T0, days


@pytest.mark.parametrize(
    "text",
    [
        "ana-10",
        " ANA-10\t",
        "\uff41\uff4e\uff41\uff0d\uff11\uff10",
        "ANA\u201110",
        "ANA\u201310",
        "\ufeffANA-10\u200b",
        "A\u00adNA-10",
    ],
)
def test_edge_29_what_is_copied_and_typed_is_one_code(text: str) -> None:
    assert normal_code(text) == "ANA-10"


@pytest.mark.parametrize("text", ["\u0410NA-10", "ANA 10", "\u039110", "A", "-A", "ANA#10", "A" * 65, ""])
def test_edge_29_letters_of_other_alphabets_are_no_code(text: str) -> None:
    with pytest.raises(InvalidInputError, match="not a coupon code"):
        normal_code(text)


@given(st.from_regex(r"\A[A-Z0-9][A-Z0-9._-]{1,20}\Z"))
def test_a_normal_form_is_its_own_and_looks_like_itself(code: str) -> None:
    assert normal_code(code) == code
    assert look_of(look_of(code)) == look_of(code)


def test_edge_30_what_was_said_last_counts_from_its_instant_on() -> None:
    planned = make.coupon().switched(enabled=False, now=T0 + days(2)).switched(enabled=True, now=T0 + days(4))
    states = [planned.is_enabled_at(T0 + days(day)) for day in range(6)]
    assert states == [True, True, False, False, True, True]
    off_now = planned.switched(enabled=False, now=T0 + days(1))
    assert [off_now.is_enabled_at(T0 + days(day)) for day in range(6)] == [True, *[False] * 5]
    assert off_now.stays(enabled=False, since=T0 + days(1))
    assert not planned.stays(enabled=True, since=T0)
    assert not planned.stays(enabled=False, since=T0 + days(3))


def test_edge_28_a_coupon_is_public_from_a_marks_instant_until_the_next() -> None:
    marked = make.coupon().marked(PublicChange(T0, public=True, reason="seen"))
    marked = marked.marked(PublicChange(T0 + days(1), public=False, reason="not so", by="Mia"))
    instants = [T0 - days(1), T0, T0 + days(1) - make.minutes(1), T0 + days(1)]
    assert [marked.is_public_at(at) for at in instants] == [False, True, True, False]
    assert not make.coupon().is_public_at(T0)
    assert marked.revision == 2
