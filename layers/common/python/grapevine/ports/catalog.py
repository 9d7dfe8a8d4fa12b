"""What is asked of the catalog: terms, people, links, coupons, rates, keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from grapevine.domain.api_keys import ApiKey
from grapevine.domain.bindings import History, Registration, SamePerson
from grapevine.domain.bounties import Bounty
from grapevine.domain.campaigns import Campaign
from grapevine.domain.coupons import Coupon
from grapevine.domain.fx import Rate
from grapevine.domain.links import Link
from grapevine.domain.people import Promoter
from grapevine.domain.plans import Plan
from grapevine.domain.programs import Program, Storefront, Terms
from grapevine.domain.tiers import Volume
from grapevine.ports.products import ProductReader, ProductWriter


class LinkReader(Protocol):
    """The redirect's one read."""

    def link(self, code: str) -> Link | None:
        """Return a link, eventually consistent."""


class TermsReader(Protocol):
    """Programs with all versions of their plans."""

    def terms(self, program_id: str) -> Terms:
        """Return a program's terms; NotFoundError when there is none."""


class PromoterReader(Protocol):
    """Promoters by name, many in one request."""

    def promoters(self, program_id: str, promoter_ids: Sequence[str]) -> dict[str, Promoter]:
        """Return those that exist, at most a hundred asked for."""


class VolumeReader(Protocol):
    """What was sold through promoters in months that are closed, as stored."""

    def promoters_with_volumes(
        self, program_id: str, promoter_ids: Sequence[str], months: Sequence[str]
    ) -> tuple[dict[str, Promoter], dict[tuple[str, str], Volume]]:
        """Return those that exist, and by promoter and month the volumes that are stored, in one request."""
        ...


class VolumeStore(VolumeReader, Protocol):
    """Months that are closed, both ways."""

    def close_month(self, program_id: str, promoter_id: str, month: str, volume: Volume) -> Volume:
        """Store a closed month's volume if absent, and return what is stored: the first one's, for good."""
        ...


class CouponReader(Protocol):
    """Coupons by code, many in one request."""

    def coupons(self, program_id: str, codes: Sequence[str]) -> dict[str, Coupon]:
        """Return those that exist by their normal forms, at most a hundred asked for."""
        ...


class RateReader(Protocol):
    """Exchange rates of a program."""

    def rate(self, program_id: str, base: str, quote: str, instant: datetime) -> Rate | None:
        """Return the latest rate in effect at an instant, however old, or None."""
        ...


class CustomerReader(Protocol):
    """What is known of a program's customers."""

    def customer(self, program_id: str, customer_key: str) -> History:
        """Return everything that is kept under a customer's key, in one request; empty where nothing is.

        The orders in it are written by `OrderLedger.append`, beside their entries.
        """
        ...


class CustomerWriter(CustomerReader, Protocol):
    """Where customers are registered and recognised."""

    def add_registration(self, registration: Registration) -> None:
        """Add a registration; AlreadyExistsError when the customer has one of that instant."""
        ...

    def add_same_person(self, same: SamePerson) -> None:
        """Add it under both keys; AlreadyExistsError when they are known to be one person already."""
        ...


class PastCatalog(
    TermsReader,
    PromoterReader,
    VolumeReader,
    CouponReader,
    RateReader,
    ProductReader,
    CustomerReader,
    Protocol,
):
    """What deciding an order reads of the catalog; nothing can be written through it."""


class DecisionCatalog(PastCatalog, VolumeStore, Protocol):
    """What deciding an order needs of the catalog: months are closed by whoever needs them first."""


class StorefrontReader(Protocol):
    """Storefronts by id."""

    def storefront(self, storefront_id: str) -> Storefront | None:
        """Return a storefront, or None."""


class StorefrontLists(StorefrontReader, Protocol):
    """Storefronts by id and listed."""

    def storefronts(self, program_id: str | None = None) -> Iterator[Storefront]:
        """Yield storefronts by program and id, all of them or one program's; eventually consistent."""
        ...


class CatalogLists(Protocol):
    """The catalog's listings; eventually consistent, in a stable order."""

    def programs(self, merchant_id: str | None = None) -> Iterator[Program]:
        """Yield programs, all of them or a merchant's."""

    def promoters_of(self, program_id: str, after: str = "") -> Iterator[Promoter]:
        """Yield a program's promoters by id, all of them or those after one."""

    def coupons_of(self, program_id: str, promoter_id: str | None = None) -> Iterator[Coupon]:
        """Yield a program's coupons by promoter and code, all of them or one promoter's."""


class CatalogWriter(Protocol):
    """Puts if absent; AlreadyExistsError where the thing is there."""

    def add_program(self, program: Program, plan: Plan) -> None:
        """Add a program with its first plan, both or neither."""

    def add_storefront(self, storefront: Storefront) -> None:
        """Add a storefront."""

    def add_promoter(self, promoter: Promoter) -> None:
        """Add a promoter."""

    def add_link(self, link: Link) -> None:
        """Add a link under its code, unique over all programs."""

    def add_merchant(self, merchant_id: str, name: str, key: ApiKey) -> None:
        """Add a merchant with its first API key, both or neither."""


class LinkStore(Protocol):
    """Links, listed and changed."""

    def links_of(self, program_id: str, promoter_id: str, after: str = "") -> Iterator[Link]:
        """Yield a promoter's links by code, eventually consistent."""
        ...

    def change_link(self, link: Link) -> None:
        """Store a link in place of what it was; NotFoundError where there is none of its code."""


class RateWriter(RateReader, Protocol):
    """Where rates are published."""

    def add_rate(self, program_id: str, rate: Rate) -> None:
        """Add a rate; AlreadyExistsError when the pair has one from that instant on."""
        ...


class CouponWriter(CouponReader, Protocol):
    """Where coupons are made and switched."""

    def add_coupon(self, coupon: Coupon) -> None:
        """Add a coupon; AlreadyExistsError when the program has that code or one that looks like it."""
        ...

    def change_coupon(self, coupon: Coupon) -> None:
        """Store a coupon with its one new change.

        NetworkMovedError when another change came first, or where there is no such coupon: what was
        read before is not what is there.
        """
        ...


class PlanCatalog(DecisionCatalog, Protocol):
    """Where versions of plans are published."""

    def add_plan(self, program_id: str, plan: Plan) -> None:
        """Add a version to a program's plan; AlreadyExistsError when its number is taken.

        `terms` has the versions in the order in which they take effect.
        """


class ProgramCatalog(TermsReader, Protocol):
    """Where a program is changed, as it was read."""

    def terms_now(self, program_id: str) -> Terms:
        """Return a program's terms as they are, whatever was kept of them; NotFoundError without them."""
        ...

    def change_program(self, program: Program) -> None:
        """Store a program with its one new change; NetworkMovedError when another came first."""
        ...


class CampaignCatalog(PlanCatalog, Protocol):
    """Where campaigns and bounties are made, stopped, and given more to pay; `terms` has them all.

    Each is added under the next number of its kind, so that who adds one has seen all the others, and
    changed as it was read; NetworkMovedError where somebody else was first.
    """

    def terms_now(self, program_id: str) -> Terms:
        """Return a program's terms as they are, whatever was kept of them; NotFoundError without them."""
        ...

    def add_campaign(self, program_id: str, campaign: Campaign, number: int) -> None:
        """Add a campaign as the program's `number`-th."""
        ...

    def change_campaign(self, program_id: str, campaign: Campaign, before: Campaign) -> None:
        """Store a campaign in place of what it was."""
        ...

    def add_bounty(self, program_id: str, bounty: Bounty, number: int) -> None:
        """Add a bounty as the program's `number`-th."""
        ...

    def change_bounty(self, program_id: str, bounty: Bounty, before: Bounty) -> None:
        """Store a bounty in place of what it was."""
        ...


class NetworkCatalog(DecisionCatalog, Protocol):
    """Promoters that change; a program's changes are made one after the other."""

    def network_version(self, program_id: str) -> int:
        """Return how often the program's network has changed."""

    def change_promoter(self, promoter: Promoter, network_version: int, *others: Promoter) -> None:
        """Store a promoter, and others of the program, as they are now and count the change, all or nothing.

        NetworkMovedError when the network's version is not the one given: then nothing that was
        read before can be trusted, and the caller reads again. Else NotFoundError for a promoter
        that was never added.
        """


class PeopleCatalog(
    DecisionCatalog,
    CatalogWriter,
    CouponWriter,
    LinkStore,
    RateWriter,
    ProductWriter,
    CustomerWriter,
    Protocol,
):
    """What creating people and links needs of the catalog."""


class ApiKeyReader(Protocol):
    """API keys by their public part."""

    def api_key(self, key_id: str) -> ApiKey | None:
        """Return a key, or None."""
