"""What is asked of storefronts: what their webhooks say, and what such a webhook asks of us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from grapevine.domain.facts import FactKind, Refund, Snapshot
from grapevine.domain.listings import ListingTerms
from grapevine.ports.catalog import StorefrontReader, TermsReader
from grapevine.ports.products import ProductWriter


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopKeys:
    """What a storefront is known by: its secrets, newest first, its domain, and what its API is used with."""

    secrets: tuple[str, ...]
    domain: str
    access: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one body says of an order, before we say whose program and customer it is.

    `problem` says what in the body cannot be right, and where; the amounts are there all the same
    where they can be counted, for a person to accept.
    """

    order_id: str
    kind: FactKind
    version: datetime
    snapshot: Snapshot | None = None
    refunds: tuple[Refund, ...] = ()
    customer_email: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedsFetch:
    """The body names an order and does not say what became of it: the shop has to be asked."""

    order_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductReading:
    """What one body says of a product.

    `version` is the shop's own instant of what it says, None where the body has none, as with a
    deletion: then it is when it came. A `category` or `collections` of None says nothing of them,
    and what is known of them stays.
    """

    product_id: str
    version: datetime | None
    listing: ListingTerms
    category: str | None = None
    collections: tuple[str, ...] | None = None


class PrivacyKind(StrEnum):
    """What a person, or a shop that leaves, may ask for."""

    DATA_REQUEST = "data_request"
    """What is kept of a customer is wanted."""
    ERASE_CUSTOMER = "erase_customer"
    ERASE_SHOP = "erase_shop"
    """The shop has left: everything that names its customers goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyRequest:
    """A person's request, by the shop; `order_ids` are those it names, none for all that we know of."""

    kind: PrivacyKind
    request_id: str
    emails: tuple[str, ...] = ()
    order_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """Nothing for us, and why."""

    reason: str


ShopEvent = Reading | ProductReading | NeedsFetch | PrivacyRequest | Ignored


@dataclass(frozen=True, slots=True)
class Reply:
    """What a platform wants to read, in its own words; an empty text is sent with status 204."""

    text: str
    content_type: str = "text/plain; charset=utf-8"


class ShopCatalog(StorefrontReader, TermsReader, ProductWriter, Protocol):
    """What taking a storefront's webhooks needs of the catalog."""


class StorefrontAdapter(Protocol):
    """One platform's webhooks; pure.

    `headers` has the names in lower case, and beside them the parts of the URL's query, a `?` before
    each name: some platforms sign there. A platform that greets nobody, encrypts nothing and takes
    any 2xx for an answer inherits those three from `adapters.storefronts.plain.PlainShop`.
    """

    @property
    def accepted(self) -> Reply | None:
        """Return what a delivery that was taken is answered with, None where any 200 will do."""

    def greet(self, raw: bytes, headers: Mapping[str, str], keys: ShopKeys, now: datetime) -> Reply | None:
        """Return the answer to a platform that asks whether we are there; None for a delivery.

        Asked before `verify`, for POST and GET alike: a greeting says nothing that could be kept, and
        some are not signed. UnauthenticatedError for one that is, and wrong.
        """

    def verify(self, raw: bytes, headers: Mapping[str, str], keys: ShopKeys, now: datetime) -> None:
        """Check the signature over the raw bytes, its age where it has one, and that the shop named is ours.

        UnauthenticatedError, without detail, when any fails.
        """

    def opened(self, raw: bytes, headers: Mapping[str, str], keys: ShopKeys) -> bytes:
        """Return the body that `normalise` reads: decrypted where the platform encrypts, else as it came.

        Asked after `verify`. MalformedBodyError where it cannot be opened.
        """

    def topic(self, headers: Mapping[str, str]) -> str:
        """Return the delivery's topic, empty where its headers name none."""

    def normalise(self, raw: bytes, topic: str) -> tuple[ShopEvent, ...]:
        """Return what the opened body says, one event for each thing it is about; at least one.

        MalformedBodyError when the text is not what the platform sends.
        """


class ShopQueue(Protocol):
    """What a webhook asked for that takes more than keeping what it said."""

    def send_fetch(self, storefront_id: str, order_id: str) -> None:
        """Queue that a storefront is asked for an order; twice is harmless."""

    def send_privacy(self, storefront_id: str, request: PrivacyRequest) -> None:
        """Queue a person's request; twice is harmless."""

    def send_coupon(self, storefront_id: str, code: str) -> None:
        """Queue that a shop is told whether a coupon counts; twice is harmless."""

    def send_reconcile(self, storefront_id: str) -> None:
        """Queue that a shop is asked what changed since it was asked last; twice is harmless."""
