"""What bounties look at: which periods an order counts in, and what its next entry changes there.

An order counts in the period in which it was paid, however late we learn of it, until the period's
hold ends. What we learn after that is not recorded: the bounty has been decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from grapevine.domain.bounties import Period, period_at
from grapevine.domain.decisions import Decision
from grapevine.domain.entries import BonusKey, BonusKind, Entry
from grapevine.domain.orders import Order
from grapevine.domain.programs import Terms
from grapevine.domain.sales import NOTHING, sales_of
from grapevine.domain.tiers import Sale, Volume

Sold = dict[tuple[str, str], Volume]
"""Volume by promoter and a period's name."""


def evidence_change(
    order: Order, decision: Decision, entries: Sequence[Entry], terms: Terms, now: datetime
) -> tuple[Sale, ...]:
    """Return what an order's next entry changes of what bounties look at, nothing where none runs."""
    periods = _periods(order, terms)
    recorded = evidence_of(entries)
    if not (periods or recorded):
        return ()
    sold = sales_of(order, decision, terms) if periods else {}
    wanted = {(name, period.name): volume for period in periods for name, volume in sold.items()}
    return tuple(
        Sale(*key, change)
        for key in sorted(wanted.keys() | recorded.keys())
        if (change := wanted.get(key, NOTHING) - recorded.get(key, NOTHING)) != NOTHING
        and now < terms.bounty_period(key[1])[1].held_until
    )


def evidence_of(entries: Iterable[Entry]) -> Sold:
    """Return what entries have recorded so far."""
    recorded: Sold = {}
    for entry in entries:
        for sale in entry.evidence:
            key = sale.promoter_id, sale.month
            recorded[key] = recorded.get(key, NOTHING) + sale.volume
    return recorded


def bounties_touched(entries: Iterable[Entry]) -> tuple[BonusKey, ...]:
    """Return every bounty that entries change the evidence of, each once."""
    return tuple(
        dict.fromkeys(
            BonusKey(entry.program_id, sale.promoter_id, BonusKind.BOUNTY, sale.month)
            for entry in entries
            for sale in entry.evidence
        )
    )


def _periods(order: Order, terms: Terms) -> list[Period]:
    if order.paid_at is None:
        return []
    zone = ZoneInfo(terms.program.time_zone)
    found = [period_at(bounty, order.paid_at, zone) for bounty in terms.bounties]
    return [period for period in found if period]
