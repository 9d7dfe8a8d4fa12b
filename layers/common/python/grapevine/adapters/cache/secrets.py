"""Secrets kept for a while."""

from __future__ import annotations

from collections.abc import Mapping

from grapevine import ports
from grapevine.adapters.cache import Cache, Monotonic
from grapevine.domain.messages import Channel
from grapevine.domain.subscriptions import SigningSecrets
from grapevine.domain.transfers import RailName, RailSecrets


class CachedSecrets:
    """Secrets kept in the process's memory for a while; what this process writes it sees at once."""

    def __init__(self, secrets: ports.SecretStore, monotonic: Monotonic) -> None:
        self._secrets = secrets
        self._storefronts: Cache[str, ports.StorefrontSecrets | None] = Cache(monotonic)
        self._subject_keys: Cache[str, bytes] = Cache(monotonic)
        self._rails: Cache[tuple[str, RailName], RailSecrets | None] = Cache(monotonic)
        self._signing: Cache[tuple[str, str], SigningSecrets | None] = Cache(monotonic)
        self._channels: Cache[tuple[str, Channel], Mapping[str, str] | None] = Cache(monotonic)

    def storefront_secrets(self, storefront_id: str) -> ports.StorefrontSecrets | None:
        """Return a storefront's secrets, at most a minute old."""
        return self._storefronts.get(storefront_id, self._secrets.storefront_secrets)

    def storefront_secrets_now(self, storefront_id: str) -> ports.StorefrontSecrets | None:
        """Return a storefront's secrets as they are, and keep these."""
        self._storefronts.drop(storefront_id)
        return self.storefront_secrets(storefront_id)

    def put_storefront_secrets(self, storefront_id: str, secrets: ports.StorefrontSecrets) -> None:
        """Store a storefront's secrets."""
        self._secrets.put_storefront_secrets(storefront_id, secrets)
        self._storefronts.drop(storefront_id)

    def subject_key(self, program_id: str) -> bytes:
        """Return a program's key, at most a minute old."""
        return self._subject_keys.get(program_id, self._secrets.subject_key)

    def put_subject_key(self, program_id: str, key: bytes) -> None:
        """Store a program's key."""
        self._secrets.put_subject_key(program_id, key)
        self._subject_keys.drop(program_id)

    def rail_secrets(self, program_id: str, rail: RailName) -> RailSecrets | None:
        """Return what a program uses a rail with, at most a minute old."""
        return self._rails.get((program_id, rail), lambda key: self._secrets.rail_secrets(*key))

    def put_rail_secrets(self, program_id: str, rail: RailName, secrets: RailSecrets) -> None:
        """Store what a program uses a rail with."""
        self._secrets.put_rail_secrets(program_id, rail, secrets)
        self._rails.drop((program_id, rail))

    def signing_secrets(self, program_id: str, subscription_id: str) -> SigningSecrets | None:
        """Return what a subscription's events are signed with, at most a minute old."""
        key = (program_id, subscription_id)
        return self._signing.get(key, lambda key: self._secrets.signing_secrets(*key))

    def put_signing_secrets(self, program_id: str, subscription_id: str, secrets: SigningSecrets) -> None:
        """Store it, replacing what was there."""
        self._secrets.put_signing_secrets(program_id, subscription_id, secrets)
        self._signing.drop((program_id, subscription_id))

    def channel_secrets(self, program_id: str, channel: Channel) -> Mapping[str, str] | None:
        """Return what a program writes with by a channel, at most a minute old."""
        return self._channels.get((program_id, channel), lambda key: self._secrets.channel_secrets(*key))

    def put_channel_secrets(self, program_id: str, channel: Channel, secrets: Mapping[str, str]) -> None:
        """Store what a program writes with."""
        self._secrets.put_channel_secrets(program_id, channel, secrets)
        self._channels.drop((program_id, channel))
