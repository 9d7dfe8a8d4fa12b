"""Writing to promoters: bundled, by day, once, and again where the way out does not answer."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from grapevine.adapters.memory.messages import MemoryMessenger, MemoryMessengers
from grapevine.domain.errors import InvalidInputError, NotFoundError
from grapevine.domain.messages import MOST_NOTES, Channel, Contact, Note, NoteKind
from grapevine.ports import MessageRefusedError, MessengerUnavailableError
from grapevine.usecases.put_contact import PutContact, put_contact
from grapevine.usecases.send_messages import MessagePorts, Sent, send_messages
from tests import builders as make
from tests.builders import ANA, CY, minutes
from tests.worlds import World, chain_world

NOON = datetime(2026, 11, 11, 4, tzinfo=UTC)
"""In Shanghai, where the program is."""
CONTACT = Contact(address="cy@shop.example", time_zone="Asia/Shanghai")


def note(number: int = 1, **changes: object) -> Note:
    made = Note(
        id=f"n{number:04}",
        program_id=make.PROGRAM_ID,
        promoter_id=CY,
        kind=NoteKind.PAID,
        amount_minor=100 * number,
        currency="USD",
        at=NOON - minutes(10),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def reached(world: World, contact: Contact = CONTACT, promoter_id: str = CY) -> None:
    command = PutContact(program_id=make.PROGRAM_ID, promoter_id=promoter_id, contact=contact)
    put_contact(command, world.catalog, world.contacts)


def ports(
    world: World, messenger: MemoryMessenger | None = None, closed: tuple[Channel, ...] = ()
) -> MessagePorts:
    ways = MemoryMessengers(messenger or world.messenger, closed)
    return MessagePorts(world.notes, world.contacts, ways, world.catalog)


def lines(world: World) -> list[str]:
    return [line for _, message in world.messenger.sent for line in message.lines]


def test_notes_of_a_while_go_as_one_message_and_never_again() -> None:
    world = chain_world()
    reached(world)
    for number in (1, 2, 3):
        world.notes.add(note(number))
    assert send_messages(ports(world), NOON - minutes(1)) == Counter()
    assert send_messages(ports(world), NOON) == Counter({Sent.SENT: 1})
    assert lines(world) == ["6.00 USD was paid to you, in 3 parts."]
    assert [address for address, _ in world.messenger.sent] == ["cy@shop.example"]
    world.notes.add(note(1))
    assert send_messages(ports(world), NOON + minutes(500)) == Counter()


def test_everybody_gets_their_own() -> None:
    world = chain_world()
    reached(world)
    reached(world, replace(CONTACT, address="ana@shop.example"), ANA)
    world.notes.add(note())
    world.notes.add(note(2, promoter_id=ANA))
    assert send_messages(ports(world), NOON) == Counter({Sent.SENT: 2})
    assert {address: message.lines for address, message in world.messenger.sent} == {
        "cy@shop.example": ("1.00 USD was paid to you.",),
        "ana@shop.example": ("2.00 USD was paid to you.",),
    }


def test_at_night_it_waits_for_the_morning() -> None:
    world = chain_world()
    reached(world)
    night = NOON + timedelta(hours=10)
    world.notes.add(note(at=night))
    assert send_messages(ports(world), night + minutes(10)) == Counter({Sent.QUIET: 1})
    world.notes.add(note(2, at=night + minutes(60)))
    assert send_messages(ports(world), night + minutes(70)) == Counter({Sent.QUIET: 1})
    assert world.messenger.sent == []
    morning = NOON + timedelta(hours=20)
    assert send_messages(ports(world), morning - minutes(1)) == Counter()
    assert send_messages(ports(world), morning) == Counter({Sent.SENT: 1})
    assert lines(world) == ["3.00 USD was paid to you, in 2 parts."]


def test_a_way_out_that_does_not_answer_is_asked_again_later() -> None:
    world = chain_world()
    reached(world)
    world.notes.add(note())

    def down(_: str) -> None:
        raise MessengerUnavailableError("down")

    assert send_messages(ports(world, MemoryMessenger(down)), NOON) == Counter({Sent.WAITS: 1})
    assert send_messages(ports(world), NOON + minutes(14)) == Counter()
    assert send_messages(ports(world), NOON + minutes(15)) == Counter({Sent.SENT: 1})
    assert lines(world) == ["1.00 USD was paid to you."]


def test_what_will_never_go_is_not_tried_for_ever() -> None:
    world = chain_world()
    reached(world)
    world.notes.add(note())

    def refused(_: str) -> None:
        raise MessageRefusedError("no such address")

    assert send_messages(ports(world, MemoryMessenger(refused)), NOON) == Counter({Sent.REFUSED: 1})
    assert send_messages(ports(world), NOON + minutes(600)) == Counter()


@pytest.mark.parametrize(
    "contact", [None, replace(CONTACT, address=""), replace(CONTACT, muted=(NoteKind.PAID,))]
)
def test_who_cannot_be_reached_or_wants_nothing_gets_nothing(contact: Contact | None) -> None:
    world = chain_world()
    if contact:
        reached(world, contact)
    world.notes.add(note())
    assert send_messages(ports(world), NOON) == Counter({Sent.UNREACHABLE: 1})
    assert world.messenger.sent == []
    assert send_messages(ports(world), NOON + minutes(600)) == Counter()


def test_a_program_without_that_way_out_sends_nothing() -> None:
    world = chain_world()
    reached(world)
    world.notes.add(note())
    assert send_messages(ports(world, closed=(Channel.EMAIL,)), NOON) == Counter({Sent.UNREACHABLE: 1})


def test_a_crash_after_handing_over_sends_once_more_and_loses_nothing() -> None:
    world = chain_world()
    reached(world)
    world.notes.add(note())

    def crash(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        send_messages(ports(world, MemoryMessenger(crash)), NOON)
    assert send_messages(ports(world), NOON + minutes(15)) == Counter({Sent.SENT: 1})


def test_more_than_one_message_holds_goes_with_the_next() -> None:
    world = chain_world()
    reached(world)
    for number in range(MOST_NOTES + 1):
        world.notes.add(note(number, amount_minor=1))
    assert send_messages(ports(world), NOON) == Counter({Sent.SENT: 1})
    assert send_messages(ports(world), NOON + minutes(5)) == Counter({Sent.SENT: 1})
    assert lines(world) == [
        f"1.00 USD was paid to you, in {MOST_NOTES} parts.",
        "0.01 USD was paid to you.",
    ]


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"address": "nobody"}, "address"),
        ({"channel": Channel.SMS, "address": "13800138000"}, "address"),
        ({"channel": Channel.WECHAT, "address": "x y"}, "address"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"quiet_from_hour": 24}, "quiet_from_hour"),
        ({"quiet_until_hour": -1}, "quiet_until_hour"),
    ],
)
def test_a_contact_that_cannot_be_is_refused(changes: dict[str, object], where: str) -> None:
    world = chain_world()
    with pytest.raises(InvalidInputError) as refusal:
        reached(world, replace(CONTACT, **changes))  # type: ignore[arg-type]
    assert refusal.value.where == where
    assert world.contacts.kept == {}


def test_nobody_has_no_contact() -> None:
    with pytest.raises(NotFoundError):
        reached(chain_world(), promoter_id="pr_nobody")
