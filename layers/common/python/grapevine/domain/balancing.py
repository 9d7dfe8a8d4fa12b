"""The postings that lead from what stands to what should."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from grapevine.domain.accounts import Account, Leaf, Posting, commission_account
from grapevine.domain.money import Money

Amounts = Mapping[tuple[Account, str], int]
Change = tuple[tuple[Account, str], int]
LEAF_RANKS = {leaf: rank for rank, leaf in enumerate(Leaf)}


def balancing(current: Amounts, wanted: Amounts, program_id: str) -> tuple[Posting, ...]:
    """Return the postings that lead from what stands to what should.

    Within one promoter money moves between accounts first; only the rest comes from, or goes back
    to, the program's commission account. The order is fixed, so two writers build the same entry.
    """
    rest, postings = commission_account(program_id), list[Posting]()
    if not current and all(minor > 0 for minor in wanted.values()):
        rises = sorted(wanted.items(), key=_by_leaf)
        return tuple([Posting(rest, account, Money(minor, currency)) for (account, currency), minor in rises])
    changes = dict(wanted)
    for key, minor in current.items():
        changes[key] = changes.get(key, 0) - minor
    for (_, currency), group in groupby(sorted(changes.items(), key=_by_leaf), _by_owner):
        postings += _legs([(account, change) for (account, _), change in group], currency, rest)
    return tuple(postings)


def _by_owner(change: Change) -> tuple[str, str]:
    (account, currency), _ = change
    return account.owner, currency


def _by_leaf(change: Change) -> tuple[str, str, int]:
    (account, currency), _ = change
    return account.owner, currency, LEAF_RANKS[account.leaf]


def _legs(changes: Sequence[tuple[Account, int]], currency: str, rest: Account) -> list[Posting]:
    """Pair what falls with what rises; `rest` takes or gives the remainder."""
    falls = [(account, -change) for account, change in reversed(changes) if change < 0]
    rises = [(account, change) for account, change in reversed(changes) if change > 0]
    legs: list[Posting] = []
    while falls and rises:
        (source, falling), (destination, rising) = falls.pop(), rises.pop()
        moved = min(falling, rising)
        legs.append(Posting(source, destination, Money(moved, currency)))
        if falling > moved:
            falls.append((source, falling - moved))
        if rising > moved:
            rises.append((destination, rising - moved))
    legs += [Posting(source, rest, Money(falling, currency)) for source, falling in reversed(falls)]
    legs += [Posting(rest, destination, Money(rising, currency)) for destination, rising in reversed(rises)]
    return legs
