"""A shop's year in which everybody leaves something of themselves everywhere that anything is kept."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from random import Random

from grapevine.domain.coupons import PublicChange
from grapevine.domain.entries import AccountKey
from grapevine.domain.errors import MalformedBodyError
from grapevine.domain.facts import FactKind, OrderKey, Outcome
from grapevine.domain.messages import Contact
from grapevine.domain.payouts import PayoutState, transfer_id
from grapevine.domain.people import PromoterStatus
from grapevine.domain.transfers import RailName
from grapevine.usecases.change_promoter import ChangeStatus, change_status
from grapevine.usecases.collect_person import (
    CollectCustomer,
    CollectPromoter,
    collect_customer,
    collect_promoter,
)
from grapevine.usecases.create_promoter import (
    CreateLink,
    CreatePromoter,
    PeoplePorts,
    create_link,
    create_promoter,
)
from grapevine.usecases.find_customer import AskedCustomer, CustomerPrivacyPorts, places_of
from grapevine.usecases.find_promoter import PromoterPrivacyPorts
from grapevine.usecases.fold_entries import FoldEntries, fold_entries
from grapevine.usecases.import_results import ImportResults, import_results
from grapevine.usecases.place_order import PlaceOrder, PlaceOrderPorts, place_order
from grapevine.usecases.put_payee_details import PayeePorts, PutPayeeDetails, put_payee_details
from grapevine.usecases.register_customer import (
    CustomerPorts,
    RegisterCustomer,
    register_customer,
)
from grapevine.usecases.review_payout import ReviewPayout, reject_payout
from grapevine.usecases.track_click import TrackClick, TrackClickPorts, track_click
from tests import builders as make
from tests.builders import PROGRAM_ID, STOREFRONT_ID, T0, days, minutes
from tests.usecases.settling import DAY_ONE, results
from tests.usecases.webhooks import headers_of, order_body, refund_body
from tests.worlds import SECRETS, SUBJECT_KEY, World

MERCHANT = "mc_test"
NOW = DAY_ONE + days(3)
"""When people ask: 63 days after the orders, so that no body has expired."""


@dataclass(frozen=True)
class Shopper:
    """Somebody who buys."""

    number: int

    @property
    def email(self) -> str:
        return f"Shopper.{self.number:03d}x@Mail.Example"

    @property
    def name(self) -> str:
        return f"Shoppername{self.number:03d} 张三{self.number:03d}"

    @property
    def phone(self) -> str:
        return f"+4917000{self.number:03d}77"

    @property
    def address(self) -> str:
        return f"Elm Street {self.number:03d}b"

    @property
    def machine(self) -> str:
        return f"Mozilla/5.0 (Phone {self.number:03d}m)"

    @property
    def names(self) -> set[str]:
        return {self.email, self.name, self.phone, self.address, self.machine}


@dataclass(frozen=True)
class Partner:
    """Somebody who shares, as they write about themselves."""

    number: int
    id: str = ""

    @property
    def email(self) -> str:
        return f"Partner.{self.number:03d}x@Mail.Example"

    @property
    def name(self) -> str:
        return f"Partnername{self.number:03d} 李四{self.number:03d}"

    @property
    def account(self) -> str:
        return f"DE02-ACCOUNT-{self.number:03d}"

    @property
    def words(self) -> str:
        return f"story-of-{self.number:03d}"

    @property
    def names(self) -> set[str]:
        return {self.email, self.name, self.account, self.words}


@dataclass
class Market:
    """A world and who is in it."""

    random: Random
    world: World = field(default_factory=World)
    shoppers: list[Shopper] = field(default_factory=list)
    partners: list[Partner] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    orders: list[OrderKey] = field(default_factory=list)
    buyers: dict[OrderKey, Shopper] = field(default_factory=dict)

    @property
    def customer_ports(self) -> CustomerPrivacyPorts:
        return customer_ports(self.world)

    @property
    def promoter_ports(self) -> PromoterPrivacyPorts:
        return promoter_ports(self.world)

    @property
    def names(self) -> set[str]:
        """Everything that names anybody."""
        people: list[Shopper | Partner] = [*self.shoppers, *self.partners]
        return {name for one in people for name in one.names}

    def asked(self, shopper: Shopper) -> AskedCustomer:
        return AskedCustomer(customers=(shopper.email.swapcase(),))

    def balances(self) -> dict[str, object]:
        return {one.id: self.world.balance(one.id) for one in self.partners}


def customer_ports(world: World) -> CustomerPrivacyPorts:
    return CustomerPrivacyPorts(
        catalog=world.catalog,
        secrets=world.secrets,
        raw_bodies=world.raw_bodies,
        facts=world.facts,
        clicks=world.clicks,
        personal_data=world.personal_data,
        records=world.privacy_records,
        files=world.files,
    )


def promoter_ports(world: World) -> PromoterPrivacyPorts:
    return PromoterPrivacyPorts(
        catalog=world.catalog,
        treasury=world.treasury,
        ledger=world.ledger,
        pages=world.pages,
        payees=world.payees,
        contacts=world.contacts,
        batches=world.batches,
        personal_data=world.personal_data,
        records=world.privacy_records,
        files=world.files,
    )


def market(
    seed: int, shoppers: int = 3, partners: int = 3, orders: int = 6, world: World | None = None
) -> Market:
    """Return a market in which everything that can name somebody does."""
    made = Market(Random(seed), world or World())
    opened(made)
    for number in range(partners):
        join(made, Partner(number))
    made.shoppers = [Shopper(number) for number in range(shoppers)]
    for number in range(orders):
        # Everybody buys at least once, and everybody sells.
        shopper = made.shoppers[number] if number < shoppers else made.random.choice(made.shoppers)
        partner = made.partners[number] if number < partners else made.random.choice(made.partners)
        buy(made, shopper, partner, 1000 + number)
    fold(made)
    pay(made)
    gossip(made)
    ask_to_see(made)
    return made


def opened(made: Market) -> None:
    """Open a program with a shop, as the chain of the tests has it."""
    world = made.world
    world.catalog.add_program(make.program(minimum_payout_minor=1), make.plan(1000, 300, 100))
    world.catalog.add_storefront(make.storefront())
    world.secrets.put_subject_key(PROGRAM_ID, SUBJECT_KEY)
    world.secrets.put_storefront_secrets(STOREFRONT_ID, SECRETS)


def join(made: Market, partner: Partner) -> None:
    """Let somebody join, with a link in their words, a coupon, and where they are paid."""
    world = made.world
    people = PeoplePorts(world.catalog, world.secrets, world.personal_data, world.random_bytes)
    sponsor = made.random.choice([None, *(one.id for one in made.partners)])
    command = CreatePromoter(
        program_id=PROGRAM_ID, name=partner.name, email=partner.email, sponsor_id=sponsor
    )
    promoter = create_promoter(command, people, T0 - days(50))
    named = replace(partner, id=promoter.id)
    destination = f"https://shop.example/p?by={partner.words}#{partner.words}"
    wanted = CreateLink(program_id=PROGRAM_ID, promoter_id=promoter.id, destination=destination)
    made.links[promoter.id] = create_link(wanted, people, T0 - days(40)).code
    world.catalog.add_coupon(make.coupon(f"SAVE-{partner.number}", promoter.id))
    details = {"account": partner.account, "holder": partner.name, "note": partner.words}
    payees = PayeePorts(world.catalog, world.secrets, world.payees, world.rails)
    said = PutPayeeDetails(program_id=PROGRAM_ID, promoter_id=promoter.id, rail=RailName.CSV, details=details)
    put_payee_details(said, payees, T0 - days(30))
    world.contacts.put_contact(PROGRAM_ID, promoter.id, Contact(address=partner.email))
    made.partners.append(named)


def buy(made: Market, shopper: Shopper, partner: Partner, number: int) -> None:
    """Let somebody click, sign up or not, order, complain in a body nobody can read, and send some back."""
    world = made.world
    clicking = TrackClickPorts(world.links, world.clicks, world.random_bytes)
    command = TrackClick(link_code=made.links[partner.id], user_agent=shopper.machine)
    click = track_click(command, clicking, T0 - minutes(30)).click
    assert click
    if made.random.random() < 0.5:
        sign_up = RegisterCustomer(
            program_id=PROGRAM_ID,
            customer=shopper.email,
            promoter_id=partner.id,
            occurred_at=T0 - minutes(number),
        )
        register_customer(sign_up, CustomerPorts(world.catalog, world.clicks, world.secrets), T0)
    person = {
        "email": shopper.email,
        "phone": shopper.phone,
        "note": f"for {shopper.name}",
        "shipping_address": {"name": shopper.name, "address1": shopper.address},
        "landing_site": f"/?gv_click={click.id}",
    }
    deliver(made, json.dumps(order_body(str(number), **person), ensure_ascii=False).encode())
    order = OrderKey(STOREFRONT_ID, str(number))
    if made.random.random() < 0.3:
        refund = {**refund_body(str(number), f"7{number}", ("12", "33.33")), "note": f"sorry {shopper.name}"}
        deliver(made, json.dumps(refund).encode(), "refunds/create")
    deliver(made, f'{{"id": "{shopper.email} {shopper.address}"'.encode())
    verdict = make.verdict(made.random.choice([Outcome.ALLOW, Outcome.ALLOW, Outcome.BLOCK])).verdict
    world.append(make.fact(FactKind.VERDICT, order=order, verdict=verdict))
    for now in (T0 + minutes(90), T0 + days(40)):
        world.post(now, order)
    made.orders.append(order)
    made.buyers[order] = shopper


def deliver(made: Market, raw: bytes, topic: str = "orders/paid") -> None:
    """Deliver a body, one that cannot be read too."""
    world = made.world
    ports = PlaceOrderPorts(
        storefronts=world.catalog,
        secrets=world.secrets,
        adapters=world.storefront_adapters,
        raw_bodies=world.raw_bodies,
        facts=world.facts,
        queue=world.shop_queue,
    )
    command = PlaceOrder(storefront_id=STOREFRONT_ID, raw=raw, headers=headers_of(raw, topic))
    try:
        place_order(command, ports, T0 + minutes(5))
    except MalformedBodyError:
        return


def fold(made: Market) -> None:
    """Fold every entry, as the stream does; those that are folded are left alone."""
    entries = tuple(made.world.ledger.scan(PROGRAM_ID))
    fold_entries(FoldEntries(entries), made.world.pages)


def pay(made: Market) -> None:
    """Settle and send; what came back names people, and so does why some was not paid."""
    world = made.world
    world.settle(DAY_ONE)
    payouts = sorted(world.treasury.all_payouts(PROGRAM_ID), key=lambda one: one.id)
    partners = {one.id: one for one in made.partners}
    if payouts and made.random.random() < 0.5:
        payout = payouts.pop()
        words = f"{partners[payout.key.promoter_id].name} asked not to be paid"
        rejected = ReviewPayout(program_id=PROGRAM_ID, payout_id=payout.id, by="boss", reason=words)
        reviewed = replace(payout, review=True, version=payout.version + 1)
        world.treasury.change(reviewed)
        reject_payout(rejected, world.catalog, world.treasury, DAY_ONE)
    world.send(DAY_ONE)
    rows = [
        (transfer_id(one, 1), state, f"to {partners[one.key.promoter_id].account}")
        for one in payouts
        for state in [made.random.choice([PayoutState.COMPLETED, PayoutState.FAILED])]
    ]
    body = results(*rows, column="transfer_id")
    world.files.put("results/january.csv", body, "text/csv")
    import_results(ImportResults(PROGRAM_ID, body), world.results, DAY_ONE + days(1))
    world.send(DAY_ONE + days(1))
    fold(made)
    assert not [one for one in made.partners if world.balance(one.id).reserved_minor]


def gossip(made: Market) -> None:
    """Let staff write about people where they may write anything."""
    world = made.world
    for partner in made.partners:
        coupon = world.catalog.coupons(PROGRAM_ID, (f"SAVE-{partner.number}",))[f"SAVE-{partner.number}"]
        mark = PublicChange(T0 + days(50), public=True, reason=f"{partner.name} posted it", by=partner.email)
        world.catalog.change_coupon(coupon.marked(mark))
        if made.random.random() < 0.5:
            status = made.random.choice([PromoterStatus.SUSPENDED, PromoterStatus.BANNED])
            words = f"{partner.name} of {partner.words}"
            changed = ChangeStatus(program_id=PROGRAM_ID, promoter_id=partner.id, status=status, reason=words)
            change_status(changed, world.catalog, T0 + days(55))


def ask_to_see(made: Market) -> None:
    """Collect everybody's documents, so that there is one more place that has it all."""
    places = places_of(MERCHANT, made.world.catalog)
    for shopper in made.shoppers:
        command = CollectCustomer(
            asked=made.asked(shopper), places=places, asked_by="shop", request_id=f"see-{shopper.number}"
        )
        collect_customer(command, made.customer_ports, NOW)
    for partner in made.partners:
        wanted = CollectPromoter(
            program_id=PROGRAM_ID, promoter_id=partner.id, asked_by="shop", request_id=f"see-{partner.id}"
        )
        collect_promoter(wanted, made.promoter_ports, NOW)


def books_of(made: Market) -> dict[str, object]:
    """Return everything that erasing may not change: entries, heads, pages, and what is whose."""
    world = made.world
    keys = [AccountKey(PROGRAM_ID, one.id, "USD") for one in made.partners]
    return {
        "orders": {order: world.ledger.entries_of(order) for order in made.orders},
        "accounts": {key: (world.ledger.entries_of(key), world.treasury.account(key)) for key in keys},
        "balances": made.balances(),
        "facts": {order: world.facts.facts_of(order) for order in made.orders},
    }
