"""The JSON API's routes of API keys."""

from __future__ import annotations

from typing import Any

from grapevine.domain.api_keys import ApiKey, KeyKind, Scope
from grapevine.domain.instants import to_text
from grapevine.domain.plain import from_plain
from grapevine.runtime.body import Body
from grapevine.runtime.caller import Caller
from grapevine.usecases import manage_keys as keys

Json = dict[str, Any]


def create_key(caller: Caller) -> Json:
    """Make a key; its text is in this answer and nowhere else."""
    parts = caller.parts
    command = _to_create_key(caller.body(), caller.key)
    made = keys.create_key(command, parts.api_keys, parts.catalog, parts.random_bytes, parts.now())
    return {**from_key(made.key), "key": made.text}


def list_keys(caller: Caller) -> Json:
    """List the merchant's keys, those that were revoked too."""
    found = keys.list_keys(caller.merchant_id(), caller.parts.api_keys, caller.after())
    return caller.page("keys", found, from_key, lambda key: key.id)


def read_key(caller: Caller, key_id: str) -> Json:
    """Return a key without its text."""
    return from_key(keys.read_key(caller.merchant_id(), key_id, caller.parts.api_keys))


def revoke_key(caller: Caller, key_id: str) -> Json:
    """Take a key back, at once and for good."""
    caller.refuse_words()
    parts = caller.parts
    return from_key(keys.revoke_key(caller.key, key_id, parts.api_keys, parts.now()))


def _to_create_key(body: Body, maker: ApiKey) -> keys.CreateKey:
    body.refuse_unknown("name", "kind", "scopes", "program_id", "storefront_id", "promoter_id")
    return keys.CreateKey(
        merchant_id=maker.merchant_id,
        maker=maker,
        name=body.text("name"),
        kind=body.choice("kind", KeyKind),
        scopes=from_plain(tuple[Scope, ...], body.values.get("scopes", []), "scopes"),
        program_id=body.optional_text("program_id"),
        storefront_id=body.optional_text("storefront_id"),
        promoter_id=body.optional_text("promoter_id"),
    )


def from_key(key: ApiKey) -> Json:
    """Return a key without anything that opens it."""
    return {
        "id": key.id,
        "name": key.name or None,
        "kind": key.kind.value,
        "scopes": sorted(key.may),
        "program_id": key.program_id,
        "storefront_id": key.storefront_id,
        "promoter_id": key.promoter_id,
        "created_at": to_text(key.created_at),
        "revoked_at": to_text(key.revoked_at) if key.revoked_at else None,
    }
