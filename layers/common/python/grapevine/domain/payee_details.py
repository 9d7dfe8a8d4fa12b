"""Where a promoter is paid, in detail: what is missing, what waits, and what may be shown of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import blake2b

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.payout_terms import PayoutTerms
from grapevine.domain.transfers import Payee, RailName

MOST_DETAILS = 20
LONGEST_NAME = 40
LONGEST_VALUE = 200
MASK = "••••"
SHOWN = 4
"""Characters at a detail's end that are shown, where it is long enough to hide the rest."""
LONG_ENOUGH = 8
ACCOUNT_NAMES = {
    RailName.CSV: ("account", "iban"),
    RailName.SEPA: ("iban",),
    RailName.PAYPAL: ("receiver",),
    RailName.STRIPE: ("account",),
    RailName.WECHAT: ("openid",),
}
"""The detail that says where the money goes, by rail; who share it are one person."""


def missing_details(terms: PayoutTerms, payee: Payee | None) -> tuple[str, ...]:
    """Return what a program must know of a promoter before it pays, and does not; by name, in its order."""
    known = payee.details if payee else {}
    return tuple(name for name in terms.required_details if not known.get(name, "").strip())


def cooled_at(payee: Payee, terms: PayoutTerms) -> datetime:
    """Return from when on money may go to these details: a while after somebody last changed them."""
    return payee.changed_at + timedelta(hours=terms.cooling_hours)


def sendable_at(due_at: datetime, payee: Payee | None, terms: PayoutTerms) -> datetime:
    """Return from when on a leg may be sent; details that changed after it was reserved freeze it."""
    return max(due_at, cooled_at(payee, terms)) if payee else due_at


def same_details(payee: Payee | None, rail: RailName, details: Mapping[str, str]) -> bool:
    """Say whether this is what is known already: saying it again makes nothing wait."""
    return payee is not None and payee.rail is rail and dict(payee.details) == dict(details)


def account_of(rail: RailName, details: Mapping[str, str]) -> str:
    """Return the text that names the account of a payee; of one that has no such detail, all of them."""
    for name in ACCOUNT_NAMES[rail]:
        if value := details.get(name, "").strip():
            return value
    named = "\n".join(f"{name}={value}" for name, value in sorted(details.items()))
    return f"{rail}:{blake2b(named.encode(), digest_size=16).hexdigest()}"


def masked(details: Mapping[str, str]) -> dict[str, str]:
    """Return details as they may be shown: each but for its end.

    >>> masked({"iban": "DE89370400440532013000", "country": "DE"})
    {'iban': '••••3000', 'country': '••••'}
    """
    return {name: _masked("".join(value.split())) for name, value in details.items()}


def _masked(value: str) -> str:
    return MASK + value[-SHOWN:] if len(value) >= LONG_ENOUGH else MASK


def detail_faults(details: Mapping[str, str]) -> tuple[InvalidInputError, ...]:
    """Return everything wrong with details whatever the rail: names, and what cannot be sent anywhere."""
    faults = []
    if not 1 <= len(details) <= MOST_DETAILS:
        faults.append(InvalidInputError(f"must have 1 to {MOST_DETAILS} names", "details"))
    for name, value in details.items():
        where = f"details.{name[:LONGEST_NAME]}"
        if not (name.isascii() and name.isidentifier() and len(name) <= LONGEST_NAME):
            faults.append(InvalidInputError(f"a name has 1 to {LONGEST_NAME} letters, digits or _", where))
        if not (value.strip() and len(value) <= LONGEST_VALUE and value.isprintable()):
            faults.append(
                InvalidInputError(f"must have 1 to {LONGEST_VALUE} characters, all of them visible", where)
            )
    return tuple(faults)
