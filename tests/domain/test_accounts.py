"""Accounts and postings: money moves, it never appears."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.accounts import (
    PROGRAM,
    Account,
    Leaf,
    Posting,
    commission_account,
    net,
    promoter_account,
)
from grapevine.domain.errors import MoneyError
from grapevine.domain.money import Money

accounts = st.builds(Account, st.just("pg"), st.sampled_from(("a", "b", PROGRAM)), st.sampled_from(Leaf))
moneys = st.builds(Money, st.integers(1, 10**15), st.sampled_from(("USD", "JPY", "PTS")))
postings = (
    st.tuples(accounts, accounts, moneys).filter(lambda leg: leg[0] != leg[1]).map(lambda leg: Posting(*leg))
)


def test_accounts_have_the_books_names() -> None:
    assert str(promoter_account("pg", "pr", Leaf.HELD)) == "program/pg/promoter/pr/held"
    assert str(commission_account("pg")) == "program/pg/commission"


@pytest.mark.parametrize("minor", [0, -1])
def test_a_posting_of_nothing_is_refused(minor: int) -> None:
    with pytest.raises(MoneyError):
        Posting(promoter_account("pg", "a", Leaf.HELD), commission_account("pg"), Money(minor, "USD"))


def test_a_posting_to_where_it_comes_from_is_refused() -> None:
    with pytest.raises(MoneyError):
        Posting(commission_account("pg"), commission_account("pg"), Money(1, "USD"))


@given(st.lists(postings, max_size=8).map(tuple))
def test_whatever_is_posted_sums_to_zero_in_each_currency(legs: tuple[Posting, ...]) -> None:
    changes = net(legs)
    for currency in ("USD", "JPY", "PTS"):
        assert sum(minor for (_, name), minor in changes.items() if name == currency) == 0


@given(st.lists(postings, max_size=6).map(tuple), st.lists(postings, max_size=6).map(tuple))
def test_postings_add_up_in_any_grouping(one: tuple[Posting, ...], other: tuple[Posting, ...]) -> None:
    together = net((*one, *other))
    apart = [net(one), net(other)]
    assert together == net((*other, *one))
    assert together == {key: sum(part.get(key, 0) for part in apart) for key in together}
