"""API keys: hashes of their secrets, and what each may do."""

from __future__ import annotations

from collections.abc import Iterator

from pynamodb.attributes import UnicodeAttribute

from grapevine.adapters.dynamo import catalog_keys, keys
from grapevine.adapters.dynamo.failures import ConditionFailedError
from grapevine.adapters.dynamo.rows import Instant, Item, Json, Row, row, rows
from grapevine.adapters.dynamo.table import BY_PROGRAM, Database
from grapevine.domain.api_keys import ApiKey, KeyKind, Scope
from grapevine.domain.errors import AlreadyExistsError, NotFoundError


class ApiKeyRow(Row, discriminator="api_key"):
    """`KEY#id` / `META`, listed by merchant: the hash of the secret part, never the secret."""

    gpk = UnicodeAttribute(null=True)
    gsk = UnicodeAttribute(null=True)
    merchant_id = UnicodeAttribute()
    secret_hash = UnicodeAttribute()
    created_at = Instant()
    name = UnicodeAttribute(null=True)
    key_kind = UnicodeAttribute(null=True)
    scopes = Json(null=True)
    program_id = UnicodeAttribute(null=True)
    storefront_id = UnicodeAttribute(null=True)
    promoter_id = UnicodeAttribute(null=True)
    revoked_at = Instant(null=True)


class DynamoApiKeys:
    """Keys by their public part."""

    def __init__(self, database: Database) -> None:
        self._catalog = database.catalog

    def api_key(self, key_id: str) -> ApiKey | None:
        """Return a key, or None."""
        item = self._catalog.get(catalog_keys.api_key(key_id)) if keys.is_usable(key_id) else None
        return api_key_of(row(ApiKeyRow, item)) if item else None

    def api_keys(self, merchant_id: str, after: str = "") -> Iterator[ApiKey]:
        """Yield a merchant's keys by id, all of them or those after one, eventually consistent."""
        listing = catalog_keys.api_keys_of(merchant_id)
        items: Iterator[Item] = self._catalog.query(
            listing, ApiKeyRow.gsk > after if after else None, index=BY_PROGRAM
        )
        return (api_key_of(stored) for stored in rows(ApiKeyRow, items))

    def add_api_key(self, key: ApiKey) -> None:
        """Add a key."""
        if not self._catalog.put_new(api_key_row(key)):
            raise AlreadyExistsError("API key", key.id)

    def change_api_key(self, key: ApiKey) -> None:
        """Store a key that is there."""
        try:
            self._catalog.put(api_key_row(key), Row.pk.exists())
        except ConditionFailedError as error:
            raise NotFoundError("API key", key.id) from error


def api_key_row(key: ApiKey) -> ApiKeyRow:
    """Return an API key as it is stored."""
    return ApiKeyRow(
        *catalog_keys.api_key(key.id),
        gpk=catalog_keys.api_keys_of(key.merchant_id),
        gsk=key.id,
        merchant_id=key.merchant_id,
        secret_hash=key.secret_hash,
        created_at=key.created_at,
        name=key.name or None,
        key_kind=key.kind.value,
        scopes=[scope.value for scope in key.scopes] or None,
        program_id=key.program_id,
        storefront_id=key.storefront_id,
        promoter_id=key.promoter_id,
        revoked_at=key.revoked_at,
    )


def api_key_of(stored: ApiKeyRow) -> ApiKey:
    """Read an API key back; one of before there were kinds may do everything."""
    return ApiKey(
        id=keys.last_part(stored.pk),
        merchant_id=stored.merchant_id,
        secret_hash=stored.secret_hash,
        created_at=stored.created_at,
        name=stored.name or "",
        kind=KeyKind(stored.key_kind or KeyKind.MERCHANT),
        scopes=tuple(Scope(scope) for scope in stored.scopes or ()),
        program_id=stored.program_id,
        storefront_id=stored.storefront_id,
        promoter_id=stored.promoter_id,
        revoked_at=stored.revoked_at,
    )
