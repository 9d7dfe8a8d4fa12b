"""The JSON API's routes of storefronts after they are connected."""

from __future__ import annotations

from typing import Any

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.plain import text_of, typed
from grapevine.runtime import replies
from grapevine.runtime.body import Body
from grapevine.runtime.caller import Caller
from grapevine.usecases import change_storefront as changes
from grapevine.usecases.known_storefront import own_storefront

Json = dict[str, Any]


def list_storefronts(caller: Caller, program_id: str) -> Json:
    """List a program's storefronts."""
    program = caller.terms(program_id).program
    found = caller.parts.catalog.storefronts(program.id)
    return caller.page_of_all("storefronts", found, replies.from_storefront, lambda one: one.id)


def read_storefront(caller: Caller, program_id: str, storefront_id: str) -> Json:
    """Return a storefront: how many secrets sign its webhooks, and which access to its API we have."""
    program, parts = caller.terms(program_id).program, caller.parts
    storefront = own_storefront(program.id, storefront_id, parts.catalog)
    return from_seen(changes.read_storefront(storefront, parts.secrets))


def rotate_secret(caller: Caller, program_id: str, storefront_id: str) -> Json:
    """Give a storefront a new webhook secret; the one before stays good until it is dropped."""
    program, parts = caller.terms(program_id).program, caller.parts
    command = _to_rotate_secret(caller.body(), storefront_id)
    storefront = own_storefront(program.id, storefront_id, parts.catalog)
    return from_seen(changes.rotate_secret(command, storefront, parts.secrets))


def put_access(caller: Caller, program_id: str, storefront_id: str) -> Json:
    """Say what the shop's own API is used with; it never comes out again."""
    program, parts = caller.terms(program_id).program, caller.parts
    command = _to_put_access(caller.body(), storefront_id)
    storefront = own_storefront(program.id, storefront_id, parts.catalog)
    return from_seen(changes.put_access(command, storefront, parts.secrets))


def _to_rotate_secret(body: Body, storefront_id: str) -> changes.RotateSecret:
    body.refuse_unknown("webhook_secret", "drop_previous")
    return changes.RotateSecret(
        storefront_id=storefront_id,
        webhook_secret=body.text("webhook_secret"),
        drop_previous=body.boolean("drop_previous"),
    )


def _to_put_access(body: Body, storefront_id: str) -> changes.PutAccess:
    body.refuse_unknown("access")
    if "access" not in body.values:
        raise InvalidInputError("must be an object", "access")
    given = typed(body.values["access"], dict, "an object", "access")
    access = {name: text_of(value, f"access.{name}") for name, value in given.items()}
    return changes.PutAccess(storefront_id=storefront_id, access=access)


def from_seen(seen: changes.SeenStorefront) -> Json:
    """Return a storefront; its secrets never leave the secret store."""
    return {
        **replies.from_storefront(seen.storefront),
        "webhook_secrets": seen.secrets,
        "access": list(seen.access),
    }
