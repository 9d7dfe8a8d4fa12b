"""A storefront's secrets: a new one for its webhooks, and what its own API is used with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from grapevine.domain.errors import InvalidInputError, NotFoundError
from grapevine.domain.programs import Storefront
from grapevine.ports import SecretStore, StorefrontSecrets
from grapevine.usecases.create_program import refuse_short

MOST_ACCESS = 20
LONGEST_NAME, LONGEST_VALUE = 64, 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class RotateSecret:
    """A storefront's next webhook secret; the one before stays good beside it, unless it is dropped."""

    storefront_id: str
    webhook_secret: str
    drop_previous: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PutAccess:
    """What a shop's own API is used with from now on, by the platform's names; nothing forgets it all."""

    storefront_id: str
    access: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SeenStorefront:
    """A storefront, how many secrets sign its webhooks, and by which names its API is used."""

    storefront: Storefront
    secrets: int
    access: tuple[str, ...]


def read_storefront(storefront: Storefront, secrets: SecretStore) -> SeenStorefront:
    """Return a storefront as it is, without any secret."""
    return _seen(storefront, secrets.storefront_secrets_now(storefront.id))


def rotate_secret(command: RotateSecret, storefront: Storefront, secrets: SecretStore) -> SeenStorefront:
    """Put a new webhook secret before the others; the same one again changes none.

    Only the one before it stays beside it, so that a shop can move over, and a leaked one ends.
    """
    refuse_short(command.webhook_secret, "webhook_secret")
    known = _known(storefront, secrets)
    others = tuple(secret for secret in known.webhook_secrets if secret != command.webhook_secret)
    kept = () if command.drop_previous else others[:1]
    changed = replace(known, webhook_secrets=(command.webhook_secret, *kept))
    return _stored(storefront, changed, secrets)


def put_access(command: PutAccess, storefront: Storefront, secrets: SecretStore) -> SeenStorefront:
    """Store what a shop's API is used with in place of what was there."""
    if len(command.access) > MOST_ACCESS:
        raise InvalidInputError(f"must have at most {MOST_ACCESS} names", "access")
    for name, value in command.access.items():
        if not (0 < len(name) <= LONGEST_NAME and 0 < len(value) <= LONGEST_VALUE):
            raise InvalidInputError("must have a name and a value of sensible length", f"access.{name[:80]}")
    return _stored(storefront, replace(_known(storefront, secrets), access=dict(command.access)), secrets)


def _known(storefront: Storefront, secrets: SecretStore) -> StorefrontSecrets:
    """Return the secrets as they are: what another function changed a moment ago must not be lost."""
    known = secrets.storefront_secrets_now(storefront.id)
    if known is None:
        raise NotFoundError("storefront", storefront.id)
    return known


def _stored(storefront: Storefront, changed: StorefrontSecrets, secrets: SecretStore) -> SeenStorefront:
    secrets.put_storefront_secrets(storefront.id, changed)
    return _seen(storefront, changed)


def _seen(storefront: Storefront, known: StorefrontSecrets | None) -> SeenStorefront:
    if known is None:
        return SeenStorefront(storefront, 0, ())
    return SeenStorefront(storefront, len(known.webhook_secrets), tuple(sorted(known.access)))
