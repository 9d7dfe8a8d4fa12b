"""Write to the promoters whose notes are due: one message each, by day, in their language."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from grapevine.domain.message_texts import message_of
from grapevine.domain.messages import LEASE, MOST_NOTES, Contact, Note, quiet_until, told
from grapevine.domain.programs import Program
from grapevine.ports import (
    ContactStore,
    DueNotes,
    MessageRefusedError,
    Messengers,
    MessengerUnavailableError,
    NoteStore,
    TermsReader,
)

AT_ONCE = 200
"""Promoters of one run: a second or two each would still end within a function's time."""


class Sent(StrEnum):
    """What became of a promoter's notes."""

    SENT = "sent"
    QUIET = "quiet"
    """It is night where they are."""
    UNREACHABLE = "unreachable"
    """Nobody knows where to write to, the program has no such way out, or they want to hear nothing."""
    REFUSED = "refused"
    WAITS = "waits"
    """The way out did not answer."""
    TAKEN = "taken"
    """Somebody else sends."""


@dataclass(frozen=True, slots=True)
class MessagePorts:
    """Notes, who they are for, and the ways out."""

    notes: NoteStore
    contacts: ContactStore
    messengers: Messengers
    catalog: TermsReader


def send_messages(ports: MessagePorts, now: datetime, limit: int = AT_ONCE) -> Counter[Sent]:
    """Send what is due; return how many promoters came to what.

    A message is handed over before its notes are marked: after a crash between the two it goes once
    more, and is never lost.
    """
    return Counter(_sent(found, ports, now) for found in ports.notes.due(now, limit))


def _sent(found: DueNotes, ports: MessagePorts, now: datetime) -> Sent:
    claimed = ports.notes.claim(found, now + LEASE)
    if claimed is None:
        return Sent.TAKEN
    program = ports.catalog.terms(found.program_id).program
    contact = ports.contacts.contact(found.program_id, found.promoter_id)
    if contact and (morning := quiet_until(contact, program.time_zone, now)):
        ports.notes.release(claimed, morning)
        return Sent.QUIET
    notes = ports.notes.notes(claimed, MOST_NOTES)
    outcome = _handed_over(notes, contact, program, ports) if notes else Sent.SENT
    if outcome is Sent.WAITS:
        return outcome  # The claim ends by itself, and they come again.
    ports.notes.tell(notes, now)
    ports.notes.release(claimed, now if len(notes) == MOST_NOTES else None)
    return outcome


def _handed_over(
    notes: tuple[Note, ...], contact: Contact | None, program: Program, ports: MessagePorts
) -> Sent:
    wanted = told(notes, contact) if contact else ()
    messenger = ports.messengers.messenger(program.id, contact.channel) if contact and wanted else None
    if contact is None or messenger is None or not contact.address:
        return Sent.UNREACHABLE
    try:
        messenger.send(contact.address, message_of(wanted, contact, program))
    except MessageRefusedError:
        return Sent.REFUSED
    except MessengerUnavailableError:
        return Sent.WAITS
    return Sent.SENT
