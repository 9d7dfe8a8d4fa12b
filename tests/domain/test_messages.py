"""What promoters are written: what a note is, when it goes, and what the message says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from grapevine.domain.entries import AccountKey
from grapevine.domain.heads import Head
from grapevine.domain.message_texts import TEXTS, message_of
from grapevine.domain.messages import (
    Contact,
    Note,
    NoteKind,
    notes_of,
    notes_of_page,
    quiet_until,
    sums,
    told,
)
from grapevine.domain.settlements import AccountOutcome, CarryReason, Settled, SettlementPage
from grapevine.domain.wording import Language
from tests import builders as make
from tests.builders import ANA, BO, CY, T0, minutes
from tests.paying import complete, give_back, reserve
from tests.worlds import chain_world

KEY = AccountKey(make.PROGRAM_ID, CY, "USD")


def note(kind: NoteKind = NoteKind.EARNED, minor: int = 100, **changes: object) -> Note:
    made = Note(
        id=f"{kind}/{minor}",
        program_id=make.PROGRAM_ID,
        promoter_id=CY,
        kind=kind,
        amount_minor=minor,
        currency="USD",
        at=T0,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_an_order_tells_each_promoter_what_they_gained_and_a_refund_nothing() -> None:
    world = chain_world()
    world.append(make.fact())
    world.post(T0 + minutes(2))
    (entry,) = world.ledger.appended
    found = {one.promoter_id: (one.kind, one.amount_minor, one.currency, one.at) for one in notes_of(entry)}
    at = T0 + minutes(2)
    assert found == {
        CY: (NoteKind.EARNED, 1333, "USD", at),
        BO: (NoteKind.EARNED, 400, "USD", at),
        ANA: (NoteKind.EARNED, 133, "USD", at),
    }
    assert len({one.id for one in notes_of(entry)}) == 3
    world.append(make.refunded("r1", minutes(5), ("a", 5_000)))
    world.post(T0 + minutes(9))
    assert len(world.ledger.appended) == 2
    assert notes_of(world.ledger.appended[-1]) == ()


def test_an_account_tells_what_was_paid_and_what_came_back_and_nothing_of_what_is_on_its_way() -> None:
    reserved = reserve(Head(key=KEY), 5000, "run", T0)
    assert notes_of(reserved.entry) == ()
    paid = complete(reserved.head, reserved.payout, "ref", T0 + minutes(1))
    assert [(one.kind, one.amount_minor) for one in notes_of(paid.entry)] == [(NoteKind.PAID, 5000)]
    back = give_back(reserved.head, reserved.payout, "closed", T0 + minutes(1))
    assert [(one.kind, one.amount_minor) for one in notes_of(back.entry)] == [(NoteKind.RETURNED, 5000)]


def test_a_settlement_tells_who_must_say_more_of_themselves_and_nobody_else() -> None:
    waits = AccountOutcome(
        promoter_id=CY,
        settled=Settled.CARRIED,
        amount_minor=2500,
        reason=CarryReason.DETAILS_MISSING,
        detail="name",
    )
    below = AccountOutcome(promoter_id=BO, settled=Settled.CARRIED, reason=CarryReason.BELOW_MINIMUM)
    page = SettlementPage(
        settlement_id="run",
        program_id=make.PROGRAM_ID,
        after="",
        number=1,
        before=0,
        promoter_ids=(BO, CY),
    ).done((below, waits))
    (found,) = notes_of_page(page, "USD", T0)
    assert (found.promoter_id, found.kind, found.amount_minor, found.detail) == (
        CY,
        NoteKind.NEEDS_ACTION,
        2500,
        "name",
    )


@pytest.mark.parametrize(
    ("local", "hours", "morning"),
    [
        ("20:59", (21, 8), None),
        ("21:00", (21, 8), "2026-11-12T08:00"),
        ("23:59", (21, 8), "2026-11-12T08:00"),
        ("00:00", (21, 8), "2026-11-11T08:00"),
        ("07:59", (21, 8), "2026-11-11T08:00"),
        ("08:00", (21, 8), None),
        ("13:30", (13, 15), "2026-11-11T15:00"),
        ("12:59", (13, 15), None),
        ("15:00", (13, 15), None),
        ("03:00", (5, 5), None),
    ],
)
def test_nights_are_quiet_where_the_promoter_is(
    local: str, hours: tuple[int, int], morning: str | None
) -> None:
    contact = Contact(time_zone="Asia/Shanghai", quiet_from_hour=hours[0], quiet_until_hour=hours[1])
    now = datetime.fromisoformat(f"2026-11-11T{local}:00+08:00").astimezone(UTC)
    found = quiet_until(contact, "America/New_York", now)
    assert found == (datetime.fromisoformat(f"{morning}:00+08:00") if morning else None)


def test_who_names_no_zone_sleeps_as_the_program_does() -> None:
    now = datetime(2026, 11, 11, 14, tzinfo=UTC)
    assert quiet_until(Contact(), "Asia/Shanghai", now) == datetime(2026, 11, 12, tzinfo=UTC)
    assert quiet_until(Contact(), "Europe/London", now) is None


def test_what_is_muted_is_not_told_and_the_rest_oldest_first() -> None:
    paid, earned = note(NoteKind.PAID, at=T0 + minutes(1)), note()
    assert told((paid, earned), Contact()) == (earned, paid)
    assert told((paid, earned), Contact(muted=(NoteKind.EARNED,))) == (paid,)


def test_sums_are_by_kind_and_currency() -> None:
    notes = (note(minor=100), note(minor=250), note(minor=7, currency="PTS"), note(NoteKind.PAID))
    assert sums(notes, NoteKind.EARNED) == {"USD": (350, 2), "PTS": (7, 1)}


def test_one_message_tells_it_all_and_what_asks_for_something_first() -> None:
    program = make.program()
    notes = (
        note(minor=100),
        note(minor=250),
        note(minor=7, currency="PTS"),
        note(NoteKind.PAID, 5000),
        note(NoteKind.NEEDS_ACTION, 100, detail="name"),
        note(NoteKind.NEEDS_ACTION, 2500, at=T0 + minutes(1), detail="name, account"),
    )
    message = message_of(notes, Contact(), program)
    assert message.subject == f"{program.name}: we need something from you"
    assert message.lines == (
        "25.00 USD is waiting for you. Before it can be paid we need to know: name, account.",
        "50.00 USD was paid to you.",
        "You earned 3.50 USD in 2 steps.",
        "You earned 7 points.",
    )
    assert message.text.count("\n") == 3


def test_the_same_in_chinese() -> None:
    message = message_of(
        (note(minor=100), note(NoteKind.RETURNED, 900)), Contact(language=Language.ZH), make.program()
    )
    assert message.lines == (
        "9.00 美元 未能付出，已退回你的余额。请检查你的收款信息。",
        "你赚到了 1.00 美元。",
    )


@pytest.mark.parametrize("language", Language)
def test_every_language_can_tell_everything(language: Language) -> None:
    words = TEXTS[language]
    assert words.one.keys() == words.several.keys() == words.subjects.keys() == set(NoteKind)
