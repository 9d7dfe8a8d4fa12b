"""What we write to promoters: notes of what happened to their money, bundled, and kept back at night.

A note is taken when an entry is posted, or when a settlement could not pay somebody for want of
details; notes of one promoter wait a while for each other and go out as one message.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from grapevine.domain.accounts import Leaf, net
from grapevine.domain.entries import AccountKey, Entry, EntryReason
from grapevine.domain.settlements import CarryReason, SettlementPage
from grapevine.domain.wording import Language


class NoteKind(StrEnum):
    """What a promoter is told."""

    EARNED = "earned"
    """Commission, or a bonus, more than stood before."""
    PAID = "paid"
    RETURNED = "returned"
    """A payout, or a part of one, came back."""
    NEEDS_ACTION = "needs_action"
    """Nothing can be paid before the promoter says more of themselves."""


class Channel(StrEnum):
    """The way a message goes."""

    EMAIL = "email"
    SMS = "sms"
    WECHAT = "wechat"


PATIENCE = {
    NoteKind.EARNED: timedelta(hours=1),
    NoteKind.PAID: timedelta(minutes=10),
    NoteKind.RETURNED: timedelta(minutes=10),
    NoteKind.NEEDS_ACTION: timedelta(minutes=10),
}
"""How long a note waits for others: one message an hour is enough for whoever sells much."""
LEASE = timedelta(minutes=15)
"""How long who sends keeps a promoter's notes to themselves: longer than a function may run."""
MOST_NOTES = 100
"""Notes that one message tells of; what is left goes with the next."""
QUIET_FROM_HOUR, QUIET_UNTIL_HOUR = 21, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One thing to tell a promoter; minor units. `id` follows from where it came from.

    `detail` says more where an amount does not: which details are missing.
    """

    id: str
    program_id: str
    promoter_id: str
    kind: NoteKind
    amount_minor: int
    currency: str
    at: datetime
    detail: str = ""

    @property
    def due_at(self) -> datetime:
        """When it need not wait for others any longer."""
        return self.at + PATIENCE[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """How a promoter wants to be written to.

    Messages go to `address` by `channel`, none where there is no address. From one hour to the other,
    0 to 23 in `time_zone` (the program's where it is empty), nothing is sent; both the same: always. `muted`
    kinds are not told.
    """

    channel: Channel = Channel.EMAIL
    address: str = ""
    language: Language = Language.EN
    time_zone: str = ""
    muted: tuple[NoteKind, ...] = ()
    quiet_from_hour: int = QUIET_FROM_HOUR
    quiet_until_hour: int = QUIET_UNTIL_HOUR

    def zone(self, program_zone: str) -> ZoneInfo:
        """Return the zone that their nights are in."""
        return ZoneInfo(self.time_zone or program_zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message, ready to go: `lines` are whole sentences, `subject` says it in short."""

    program_id: str
    promoter_id: str
    subject: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The lines as one text."""
        return "\n".join(self.lines)


def notes_of(entry: Entry) -> tuple[Note, ...]:
    """Return what an entry tells its promoters: what they gained, what was paid, what came back."""
    if isinstance(entry.key, AccountKey):
        return _of_account(entry, entry.key)
    gained: dict[tuple[str, str], int] = {}
    for (account, currency), minor in net(entry.postings).items():
        if account.is_promoters and account.leaf in (Leaf.HELD, Leaf.PAYABLE, Leaf.BLOCKED):
            gained[account.owner, currency] = gained.get((account.owner, currency), 0) + minor
    return tuple(
        _note(entry, name, NoteKind.EARNED, minor, currency)
        for (name, currency), minor in sorted(gained.items())
        if minor > 0
    )


def notes_of_page(page: SettlementPage, currency: str, now: datetime) -> tuple[Note, ...]:
    """Return what a settlement's page tells those who cannot be paid before they say more of themselves."""
    return tuple(
        Note(
            id=f"{page.settlement_id}/{one.promoter_id}/{NoteKind.NEEDS_ACTION}",
            program_id=page.program_id,
            promoter_id=one.promoter_id,
            kind=NoteKind.NEEDS_ACTION,
            amount_minor=one.amount_minor,
            currency=currency,
            at=now,
            detail=one.detail,
        )
        for one in page.outcomes
        if one.reason == CarryReason.DETAILS_MISSING
    )


def told(notes: Iterable[Note], contact: Contact) -> tuple[Note, ...]:
    """Return the notes that somebody wants to be told, oldest first."""
    wanted = (note for note in notes if note.kind not in contact.muted)
    return tuple(sorted(wanted, key=lambda note: (note.at, note.id)))


def quiet_until(contact: Contact, program_zone: str, now: datetime) -> datetime | None:
    """Return when a night that it is now ends, None by day.

    >>> from datetime import UTC
    >>> quiet_until(Contact(), "Asia/Shanghai", datetime(2026, 11, 11, 14, 0, tzinfo=UTC)).isoformat()
    '2026-11-12T08:00:00+08:00'
    >>> quiet_until(Contact(), "Asia/Shanghai", datetime(2026, 11, 11, 4, 0, tzinfo=UTC))
    """
    start, end = contact.quiet_from_hour, contact.quiet_until_hour
    local = now.astimezone(contact.zone(program_zone))
    over_midnight = start > end
    is_quiet = (local.hour >= start or local.hour < end) if over_midnight else start <= local.hour < end
    if not is_quiet:
        return None
    day = local.date() + timedelta(days=1 if over_midnight and local.hour >= start else 0)
    return datetime.combine(day, time(end), local.tzinfo)


def sums(notes: Sequence[Note], kind: NoteKind) -> dict[str, tuple[int, int]]:
    """Return by currency how much the notes of a kind come to, and how many they are."""
    found: dict[str, tuple[int, int]] = {}
    for note in notes:
        if note.kind is kind:
            minor, number = found.get(note.currency, (0, 0))
            found[note.currency] = minor + note.amount_minor, number + 1
    return found


def _of_account(entry: Entry, key: AccountKey) -> tuple[Note, ...]:
    leaves = {
        account.leaf: minor
        for (account, _), minor in net(entry.postings).items()
        if account.owner == key.promoter_id
    }
    if entry.reason is EntryReason.PAID:
        return (_note(entry, key.promoter_id, NoteKind.PAID, leaves.get(Leaf.PAID, 0), key.currency),)
    if entry.reason is EntryReason.RETURNED:
        minor = leaves.get(Leaf.PAYABLE, 0)
        return (_note(entry, key.promoter_id, NoteKind.RETURNED, minor, key.currency),)
    return ()


def _note(entry: Entry, promoter_id: str, kind: NoteKind, minor: int, currency: str) -> Note:
    return Note(
        id=f"{entry.id}/{promoter_id}/{kind}",
        program_id=entry.program_id,
        promoter_id=promoter_id,
        kind=kind,
        amount_minor=minor,
        currency=currency,
        at=entry.recorded_at,
    )
