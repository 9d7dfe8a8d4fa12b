"""Events out: one for each promoter who gained, with a name that a repeat has too."""

from __future__ import annotations

from grapevine.domain.entries import Entry
from grapevine.domain.facts import FactKind, Outcome
from grapevine.usecases.publish_accruals import (
    COMMISSION_ACCRUED,
    PublishAccruals,
    accruals,
    publish_accruals,
)
from tests import builders as make
from tests.builders import ANA, BO, CY, ORDER, T0, days, minutes
from tests.worlds import World, chain_world


def posted(world: World, minute: float, *facts: object) -> Entry:
    world.append(*facts)  # type: ignore[arg-type]
    entry = world.post(T0 + minutes(minute))
    assert entry
    return entry


def accrued() -> tuple[World, Entry]:
    world = chain_world()
    return world, posted(world, 2, make.fact(FactKind.PAID, minutes(1)))


def test_everybody_who_gains_is_told_with_their_level() -> None:
    world, entry = accrued()
    assert publish_accruals(PublishAccruals([entry]), world.bus) == 3
    assert {name for name, _ in world.bus.published} == {COMMISSION_ACCRUED}
    found = {event["promoter_id"]: event for _, event in world.bus.published}
    assert {name: (event["level"], event["amount"]) for name, event in found.items()} == {
        CY: (1, "13.33"),
        BO: (2, "4.00"),
        ANA: (3, "1.33"),
    }
    assert found[CY] == {
        "id": f"{ORDER}/1/{CY}",
        "schema_version": 1,
        "occurred_at": "2026-11-11T09:02:00.000Z",
        "program_id": make.PROGRAM_ID,
        "promoter_id": CY,
        "level": 1,
        "order": str(ORDER),
        "entry": f"{ORDER}/1",
        "reason": "accrued",
        "amount": "13.33",
        "amount_minor": 1333,
        "currency": "USD",
    }


def test_a_repeat_has_the_same_names() -> None:
    _, entry = accrued()
    assert [event["id"] for event in accruals(entry)] == [event["id"] for event in accruals(entry)]
    assert len({event["id"] for event in accruals(entry)}) == 3


def test_what_goes_back_or_only_moves_is_no_accrual() -> None:
    world, _ = accrued()
    assert accruals(posted(world, 61, make.refunded("r1", minutes(60), ("a", 100)))) == ()
    assert accruals(posted(world, 62, make.verdict(Outcome.BLOCK, minutes(2)))) == ()
    assert accruals(posted(world, 63, make.verdict(Outcome.ALLOW, minutes(3)))) == ()
    assert accruals(posted(world, 60 * 24 * 31)) == ()


def test_a_rise_is_told_by_the_difference() -> None:
    world, _ = accrued()
    lines = (make.line("a", 20_000), make.line("b", 3_333))
    entry = posted(world, 31, make.fact(FactKind.EDITED, minutes(30), snapshot=make.snapshot(lines=lines)))
    assert {event["promoter_id"]: event["amount_minor"] for event in accruals(entry)} == {
        CY: 1_000,
        BO: 300,
        ANA: 100,
    }


def test_reattribution_tells_the_one_who_gained() -> None:
    world, _ = accrued()
    other = "4" * 22 + "-" + "5" * 20
    world.clicks.record(make.click(id=other, promoter_id=ANA, upline=()))
    entry = posted(world, 31, make.fact(FactKind.EDITED, minutes(30), snapshot=make.snapshot(click_id=other)))
    assert [(event["promoter_id"], event["amount_minor"], event["level"]) for event in accruals(entry)] == [
        (ANA, 1_200, 1)
    ]


def test_an_accounts_own_entries_and_nothing_publish_nothing() -> None:
    world = chain_world()
    lines = (make.line("a", 50_000),)
    world.append(make.fact(FactKind.PAID, minutes(1), snapshot=make.snapshot(lines=lines)))
    world.post(T0 + minutes(2))
    world.post(T0 + days(34))
    world.fold()
    world.settle(T0 + days(60))
    payouts = [entry for entry in world.ledger.appended if entry.payout_id]
    assert payouts
    assert publish_accruals(PublishAccruals(payouts), world.bus) == 0
    assert publish_accruals(PublishAccruals([]), world.bus) == 0
    assert world.bus.published == []
