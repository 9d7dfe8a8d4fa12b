"""What is asked of the ledger and of everything that is derived from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol, TypeAlias

from grapevine.domain.bindings import CustomerOrder
from grapevine.domain.entries import AccountKey, Entry, EntryKey
from grapevine.domain.grants import GrantChange, GrantKey
from grapevine.domain.heads import Head, Step
from grapevine.domain.pages import Page
from grapevine.domain.payouts import Movement, Payout, PayoutState
from grapevine.domain.settlements import PageName, Settlement, SettlementPage
from grapevine.domain.verification import ProofMark

Beside: TypeAlias = GrantChange | CustomerOrder
"""What is written together with an order's entry, both or neither."""


class EntryReader(Protocol):
    """The ledger, read by key."""

    def entries_of(self, key: EntryKey) -> tuple[Entry, ...]:
        """Return the entries under a key in their sequence."""


class EntryWriter(Protocol):
    """The one way into the ledger."""

    def append(self, entry: Entry, beside: Sequence[Beside] = ()) -> None:
        """Put an entry if its number under its key is free; EntryExistsError otherwise.

        What stands beside it is written in the same transaction, all or nothing: GrantMovedError
        when a counter would pass its limit.
        """


class GrantReader(Protocol):
    """The counters of what is scarce."""

    def taken(self, wanted: Sequence[GrantKey]) -> dict[GrantKey, int]:
        """Return what all orders together have of each key, zero where nobody has any."""
        ...


class OrderLedger(EntryReader, EntryWriter, GrantReader, Protocol):
    """What posting an order needs of the ledger."""


class DueReader(Protocol):
    """Entries that time alone makes somebody look at again; eventually consistent."""

    def due(self, since: datetime, until: datetime) -> Iterator[EntryKey]:
        """Yield whose entry is due in the span, both ends included; may repeat, may be stale."""


class EntryScan(Protocol):
    """The whole ledger, for the proof."""

    def scan(self, program_id: str) -> Iterator[Entry]:
        """Yield every entry of a program; those of one key in their sequence."""


class EntriesByName(Protocol):
    """Entries by the names that pages keep."""

    def entries_named(self, names: Sequence[str]) -> tuple[Entry, ...]:
        """Return order entries by `storefront/order/sequence`, in the order asked, missing ones left out."""


class EntryLists(EntriesByName, EntryReader, Protocol):
    """What a promoter's list of entries needs of the ledger."""


class PageFolder(Protocol):
    """Where pages are folded."""

    def fold(self, additions: Sequence[Page]) -> int:
        """Add each addition (one mark each) to its page unless its mark is there; return how many were new.

        Additions to one page may be written together; one that is there never stops the others.
        """


class PageReader(Protocol):
    """Pages of a subject."""

    def pages(self, subject: str) -> tuple[Page, ...]:
        """Return every page of a subject, oldest first."""


class AccountReader(Protocol):
    """A promoter's money: pages and head in one request."""

    def account(self, key: AccountKey) -> tuple[tuple[Page, ...], Head]:
        """Return an account's pages and its head (a new one where there is none)."""


class Mover(Protocol):
    """The one way to take from an account."""

    def move(self, movement: Movement, head_before: Head) -> None:
        """Put the entry, the head and the payout, all or nothing.

        AlreadyExistsError when the payout of a reservation is there already, HeadMovedError when
        the head or the entry's number is not as it was read.
        """

    def step(self, steps: Sequence[Step], heads_before: Sequence[Head]) -> None:
        """Put the entries and heads of one account, or of several, all or nothing.

        HeadMovedError when any head, or any entry's number, is not as it was read.
        """


class PayoutReader(Protocol):
    """Payouts of a settlement."""

    def payout(self, settlement_id: str, payout_id: str) -> Payout | None:
        """Return a payout of a settlement, or None."""

    def payouts_of(self, settlement_id: str) -> Iterator[Payout]:
        """Yield a settlement's payouts by id."""

    def payouts_in(self, program_id: str, state: PayoutState, after: str = "") -> Iterator[Payout]:
        """Yield a program's payouts of a state by id, those after one, eventually consistent."""

    def payout_named(self, program_id: str, payout_id: str) -> Payout | None:
        """Return a payout by its id alone, eventually consistent."""


class PayoutWriter(Protocol):
    """Steps of a payout that move no money."""

    def change(self, payout: Payout) -> None:
        """Put a payout over the version before it; HeadMovedError where that is not there any more."""


class Treasury(AccountReader, Mover, PayoutReader, PayoutWriter, Protocol):
    """What settling and paying out need of the accounts."""


class SettlementReader(Protocol):
    """Settlement runs and what became of their promoters."""

    def settlement(self, settlement_id: str) -> Settlement | None:
        """Return a run, or None."""

    def runs_of(self, program_id: str, limit: int) -> Sequence[Settlement]:
        """Return a program's runs, those under way first, then the newest; eventually consistent."""
        ...

    def pages_from(self, name: PageName) -> Iterator[SettlementPage]:
        """Yield a run's pages from a place in their chain on, in order."""
        ...

    def page_with(self, settlement_id: str, promoter_id: str) -> SettlementPage | None:
        """Return the page that a promoter is on, None where they are not in the run."""


class SettlementStore(SettlementReader, Protocol):
    """Settlement runs, both ways."""

    def start(self, run: Settlement) -> bool:
        """Store a run if absent; return whether it was new."""

    def open_runs(self) -> Iterator[Settlement]:
        """Yield the runs of all programs that are not closed, eventually consistent."""

    def add_page(self, page: SettlementPage) -> bool:
        """Store a page if its place in the chain is free; return whether it was."""

    def page(self, name: PageName) -> SettlementPage | None:
        """Return the page at a place of the chain, or None."""

    def mark_listed(self, settlement_id: str, pages: int, promoters: int) -> None:
        """Say that every promoter is on a page; again changes nothing."""

    def finish_page(self, page: SettlementPage) -> bool:
        """Store a page that is done and count it in its run, both or neither.

        Return whether it was not done before; where it was, nothing changes. NotFoundError for a
        page that was never added.
        """

    def close(self, run: Settlement, now: datetime) -> bool:
        """Close a run; return whether it was open."""


class SweepMark(Protocol):
    """How far the sweep of what is due has come."""

    def swept_until(self) -> datetime | None:
        """Return the instant up to which everything due was handled."""

    def set_swept_until(self, instant: datetime) -> None:
        """Remember it; an earlier instant than the stored one changes nothing."""


class ProofStore(Protocol):
    """The last proof of each program's books."""

    def last_proof(self, program_id: str) -> ProofMark | None:
        """Return it, or None."""

    def keep_proof(self, mark: ProofMark) -> None:
        """Keep a proof in place of the one before."""


class BookReader(EntryReader, EntryScan, Protocol):
    """The ledger by key and whole."""


class StateScan(Protocol):
    """Everything derived that a proof compares with the entries."""

    def all_pages(self, program_id: str) -> Iterator[Page]:
        """Yield every page of a program's balances and of what was sold."""

    def all_heads(self, program_id: str) -> Iterator[Head]:
        """Yield every account's head of a program."""

    def all_payouts(self, program_id: str) -> Iterator[Payout]:
        """Yield every payout of a program."""

    def all_counters(self, program_id: str) -> Iterator[tuple[GrantKey, int]]:
        """Yield every counter of what is scarce in a program, with what is taken."""
