"""Let a shop send us its webhooks, registered through the shop's own API."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from grapevine.domain.errors import InvalidInputError, NotFoundError
from grapevine.ports import SecretStore, ShopClients, StorefrontReader


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectStorefront:
    """A storefront, and the URL of `receive_webhook` that its shop is to send to."""

    storefront_id: str
    url: str


def connect_storefront(
    command: ConnectStorefront, catalog: StorefrontReader, secrets: SecretStore, clients: ShopClients
) -> tuple[str, ...]:
    """Return the topics that were not registered yet; again it registers none.

    NotFoundError without the storefront or its access, InvalidInputError for a URL in the clear,
    ShopRefusedError and ShopUnavailableError from the shop.
    """
    storefront = catalog.storefront(command.storefront_id)
    known = secrets.storefront_secrets(command.storefront_id) if storefront else None
    if storefront is None or known is None:
        raise NotFoundError("storefront", command.storefront_id)
    if urlsplit(command.url).scheme != "https":
        raise InvalidInputError("must begin with https://", "url")
    return clients.client(storefront).register_webhooks(command.url, known.webhook_secrets[0])
