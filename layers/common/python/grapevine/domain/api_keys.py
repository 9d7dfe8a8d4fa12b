"""What an API key may do: its kind says at most what, its scopes what of that, its bounds where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from grapevine.domain.errors import ForbiddenError, InvalidInputError

LONGEST_NAME = 100


class KeyKind(StrEnum):
    """Whom a key is for."""

    MERCHANT = "merchant"
    READ_ONLY = "read_only"
    STOREFRONT = "storefront"
    PROMOTER = "promoter"


class Scope(StrEnum):
    """What a route asks of a key: a resource, and whether it is only looked at."""

    PROGRAMS_READ = "programs:read"
    PROGRAMS_WRITE = "programs:write"
    CAMPAIGNS_READ = "campaigns:read"
    CAMPAIGNS_WRITE = "campaigns:write"
    STOREFRONTS_READ = "storefronts:read"
    STOREFRONTS_WRITE = "storefronts:write"
    PRODUCTS_READ = "products:read"
    PRODUCTS_WRITE = "products:write"
    PROMOTERS_READ = "promoters:read"
    PROMOTERS_WRITE = "promoters:write"
    PROMOTERS_JOIN = "promoters:join"
    CUSTOMERS_WRITE = "customers:write"
    LINKS_READ = "links:read"
    LINKS_WRITE = "links:write"
    COUPONS_READ = "coupons:read"
    COUPONS_WRITE = "coupons:write"
    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"
    ACCOUNTS_READ = "accounts:read"
    POINTS_WRITE = "points:write"
    PAYEES_READ = "payees:read"
    PAYEES_WRITE = "payees:write"
    PAYOUTS_READ = "payouts:read"
    PAYOUTS_REQUEST = "payouts:request"
    PAYOUTS_WRITE = "payouts:write"
    SETTLEMENTS_READ = "settlements:read"
    SETTLEMENTS_WRITE = "settlements:write"
    EVENTS_READ = "events:read"
    EVENTS_WRITE = "events:write"
    PRIVACY_WRITE = "privacy:write"
    KEYS_READ = "keys:read"
    KEYS_WRITE = "keys:write"


MOST_OF: Mapping[KeyKind, frozenset[Scope]] = {
    KeyKind.MERCHANT: frozenset(Scope),
    KeyKind.READ_ONLY: frozenset(scope for scope in Scope if scope.endswith(":read")),
    KeyKind.STOREFRONT: frozenset(
        (
            Scope.STOREFRONTS_READ,
            Scope.PRODUCTS_READ,
            Scope.PRODUCTS_WRITE,
            Scope.PROMOTERS_JOIN,
            Scope.CUSTOMERS_WRITE,
            Scope.LINKS_WRITE,
            Scope.COUPONS_READ,
            Scope.ORDERS_READ,
        )
    ),
    KeyKind.PROMOTER: frozenset(
        (
            Scope.PROMOTERS_READ,
            Scope.LINKS_READ,
            Scope.LINKS_WRITE,
            Scope.COUPONS_READ,
            Scope.ACCOUNTS_READ,
            Scope.POINTS_WRITE,
            Scope.PAYEES_READ,
            Scope.PAYEES_WRITE,
            Scope.PAYOUTS_READ,
            Scope.PAYOUTS_REQUEST,
        )
    ),
}
"""The most that a key of a kind may do."""

BOUND_BY: Mapping[KeyKind, tuple[str, ...]] = {
    KeyKind.MERCHANT: (),
    KeyKind.READ_ONLY: (),
    KeyKind.STOREFRONT: ("program_id", "storefront_id"),
    KeyKind.PROMOTER: ("program_id", "promoter_id"),
}
"""What a key of a kind must be bound to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """An API key as stored: its public part, the hash of its secret part, and what it may do.

    `program_id`, `storefront_id` and `promoter_id` are what it is bound to, None for no bound.
    Fields may be added, with defaults: keys are stored for ever.
    """

    id: str
    merchant_id: str
    secret_hash: str
    created_at: datetime
    name: str = ""
    kind: KeyKind = KeyKind.MERCHANT
    scopes: tuple[Scope, ...] = ()
    program_id: str | None = None
    storefront_id: str | None = None
    promoter_id: str | None = None
    revoked_at: datetime | None = None

    @property
    def may(self) -> frozenset[Scope]:
        """What it may do; one that names no scopes may do all that its kind may."""
        most = MOST_OF[self.kind]
        return most.intersection(self.scopes) if self.scopes else most


def allow(key: ApiKey, scope: Scope, place: Mapping[str, str]) -> None:
    """Do nothing where a key may do what a route asks, at the place that its path names; else ForbiddenError.

    Only the path decides, never what is there, so that a refusal tells nothing about it. A promoter's
    key is good below its own promoter only, a storefront's in its own program, and for its own
    storefront where a path names one.
    """
    if scope not in key.may:
        raise ForbiddenError(f"this key has no scope {scope}")
    bounds = {"program_id": key.program_id, "promoter_id": key.promoter_id}
    for name, bound in bounds.items():
        if bound is not None and place.get(name) != bound:
            raise ForbiddenError(f"this key is for another {name.removesuffix('_id')}")
    if key.storefront_id is not None and place.get("storefront_id", key.storefront_id) != key.storefront_id:
        raise ForbiddenError("this key is for another storefront")


def key_faults(
    name: str, kind: KeyKind, scopes: tuple[Scope, ...], bounds: Mapping[str, str | None]
) -> tuple[InvalidInputError, ...]:
    """Return everything that is wrong with a key to be made."""
    named = bool(name.strip()) and len(name) <= LONGEST_NAME
    faults = [] if named else [InvalidInputError(f"must have 1 to {LONGEST_NAME} characters", "name")]
    for number, scope in enumerate(scopes):
        if scope not in MOST_OF[kind]:
            faults.append(InvalidInputError(f"is none of a {kind} key: {scope}", f"scopes[{number}]"))
    for bound, value in bounds.items():
        if bound in BOUND_BY[kind] and value is None:
            faults.append(InvalidInputError(f"is needed for a {kind} key", bound))
        if bound not in BOUND_BY[kind] and bound != "program_id" and value is not None:
            faults.append(InvalidInputError(f"is nothing that a {kind} key is bound to", bound))
    return tuple(faults)
