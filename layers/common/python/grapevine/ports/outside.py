"""What is asked of secrets, queues, files and the bus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from grapevine.domain.entries import Postable
from grapevine.domain.messages import Channel
from grapevine.domain.settlements import PageName
from grapevine.domain.subscriptions import SigningSecrets
from grapevine.domain.transfers import RailName, RailSecrets


@dataclass(frozen=True, slots=True, kw_only=True)
class StorefrontSecrets:
    """What verifies a storefront's webhooks, newest first, and the key that hides its customers.

    `access` is what the shop's own API is used with, by the platform's names; empty where we may not.
    """

    webhook_secrets: tuple[str, ...]
    subject_key: bytes
    access: Mapping[str, str] = field(default_factory=dict)


class SecretStore(Protocol):
    """Secrets, cached for a short while."""

    def storefront_secrets(self, storefront_id: str) -> StorefrontSecrets | None:
        """Return a storefront's secrets, or None."""

    def storefront_secrets_now(self, storefront_id: str) -> StorefrontSecrets | None:
        """Return a storefront's secrets as they are, whatever was kept of them, or None."""

    def put_storefront_secrets(self, storefront_id: str, secrets: StorefrontSecrets) -> None:
        """Store a storefront's secrets."""

    def subject_key(self, program_id: str) -> bytes:
        """Return the key that hides a program's people; NotFoundError when there is none."""

    def put_subject_key(self, program_id: str, key: bytes) -> None:
        """Store a program's key."""

    def rail_secrets(self, program_id: str, rail: RailName) -> RailSecrets | None:
        """Return what a program uses a rail with, or None."""

    def put_rail_secrets(self, program_id: str, rail: RailName, secrets: RailSecrets) -> None:
        """Store it, replacing what was there."""

    def signing_secrets(self, program_id: str, subscription_id: str) -> SigningSecrets | None:
        """Return what a subscription's events are signed with, or None."""

    def put_signing_secrets(self, program_id: str, subscription_id: str, secrets: SigningSecrets) -> None:
        """Store them, replacing what was there."""

    def channel_secrets(self, program_id: str, channel: Channel) -> Mapping[str, str] | None:
        """Return what a program writes to its promoters with by a channel, or None."""

    def put_channel_secrets(self, program_id: str, channel: Channel, secrets: Mapping[str, str]) -> None:
        """Store it, replacing what was there."""


class FailureQueue(Protocol):
    """Where orders and bonuses wait that could not be processed."""

    def send(self, order: Postable, reason: str) -> None:
        """Queue an order, or a bonus, with the reason; raises when the queue did not acknowledge it."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An order, or a bonus, in the failure queue; `receipt` takes it out."""

    order: Postable
    reason: str
    receipt: str


class FailureReader(Protocol):
    """The failure queue's other end."""

    def receive(self, limit: int) -> tuple[Waiting, ...]:
        """Return some of what waits, at most `limit`; what is not taken out is seen again later."""

    def done(self, waiting: Waiting) -> None:
        """Take an order out for good."""


class SettlementQueue(Protocol):
    """Fans a settlement out."""

    def send_list(self, name: PageName) -> None:
        """Queue that a run's promoters are listed from a place on; twice is harmless."""

    def send_pages(self, names: Sequence[PageName]) -> None:
        """Queue pages to settle; twice is harmless."""

    def send_points(self, program_id: str, promoter_ids: Sequence[str]) -> None:
        """Queue that promoters' points are tended, at most a hundred; twice is harmless."""

    def send_payouts(self, program_id: str) -> None:
        """Queue that a program's payouts are formed into batches; twice is harmless."""

    def send_transfers(self, program_id: str, batch_ids: Sequence[str]) -> None:
        """Queue batches to bring as far as they go; twice is harmless."""

    def send_void(self, program_id: str, promoter_id: str) -> None:
        """Queue that what is held for a banned promoter is voided; twice is harmless."""


class Files(Protocol):
    """The data bucket."""

    def put(self, name: str, body: bytes, content_type: str) -> None:
        """Write a file, replacing what was there."""

    def get(self, name: str) -> bytes:
        """Return a file; NotFoundError when there is none."""

    def names(self, prefix: str) -> Iterator[str]:
        """Yield the names of the files that begin so, in order."""
        ...

    def erase(self, name: str) -> None:
        """Erase a file with everything that it ever was; where there is none, nothing happens."""

    def erase_older(self, name: str) -> None:
        """Erase what a file was before it was last written; what it is stays."""


class EventBus(Protocol):
    """Events out."""

    def publish(self, events: Sequence[tuple[str, dict[str, Any]]]) -> None:
        """Publish (type, detail) pairs; raises when any was not accepted."""


class StatementPrinter(Protocol):
    """What makes a file for people of a statement."""

    def pdf(self, document: Mapping[str, Any]) -> bytes:
        """Return a signed statement as a PDF, the same bytes whenever it is asked for."""
        ...
