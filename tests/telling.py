"""One event of every type, as the code makes it: the page about events shows these."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from grapevine.domain.accounts import Leaf, Posting, commission_account, promoter_account
from grapevine.domain.bindings import Tie
from grapevine.domain.entries import AccountKey, Entry, EntryReason
from grapevine.domain.event_entries import entry_change
from grapevine.domain.event_rows import (
    binding_change,
    payout_change,
    promoter_change,
    settlement_change,
    tier_change,
    verdict_change,
)
from grapevine.domain.events import Change, ClosedMonth, LogHead, event_to_dict, followed
from grapevine.domain.facts import Fact, FactKind, OrderKey, Outcome, Verdict
from grapevine.domain.heads import Head
from grapevine.domain.money import Money
from grapevine.domain.payouts import Leg, Payout, PayoutState, Reservation, approved, reserve, sent
from grapevine.domain.people import Merge, Promoter, PromoterStatus
from grapevine.domain.settlements import Settled, Settlement
from grapevine.domain.tiers import Tier, Volume

PROGRAM, ANA, BO = "pg_tea", "pr_ana", "pr_bo"
ORDER = OrderKey("sf_tea", "1001")
BEGAN = datetime(2026, 11, 11, 9, 6, 2, 100_000, tzinfo=UTC)
HELD, PAYABLE, BLOCKED = Leaf.HELD, Leaf.PAYABLE, Leaf.BLOCKED


def at(day: int) -> datetime:
    return BEGAN + timedelta(days=day)


def told() -> dict[str, dict[str, Any]]:
    """Return the first event of each type; the accrual is that of the page's own entry."""
    found = dict[str, dict[str, Any]]()
    for changes in (*_orders(), *_payouts(), *_others()):
        logged = followed(LogHead(changes[0].aggregate), changes, at(0) + timedelta(seconds=1))
        for event in logged.events if logged else ():
            found.setdefault(event.type, event_to_dict(event))
    return found


def _orders() -> Iterator[Sequence[Change]]:
    yield [
        _entry(1, EntryReason.ACCRUED, (None, HELD, 500)),
        _entry(2, EntryReason.BLOCKED, (HELD, BLOCKED, 500)),
        _entry(3, EntryReason.UNBLOCKED, (BLOCKED, HELD, 500)),
        _entry(4, EntryReason.REFUNDED, (HELD, None, 200)),
        _entry(5, EntryReason.RELEASED, (HELD, PAYABLE, 300)),
        _entry(6, EntryReason.REFUNDED, (PAYABLE, None, 300)),
    ]
    yield [
        _entry(1, EntryReason.ACCRUED, (None, HELD, 500)),
        _entry(2, EntryReason.CANCELLED, (HELD, None, 500)),
    ]


def _entry(number: int, reason: EntryReason, *legs: tuple[Leaf | None, Leaf | None, int]) -> Change:
    def account(leaf: Leaf | None) -> Any:  # noqa: ANN401
        return promoter_account(PROGRAM, BO, leaf) if leaf else commission_account(PROGRAM)

    postings = tuple(Posting(account(a), account(b), Money(minor, "USD")) for a, b, minor in legs)
    return entry_change(
        Entry(
            key=ORDER,
            sequence=number,
            program_id=PROGRAM,
            reason=reason,
            postings=postings,
            recorded_at=at(number - 1),
        )
    )


def _payouts() -> Iterator[Sequence[Change]]:
    wanted = Reservation(
        amount_minor=2000,
        legs=(Leg(number=1, amount_minor=2000, due_at=at(30)),),
        rail="sepa",
        review=True,
    )
    made = reserve(Head(key=AccountKey(PROGRAM, BO, "USD")), wanted, "pg_tea.2026-12-10", at(30))
    requested = made.payout
    free = approved(requested)
    gone = sent(free, [1], "pb_1", "sepa")
    paid = _ended(gone, PayoutState.COMPLETED)
    yield [
        payout_change(one, at(31))
        for one in (requested, free, gone, paid, _ended(paid, PayoutState.RETURNED))
    ]
    yield [payout_change(one, at(31)) for one in (requested, free, gone, _ended(gone, PayoutState.FAILED))]
    yield [payout_change(one, at(31)) for one in (requested, _ended(requested, PayoutState.STOPPED))]
    written_off = replace(made.entry, reason=EntryReason.WRITTEN_OFF, payout_id=None, purpose=None)
    yield [entry_change(written_off)]


def _ended(payout: Payout, state: PayoutState) -> Payout:
    return replace(payout, legs=(replace(payout.legs[0], state=state),), version=payout.version + 1)


def _others() -> Iterator[Sequence[Change]]:
    run = Settlement(id="pg_tea.2026-12-10", program_id=PROGRAM, started_at=at(29))
    counts = {Settled.PAID: 1, Settled.CARRIED: 1}
    closed = replace(run, promoters=2, counts=counts, paid_minor=2000, closed_at=at(29))
    yield [settlement_change(run, "USD"), settlement_change(closed, "USD")]
    joined = Promoter(id=BO, program_id=PROGRAM, name="", sponsor_id=ANA, joined_at=at(-30))
    moved = joined.with_sponsor("pr_cy", at(1)).with_status(PromoterStatus.SUSPENDED, "", at(2))
    paid = replace(moved.with_payee("hash", at(3)), duplicates=(Merge(at(4), "pr_bo2"),))
    yield [promoter_change(joined), promoter_change(paid)]
    other = replace(joined, id="pr_bo2", alias=Merge(at(4), BO))
    yield [promoter_change(other)]
    tiers = (Tier(id="base", threshold=0, add_bps=0), Tier(id="silver", threshold=1_000_000, add_bps=200))
    month = ClosedMonth(program_id=PROGRAM, promoter_id=BO, month="2026-11", volume=Volume(1_234_500, 61))
    yield [tier_change(tiers, 1_234_500, month, at(20))]
    tie = Tie(promoter_id=BO, occurred_at=at(0), recorded_at=at(0), name="", is_registration=False)
    yield [binding_change(PROGRAM, "3f1c9a7be2d04c58a6b1d0ef", tie, at(0), "1")]
    yield [_verdict(1, Outcome.REVIEW), _verdict(2, Outcome.BLOCK)]


def _verdict(number: int, outcome: Outcome) -> Change:
    return verdict_change(
        Fact(
            order=ORDER,
            program_id=PROGRAM,
            kind=FactKind.VERDICT,
            version=at(0),
            digest=str(number),
            recorded_at=at(number - 1),
            verdict=Verdict(outcome=outcome, rule="self_referral", evidence=""),
        )
    )
