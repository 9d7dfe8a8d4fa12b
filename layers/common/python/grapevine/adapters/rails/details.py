"""A payee's details against what a rail asks for: every fault at once, under the detail's name."""

from __future__ import annotations

import re
from collections.abc import Mapping

from grapevine.domain.errors import InvalidInputError

Faults = tuple[InvalidInputError, ...]


def missing(details: Mapping[str, str], *names: str) -> Faults:
    """Return a fault for each detail that is not there, or blank."""
    return tuple(InvalidInputError("is missing", name) for name in names if not details.get(name, "").strip())


def unknown(details: Mapping[str, str], *names: str) -> Faults:
    """Return a fault for each detail that the rail does not know: somebody misspelt it."""
    known = ", ".join(names)
    return tuple(
        InvalidInputError(f"is not a detail of this rail; it knows {known}", name)
        for name in details
        if name not in names
    )


def unlike(details: Mapping[str, str], name: str, pattern: re.Pattern[str], what: str) -> Faults:
    """Return a fault where a detail that is there does not look as it must."""
    value = details.get(name, "")
    is_good = not value.strip() or pattern.fullmatch(value)
    return () if is_good else (InvalidInputError(what, name),)
