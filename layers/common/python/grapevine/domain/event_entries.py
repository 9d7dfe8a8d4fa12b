"""What an entry tells the outside: commissions that came, changed, went or moved, other money."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from grapevine.domain.accounts import Leaf, net
from grapevine.domain.entries import AccountKey, BonusKey, Entry
from grapevine.domain.events import Aggregate, AggregateKind, Change, Data, Draft
from grapevine.domain.money import format_minor

ACCRUED = "commission.accrued"
ADJUSTED = "commission.adjusted"
RELEASED = "commission.released"
BLOCKED = "commission.blocked"
UNBLOCKED = "commission.unblocked"
VOIDED = "commission.voided"
CLAWED_BACK = "commission.clawed_back"
BALANCE_CHANGED = "balance.changed"
STANDING = (Leaf.HELD, Leaf.PAYABLE, Leaf.BLOCKED)


@dataclass(frozen=True, slots=True)
class Stand:
    """What a promoter has from one order or bonus, minor units."""

    held: int = 0
    payable: int = 0
    blocked: int = 0

    @property
    def total(self) -> int:
        """All of it, wherever it is."""
        return self.held + self.payable + self.blocked


def entry_change(entry: Entry) -> Change:
    """Return an entry as a change of its order, bonus or account."""
    return Change(aggregate_of(entry), entry.sequence, lambda seen: _fold(seen, entry))


def aggregate_of(entry: Entry) -> Aggregate:
    """Return what an entry changes."""
    kind = AggregateKind.ORDER
    if isinstance(entry.key, BonusKey):
        kind = AggregateKind.BONUS
    elif isinstance(entry.key, AccountKey):
        kind = AggregateKind.ACCOUNT
    return Aggregate(entry.program_id, kind, str(entry.key))


def moves(before: Stand, after: Stand) -> Iterator[tuple[str, int]]:
    """Yield what happened between two standings, and of how much: what came or went, then what moved.

    What goes before it was payable is void once nothing is left, and adjusted until then.
    """
    yield from _came(before, after)
    yield from _went(before, after)
    waiting = before.held + before.blocked - after.held - after.blocked
    shifts = (
        (RELEASED, min(waiting, after.payable - before.payable)),
        (BLOCKED, min(before.held - after.held, after.blocked - before.blocked)),
        (UNBLOCKED, min(after.held - before.held, before.blocked - after.blocked)),
    )
    yield from ((name, minor) for name, minor in shifts if minor > 0)


def _came(before: Stand, after: Stand) -> Iterator[tuple[str, int]]:
    rise = after.total - before.total
    if rise > 0:
        yield (ADJUSTED if before.total else ACCRUED), rise


def _went(before: Stand, after: Stand) -> Iterator[tuple[str, int]]:
    fall = before.total - after.total
    if fall > 0 and after.payable < before.payable:
        yield CLAWED_BACK, fall
    elif fall > 0:
        yield (ADJUSTED, -fall) if after.total else (VOIDED, fall)


def _fold(seen: Data, entry: Entry) -> tuple[Data, tuple[Draft, ...]]:
    """Return what readers know after an entry: who has what from it, at which level."""
    changes = _changes(entry)
    if isinstance(entry.key, AccountKey):
        return {}, tuple(_balance_drafts(entry, changes))
    stands = {name: Stand(*values) for name, values in seen.get("stands", {}).items()}
    levels = _levels(entry, seen.get("levels", {}))
    drafts = list[Draft]()
    for (owner, currency), change in sorted(changes.items()):
        name = f"{owner}/{currency}"
        before = stands.get(name, Stand())
        after = Stand(
            before.held + change.held, before.payable + change.payable, before.blocked + change.blocked
        )
        stands[name] = after
        drafts += [
            Draft(kind, entry.recorded_at, _told(entry, owner, currency, minor, levels, after))
            for kind, minor in moves(before, after)
        ]
    kept = {name: [s.held, s.payable, s.blocked] for name, s in stands.items() if s != Stand()}
    return {"stands": kept, "levels": levels}, tuple(drafts)


def _changes(entry: Entry) -> dict[tuple[str, str], Stand]:
    found: dict[tuple[str, str], dict[Leaf, int]] = {}
    for (account, currency), minor in net(entry.postings).items():
        if account.is_promoters and account.leaf in STANDING and minor:
            found.setdefault((account.owner, currency), {})[account.leaf] = minor
    return {whose: Stand(*(by.get(leaf, 0) for leaf in STANDING)) for whose, by in found.items()}


def _levels(entry: Entry, known: Mapping[str, int]) -> dict[str, int]:
    if entry.decision is None:
        return dict(known)
    levels = dict[str, int]()
    for chain in entry.decision.chains:
        for number, promoter_id in enumerate(chain, start=1):
            levels.setdefault(promoter_id, number)
    return levels


def _told(
    entry: Entry, owner: str, currency: str, minor: int, levels: Mapping[str, int], after: Stand
) -> dict[str, Any]:
    is_bonus = isinstance(entry.key, BonusKey)
    return {
        "promoter_id": owner,
        "level": levels.get(owner),
        "order": None if is_bonus else str(entry.key),
        "bonus": str(entry.key) if is_bonus else None,
        "entry": entry.id,
        "reason": entry.reason.value,
        "amount": format_minor(minor, currency),
        "amount_minor": minor,
        "currency": currency,
        "held_minor": after.held,
        "payable_minor": after.payable,
        "blocked_minor": after.blocked,
    }


def _balance_drafts(entry: Entry, changes: Mapping[tuple[str, str], Stand]) -> Iterator[Draft]:
    """Yield what moved in an account but for payouts, which tell of themselves."""
    for (owner, currency), change in sorted(changes.items()):
        if entry.payout_id is None and change.total:
            data = {
                "promoter_id": owner,
                "entry": entry.id,
                "reason": entry.reason.value,
                "amount": format_minor(change.total, currency),
                "amount_minor": change.total,
                "currency": currency,
            }
            yield Draft(BALANCE_CHANGED, entry.recorded_at, data)
