"""Accounts and postings: money moves from one account to another, never appears."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from grapevine.domain.campaigns import CAMPAIGN_PREFIX
from grapevine.domain.errors import MoneyError
from grapevine.domain.money import Money

PROGRAM = "program"
"""The owner name of a program's own accounts, beside the promoters'."""


class Leaf(StrEnum):
    """The last part of an account's name: where money is."""

    HELD = "held"
    PAYABLE = "payable"
    BLOCKED = "blocked"
    RESERVED = "reserved"
    PAID = "paid"
    COMMISSION = "commission"
    HOUSE = "house"
    WRITE_OFF = "write_off"
    TRANSFER = "transfer"
    BUDGET = "budget"
    SPENT = "spent"
    EXPIRED = "expired"
    EXCHANGE = "exchange"
    FEES = "fees"
    TAX = "tax"
    OPENING = "opening"

    __hash__ = str.__hash__
    """As the text that it equals; an enum's own is another, and slow where amounts go by account."""


class Account(NamedTuple):
    """A promoter's, a campaign's or (`owner` is PROGRAM) a program's account.

    A tuple, because amounts are added up by it again and again, and a tuple's hash is quick.
    """

    program_id: str
    owner: str
    leaf: Leaf

    @property
    def is_promoters(self) -> bool:
        """Whether it is somebody's who shares and earns."""
        return self.owner != PROGRAM and not self.owner.startswith(CAMPAIGN_PREFIX)

    def __str__(self) -> str:
        kind = "promoter" if self.is_promoters else "campaign"
        owner = "" if self.owner == PROGRAM else f"{kind}/{self.owner}/"
        return f"program/{self.program_id}/{owner}{self.leaf}"


@dataclass(frozen=True, slots=True)
class Posting:
    """One leg: a positive amount from source to destination."""

    source: Account
    destination: Account
    amount: Money

    def __post_init__(self) -> None:
        """Refuse what could not be balanced: no amount, or money going nowhere."""
        if self.amount.minor <= 0 or self.source == self.destination:
            raise MoneyError(f"no posting of {self.amount} from {self.source} to {self.destination}")


def promoter_account(program_id: str, promoter_id: str, leaf: Leaf) -> Account:
    """Return one of a promoter's accounts."""
    return Account(program_id, promoter_id, leaf)


def commission_account(program_id: str) -> Account:
    """Return the account that a program's commissions come from."""
    return Account(program_id, PROGRAM, Leaf.COMMISSION)


def budget_account(program_id: str, campaign_id: str) -> Account:
    """Return the account that says what a campaign has paid: it is never above zero."""
    return Account(program_id, campaign_id, Leaf.BUDGET)


def net(postings: tuple[Posting, ...]) -> dict[tuple[Account, str], int]:
    """Return what postings change, in minor units by account and currency; it sums to zero."""
    changes: dict[tuple[Account, str], int] = {}
    for posting in postings:
        minor, currency = posting.amount.minor, posting.amount.currency
        for account, signed in ((posting.source, -minor), (posting.destination, minor)):
            key = (account, currency)
            changes[key] = changes.get(key, 0) + signed
    return changes
