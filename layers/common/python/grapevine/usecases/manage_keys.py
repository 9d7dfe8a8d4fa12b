"""Make API keys of less than everything, list them, and take them back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Protocol

from grapevine.domain.api_keys import ApiKey, KeyKind, Scope, key_faults
from grapevine.domain.errors import ForbiddenError, NotFoundError, RefusedError
from grapevine.domain.ids import RandomBytes, new_id
from grapevine.domain.programs import InvalidProgramError
from grapevine.ports import ApiKeyStore, PromoterReader, StorefrontReader, TermsReader
from grapevine.usecases.known_storefront import own_storefront

KEY_PREFIX = "gv"


class KeyCatalog(TermsReader, PromoterReader, StorefrontReader, Protocol):
    """What a key may be bound to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateKey:
    """A key of a kind, what of that kind it may do (nothing named: all), and what it is bound to.

    `maker` is the key that it is made with, None for an operator.
    """

    merchant_id: str
    maker: ApiKey | None = None
    name: str
    kind: KeyKind
    scopes: tuple[Scope, ...] = ()
    program_id: str | None = None
    storefront_id: str | None = None
    promoter_id: str | None = None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key and the only sight of its text."""

    key: ApiKey
    text: str


def create_key(
    command: CreateKey, keys: ApiKeyStore, catalog: KeyCatalog, random_bytes: RandomBytes, now: datetime
) -> NewKey:
    """Store a hash of a new key; its text is returned once and kept nowhere.

    InvalidProgramError says all that is wrong with it, NotFoundError what it is bound to and is not there,
    ForbiddenError that it could do more than the key it is made with.
    """
    bounds = {
        "program_id": command.program_id,
        "storefront_id": command.storefront_id,
        "promoter_id": command.promoter_id,
    }
    if faults := key_faults(command.name, command.kind, command.scopes, bounds):
        raise InvalidProgramError(faults)
    _refuse_unknown(command, catalog)
    secret = random_bytes(32).hex()
    key = ApiKey(
        id=new_id("key", random_bytes),
        merchant_id=command.merchant_id,
        secret_hash=hash_of(secret),
        created_at=now,
        name=command.name.strip(),
        kind=command.kind,
        scopes=tuple(dict.fromkeys(command.scopes)),
        program_id=command.program_id,
        storefront_id=command.storefront_id,
        promoter_id=command.promoter_id,
    )
    if command.maker and not key.may <= command.maker.may:
        raise ForbiddenError("a key makes none that may do more than it may itself")
    keys.add_api_key(key)
    return NewKey(key, text_of(key.id, secret))


def _refuse_unknown(command: CreateKey, catalog: KeyCatalog) -> None:
    if command.program_id is None:
        return
    if catalog.terms(command.program_id).program.merchant_id != command.merchant_id:
        raise NotFoundError("program", command.program_id)
    promoter_id, storefront_id = command.promoter_id, command.storefront_id
    if promoter_id is not None and promoter_id not in catalog.promoters(command.program_id, (promoter_id,)):
        raise NotFoundError("promoter", promoter_id)
    if storefront_id is not None:
        own_storefront(command.program_id, storefront_id, catalog)


def list_keys(merchant_id: str, keys: ApiKeyStore, after: str = "") -> Iterator[ApiKey]:
    """Yield a merchant's keys by id, those that were taken back too."""
    return keys.api_keys(merchant_id, after)


def read_key(merchant_id: str, key_id: str, keys: ApiKeyStore) -> ApiKey:
    """Return a merchant's key; NotFoundError for one that is not there or somebody else's."""
    key = keys.api_key(key_id)
    if key is None or key.merchant_id != merchant_id:
        raise NotFoundError("API key", key_id)
    return key


def revoke_key(caller: ApiKey, key_id: str, keys: ApiKeyStore, now: datetime) -> ApiKey:
    """Take a key back, at once and for good; again changes nothing.

    RefusedError for the caller's own: whoever is left with none could not come back.
    """
    key = read_key(caller.merchant_id, key_id, keys)
    if key.id == caller.id:
        raise RefusedError("a key does not take itself back; use another one")
    return _revoked(key, keys, now)


def withdraw_key(key_id: str, keys: ApiKeyStore, now: datetime) -> ApiKey:
    """Take anybody's key back, as an operator; NotFoundError where there is none."""
    key = keys.api_key(key_id)
    if key is None:
        raise NotFoundError("API key", key_id)
    return _revoked(key, keys, now)


def _revoked(key: ApiKey, keys: ApiKeyStore, now: datetime) -> ApiKey:
    if key.revoked_at is not None:
        return key
    revoked = replace(key, revoked_at=now)
    keys.change_api_key(revoked)
    return revoked


def text_of(key_id: str, secret: str) -> str:
    """Return a key as it is sent."""
    return f"{KEY_PREFIX}.{key_id}.{secret}"


def hash_of(secret: str) -> str:
    """Return what is kept of a secret; with 256 random bits one round is as safe as a slow hash."""
    return sha256(secret.encode()).hexdigest()
