"""What rows tell: payouts leg by leg, settlements, promoters' histories, tiers, ties, verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from grapevine.domain.bindings import Tie
from grapevine.domain.entries import AccountKey
from grapevine.domain.event_rows import (
    binding_change,
    payout_change,
    promoter_change,
    settlement_change,
    tier_change,
    verdict_change,
)
from grapevine.domain.events import Change, ClosedMonth, LogHead, event_to_dict, followed
from grapevine.domain.facts import Fact, FactKind, Outcome, Verdict
from grapevine.domain.heads import Head
from grapevine.domain.payouts import Leg, Payout, PayoutState, approved, sent
from grapevine.domain.people import Merge, Promoter, PromoterStatus
from grapevine.domain.settlements import Settled, Settlement
from grapevine.domain.tiers import Tier, Volume
from tests import builders as make
from tests.builders import ANA, BO, CY, PROGRAM_ID, T0, minutes
from tests.paying import reserve

Told = list[tuple[str, dict[str, Any]]]


def told(changes: Sequence[Change]) -> Told:
    """Log each change by itself, as a stream brings them."""
    head, found = LogHead(changes[0].aggregate), Told()
    for change in changes:
        logged = followed(head, (change,), T0)
        if logged:
            head = logged.after
            found += [(event.type, dict(event.data)) for event in logged.events]
    assert head.sequence == len(found)
    return found


def names(changes: Sequence[Change]) -> list[str]:
    return [name for name, _ in told(changes)]


def payout(**changes: Any) -> Payout:  # noqa: ANN401
    made = reserve(Head(key=AccountKey(PROGRAM_ID, BO, "USD")), 1000, "run", T0).payout
    return replace(made, **changes)


def at(minute: float) -> datetime:
    return T0 + minutes(minute)


def test_a_payouts_way() -> None:
    first = payout(review=True)
    second = approved(first)
    third = sent(second, [1], "batch", "sepa")
    done = replace(third.legs[0], state=PayoutState.COMPLETED, detail="paid to Bo Example")
    fourth = replace(third, legs=(done,), version=third.version + 1)
    back = replace(fourth, legs=(replace(done, state=PayoutState.RETURNED),), version=fourth.version + 1)
    steps = [
        payout_change(one, at(number)) for number, one in enumerate((first, second, third, fourth, back))
    ]
    found = told(steps)
    assert [name for name, _ in found] == [
        "payout.requested",
        "payout.approved",
        "payout.sent",
        "payout.completed",
        "payout.returned",
    ]
    assert (found[0][1]["amount"], found[0][1]["leg"], found[3][1]["leg"]) == ("10.00", None, 1)
    assert "Example" not in str(found)
    assert told([*steps[:3], *steps]) == found


def test_a_payouts_version_that_was_lost_is_made_up_for_by_the_next() -> None:
    first = payout()
    third = replace(sent(first, [1], "batch", "csv"), version=3)
    assert names([payout_change(first, T0), payout_change(third, T0)]) == ["payout.requested", "payout.sent"]
    assert names([payout_change(third, T0), payout_change(first, T0)]) == ["payout.requested", "payout.sent"]


def test_each_leg_tells_of_its_own() -> None:
    legs = tuple(Leg(number=number, amount_minor=500, due_at=T0) for number in (1, 2))
    first = payout(legs=legs)
    one = replace(first, legs=(replace(legs[0], state=PayoutState.FAILED), legs[1]), version=2)
    name, data = told([payout_change(first, T0), payout_change(one, T0)])[1]
    assert (name, data["leg"], data["legs"], data["amount_minor"]) == ("payout.failed", 1, 2, 500)


def test_a_settlement_begins_and_ends() -> None:
    run = Settlement(id="run", program_id=PROGRAM_ID, started_at=T0)
    counted = replace(run, promoters=3, counts={Settled.PAID: 2}, paid_minor=700)
    closed = replace(counted, closed_at=at(5))
    changes = [settlement_change(one, "USD") for one in (run, counted, closed, closed)]
    assert names(changes) == ["settlement.started", "settlement.closed"]
    _, data = told(changes)[1]
    assert (data["paid"], data["counts"]) == ("7.00", {"paid": 2})


def promoter() -> Promoter:
    return Promoter(id=BO, program_id=PROGRAM_ID, name="Bo Example", sponsor_id=ANA, joined_at=T0)


def test_a_promoters_history() -> None:
    joined = promoter()
    moved = joined.with_sponsor(CY, at(1))
    suspended = moved.with_status(PromoterStatus.SUSPENDED, "Bo asked by mail", at(2))
    paid = suspended.with_payee("a keyed hash", at(3))
    merged = replace(paid, alias=Merge(at(4), ANA))
    keeps = replace(merged, duplicates=(Merge(at(5), CY),))
    changes = [promoter_change(one) for one in (joined, moved, suspended, paid, merged, keeps)]
    found = told(changes)
    assert [name for name, _ in found] == [
        "promoter.joined",
        "promoter.sponsor_changed",
        "promoter.status_changed",
        "promoter.payee_changed",
        "promoter.merged",
        "promoter.duplicate_added",
    ]
    assert all(word not in str(found) for word in ("Example", "mail", "keyed"))
    assert found == told([promoter_change(keeps)])
    assert found == told([*changes[:4], *changes])


def test_a_tier_that_changes() -> None:
    tiers = (Tier(id="base", threshold=0, add_bps=0), Tier(id="gold", threshold=100, add_bps=500))

    def month(name: str, net: int) -> Change:
        closed = ClosedMonth(program_id=PROGRAM_ID, promoter_id=BO, month=name, volume=Volume(net, 1))
        return tier_change(tiers, net, closed, T0)

    found = told([month("2026-09", 5), month("2026-10", 100), month("2026-11", 120), month("2026-12", 0)])
    assert [(data["previous_tier"], data["tier"], data["month"]) for _, data in found] == [
        ("base", "gold", "2026-10"),
        ("gold", "base", "2026-12"),
    ]
    assert told([month("2026-10", 100), month("2026-09", 5)]) == found[:1]


def test_a_tie_that_changes() -> None:
    def tie(promoter_id: str) -> Tie:
        return Tie(promoter_id=promoter_id, occurred_at=T0, recorded_at=T0, name="1", is_registration=False)

    steps = [
        binding_change(PROGRAM_ID, "hash", found, at(number), str(number))
        for number, found in enumerate((tie(BO), tie(BO), tie(ANA), None))
    ]
    assert [(data["previous_promoter_id"], data["promoter_id"]) for _, data in told(steps)] == [
        (None, BO),
        (BO, ANA),
        (ANA, None),
    ]
    assert told(steps)[0][0] == "binding.changed"


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ("allow", []),
        ("review allow", ["risk.opened", "risk.decided"]),
        ("review review block", ["risk.opened", "risk.decided"]),
        ("block", ["risk.decided"]),
        ("allow review block allow", ["risk.opened", "risk.decided", "risk.decided"]),
    ],
)
def test_verdicts(outcomes: str, expected: list[str]) -> None:
    facts = [
        Fact(
            order=make.ORDER,
            program_id=PROGRAM_ID,
            kind=FactKind.VERDICT,
            version=T0,
            digest=str(number),
            recorded_at=at(number),
            verdict=Verdict(outcome=Outcome(outcome), rule="rings", evidence="bo@example.com"),
        )
        for number, outcome in enumerate(outcomes.split())
    ]
    changes = [verdict_change(fact) for fact in facts]
    assert names(changes) == expected
    assert "example.com" not in str(told(changes))


def test_a_verdict_that_says_nothing_leaves_no_trace() -> None:
    fact = Fact(
        order=make.ORDER,
        program_id=PROGRAM_ID,
        kind=FactKind.VERDICT,
        version=T0,
        digest="1",
        recorded_at=T0,
        verdict=Verdict(outcome=Outcome.ALLOW, rule="self_referral", evidence=""),
    )
    change = verdict_change(fact)
    logged = followed(LogHead(change.aggregate), (change,), T0)
    assert logged
    assert logged.says_nothing


def test_an_events_json_has_no_more_than_ids_and_amounts() -> None:
    change = promoter_change(promoter())
    logged = followed(LogHead(change.aggregate), (change,), T0)
    assert logged
    assert "Example" not in str(event_to_dict(logged.events[0]))
