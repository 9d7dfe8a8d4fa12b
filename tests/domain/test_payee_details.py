"""Where a promoter is paid: what is missing, what waits, and what is shown."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.payee_details import (
    LONGEST_VALUE,
    MOST_DETAILS,
    account_of,
    cooled_at,
    detail_faults,
    masked,
    missing_details,
    same_details,
    sendable_at,
)
from grapevine.domain.payout_terms import PayoutTerms
from grapevine.domain.transfers import Payee, RailName
from tests.builders import T0, days, minutes

IBAN = "DE89 3704 0044 0532 0130 00"
PAYEE = Payee(rail=RailName.SEPA, details={"name": "Ana Lima", "iban": IBAN}, changed_at=T0)
TERMS = PayoutTerms(cooling_hours=72, required_details=("legal_name", "tax_id", "name"))


@pytest.mark.parametrize(
    ("details", "missing"),
    [
        (None, ("legal_name", "tax_id", "name")),
        ({"name": "Ana"}, ("legal_name", "tax_id")),
        ({"name": "Ana", "tax_id": "  ", "legal_name": "Ana Lima"}, ("tax_id",)),
        ({"name": "Ana", "tax_id": "1", "legal_name": "Ana Lima"}, ()),
    ],
)
def test_what_a_program_must_know_and_does_not_is_named(
    details: dict[str, str] | None, missing: tuple[str, ...]
) -> None:
    payee = None if details is None else replace(PAYEE, details=details)
    assert missing_details(TERMS, payee) == missing
    assert missing_details(PayoutTerms(), payee) == ()


def test_edge_83_changed_details_wait_for_the_cooling_hours() -> None:
    assert cooled_at(PAYEE, TERMS) == T0 + days(3)
    assert cooled_at(PAYEE, replace(TERMS, cooling_hours=0)) == T0


def test_edge_83_a_leg_that_was_due_before_waits_for_details_that_changed_after() -> None:
    assert sendable_at(T0 - days(9), PAYEE, TERMS) == T0 + days(3)
    later = replace(PAYEE, changed_at=T0 + minutes(5))
    assert sendable_at(T0 - days(9), later, TERMS) == T0 + days(3) + (later.changed_at - T0)
    assert sendable_at(T0 + days(4), PAYEE, TERMS) == T0 + days(4)
    assert sendable_at(T0, None, TERMS) == T0


def test_the_same_details_are_no_change() -> None:
    assert same_details(PAYEE, RailName.SEPA, dict(PAYEE.details))
    assert not same_details(PAYEE, RailName.CSV, PAYEE.details)
    assert not same_details(PAYEE, RailName.SEPA, {"iban": IBAN})
    assert not same_details(None, RailName.SEPA, {})


@pytest.mark.parametrize(
    ("rail", "details", "account"),
    [
        (RailName.SEPA, {"name": "Ana", "iban": IBAN}, IBAN),
        (RailName.PAYPAL, {"recipient_type": "EMAIL", "receiver": "ana@example.com"}, "ana@example.com"),
        (RailName.STRIPE, {"account": "acct_1"}, "acct_1"),
        (RailName.WECHAT, {"openid": "o1", "user_name": "Ana"}, "o1"),
        (RailName.CSV, {"iban": IBAN, "account": " "}, IBAN),
    ],
)
def test_the_account_is_the_rails_own_detail(rail: RailName, details: dict[str, str], account: str) -> None:
    assert account_of(rail, details) == account


def test_without_that_detail_the_account_is_all_of_them_in_any_order() -> None:
    one, other = {"name": "Ana", "bank": "North"}, {"bank": "North", "name": "Ana"}
    assert account_of(RailName.CSV, one) == account_of(RailName.CSV, other)
    assert account_of(RailName.CSV, one) != account_of(RailName.CSV, {**one, "bank": "South"})
    assert account_of(RailName.CSV, one) != account_of(RailName.SEPA, one)


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=40), max_size=5))
def test_at_most_half_of_a_detail_is_ever_shown(details: dict[str, str]) -> None:
    for name, shown in masked(details).items():
        value, ending = "".join(details[name].split()), shown.removeprefix("••••")
        assert value.endswith(ending)
        assert 2 * len(ending) <= len(value)


@pytest.mark.parametrize(
    ("details", "wheres"),
    [
        ({}, ["details"]),
        ({f"n{number}": "v" for number in range(MOST_DETAILS + 1)}, ["details"]),
        ({f"n{number}": "v" for number in range(MOST_DETAILS)}, []),
        ({"": "v", "tax id": "v", "größe": "v"}, ["details.", "details.tax id", "details.größe"]),
        ({"a": " ", "b": "x" * LONGEST_VALUE, "c": "x" * (LONGEST_VALUE + 1)}, ["details.a", "details.c"]),
        ({"a": "one\ntwo", "b": "王芳"}, ["details.a"]),
        ({"x" * 41: "v", "x" * 40: "v"}, [f"details.{'x' * 40}"]),
    ],
)
def test_every_fault_is_named_at_once(details: dict[str, str], wheres: list[str]) -> None:
    assert [fault.where for fault in detail_faults(details)] == wheres
