"""The JSON API's Lambda side: one function for each route, and one use case each."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.facts import OrderKey
from grapevine.domain.people import PromoterStatus
from grapevine.domain.plain import to_plain
from grapevine.runtime import api, replies
from grapevine.runtime.caller import Caller
from grapevine.runtime.console_coupons import tell_shops
from grapevine.runtime.parts import Parts
from grapevine.usecases import change_promoter as network
from grapevine.usecases import create_coupon as coupons
from grapevine.usecases import create_program as programs
from grapevine.usecases import create_promoter as people
from grapevine.usecases import explain_entry as entries
from grapevine.usecases import list_waiting as waiting
from grapevine.usecases import merge_promoters as merges
from grapevine.usecases import publish_plan as plans
from grapevine.usecases import publish_rate as rates
from grapevine.usecases import put_products as products
from grapevine.usecases import read_tier as tiers
from grapevine.usecases import register_customer as customers
from grapevine.usecases import rule_order as rulings

Json = dict[str, Any]
LONGEST_SEQUENCE = 9
"""Digits of an entry's number that are read."""


def create_program(caller: Caller) -> Json:
    """Create a program with its plan."""
    merchant_id, parts = caller.merchant_id(), caller.parts
    command = api.to_create_program(caller.body(), merchant_id, parts.now())
    program = programs.create_program(command, parts.catalog, parts.secrets, parts.random_bytes, parts.now())
    return replies.from_program(parts.catalog.terms(program.id))


def list_programs(caller: Caller) -> Json:
    """List the caller's programs."""
    catalog = caller.parts.catalog
    return caller.page_of_all(
        "programs",
        catalog.programs(caller.merchant_id()),
        lambda program: replies.from_program(catalog.terms(program.id)),
        lambda program: program.id,
    )


def read_program(caller: Caller, program_id: str) -> Json:
    """Return a program with its plans."""
    return replies.from_program(caller.terms(program_id))


def create_storefront(caller: Caller, program_id: str) -> Json:
    """Connect a shop."""
    program_id, parts = caller.terms(program_id).program.id, caller.parts
    command = api.to_create_storefront(caller.body(), program_id)
    storefront = programs.create_storefront(
        command,
        parts.catalog,
        parts.catalog,
        parts.secrets,
        parts.storefront_adapters,
        parts.random_bytes,
    )
    return replies.from_storefront(storefront)


def create_promoter(caller: Caller, program_id: str) -> Json:
    """Let somebody join."""
    program = caller.terms(program_id).program
    command = api.to_create_promoter(caller.body(), program.id)
    now = caller.parts.now()
    return replies.from_promoter(people.create_promoter(command, _people(caller.parts), now), now)


def list_promoters(caller: Caller, program_id: str) -> Json:
    """List a program's promoters."""
    caller.terms(program_id)
    now, found = caller.parts.now(), caller.parts.catalog.promoters_of(program_id, caller.after())
    return caller.page(
        "promoters", found, lambda one: replies.from_promoter(one, now), lambda promoter: promoter.id
    )


def publish_plan(caller: Caller, program_id: str) -> Json:
    """Publish the next version of the plan."""
    program, parts = caller.terms(program_id).program, caller.parts
    return replies.from_plan(
        plans.publish_plan(api.to_publish_plan(caller.body(), program), parts.catalog, parts.now())
    )


def publish_rate(caller: Caller, program_id: str) -> Json:
    """Publish an exchange rate into the program's currency."""
    program, parts = caller.terms(program_id).program, caller.parts
    return replies.from_rate(
        rates.publish_rate(api.to_publish_rate(caller.body(), program.id), parts.catalog)
    )


def put_products(caller: Caller, program_id: str) -> Json:
    """Say which groups products are in, and to whom they are bound."""
    program, parts = caller.terms(program_id).program, caller.parts
    command = api.to_put_products(caller.body(), program.id)
    found = products.put_products(command, parts.catalog, parts.now())
    return {"products": [replies.from_product(product) for product in found]}


def read_product(caller: Caller, program_id: str, product_id: str) -> Json:
    """Return a product."""
    program = caller.terms(program_id).program
    found = products.read_product(program.id, unquote(product_id), caller.parts.catalog)
    return replies.from_product(found)


def register_customer(caller: Caller, program_id: str) -> Json:
    """Say that a customer signed up through a click or a promoter."""
    program, now = caller.terms(program_id).program, caller.parts.now()
    command = api.to_register_customer(caller.body(), program.id)
    return replies.from_registration(customers.register_customer(command, _customers(caller.parts), now))


def join_customers(caller: Caller, program_id: str) -> Json:
    """Say that two customers are one person."""
    program, now = caller.terms(program_id).program, caller.parts.now()
    command = api.to_join_customers(caller.body(), program.id)
    return replies.from_same_person(customers.join_customers(command, _customers(caller.parts), now))


def create_coupon(caller: Caller, program_id: str, promoter_id: str) -> Json:
    """Give a promoter a personal discount code."""
    program, parts, now = caller.terms(program_id).program, caller.parts, caller.parts.now()
    command = api.to_create_coupon(caller.body(), program.id, promoter_id)
    coupon = coupons.create_coupon(command, parts.catalog, now)
    tell_shops(coupon, parts)
    return replies.from_coupon(coupon, now)


def switch_coupon(caller: Caller, program_id: str, code: str) -> Json:
    """Let a code count, or not, from now on."""
    program, parts, now = caller.terms(program_id).program, caller.parts, caller.parts.now()
    command = api.to_switch_coupon(caller.body(), program.id, unquote(code))
    coupon = coupons.switch_coupon(command, parts.catalog, now)
    tell_shops(coupon, parts)
    return replies.from_coupon(coupon, now)


def change_sponsor(caller: Caller, program_id: str, promoter_id: str) -> Json:
    """Give a promoter another sponsor from now on."""
    program, now = caller.terms(program_id).program, caller.parts.now()
    command = api.to_change_sponsor(caller.body(), program.id, promoter_id)
    return replies.from_promoter(network.change_sponsor(command, caller.parts.catalog, now), now)


def change_status(caller: Caller, program_id: str, promoter_id: str) -> Json:
    """Suspend or ban a promoter, close their account, or let them earn again, from now on."""
    program, parts, now = caller.terms(program_id).program, caller.parts, caller.parts.now()
    command = api.to_change_status(caller.body(), program.id, promoter_id)
    changed = network.change_status(command, parts.catalog, now)
    if command.status is PromoterStatus.BANNED:
        # Whoever gets no answer bans again: that changes nothing and queues it once more.
        parts.settlement_queue.send_void(program.id, promoter_id)
    return replies.from_promoter(changed, now)


def create_link(caller: Caller, program_id: str, promoter_id: str) -> Json:
    """Make a promoter's link."""
    program = caller.terms(program_id).program
    command = api.to_create_link(caller.body(), program.id, promoter_id)
    return replies.from_link(people.create_link(command, _people(caller.parts), caller.parts.now()))


def merge_promoters(caller: Caller, program_id: str, promoter_id: str) -> Json:
    """Make a promoter's account a duplicate of another's, from now on; return who stays."""
    program, now = caller.terms(program_id).program, caller.parts.now()
    command = api.to_merge_promoters(caller.body(), program.id, promoter_id)
    return replies.from_promoter(merges.merge_promoters(command, caller.parts.catalog, now), now)


def read_tier(caller: Caller, program_id: str, promoter_id: str) -> Json:
    """Return where a promoter stands this month, and what is missing to the next tier."""
    currency, parts = caller.terms(program_id).program.currency, caller.parts
    ports = tiers.ReadTierPorts(parts.catalog, parts.catalog, parts.pages)
    found = tiers.read_tier(tiers.ReadTier(program_id, promoter_id), ports, parts.now())
    return replies.from_tier(found, currency)


def list_waiting(caller: Caller, program_id: str) -> Json:
    """List a program's orders that wait for a person or for what is missing."""
    program, parts = caller.terms(program_id).program, caller.parts
    found = waiting.list_waiting(program.id, parts.waits, parts.facts, caller.after())
    return caller.page("waiting", found, replies.from_doubt, lambda doubt: str(doubt.wait.order))


def accept_order(caller: Caller, program_id: str, storefront_id: str, order_id: str) -> Json:
    """Accept a quarantined fact of an order as it is."""
    return _rule(caller, program_id, f"{storefront_id}/{order_id}", accepted=True)


def reject_order(caller: Caller, program_id: str, storefront_id: str, order_id: str) -> Json:
    """Reject a quarantined fact of an order for good."""
    return _rule(caller, program_id, f"{storefront_id}/{order_id}", accepted=False)


def _rule(caller: Caller, program_id: str, order: str, *, accepted: bool) -> Json:
    program, parts = caller.terms(program_id).program, caller.parts
    command = api.to_rule_order(caller.body(), program.id, OrderKey.parse(order), accepted=accepted)
    ruling: Json = to_plain(rulings.rule_order(command, parts.facts, parts.now()))
    return ruling


def explain_entry(caller: Caller, program_id: str, storefront_id: str, order_id: str, sequence: str) -> Json:
    """Explain one entry of an order."""
    caller.terms(program_id)
    order, promoter_id = OrderKey.parse(f"{storefront_id}/{order_id}"), caller.query.get("promoter_id")
    command = entries.ExplainEntry(program_id, order, sequence_of(sequence), caller.language(), promoter_id)
    ports = entries.ExplainPorts(caller.parts.ledger, caller.parts.facts, caller.parts.catalog)
    return entries.explain_entry(command, ports)


def sequence_of(sequence: str) -> int:
    """Read an entry's number from a path."""
    if not (sequence.isdecimal() and len(sequence) <= LONGEST_SEQUENCE):
        raise InvalidInputError("must be a whole number", "sequence")
    return int(sequence)


def _customers(parts: Parts) -> customers.CustomerPorts:
    return customers.CustomerPorts(parts.catalog, parts.clicks, parts.secrets)


def _people(parts: Parts) -> people.PeoplePorts:
    return people.PeoplePorts(parts.catalog, parts.secrets, parts.personal_data, parts.random_bytes)
