"""Secrets, queues, files and the event bus in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from grapevine.domain.entries import Postable
from grapevine.domain.errors import NotFoundError
from grapevine.domain.messages import Channel
from grapevine.domain.settlements import PageName
from grapevine.domain.subscriptions import SigningSecrets
from grapevine.domain.transfers import RailName, RailSecrets
from grapevine.ports import PrivacyRequest, StorefrontSecrets, Waiting


class MemorySecrets:
    """Secrets by name."""

    def __init__(self) -> None:
        self._storefronts: dict[str, StorefrontSecrets] = {}
        self._subject_keys: dict[str, bytes] = {}
        self._rails: dict[tuple[str, RailName], RailSecrets] = {}
        self._signing: dict[tuple[str, str], SigningSecrets] = {}
        self._channels: dict[tuple[str, Channel], Mapping[str, str]] = {}

    def storefront_secrets(self, storefront_id: str) -> StorefrontSecrets | None:
        return self._storefronts.get(storefront_id)

    def storefront_secrets_now(self, storefront_id: str) -> StorefrontSecrets | None:
        return self.storefront_secrets(storefront_id)

    def put_storefront_secrets(self, storefront_id: str, secrets: StorefrontSecrets) -> None:
        self._storefronts[storefront_id] = secrets

    def subject_key(self, program_id: str) -> bytes:
        if program_id not in self._subject_keys:
            raise NotFoundError("subject key of program", program_id)
        return self._subject_keys[program_id]

    def put_subject_key(self, program_id: str, key: bytes) -> None:
        self._subject_keys[program_id] = key

    def rail_secrets(self, program_id: str, rail: RailName) -> RailSecrets | None:
        return self._rails.get((program_id, rail))

    def put_rail_secrets(self, program_id: str, rail: RailName, secrets: RailSecrets) -> None:
        self._rails[program_id, rail] = secrets

    def signing_secrets(self, program_id: str, subscription_id: str) -> SigningSecrets | None:
        return self._signing.get((program_id, subscription_id))

    def put_signing_secrets(self, program_id: str, subscription_id: str, secrets: SigningSecrets) -> None:
        self._signing[program_id, subscription_id] = secrets

    def channel_secrets(self, program_id: str, channel: Channel) -> Mapping[str, str] | None:
        return self._channels.get((program_id, channel))

    def put_channel_secrets(self, program_id: str, channel: Channel, secrets: Mapping[str, str]) -> None:
        self._channels[program_id, channel] = dict(secrets)


class MemoryFailures:
    """Orders that wait, with their reasons, in order."""

    def __init__(self) -> None:
        self.sent: list[tuple[Postable, str]] = []

    def send(self, order: Postable, reason: str) -> None:
        self.sent.append((order, reason))

    def receive(self, limit: int) -> tuple[Waiting, ...]:
        return tuple(Waiting(order, reason, f"{order}|{reason}") for order, reason in self.sent[:limit])

    def done(self, waiting: Waiting) -> None:
        self.sent.remove((waiting.order, waiting.reason))


class MemorySettlementQueue:
    """Settlement's messages by kind, each in the order they were sent."""

    def __init__(self) -> None:
        self.lists: list[PageName] = []
        self.pages: list[PageName] = []
        self.voids: list[tuple[str, str]] = []
        self.points: list[tuple[str, tuple[str, ...]]] = []
        self.payouts: list[str] = []
        self.transfers: list[tuple[str, str]] = []

    def send_list(self, name: PageName) -> None:
        self.lists.append(name)

    def send_pages(self, names: Sequence[PageName]) -> None:
        self.pages.extend(names)

    def send_points(self, program_id: str, promoter_ids: Sequence[str]) -> None:
        self.points.append((program_id, tuple(promoter_ids)))

    def send_payouts(self, program_id: str) -> None:
        self.payouts.append(program_id)

    def send_transfers(self, program_id: str, batch_ids: Sequence[str]) -> None:
        self.transfers.extend((program_id, name) for name in batch_ids)

    def send_void(self, program_id: str, promoter_id: str) -> None:
        self.voids.append((program_id, promoter_id))


class MemoryShopQueue:
    """What webhooks asked for, in the order it was sent."""

    def __init__(self) -> None:
        self.fetches: list[tuple[str, str]] = []
        self.privacy: list[tuple[str, PrivacyRequest]] = []
        self.coupons: list[tuple[str, str]] = []
        self.reconciles: list[str] = []

    def send_fetch(self, storefront_id: str, order_id: str) -> None:
        self.fetches.append((storefront_id, order_id))

    def send_privacy(self, storefront_id: str, request: PrivacyRequest) -> None:
        self.privacy.append((storefront_id, request))

    def send_coupon(self, storefront_id: str, code: str) -> None:
        self.coupons.append((storefront_id, code))

    def send_reconcile(self, storefront_id: str) -> None:
        self.reconciles.append(storefront_id)


class MemoryFiles:
    """Files by name, with what they were before, as the bucket keeps it."""

    def __init__(self) -> None:
        self.stored: dict[str, tuple[bytes, str]] = {}
        self.older: dict[str, list[bytes]] = {}

    def put(self, name: str, body: bytes, content_type: str) -> None:
        if name in self.stored:
            self.older.setdefault(name, []).append(self.stored[name][0])
        self.stored[name] = (body, content_type)

    def get(self, name: str) -> bytes:
        if name not in self.stored:
            raise NotFoundError("file", name)
        return self.stored[name][0]

    def names(self, prefix: str) -> Iterator[str]:
        yield from sorted(name for name in tuple(self.stored) if name.startswith(prefix))

    def erase(self, name: str) -> None:
        self.stored.pop(name, None)
        self.older.pop(name, None)

    def erase_older(self, name: str) -> None:
        self.older.pop(name, None)

    def versions(self, name: str) -> list[bytes]:
        """Return everything that a file ever was and still is, the latest last."""
        latest = [self.stored[name][0]] if name in self.stored else []
        return [*self.older.get(name, ()), *latest]


class MemoryBus:
    """Events in the order they were published."""

    def __init__(self) -> None:
        self.published: list[tuple[str, dict[str, Any]]] = []

    def publish(self, events: Sequence[tuple[str, dict[str, Any]]]) -> None:
        self.published.extend(events)


class MemoryPrinter:
    """Statements printed as what they say, in an envelope that looks like a PDF's."""

    def pdf(self, document: Mapping[str, Any]) -> bytes:
        """Return a statement's text."""
        return b"%PDF-1.4\n" + json.dumps(document, sort_keys=True).encode() + b"\n%%EOF\n"
