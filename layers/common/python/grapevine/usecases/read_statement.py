"""A promoter's statement: every entry of all of their accounts, and that it adds up to what they have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from grapevine.domain.accounts import Leaf, net
from grapevine.domain.entries import AccountKey, Entry
from grapevine.domain.instants import to_text
from grapevine.domain.money import format_minor
from grapevine.domain.people import Promoter
from grapevine.domain.sentences import entry_sentence
from grapevine.domain.wording import Wording
from grapevine.domain.wordings import EN
from grapevine.ports import AccountReader, EntryLists, PageReader
from grapevine.usecases.read_balance import Balance, list_entries, read_balance

EVERYTHING = 10**9
"""More entries than anybody has."""
PLACES = (Leaf.HELD, Leaf.PAYABLE, Leaf.BLOCKED, Leaf.RESERVED, Leaf.PAID)
"""Where a promoter's money can be."""


@dataclass(frozen=True, slots=True)
class StatementPorts:
    """Accounts, their pages, and the ledger."""

    accounts: AccountReader
    pages: PageReader
    ledger: EntryLists


def read_statement(
    promoter: Promoter, currencies: Sequence[str], ports: StatementPorts, now: datetime, words: Wording = EN
) -> dict[str, Any]:
    """Return the statement as JSON values, oldest entry first; amounts are decimal strings.

    The program's currency is the first; points are one more where the program gives them.

    Each order's entry can be explained by its name. `re_adds` says that the entries alone come to
    the balance, in every place; it is false for the moment in which a new entry is not folded yet.
    """
    names = (promoter.id, *promoter.duplicates_at(now))
    keys = [AccountKey(promoter.program_id, name, currency) for currency in currencies for name in names]
    accounts = [_account(key, ports, words) for key in keys]
    last = [change for change in promoter.status_changes if change.effective_at <= now][-1:]
    return {
        "promoter_id": promoter.id,
        "status": promoter.status_at(now).value,
        "since": to_text(last[0].effective_at if last else promoter.joined_at),
        "reason": last[0].reason if last else None,
        "currency": currencies[0],
        "accounts": accounts,
        "re_adds": all(account["re_adds"] for account in accounts),
    }


def _account(key: AccountKey, ports: StatementPorts, words: Wording) -> dict[str, Any]:
    balance = read_balance(key, ports.accounts)
    entries = list_entries(key, ports.pages, ports.ledger, EVERYTHING)[::-1]
    return {
        "promoter_id": key.promoter_id,
        "currency": key.currency,
        "balance": _amounts(_places(balance), key.currency),
        "entries": [_line(entry, key, words) for entry in entries],
        "re_adds": _summed(entries, key) == _places(balance),
    }


def _line(entry: Entry, key: AccountKey, words: Wording) -> dict[str, Any]:
    return {
        "entry": entry.id,
        "reason": entry.reason.value,
        "sentence": entry_sentence(entry, frozenset((key.promoter_id,)), words),
        "recorded_at": to_text(entry.recorded_at),
        "payout_id": entry.payout_id,
        "changes": _amounts(_changes(entry, key), key.currency),
    }


def _changes(entry: Entry, key: AccountKey) -> dict[str, int]:
    """Return what an entry changes for a promoter, by place."""
    return {
        account.leaf.value: minor
        for (account, currency), minor in net(entry.postings).items()
        if account.owner == key.promoter_id and currency == key.currency and minor
    }


def _summed(entries: Sequence[Entry], key: AccountKey) -> dict[str, int]:
    total = dict.fromkeys((leaf.value for leaf in PLACES), 0)
    for entry in entries:
        for leaf, minor in _changes(entry, key).items():
            total[leaf] += minor
    return total


def _places(balance: Balance) -> dict[str, int]:
    return {leaf.value: getattr(balance, f"{leaf.value}_minor") for leaf in PLACES}


def _amounts(places: dict[str, int], currency: str) -> dict[str, str]:
    return {leaf: format_minor(minor, currency) for leaf, minor in places.items()}
