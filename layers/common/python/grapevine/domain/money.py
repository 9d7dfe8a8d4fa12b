"""Money in whole minor units, exact splits, one rounding mode per program.

Amounts come from strings; a float never touches money. Currencies carry their ISO 4217
exponent; points are a currency of their own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from grapevine.domain.errors import MoneyError

POINTS = "PTS"
MAX_MINOR = 10**15
"""Above this an amount is a mistake: ten trillion in a two-decimal currency."""

_EXPONENT_0 = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_EXPONENT_3 = "BHD IQD JOD KWD LYD OMR TND"
_EXPONENT_2 = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF "
    "CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD "
    "HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK "
    "MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD "
    "RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS "
    "UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG"
)
EXPONENTS: dict[str, int] = {
    POINTS: 0,
    **dict.fromkeys(_EXPONENT_0.split(), 0),
    **dict.fromkeys(_EXPONENT_2.split(), 2),
    **dict.fromkeys(_EXPONENT_3.split(), 3),
}
_DECIMAL = re.compile(r"(-?)([0-9]{1,18})(?:\.([0-9]{1,18}))?")


class Rounding(StrEnum):
    """How the half of a minor unit is rounded; a program picks one for good."""

    HALF_EVEN = "half_even"
    FLOOR = "floor"


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of a currency.

    >>> Money.parse("12.50", "USD") + Money(50, "USD")
    Money(minor=1300, currency='USD')
    """

    minor: int
    currency: str

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        """Read a canonical decimal string; MoneyError when it is anything else.

        >>> Money.parse("1000.00", "JPY")
        Money(minor=1000, currency='JPY')
        """
        return cls(parse_minor(text, currency), currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other).minor, self.currency)

    def __str__(self) -> str:
        return f"{format_minor(self.minor, self.currency)} {self.currency}"

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise MoneyError(f"{self.currency} and {other.currency} do not add")
        return other


def exponent(currency: str) -> int:
    """Return the decimals of a currency; MoneyError when it is unknown.

    >>> exponent("JPY"), exponent("USD"), exponent("KWD")
    (0, 2, 3)
    """
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise MoneyError(f"unknown currency {currency!r}") from None


def parse_minor(text: str, currency: str) -> int:
    """Return the minor units of a decimal string; more decimals than the currency has must be zero.

    >>> parse_minor("-8.10", "EUR"), parse_minor("1.5", "KWD")
    (-810, 1500)
    """
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise MoneyError(f"not a decimal amount: {text!r}")
    sign, whole, fraction = match.group(1), match.group(2), match.group(3) or ""
    digits = exponent(currency)
    if fraction[digits:].strip("0"):
        raise MoneyError(f"{text!r} has more than {digits} decimals of {currency}")
    return _bounded(int(whole + fraction[:digits].ljust(digits, "0")), text) * (-1 if sign else 1)


def format_minor(minor: int, currency: str) -> str:
    """Return the canonical decimal string of minor units.

    >>> format_minor(-5, "USD")
    '-0.05'
    """
    digits = exponent(currency)
    sign, text = "-" if minor < 0 else "", str(abs(minor)).rjust(digits + 1, "0")
    return sign + (f"{text[:-digits]}.{text[-digits:]}" if digits else text)


def prorate(total: int, part: int, whole: int, rounding: Rounding) -> int:
    """Return round(total × part / whole) for 0 <= part <= whole; part == whole gives total exactly.

    >>> prorate(100, 1, 8, Rounding.HALF_EVEN), prorate(100, 3, 8, Rounding.HALF_EVEN)
    (12, 38)
    """
    if whole <= 0 or not 0 <= part <= whole:
        raise MoneyError(f"no share {part} of {whole}")
    return round_ratio(total * part, whole, rounding)


def round_ratio(numerator: int, denominator: int, rounding: Rounding) -> int:
    """Return numerator / denominator as a whole number in the given mode.

    >>> round_ratio(5, 2, Rounding.HALF_EVEN), round_ratio(7, 2, Rounding.FLOOR)
    (2, 3)
    """
    quotient, remainder = divmod(numerator, denominator)
    if rounding is Rounding.FLOOR:
        return quotient
    doubled = 2 * remainder
    up = doubled > denominator or (doubled == denominator and quotient % 2 == 1)
    return quotient + up


def allocate(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Split a total by weights: floor, then one unit each to the largest remainders, ties by position.

    >>> allocate(100, (1, 1, 1))
    (34, 33, 33)
    """
    whole = sum(weights)
    if total < 0 or whole <= 0 or min(weights) < 0:
        raise MoneyError(f"cannot split {total} by {list(weights)}")
    shares = [total * weight // whole for weight in weights]
    # The sort is stable: of equal remainders the first comes first.
    by_remainder = sorted(range(len(weights)), key=lambda i: -(total * weights[i] % whole))
    for i in by_remainder[: total - sum(shares)]:
        shares[i] += 1
    return tuple(shares)


def _bounded(minor: int, text: str) -> int:
    if minor > MAX_MINOR:
        raise MoneyError(f"{text!r} is over the limit of {MAX_MINOR} minor units")
    return minor
