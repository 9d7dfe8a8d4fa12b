"""Errors: one tree, each a sentence, the picture of it up to date."""

from __future__ import annotations

import inspect

import pytest

from grapevine.domain import errors
from grapevine.domain.errors import (
    AlreadyExistsError,
    ConcurrencyError,
    GrapevineError,
    InvalidInputError,
    MalformedBodyError,
    NotFoundError,
    StaleReadError,
    TooLargeError,
    UnavailableError,
    reason_of,
)

ALL = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, Exception) and kind.__module__ == errors.__name__
]


@pytest.mark.parametrize("kind", ALL)
def test_everything_is_in_the_tree_and_in_its_picture(kind: type[Exception]) -> None:
    assert issubclass(kind, GrapevineError)
    assert kind.__name__ in (errors.__doc__ or "")


def test_errors_are_sentences() -> None:
    assert str(InvalidInputError("must not be empty", "name")) == "name: must not be empty"
    assert str(MalformedBodyError("not JSON")) == "not JSON"
    assert str(NotFoundError("program", "pg_1")) == "no program 'pg_1'"
    assert str(AlreadyExistsError("link", "abc")) == "link 'abc' exists already"
    assert str(TooLargeError(5, 4)) == "body of 5 bytes is over the limit of 4"


def test_starting_over_helps_against_each_kind_of_concurrency() -> None:
    assert issubclass(StaleReadError, ConcurrencyError)
    assert not issubclass(UnavailableError, ConcurrencyError)


def test_what_is_not_ours_is_told_with_its_kind() -> None:
    assert reason_of(UnavailableError("the ledger is away")) == "the ledger is away"
    assert reason_of(ZeroDivisionError("division by zero")) == "ZeroDivisionError: division by zero"
