"""What there is to settle: every promoter has four commissions, some too small to pay, some owed back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Protocol

PROGRAM_ID = "pg_bench"
CURRENCY = "USD"
MINIMUM_MINOR = 1_000
COMMISSIONS = 4
OPENED_AT = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 12, 10, 4, tzinfo=UTC)
"""In the morning of a settlement day."""
DAYS = ("2026-11-02", "2026-11-09", "2026-11-16", "2026-11-23")


def promoter_id(number: int) -> str:
    """Return a promoter's id; they sort by number."""
    return f"pr_{number:07d}"


def commissions(number: int) -> tuple[int, ...]:
    """Return a promoter's four amounts: every tenth stays below the minimum, every hundredth is owed back."""
    if number % 100 == 0:
        return (900, 400, -2_000, 300)
    if number % 10 == 0:
        return (100, 200, 250, 50)
    return tuple(500 + (number * 37 + part * 91) % 4_000 for part in range(COMMISSIONS))


def payable(number: int) -> int:
    """Return what a promoter's commissions come to."""
    return sum(commissions(number))


def expected(numbers: range) -> dict[str, int]:
    """Return who is paid how much."""
    found = {promoter_id(number): payable(number) for number in numbers}
    return {name: minor for name, minor in found.items() if minor >= MINIMUM_MINOR}


def all_commissions(numbers: range) -> Iterator[tuple[str, int, str, int]]:
    """Yield every commission: whose, which of the four, on which day, how much."""
    for number in numbers:
        for part, (day, minor) in enumerate(zip(DAYS, commissions(number), strict=True)):
            yield promoter_id(number), part, day, minor


class Payer(Protocol):
    """One way to settle."""

    def paid(self, numbers: range) -> dict[str, int]:
        """Return who of these promoters is paid how much, settled twice."""


def paid_by(numbers: range, payer: Payer) -> dict[str, int]:
    """Return what one way to settle pays."""
    return payer.paid(numbers)
