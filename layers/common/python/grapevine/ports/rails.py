"""What is asked of the ways that money goes, and of who knows where promoters are paid."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from grapevine.domain.errors import GrapevineError, InvalidInputError, UnavailableError
from grapevine.domain.transfers import Payee, RailLimits, RailName, RailSecrets, TransferBatch, TransferResult
from grapevine.ports.outside import Files

__all__ = [
    "BatchStore",
    "PayeeStore",
    "Rail",
    "RailNeeds",
    "RailRefusedError",
    "RailSecrets",
    "RailUnavailableError",
    "Rails",
    "StatusReader",
]


class RailUnavailableError(UnavailableError):
    """A rail did not answer, or said that it cannot now: what it was asked may or may not have happened.

    `retry_after_seconds` is how long the rail asks to be left alone, None where it did not say.
    """

    def __init__(self, message: str, retry_after_seconds: int | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class RailRefusedError(GrapevineError):
    """A rail refused a whole batch for good: nothing of it happened, and the same would be refused again."""


class Rail(Protocol):
    """One way that money goes. Sending twice with one batch, or one transfer, moves money once."""

    @property
    def name(self) -> RailName:
        """The rail's name."""
        ...

    @property
    def limits(self) -> RailLimits:
        """What it takes."""
        ...

    def faults(self, details: Mapping[str, str], currency: str) -> tuple[InvalidInputError, ...]:
        """Return everything wrong with the details of a payee, and with a currency it does not pay."""
        ...

    def send(self, batch: TransferBatch) -> Sequence[TransferResult]:
        """Send a batch, or write its file; one result per transfer.

        RailUnavailableError: unknown, query before it is sent again. RailRefusedError: nothing happened.
        """
        ...

    def query(self, batch: TransferBatch) -> Sequence[TransferResult]:
        """Return what is known of the batch's transfers; one that the rail never saw is not among them."""
        ...

    def received(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Sequence[TransferResult]:
        """Return what a webhook of the rail says, none where it is about something else.

        Header names are in lower case. UnauthenticatedError where it is not the rail's, as every
        one is to a rail without webhooks; RailUnavailableError where the rail could not be asked.
        """
        ...


class Rails(Protocol):
    """The rails that a program may use."""

    def rail(self, program_id: str, name: RailName) -> Rail:
        """Return a rail with the program's credentials; NotFoundError where it has none for it."""


class PayeeStore(Protocol):
    """Where promoters are paid: personal data, apart from everything else."""

    def payees(self, program_id: str, promoter_ids: Sequence[str]) -> dict[str, Payee]:
        """Return those that are known, at most a hundred at once."""

    def put_payee(self, program_id: str, promoter_id: str, payee: Payee | None) -> None:
        """Keep where somebody is paid in place of what was there; None forgets it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RailNeeds:
    """What a rail is made of: whose it is, the program's secrets for it, the bucket and the clock."""

    program_id: str
    secrets: RailSecrets
    files: Files
    now: Callable[[], datetime]


class StatusReader(Protocol):
    """Reads what a bank says of a file that it was given."""

    def __call__(
        self, raw: bytes, batch_of: Callable[[str], TransferBatch | None]
    ) -> Sequence[TransferResult]:
        """Return what a report says of the transfers of a batch, which `batch_of` finds by its id.

        MalformedBodyError for what is no report, InvalidInputError where it is about no batch of ours.
        """


class BatchStore(Protocol):
    """Batches as they were sent, and which are not concluded."""

    def keep(self, batch: TransferBatch) -> bool:
        """Keep a batch, open, if absent; return whether it was new. One that is there stays as it is."""

    def batch(self, program_id: str, batch_id: str) -> TransferBatch | None:
        """Return a batch, or None."""

    def open_batches(self, program_id: str) -> Sequence[TransferBatch]:
        """Return the batches whose results are not all known, oldest first."""

    def batches_since(self, program_id: str, rail: RailName, instant: datetime) -> Iterator[TransferBatch]:
        """Yield a rail's batches made from an instant on, oldest first, eventually consistent."""

    def close(self, program_id: str, batch_id: str) -> None:
        """Say that everything is known of a batch; again changes nothing."""

    def forget_details(
        self, program_id: str, promoter_ids: Collection[str], batch_ids: Collection[str]
    ) -> Sequence[TransferBatch]:
        """Erase where promoters were paid from the batches that their payouts name; who was paid what stays.

        What is left of a batch that was never written down, and has any of them, is erased whole. Return
        the batches that they are in, as they are then; again erases nothing and returns the same. Nobody
        asks this while a transfer of theirs is with a rail: it could not be sent any more.
        """
        ...
