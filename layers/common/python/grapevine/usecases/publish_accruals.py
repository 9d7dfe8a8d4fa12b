"""Tell the outside that a commission accrued."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from grapevine.domain.accounts import Account, Leaf, net
from grapevine.domain.entries import Entry, decision_in_force
from grapevine.domain.facts import OrderKey
from grapevine.domain.instants import to_text
from grapevine.domain.money import format_minor
from grapevine.ports import EventBus

COMMISSION_ACCRUED = "commission.accrued"


@dataclass(frozen=True, slots=True)
class PublishAccruals:
    """Entries as a stream brings them."""

    entries: Sequence[Entry]


def publish_accruals(command: PublishAccruals, bus: EventBus) -> int:
    """Publish one event per promoter whose commission rose; return how many.

    The event's `id` is derived from the entry, so that a reader can drop a repeat.
    """
    events = [(COMMISSION_ACCRUED, detail) for entry in command.entries for detail in accruals(entry)]
    if events:
        bus.publish(events)
    return len(events)


def accruals(entry: Entry) -> tuple[dict[str, Any], ...]:
    """Return an event's detail for each promoter who gained from an entry."""
    if not isinstance(entry.key, OrderKey):
        return ()
    gained: dict[tuple[str, str], int] = {}
    for (account, currency), minor in net(entry.postings).items():
        if _counts(account):
            gained[account.owner, currency] = gained.get((account.owner, currency), 0) + minor
    rising = {key: minor for key, minor in gained.items() if minor > 0}
    return tuple(
        _detail(entry, owner, currency, minor) for (owner, currency), minor in sorted(rising.items())
    )


def _counts(account: Account) -> bool:
    return account.is_promoters and account.leaf in (Leaf.HELD, Leaf.PAYABLE, Leaf.BLOCKED)


def _detail(entry: Entry, owner: str, currency: str, minor: int) -> dict[str, Any]:
    decision = decision_in_force((entry,))
    claims = decision.claims if decision else ()
    level = next((claim.index(owner) + 1 for claim in claims if owner in claim), None)
    return {
        "id": f"{entry.id}/{owner}",
        "schema_version": 1,
        "occurred_at": to_text(entry.recorded_at),
        "program_id": entry.program_id,
        "promoter_id": owner,
        "level": level,
        "order": str(entry.key),
        "entry": entry.id,
        "reason": entry.reason.value,
        "amount": format_minor(minor, currency),
        "amount_minor": minor,
        "currency": currency,
    }
