"""The whole flow on the shipped in-memory adapters: what the simulator's worlds are played against."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from random import Random
from urllib.parse import parse_qs, urlsplit

from grapevine.adapters.memory.catalog import MemoryCatalog
from grapevine.adapters.memory.flow import MemoryClicks, MemoryFacts
from grapevine.adapters.memory.ledger import MemoryLedger
from grapevine.adapters.memory.outside import MemorySecrets, MemoryShopQueue
from grapevine.adapters.memory.private import MemoryRawBodies
from grapevine.adapters.memory.state import MemoryPages
from grapevine.adapters.storefronts.shopify import Shopify
from grapevine.domain.accounts import PROGRAM, Leaf
from grapevine.domain.entries import standing
from grapevine.domain.facts import OrderKey
from grapevine.domain.links import Link
from grapevine.domain.people import Promoter, subject_key
from grapevine.domain.plans import Plan
from grapevine.domain.programs import Program, Storefront
from grapevine.ports import StorefrontSecrets
from grapevine.usecases.place_order import Placed, PlaceOrder, PlaceOrderPorts, place_order
from grapevine.usecases.post_order import PostOrder, PostOrderPorts, post_order
from grapevine.usecases.screen_order import ScreenOrder, ScreenOrderPorts, screen_order
from grapevine.usecases.track_click import TrackClick, TrackClickPorts, track_click
from grapevine_sim.plans import ClickPlan, Delivery, World

PROGRAM_ID, STOREFRONT_ID = "prg_orchard", "sto_orchard"
SUBJECT_KEY = b"a key for the tests"


class MemoryShop:
    """A program with a Shopify storefront; orders are posted and screened after each delivery."""

    def __init__(self, *, currency: str = "USD", domain: str, secrets: tuple[str, ...], plan: Plan) -> None:
        self.catalog, self.clicks, self.facts = MemoryCatalog(), MemoryClicks(), MemoryFacts()
        self.ledger, self.raw_bodies, self.secrets = (
            MemoryLedger(self.catalog),
            MemoryRawBodies(),
            MemorySecrets(),
        )
        self.pages = MemoryPages()
        self.orders: set[OrderKey] = set()
        self._random = Random(7)
        self.catalog.add_program(_program(currency, domain, plan.effective_at), plan)
        self.catalog.add_storefront(
            Storefront(id=STOREFRONT_ID, program_id=PROGRAM_ID, platform="shopify", domain=domain)
        )
        self.secrets.put_storefront_secrets(
            STOREFRONT_ID, StorefrontSecrets(webhook_secrets=secrets, subject_key=SUBJECT_KEY)
        )

    @classmethod
    def of(cls, world: World, opened_at: datetime) -> MemoryShop:
        """Set up a simulated world: its program, promoters and one link each, named like its owner."""
        plan = Plan(
            version=1,
            effective_at=opened_at,
            rate_bps=world.shop.rate_bps,
            hold_days_after_receipt=world.shop.hold_days_after_receipt,
            hold_days_after_payment=world.shop.hold_days_after_payment,
            screening_days=world.shop.screening_days,
        )
        shop = cls(domain=world.shop.domain, secrets=(world.shop.webhook_secret,), plan=plan)
        for promoter in world.promoters:
            shop.add_promoter(promoter.name, promoter.email, promoter.sponsor, opened_at)
            shop.catalog.add_link(
                Link(
                    code=promoter.name,
                    program_id=PROGRAM_ID,
                    promoter_id=promoter.name,
                    destination=world.shop.destination,
                )
            )
        return shop

    def add_promoter(self, name: str, email: str, sponsor: str | None, joined_at: datetime) -> None:
        """Add a promoter who would be found as a customer."""
        self.catalog.add_promoter(
            Promoter(
                id=name,
                program_id=PROGRAM_ID,
                name=name,
                sponsor_id=sponsor,
                joined_at=joined_at,
                customer_key=subject_key(SUBJECT_KEY, email),
            )
        )

    def visit(self, click: ClickPlan, now: datetime) -> str | None:
        """Follow a link; return the click id that the shop would see."""
        command = TrackClick(
            link_code=click.link_owner, user_agent=click.user_agent, counted=click.is_counted
        )
        ports = TrackClickPorts(self.catalog, self.clicks, self._random.randbytes)
        query = parse_qs(urlsplit(track_click(command, ports, now).location).query)
        return query.get("gv_click", [None])[0]

    def visit_all(self, world: World, now: datetime) -> dict[str, str]:
        """Follow every link of a world; return the click ids by the plans' keys."""
        found = {click.key: self.visit(click, now) for click in world.clicks}
        return {key: click_id for key, click_id in found.items() if click_id}

    def take(self, delivery: Delivery, now: datetime) -> Placed:
        """Take a webhook, then do what the orders' stream does: screen and post."""
        headers = {name.lower(): value for name, value in delivery.headers.items()}
        command = PlaceOrder(storefront_id=STOREFRONT_ID, raw=delivery.raw, headers=headers)
        placed = place_order(command, self._place_order_ports(), now)
        for order in placed.orders:
            self.follow(order, now)
        return placed

    def post_all(self, now: datetime, orders: Iterable[OrderKey] | None = None) -> None:
        """Post every order, as the sweep does once everything is due."""
        for order in orders or sorted(self.orders, key=str):
            post_order(PostOrder(order), self._post_ports(), now)

    def balances(self, leaf: Leaf) -> dict[str, int]:
        """Return what stands in one account of every promoter, zero amounts left out."""
        amounts = standing(self.ledger.appended)
        return {
            account.owner: minor
            for (account, _), minor in amounts.items()
            if account.leaf is leaf and account.owner != PROGRAM
        }

    def follow(self, order: OrderKey, now: datetime) -> None:
        """Do what the stream of orders does: post, screen, and post again."""
        self.orders.add(order)
        self.post_all(now, [order])
        for fact in self.facts.facts_of(order):
            if screen_order(ScreenOrder(fact), ScreenOrderPorts(self.clicks, self.catalog, self.facts), now):
                self.post_all(now, [order])

    def _post_ports(self) -> PostOrderPorts:
        return PostOrderPorts(self.ledger, self.facts, self.clicks, self.catalog, self.pages)

    def _place_order_ports(self) -> PlaceOrderPorts:
        return PlaceOrderPorts(
            storefronts=self.catalog,
            secrets=self.secrets,
            adapters={"shopify": Shopify()},
            raw_bodies=self.raw_bodies,
            facts=self.facts,
            queue=MemoryShopQueue(),
        )


def _program(currency: str, domain: str, created_at: datetime) -> Program:
    return Program(
        id=PROGRAM_ID,
        merchant_id="mer_orchard",
        name="Orchard",
        currency=currency,
        time_zone="UTC",
        allowed_hosts=(domain,),
        created_at=created_at,
    )
