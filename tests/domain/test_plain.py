"""Values as JSON and back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import pytest

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.plain import from_plain, to_plain
from tests.builders import T0


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Part:
    name: str
    weights: tuple[int, ...] = ()


@dataclass(frozen=True)
class Whole:
    since: datetime
    colour: Colour = Colour.RED
    good: bool = True
    note: str | None = None
    parts: tuple[Part, ...] = ()


FULL = Whole(T0, Colour.BLUE, good=False, note="x", parts=(Part("a", (1, 2)), Part("b")))
T0_TEXT = "2026-11-11T09:00:00.000Z"


def test_a_value_comes_back_as_it_was() -> None:
    assert from_plain(Whole, to_plain(FULL)) == FULL


def test_a_missing_name_has_its_default() -> None:
    assert from_plain(Whole, {"since": T0_TEXT, "parts": [{"name": "a"}]}) == Whole(T0, parts=(Part("a"),))


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"since": None}, "plan.since"),
        ({"since": "yesterday"}, "plan.since"),
        ({"colour": "green"}, "plan.colour"),
        ({"colour": None}, "plan.colour"),
        ({"good": 1}, "plan.good"),
        ({"note": 1}, "plan.note"),
        ({"parts": {}}, "plan.parts"),
        ({"parts": [1]}, "plan.parts[0]"),
        ({"parts": [{}]}, "plan.parts[0].name"),
        ({"parts": [{"name": "a", "weights": 1}]}, "plan.parts[0].weights"),
        ({"parts": [{"name": "a", "weights": [1, True]}]}, "plan.parts[0].weights[1]"),
        ({"parts": [{"name": "a", "weights": [1.0]}]}, "plan.parts[0].weights[0]"),
        ({"parts": [{"name": "\ud800"}]}, "plan.parts[0].name"),
        ({"parts": [{"name": "a", "size": 1}]}, "plan.parts[0].size"),
        ({"more": 1}, "plan.more"),
    ],
)
def test_what_is_wrong_is_said_with_its_path(change: dict[str, Any], where: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        from_plain(Whole, {"since": T0_TEXT, **change}, "plan")
    assert caught.value.where == where


def test_only_an_object_is_a_record() -> None:
    with pytest.raises(InvalidInputError, match="must be an object"):
        from_plain(Whole, [])


@pytest.mark.parametrize(
    ("kind", "value", "what"),
    [
        (int, "1", "must be a whole number"),
        (int, True, "must be a whole number"),
        (str, 1, "must be a string"),
        (str, "a\ud800", "has half of a character pair"),
        (bool, 1, "must be true or false"),
        (Colour, "green", "must be one of red, blue"),
        (tuple[int, ...], 1, "must be a list of whole numbers"),
        (tuple[str, ...], 1, "must be a list of strings"),
        (tuple[Part, ...], 1, "must be a list of objects"),
        (tuple[bool, ...], 1, "must be a list"),
        (Part, 1, "must be an object"),
    ],
)
def test_what_is_wrong_is_said_in_words(kind: Any, value: Any, what: str) -> None:  # noqa: ANN401
    with pytest.raises(InvalidInputError) as caught:
        from_plain(kind, value, "it")
    assert (caught.value.what, caught.value.where) == (what, "it")


def test_a_name_that_means_nothing_is_refused_by_name() -> None:
    with pytest.raises(InvalidInputError) as caught:
        from_plain(Part, {"name": "a", "size": 1})
    assert (caught.value.what, caught.value.where) == ("is not a field of this request", "size")
    with pytest.raises(InvalidInputError) as caught:
        from_plain(Part, {"name": "a", "\ud800": 1})
    assert caught.value.where == "?"
