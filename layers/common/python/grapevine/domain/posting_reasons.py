"""Why an entry was posted: which of all that changed an order explains what moved."""

from __future__ import annotations

from collections.abc import Sequence

from grapevine.domain.accounts import Leaf
from grapevine.domain.balancing import Amounts
from grapevine.domain.decisions import Decision
from grapevine.domain.entries import Entry, EntryReason, decision_in_force
from grapevine.domain.facts import Fact
from grapevine.domain.orders import Order
from grapevine.domain.quarantine import as_ruled


def covered_by(entries: Sequence[Entry]) -> frozenset[str]:
    """Return the digests of the facts that stand behind entries."""
    return frozenset(digest for entry in entries for digest in entry.facts)


def newly_covered(facts: Sequence[Fact], entries: Sequence[Entry]) -> tuple[str, ...]:
    """Return the digests of facts that no entry covers yet."""
    told = {fact.digest for fact in facts}
    return tuple(sorted(told - covered_by(entries) if entries else told))


def reason_of(
    order: Order,
    fresh: Decision | None,
    entries: Sequence[Entry],
    facts: Sequence[Fact],
    current: Amounts,
    wanted: Amounts,
    more_bonus: int,
    voided: Sequence[str],
) -> EntryReason:
    """Return why an entry is posted; `more_bonus` is what a recruit bonus changes in it.

    The amounts are those of promoters and the house, without what campaigns paid of them.
    """
    # A bonus comes with the release; it is not why the order's own commissions changed.
    before, after = sum(current.values()), sum(wanted.values()) - more_bonus
    if not entries:
        return EntryReason.ACCRUED if after else EntryReason.RECORDED
    if voided and any(account.owner in voided for account, _ in current):
        return EntryReason.VOIDED
    if before == after and not (fresh and _last_claims(entries) not in ((), fresh.claims)):
        return _why_moved({account.leaf for account, _ in current}, {account.leaf for account, _ in wanted})
    return _why_changed(order, fresh, entries, facts, before, after)


def promoters_part(amounts: Amounts) -> Amounts:
    """Return amounts without what campaigns paid of them: that is the source of the same money."""
    return {key: minor for key, minor in amounts.items() if key[0].leaf is not Leaf.BUDGET}


def _why_changed(
    order: Order,
    fresh: Decision | None,
    entries: Sequence[Entry],
    facts: Sequence[Fact],
    before: int,
    after: int,
) -> EntryReason:
    if fresh and before != after and _is_tiered(fresh, entries, facts):
        return EntryReason.TIERED
    if fresh and (_last_claims(entries) not in ((), fresh.claims) or _is_elsewhere(fresh, entries, facts)):
        return EntryReason.REATTRIBUTED
    if after < before:
        return _why_less(order, is_refunded=_tell_a_refund(facts, entries))
    return EntryReason.EDITED if before else EntryReason.ACCRUED


def _is_tiered(fresh: Decision, entries: Sequence[Entry], facts: Sequence[Fact]) -> bool:
    """Say whether nothing but a month's sales changed a decision: no fact that was not covered is there."""
    known = decision_in_force(entries)
    if known is None or newly_covered(facts, entries):
        return False
    return (known.tiers, known.gated) != (fresh.tiers, fresh.gated) and known.attributed == fresh.attributed


def _is_elsewhere(fresh: Decision, entries: Sequence[Entry], facts: Sequence[Fact]) -> bool:
    """Say whether another touch of the same promoters changed the campaigns: there is no other news."""
    known = decision_in_force(entries)
    is_other = known is not None and known.attributed and known.campaigns != fresh.campaigns
    return bool(is_other) and not newly_covered(facts, entries)


def _last_claims(entries: Sequence[Entry]) -> tuple[tuple[str, ...], ...]:
    decisions = (entry.decision for entry in reversed(entries) if entry.decision)
    return next((decision.claims for decision in decisions if decision.claims), ())


def _tell_a_refund(facts: Sequence[Fact], entries: Sequence[Entry]) -> bool:
    """Say whether facts that no entry covers yet tell of a refund that those covered did not."""
    covered, used = covered_by(entries), as_ruled(facts)
    known = {refund for fact in used if fact.digest in covered for refund in fact.refunds}
    told = {refund for fact in used if fact.digest not in covered for refund in fact.refunds}
    return any(refund.lines for refund in told - known)


def _why_less(order: Order, *, is_refunded: bool) -> EntryReason:
    if order.cancelled_at:
        return EntryReason.CANCELLED
    if not order.payment.earns:
        return EntryReason.UNPAID
    return EntryReason.REFUNDED if is_refunded else EntryReason.EDITED


def _why_moved(before: set[Leaf], after: set[Leaf]) -> EntryReason:
    if before == after:
        return EntryReason.RECORDED
    if Leaf.PAYABLE in after:
        return EntryReason.RELEASED
    return EntryReason.BLOCKED if Leaf.BLOCKED in after else EntryReason.UNBLOCKED
