"""What an order came to, read from its entries."""

from __future__ import annotations

from collections.abc import Sequence

from grapevine.domain.accounts import Leaf
from grapevine.domain.entries import Entry, standing
from tests import builders as make
from tests.worlds import World


def earned(world: World) -> dict[str, int]:
    """Return what stands by owner, wherever it stands; the house is one, the source is left out."""
    found: dict[str, int] = {}
    for (account, currency), minor in standing(world.ledger.entries_of(make.ORDER)).items():
        assert currency == "USD"
        if account.leaf is not Leaf.COMMISSION:
            name = "house" if account.leaf is Leaf.HOUSE else account.owner
            found[name] = found.get(name, 0) + minor
    return found


def standing_of(entries: Sequence[Entry], currency: str = "USD") -> dict[tuple[str, str], int]:
    """Return what stands by owner and place; the source and campaigns are left out."""
    return {
        (account.owner, account.leaf.value): minor
        for (account, code), minor in standing(entries).items()
        if code == currency and account.leaf not in (Leaf.COMMISSION, Leaf.BUDGET)
    }


def paid_by_campaigns(entries: Sequence[Entry]) -> dict[str, int]:
    """Return what campaigns have paid, by their ids."""
    stands = standing(entries).items()
    return {account.owner: -minor for (account, _), minor in stands if account.leaf is Leaf.BUDGET}
