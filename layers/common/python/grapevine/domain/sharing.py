"""What is scarce, shared out: everybody gets what they want as far as all of their limits allow, in turns."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

from grapevine.domain.grants import Use, offered

K = TypeVar("K", bound=Hashable)


def share_out(
    wanted: Sequence[int], keys: Sequence[Iterable[K]], limits: Mapping[K, int], turns: Sequence[int]
) -> tuple[int, ...]:
    """Give everybody what they want as far as all of their limits allow, turn after turn.

    >>> share_out([50, 30, 20], [["a"], ["a", "b"], []], {"a": 60, "b": 5}, [0, 1, 2])
    (50, 5, 20)
    """
    left, given = dict(limits), list(wanted)
    for turn in turns:
        given[turn] = min((wanted[turn], *(left[key] for key in keys[turn])))
        for key in keys[turn]:
            left[key] -= given[turn]
    return tuple(given)


def turns_of(numbers: Sequence[int]) -> list[int]:
    """Return whose turn it is: level by level from the sale up, of one level in the order of the claims."""
    return sorted(range(len(numbers)), key=lambda place: numbers[place])


def united(keys: Iterable[Mapping[K, int]]) -> dict[K, int]:
    """Return all limits as one."""
    return {key: limit for each in keys for key, limit in each.items()}


def totals_by(minors: Sequence[int], keys: Sequence[Iterable[K]]) -> dict[K, int]:
    """Return what parts come to under each of their keys."""
    totals: dict[K, int] = {}
    for minor, each in zip(minors, keys, strict=True):
        for key in each:
            totals[key] = totals.get(key, 0) + minor
    return totals


def uses_of(wanted: Mapping[K, int], granted: Mapping[K, int], room: Mapping[K, int]) -> dict[K, Use]:
    """Return for each key what was wanted of it, and what of its room other limits left."""
    return {key: offered(minor, granted[key], room[key]) for key, minor in wanted.items()}
