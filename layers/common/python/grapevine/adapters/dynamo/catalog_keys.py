"""The keys of the catalog table: programs, plans, people, links, coupons, rates."""

from __future__ import annotations

from datetime import datetime

from grapevine.adapters.dynamo.keys import META, SEPARATOR, Key, joined
from grapevine.domain.bindings import CustomerOrder
from grapevine.domain.facts import OrderKey
from grapevine.domain.instants import to_text
from grapevine.domain.plans import Plan

PROGRAMS = "PROGRAMS"
STOREFRONTS = "STOREFRONTS"
"""The one listing of all programs: they are few and change by hand."""


def program(program_id: str) -> Key:
    """Return a program's own row; its plans are in the same partition."""
    return Key(joined("PG", program_id), META)


def plan(program_id: str, plan: Plan) -> Key:
    """Return a version of a program's plan; versions sort by when they take effect."""
    return Key(joined("PG", program_id), joined("PLAN", to_text(plan.effective_at), f"{plan.version:04d}"))


def plan_number(program_id: str, plan: Plan) -> Key:
    """Return the row that claims a version's number."""
    return Key(joined("PG", program_id), joined("PV", f"{plan.version:04d}"))


def campaign(program_id: str, campaign_id: str) -> Key:
    """Return a campaign's row, beside the plans of its program."""
    return Key(joined("PG", program_id), joined("CAMPAIGN", campaign_id))


def bounty(program_id: str, bounty_id: str) -> Key:
    """Return a bounty's row, beside the plans of its program."""
    return Key(joined("PG", program_id), joined("BOUNTY", bounty_id))


def dated_number(program_id: str, kind: str, number: int) -> Key:
    """Return the row that claims the number of a program's campaign or bounty."""
    return Key(joined("PG", program_id), joined(kind, f"{number:06d}"))


def promoter(program_id: str, promoter_id: str) -> Key:
    """Return a promoter's row as it is now; its history is in the same row."""
    return Key(joined("PR", program_id, promoter_id), META)


def volume(program_id: str, promoter_id: str, month: str) -> Key:
    """Return the row of what was sold through a promoter in a month that is closed."""
    return Key(joined("PR", program_id, promoter_id), joined("TIER", month))


def network(program_id: str) -> Key:
    """Return the row that counts the changes of a program's network."""
    return Key(joined("PG", program_id), "NETWORK")


def promoter_listing(program_id: str, promoter_id: str) -> Key:
    """Return where a program's listing has a promoter."""
    return Key(promoters_of(program_id), joined("PR", promoter_id))


def promoters_of(program_id: str) -> str:
    """Return a program's listing of promoters."""
    return joined("PG", program_id)


def program_in(pk: str) -> str:
    """Return the program in a promoter's partition."""
    return pk.split(SEPARATOR)[1]


def program_listing(merchant_id: str, program_id: str) -> Key:
    """Return where the listing of programs has one: by merchant, so that a merchant's are together."""
    return Key(PROGRAMS, joined("MC", merchant_id, "PG", program_id))


def programs_of(merchant_id: str) -> str:
    """Return how the places of a merchant's programs begin in the listing."""
    return joined("MC", merchant_id, "PG", "")


def coupon(program_id: str, code: str) -> Key:
    """Return a coupon's row, by the normal form of its code."""
    return Key(joined("CP", program_id, code), META)


def coupon_look(program_id: str, look: str) -> Key:
    """Return the row that claims what a code looks like."""
    return Key(joined("CPL", program_id, look), META)


def coupon_listing(program_id: str, promoter_id: str, code: str) -> Key:
    """Return where a program's listing has a coupon: by promoter, so that one's are together."""
    return Key(coupons_listed(program_id), joined("PR", promoter_id, "CP", code))


def coupons_listed(program_id: str) -> str:
    """Return a program's listing of coupons."""
    return joined("CP", program_id)


def coupons_of(promoter_id: str) -> str:
    """Return how the places of a promoter's coupons begin in the listing."""
    return joined("PR", promoter_id, "CP", "")


def product(program_id: str, product_id: str) -> Key:
    """Return a product's row; its history is in the same row."""
    return Key(joined("PD", program_id, product_id), META)


def product_listing(program_id: str, product_id: str) -> Key:
    """Return where a program's listing has a product."""
    return Key(joined("PD", program_id), joined("PD", product_id))


def customer(program_id: str, customer_key: str) -> str:
    """Return the partition of what is known of a customer."""
    return joined("BD", program_id, customer_key)


def customer_order(told: CustomerOrder) -> Key:
    """Return the row of what one entry of an order says of its customer."""
    place = joined("O", told.order.storefront_id, told.order.order_id, f"{told.sequence:06d}")
    return Key(customer(told.program_id, told.note.customer_key), place)


def customer_order_of(key: Key) -> tuple[OrderKey, int]:
    """Read back the order and the entry's number in a customer's row."""
    _, storefront_id, order_id, sequence = key.sk.split(SEPARATOR)
    return OrderKey(storefront_id, order_id), int(sequence)


def registration(program_id: str, customer_key: str, occurred_at: datetime) -> Key:
    """Return the row of a customer's registration."""
    return Key(customer(program_id, customer_key), joined("R", to_text(occurred_at)))


def same_person(program_id: str, customer_key: str, other_key: str) -> Key:
    """Return the row that names another key of the same person."""
    return Key(customer(program_id, customer_key), joined("I", other_key))


def rates(program_id: str, base: str, quote: str) -> str:
    """Return the partition of a pair's rates, which sort by when they take effect."""
    return joined("FX", program_id, base, quote)


def rate_from(instant: datetime) -> str:
    """Return where a rate that takes effect at an instant stands among its pair's."""
    return joined("RT", to_text(instant))


def link(code: str) -> Key:
    """Return a link's row."""
    return Key(joined("LK", code), META)


def link_listing(program_id: str, promoter_id: str, code: str) -> Key:
    """Return where a program's listing has a link: by promoter, so that one's are together."""
    return Key(joined("LK", program_id), joined("PR", promoter_id, "LK", code))


def storefront(storefront_id: str) -> Key:
    """Return a storefront's row."""
    return Key(joined("SF", storefront_id), META)


def storefront_listing(program_id: str, storefront_id: str) -> Key:
    """Return where the listing of all storefronts has one: by program."""
    return Key(STOREFRONTS, f"{storefronts_of(program_id)}{storefront_id}")


def storefronts_of(program_id: str) -> str:
    """Return how the places of a program's storefronts begin in the listing."""
    return joined("PG", program_id, "SF", "")


def merchant(merchant_id: str) -> Key:
    """Return a merchant's row."""
    return Key(joined("MC", merchant_id), META)


def api_keys_of(merchant_id: str) -> str:
    """Return a merchant's listing of API keys."""
    return joined("KEYS", merchant_id)


def api_key(key_id: str) -> Key:
    """Return an API key's row."""
    return Key(joined("KEY", key_id), META)
