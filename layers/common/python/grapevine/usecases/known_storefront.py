"""A storefront as others name it: the connection itself, and with what is secret of it."""

from __future__ import annotations

from grapevine.domain.errors import NotFoundError
from grapevine.domain.programs import Storefront
from grapevine.ports import SecretStore, StorefrontReader, StorefrontSecrets


def known_storefront(storefront_id: str, storefronts: StorefrontReader) -> Storefront:
    """Return a storefront; NotFoundError where there is none of that id."""
    storefront = storefronts.storefront(storefront_id)
    if storefront is None:
        raise NotFoundError("storefront", storefront_id)
    return storefront


def own_storefront(program_id: str, storefront_id: str, storefronts: StorefrontReader) -> Storefront:
    """Return a program's storefront; NotFoundError where the program has none of that id."""
    storefront = known_storefront(storefront_id, storefronts)
    if storefront.program_id != program_id:
        raise NotFoundError("storefront", storefront_id)
    return storefront


def known_shop(
    storefront_id: str, storefronts: StorefrontReader, secrets: SecretStore
) -> tuple[Storefront, StorefrontSecrets]:
    """Return a storefront with its secrets; NotFoundError without either."""
    storefront = known_storefront(storefront_id, storefronts)
    found = secrets.storefront_secrets(storefront_id)
    if found is None:
        raise NotFoundError("storefront", storefront_id)
    return storefront, found
