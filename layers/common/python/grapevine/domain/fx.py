"""Exchange rates: exact, with their source and instant, frozen in the decision that uses them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from grapevine.domain.errors import MoneyError
from grapevine.domain.money import exponent

MAX_AGE = timedelta(days=7)
"""An older rate is none: nobody was asked for a price for a week."""
RETRY = timedelta(days=1)
"""How long an order waits before somebody looks again for a rate that was missing."""
_RATE = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,12})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What one unit of `base` is worth in `quote`, as its decimal text, from an instant on."""

    base: str
    quote: str
    text: str
    source: str
    effective_at: datetime

    def __post_init__(self) -> None:
        """Refuse what is no rate between two known currencies."""
        if _RATE.fullmatch(self.text) is None or not Fraction(self.text):
            raise MoneyError(f"not an exchange rate: {self.text!r}")
        if self.base == self.quote:
            raise MoneyError(f"no rate from {self.base} to itself")
        exponent(self.base), exponent(self.quote)

    @property
    def per_minor(self) -> tuple[int, int]:
        """What one minor unit of `base` is in minor units of `quote`, as numerator and denominator."""
        shift = exponent(self.quote) - exponent(self.base)
        ratio = Fraction(self.text) * (Fraction(10) ** shift)
        return ratio.numerator, ratio.denominator


def worth(rate: Rate | None) -> tuple[int, int]:
    """Return what one minor unit is in the program's; itself, where there is nothing to convert."""
    return rate.per_minor if rate else (1, 1)


def usable(rate: Rate | None, instant: datetime) -> Rate | None:
    """Return a rate that is fresh enough at an instant."""
    return rate if rate and timedelta(0) <= instant - rate.effective_at <= MAX_AGE else None
