"""Let a shop send us its webhooks, registered through the shop's own API."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from grapevine.domain.errors import InvalidInputError
from grapevine.ports import SecretStore, ShopClients, StorefrontReader
from grapevine.usecases.known_storefront import known_shop


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
    storefront, known = known_shop(command.storefront_id, catalog, secrets)
    if urlsplit(command.url).scheme != "https":
        raise InvalidInputError("must begin with https://", "url")
    return clients.client(storefront).register_webhooks(command.url, known.webhook_secrets[0])
