"""Problems as the tests compare them: what one says beside what all of its kind do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HEAD = ("type", "title", "status", "instance")
UNAUTHENTICATED = {"code": "unauthenticated"}


def told(problem: Mapping[str, Any]) -> dict[str, Any]:
    """Return a problem without what all of its kind say; AssertionError where one of these is missing."""
    assert set(HEAD) <= set(problem), problem
    return {name: value for name, value in problem.items() if name not in HEAD}
