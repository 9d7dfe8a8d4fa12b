"""Create a merchant with its first API key."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime

from grapevine.domain.api_keys import ApiKey
from grapevine.domain.errors import InvalidInputError, UnauthenticatedError
from grapevine.domain.ids import RandomBytes, new_id
from grapevine.ports import ApiKeyReader, CatalogWriter
from grapevine.usecases.manage_keys import KEY_PREFIX, hash_of, text_of


@dataclass(frozen=True, slots=True)
class CreateMerchant:
    """A merchant by name."""

    name: str


@dataclass(frozen=True, slots=True)
class NewMerchant:
    """The merchant and the only sight of its API key's text."""

    merchant_id: str
    api_key: str


def create_merchant(
    command: CreateMerchant, catalog: CatalogWriter, random_bytes: RandomBytes, now: datetime
) -> NewMerchant:
    """Store a merchant and a hash of a new API key; the key's text is returned once and kept nowhere."""
    if not command.name.strip():
        raise InvalidInputError("must not be empty", "name")
    merchant_id, key_id = new_id("mc", random_bytes), new_id("key", random_bytes)
    secret = random_bytes(32).hex()
    key = ApiKey(id=key_id, merchant_id=merchant_id, secret_hash=hash_of(secret), created_at=now)
    catalog.add_merchant(merchant_id, command.name.strip(), key)
    return NewMerchant(merchant_id, text_of(key_id, secret))


def authenticate(api_key: str, keys: ApiKeyReader) -> ApiKey:
    """Return the key that this is the text of; UnauthenticatedError otherwise, whatever is wrong.

    The secret part has 256 random bits, so one round of SHA-256 is as safe as a slow hash.
    """
    prefix, _, rest = api_key.partition(".")
    key_id, _, secret = rest.partition(".")
    stored = keys.api_key(key_id) if prefix == KEY_PREFIX and key_id and secret else None
    expected = stored.secret_hash if stored else hash_of("")
    if not hmac.compare_digest(expected, hash_of(secret)) or stored is None or stored.revoked_at:
        raise UnauthenticatedError("no such API key")
    return stored
