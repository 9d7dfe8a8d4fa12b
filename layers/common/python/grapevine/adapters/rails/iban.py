"""Account numbers of banks in the Single Euro Payments Area, checked as ISO 13616 says."""

from __future__ import annotations

import re

_LENGTHS = (
    "AD24 AL28 AT20 BE16 BG22 CH21 CY28 CZ24 DE22 DK18 EE20 ES24 FI18 FR27 GB22 GI23 GR27 HR21 HU28 "
    "IE22 IS26 IT27 LI21 LT20 LU20 LV21 MC27 MD24 ME22 MK19 MT31 NL18 NO15 "
    "PL28 PT25 RO24 RS22 SE24 SI19 SK24 SM27 VA22"
)
LENGTHS = {text[:2]: int(text[2:]) for text in _LENGTHS.split()}
"""How long an IBAN is, by country; these are the countries that a SEPA credit transfer reaches."""
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?")


def compact(text: str) -> str:
    """Return an account number or a bank's code as machines write it.

    >>> compact("de89 3704 0044 0532 0130 00")
    'DE89370400440532013000'
    """
    return "".join(text.split()).upper()


def iban_fault(text: str) -> str:
    """Return what is wrong with an IBAN, in words that do not repeat it; empty where nothing is."""
    iban = compact(text)
    if not (iban.isascii() and _IBAN.fullmatch(iban)):
        return "is not an IBAN"
    length = LENGTHS.get(iban[:2])
    if length is None:
        return "is not of a country in the Single Euro Payments Area"
    if len(iban) != length:
        return f"must have {length} characters in this country"
    return "" if _remainder(iban) == 1 else "has a wrong check number: a digit is off"


def bic_fault(text: str) -> str:
    """Return what is wrong with a bank's code; empty where nothing is."""
    return "" if _BIC.fullmatch(compact(text)) else "is not a BIC of 8 or 11 characters"


def _remainder(iban: str) -> int:
    """Return what is left of the account, country and check number as one number, divided by 97."""
    return int("".join(str(int(character, 36)) for character in iban[4:] + iban[:4])) % 97
