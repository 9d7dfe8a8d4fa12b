"""Secrets, in Secrets Manager and nowhere else, as JSON under `grapevine/{stage}/`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from grapevine.domain.errors import NotFoundError, UnavailableError
from grapevine.domain.messages import Channel
from grapevine.domain.plain import from_plain, to_plain
from grapevine.domain.subscriptions import SigningSecrets
from grapevine.domain.transfers import RailName, RailSecrets
from grapevine.ports import StorefrontSecrets

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


class SecretsManager:
    """`storefront/{id}`, `program/{id}`, and of a program `rail/…`, `webhook/…` and `message/…` by name.

    They are under a stage's prefix. Keys are written in hexadecimal.
    """

    def __init__(self, client: SecretsManagerClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def storefront_secrets(self, storefront_id: str) -> StorefrontSecrets | None:
        """Return a storefront's secrets, or None."""
        values = self._read(f"storefront/{storefront_id}")
        if values is None:
            return None
        return StorefrontSecrets(
            webhook_secrets=tuple(values["webhook_secrets"]),
            subject_key=bytes.fromhex(values["subject_key"]),
            access=values.get("access", {}),
        )

    def storefront_secrets_now(self, storefront_id: str) -> StorefrontSecrets | None:
        """Return a storefront's secrets as they are: nothing is kept here."""
        return self.storefront_secrets(storefront_id)

    def put_storefront_secrets(self, storefront_id: str, secrets: StorefrontSecrets) -> None:
        """Store a storefront's secrets, replacing what was there."""
        values = {
            "webhook_secrets": list(secrets.webhook_secrets),
            "subject_key": secrets.subject_key.hex(),
            "access": dict(secrets.access),
        }
        self._write(f"storefront/{storefront_id}", values)

    def subject_key(self, program_id: str) -> bytes:
        """Return the key that hides a program's people."""
        values = self._read(f"program/{program_id}")
        if values is None:
            raise NotFoundError("subject key of program", program_id)
        return bytes.fromhex(values["subject_key"])

    def put_subject_key(self, program_id: str, key: bytes) -> None:
        """Store a program's key, replacing what was there."""
        self._write(f"program/{program_id}", {"subject_key": key.hex()})

    def rail_secrets(self, program_id: str, rail: RailName) -> RailSecrets | None:
        """Return what a program uses a rail with, or None."""
        values = self._read(f"rail/{program_id}/{rail}")
        return None if values is None else RailSecrets(values=values)

    def put_rail_secrets(self, program_id: str, rail: RailName, secrets: RailSecrets) -> None:
        """Store what a program uses a rail with, replacing what was there."""
        self._write(f"rail/{program_id}/{rail}", dict(secrets.values))

    def signing_secrets(self, program_id: str, subscription_id: str) -> SigningSecrets | None:
        """Return what a subscription's events are signed with, or None."""
        values = self._read(f"webhook/{program_id}/{subscription_id}")
        return None if values is None else from_plain(SigningSecrets, values)

    def put_signing_secrets(self, program_id: str, subscription_id: str, secrets: SigningSecrets) -> None:
        """Store it, replacing what was there."""
        self._write(f"webhook/{program_id}/{subscription_id}", to_plain(secrets))

    def channel_secrets(self, program_id: str, channel: Channel) -> Mapping[str, str] | None:
        """Return what a program writes to its promoters with by a channel, or None."""
        return self._read(f"message/{program_id}/{channel}")

    def put_channel_secrets(self, program_id: str, channel: Channel, secrets: Mapping[str, str]) -> None:
        """Store it, replacing what was there."""
        self._write(f"message/{program_id}/{channel}", dict(secrets))

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            text = self._client.get_secret_value(SecretId=self._prefix + name)["SecretString"]
        except self._client.exceptions.ResourceNotFoundException:
            return None
        except _refusals() as error:
            raise UnavailableError(f"secret {name!r} not read: {error}") from error
        values: dict[str, Any] = json.loads(text)
        return values

    def _write(self, name: str, values: dict[str, Any]) -> None:
        text = json.dumps(values)
        try:
            self._create_or_replace(self._prefix + name, text)
        except _refusals() as error:
            raise UnavailableError(f"secret {name!r} not written: {error}") from error

    def _create_or_replace(self, name: str, text: str) -> None:
        try:
            self._client.create_secret(Name=name, SecretString=text)
        except self._client.exceptions.ResourceExistsException:
            self._client.put_secret_value(SecretId=name, SecretString=text)


def _refusals() -> tuple[type[Exception], ...]:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - only once something failed

    return BotoCoreError, ClientError
