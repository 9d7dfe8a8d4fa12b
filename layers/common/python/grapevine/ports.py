"""What the use cases ask of the outside world, cut by use case.

Every method that writes says what happens when the thing is there already. Reads are strongly
consistent unless they say otherwise. Adapters translate their own errors into `domain.errors`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from grapevine.domain.clicks import Click
from grapevine.domain.coupons import Coupon
from grapevine.domain.entries import AccountKey, Entry, EntryKey
from grapevine.domain.facts import Fact, FactKind, OrderKey, Refund, Snapshot
from grapevine.domain.fx import Rate
from grapevine.domain.links import Link
from grapevine.domain.pages import Page
from grapevine.domain.payouts import Head, Movement, Payout
from grapevine.domain.people import Promoter
from grapevine.domain.programs import Plan, Program, Storefront, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """An API key as stored: its public part and the hash of its secret part."""

    id: str
    merchant_id: str
    secret_hash: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StorefrontSecrets:
    """What verifies a storefront's webhooks, newest first, and the key that hides its customers."""

    webhook_secrets: tuple[str, ...]
    subject_key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """A scheduled run over one program; `finished` names the batches that are done.

    Promoters who joined after `started_at` are not in it, so that starting it again makes the
    same batches.
    """

    id: str
    program_id: str
    started_at: datetime
    batches: int
    finished: frozenset[str]

    @property
    def is_done(self) -> bool:
        """Whether every batch has been settled."""
        return len(self.finished) >= self.batches


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementBatch:
    """A page of promoters for one queue message."""

    settlement_id: str
    program_id: str
    number: int
    promoter_ids: tuple[str, ...]


# --- catalog ---------------------------------------------------------------------------------


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


class DecisionCatalog(TermsReader, PromoterReader, CouponReader, RateReader, Protocol):
    """What deciding an order needs of the catalog."""


class StorefrontReader(Protocol):
    """Storefronts by id."""

    def storefront(self, storefront_id: str) -> Storefront | None:
        """Return a storefront, or None."""


class CatalogLists(Protocol):
    """The catalog's listings; eventually consistent, in a stable order."""

    def programs(self, merchant_id: str | None = None) -> Iterator[Program]:
        """Yield programs, all of them or a merchant's."""

    def promoters_of(self, program_id: str) -> Iterator[Promoter]:
        """Yield every promoter of a program by id."""


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


class RateWriter(RateReader, Protocol):
    """Where rates are published."""

    def add_rate(self, program_id: str, rate: Rate) -> None:
        """Add a rate; AlreadyExistsError when the pair has one from that instant on."""
        ...


class CouponWriter(CouponReader, Protocol):
    """Where coupons are made and switched."""

    def add_coupon(self, coupon: Coupon) -> None:
        """Add a coupon; AlreadyExistsError when the program has one of that code."""
        ...

    def change_coupon(self, coupon: Coupon) -> None:
        """Store a coupon with its one new change; NetworkMovedError when another came first."""
        ...


class PlanCatalog(DecisionCatalog, Protocol):
    """Where versions of plans are published."""

    def add_plan(self, program_id: str, plan: Plan) -> None:
        """Add a version to a program's plan; AlreadyExistsError when its number is taken.

        `terms` has the versions in the order in which they take effect.
        """


class NetworkCatalog(DecisionCatalog, Protocol):
    """Promoters that change; a program's changes are made one after the other."""

    def network_version(self, program_id: str) -> int:
        """Return how often the program's network has changed."""

    def change_promoter(self, promoter: Promoter, network_version: int) -> None:
        """Store a promoter as it is now and count the change, both or neither.

        NetworkMovedError when the network's version is not the one given: then nothing that was
        read before can be trusted, and the caller reads again. Else NotFoundError for a promoter
        that was never added.
        """


class PeopleCatalog(DecisionCatalog, CatalogWriter, CouponWriter, RateWriter, Protocol):
    """What creating people and links needs of the catalog."""


class ApiKeyReader(Protocol):
    """API keys by their public part."""

    def api_key(self, key_id: str) -> ApiKey | None:
        """Return a key, or None."""


# --- clicks, orders, raw bodies --------------------------------------------------------------


class ClickWriter(Protocol):
    """Where clicks are recorded."""

    def record(self, click: Click) -> None:
        """Store a click; its id is unique, so a repeat changes nothing."""


class ClickReader(Protocol):
    """Clicks by the id that an order carries."""

    def click(self, click_id: str) -> Click | None:
        """Return a click in one read, or None."""

    def clicks_of(self, visitor_id: str, limit: int) -> tuple[Click, ...]:
        """Return a visitor's latest clicks in one request, oldest first, at most `limit`."""
        ...


class FactWriter(Protocol):
    """Where facts are appended."""

    def append(self, fact: Fact) -> bool:
        """Append a fact if absent; return whether it was new."""


class FactReader(Protocol):
    """An order's facts."""

    def facts_of(self, order: OrderKey) -> tuple[Fact, ...]:
        """Return all facts of an order."""


class RawBodies(Protocol):
    """Bodies exactly as they came, for ninety days."""

    def keep(
        self, storefront_id: str, name: str, body: bytes, headers: Mapping[str, str], now: datetime
    ) -> None:
        """Keep a body under its storefront and name; a repeat changes nothing."""


class PersonalData(Protocol):
    """What names a person, apart from everything else so that it can be erased."""

    def remember(self, subject: str, data: Mapping[str, str]) -> None:
        """Keep a person's data under their keyed hash, replacing what was there."""


# --- ledger and state ------------------------------------------------------------------------


class EntryReader(Protocol):
    """The ledger, read by key."""

    def entries_of(self, key: EntryKey) -> tuple[Entry, ...]:
        """Return the entries under a key in their sequence."""


class EntryWriter(Protocol):
    """The one way into the ledger."""

    def append(self, entry: Entry) -> None:
        """Put an entry if its number under its key is free; EntryExistsError otherwise."""


class OrderLedger(EntryReader, EntryWriter, Protocol):
    """What posting an order needs of the ledger."""


class DueReader(Protocol):
    """Entries that time alone makes somebody look at again; eventually consistent."""

    def due(self, since: datetime, until: datetime) -> Iterator[OrderKey]:
        """Yield orders with an entry due in the span, both ends included; may repeat, may be stale."""


class EntryScan(Protocol):
    """The whole ledger, for the proof."""

    def scan(self, program_id: str) -> Iterator[Entry]:
        """Yield every entry of a program; those of one key in their sequence."""


class EntriesByName(Protocol):
    """Entries by the names that pages keep."""

    def entries_named(self, names: Sequence[str]) -> tuple[Entry, ...]:
        """Return order entries by `storefront/order/sequence`, in the order asked, missing ones left out."""


class EntryLists(EntriesByName, EntryReader, Protocol):
    """What a promoter's list of entries needs of the ledger."""


class PageFolder(Protocol):
    """Where pages are folded."""

    def fold(self, additions: Sequence[Page]) -> int:
        """Add each addition (one mark each) to its page unless its mark is there; return how many were new.

        Additions to one page may be written together; one that is there never stops the others.
        """


class PageReader(Protocol):
    """Pages of a subject."""

    def pages(self, subject: str) -> tuple[Page, ...]:
        """Return every page of a subject, oldest first."""


class AccountReader(Protocol):
    """A promoter's money: pages and head in one request."""

    def account(self, key: AccountKey) -> tuple[tuple[Page, ...], Head]:
        """Return an account's pages and its head (a new one where there is none)."""


class Mover(Protocol):
    """The one way to take from an account."""

    def move(self, movement: Movement, head_before: Head) -> None:
        """Put the entry, the head and the payout, all or nothing.

        AlreadyExistsError when the payout of a reservation is there already, HeadMovedError when
        the head or the entry's number is not as it was read.
        """


class PayoutReader(Protocol):
    """Payouts of a settlement."""

    def payout(self, settlement_id: str, payout_id: str) -> Payout | None:
        """Return a payout of a settlement, or None."""

    def payouts_of(self, settlement_id: str) -> Iterator[Payout]:
        """Yield a settlement's payouts by id."""


class Treasury(AccountReader, Mover, PayoutReader, Protocol):
    """What settling and paying out need of the accounts."""


class SettlementStore(Protocol):
    """Settlement runs."""

    def start(self, settlement: Settlement) -> bool:
        """Store a run if absent; return whether it was new."""

    def settlement(self, settlement_id: str) -> Settlement | None:
        """Return a run, or None."""

    def finish_batch(self, settlement_id: str, number: int) -> Settlement:
        """Mark a batch done (again changes nothing) and return the run as it is then."""


class SweepMark(Protocol):
    """How far the sweep of what is due has come."""

    def swept_until(self) -> datetime | None:
        """Return the instant up to which everything due was handled."""

    def set_swept_until(self, instant: datetime) -> None:
        """Remember it; an earlier instant than the stored one changes nothing."""


class BookReader(EntryReader, EntryScan, Protocol):
    """The ledger by key and whole."""


class StateScan(Protocol):
    """Everything derived that a proof compares with the entries."""

    def all_pages(self, program_id: str) -> Iterator[Page]:
        """Yield every balance page of a program."""

    def all_heads(self, program_id: str) -> Iterator[Head]:
        """Yield every account's head of a program."""

    def all_payouts(self, program_id: str) -> Iterator[Payout]:
        """Yield every payout of a program."""


# --- storefronts -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one webhook body says, before we say whose program and customer it is.

    `problem` says what in the body cannot be used, and where; then the amounts are left out.
    """

    order_id: str
    kind: FactKind
    version: datetime
    snapshot: Snapshot | None = None
    refunds: tuple[Refund, ...] = ()
    customer_email: str | None = None
    problem: str | None = None


class StorefrontAdapter(Protocol):
    """One platform's webhooks; pure."""

    def verify(self, raw: bytes, headers: Mapping[str, str], secrets: Sequence[str], domain: str) -> None:
        """Check the signature over the raw bytes, and that the shop named is ours.

        Header names are in lower case. UnauthenticatedError, without detail, when either fails.
        """

    def topic(self, headers: Mapping[str, str]) -> str:
        """Return the delivery's topic, empty where it names none."""

    def normalise(self, raw: bytes, topic: str) -> Reading | None:
        """Return what the body says, None for a topic that says nothing about orders.

        MalformedBodyError when the text is not what the platform sends.
        """


# --- the rest --------------------------------------------------------------------------------


class SecretStore(Protocol):
    """Secrets, cached for a short while."""

    def storefront_secrets(self, storefront_id: str) -> StorefrontSecrets | None:
        """Return a storefront's secrets, or None."""

    def put_storefront_secrets(self, storefront_id: str, secrets: StorefrontSecrets) -> None:
        """Store a storefront's secrets."""

    def subject_key(self, program_id: str) -> bytes:
        """Return the key that hides a program's people; NotFoundError when there is none."""

    def put_subject_key(self, program_id: str, key: bytes) -> None:
        """Store a program's key."""


class FailureQueue(Protocol):
    """Where orders wait that could not be processed."""

    def send(self, order: OrderKey, reason: str) -> None:
        """Queue an order with the reason; raises when the queue did not acknowledge it."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An order in the failure queue; `receipt` takes it out."""

    order: OrderKey
    reason: str
    receipt: str


class FailureReader(Protocol):
    """The failure queue's other end."""

    def receive(self, limit: int) -> tuple[Waiting, ...]:
        """Return some of what waits, at most `limit`; what is not taken out is seen again later."""

    def done(self, waiting: Waiting) -> None:
        """Take an order out for good."""


class SettlementQueue(Protocol):
    """Fans a settlement out."""

    def send_batches(self, batches: Sequence[SettlementBatch]) -> None:
        """Queue the batches; sending one twice is harmless."""


class Files(Protocol):
    """The data bucket."""

    def put(self, name: str, body: bytes, content_type: str) -> None:
        """Write a file, replacing what was there."""

    def get(self, name: str) -> bytes:
        """Return a file; NotFoundError when there is none."""


class EventBus(Protocol):
    """Events out."""

    def publish(self, events: Sequence[tuple[str, dict[str, Any]]]) -> None:
        """Publish (type, detail) pairs; raises when any was not accepted."""
