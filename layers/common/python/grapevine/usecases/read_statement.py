"""Everything that ever moved a promoter's money, and that it adds up to what they have.

A statement of some days is made by `make_statement`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from grapevine.domain.accounts import Leaf
from grapevine.domain.entries import AccountKey, Entry
from grapevine.domain.instants import to_text
from grapevine.domain.money import format_minor
from grapevine.domain.people import Promoter
from grapevine.domain.sentences import entry_sentence
from grapevine.domain.statement_lines import NOTHING, PLACES, Amounts, changes
from grapevine.domain.wording import Wording
from grapevine.domain.wordings import EN
from grapevine.ports import AccountReader, EntryLists, PageReader
from grapevine.usecases.read_balance import Balance, list_entries, read_balance

EVERYTHING = 10**9
"""More entries than anybody has."""


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
    has = _places(read_balance(key, ports.accounts))
    entries = list_entries(key, ports.pages, ports.ledger, EVERYTHING)[::-1]
    return {
        "promoter_id": key.promoter_id,
        "currency": key.currency,
        "balance": _shown(has.by_place(), key.currency),
        "entries": [_line(entry, key, words) for entry in entries],
        "re_adds": sum((changes(entry, key) for entry in entries), NOTHING) == has,
    }


def _line(entry: Entry, key: AccountKey, words: Wording) -> dict[str, Any]:
    changed = {leaf: minor for leaf, minor in changes(entry, key).by_place().items() if minor}
    return {
        "entry": entry.id,
        "reason": entry.reason.value,
        "sentence": entry_sentence(entry, frozenset((key.promoter_id,)), words),
        "recorded_at": to_text(entry.recorded_at),
        "payout_id": entry.payout_id,
        "changes": _shown(changed, key.currency),
    }


def _places(balance: Balance) -> Amounts:
    return Amounts(tuple(getattr(balance, f"{leaf.value}_minor") for leaf in PLACES))


def _shown(places: Mapping[Leaf, int], currency: str) -> dict[str, str]:
    return {leaf.value: format_minor(minor, currency) for leaf, minor in places.items()}
