"""Find what is kept of an order's customer: earlier orders, registrations, other keys of the same person."""

from __future__ import annotations

from datetime import datetime

from grapevine.domain.bindings import History, Past, past_of
from grapevine.domain.candidates import grace_end
from grapevine.domain.facts import OrderKey
from grapevine.domain.orders import Order
from grapevine.domain.plans import Plan
from grapevine.ports import CustomerReader

MOST_KEYS = 10
"""Keys under which one person's history is looked for."""


def find_past(
    key: OrderKey, order: Order, placed_at: datetime, plan: Plan, program_id: str, customers: CustomerReader
) -> Past | None:
    """Return what counts of the customer's history, None where the plan does not ask or nobody is named."""
    if not (plan.needs_history and order.customer_key):
        return None
    known_until = grace_end(placed_at)
    found = find_histories(order.customer_key, placed_at, known_until, program_id, customers)
    return past_of(found, key, placed_at, known_until)


def find_histories(
    customer_key: str, placed_at: datetime, known_until: datetime, program_id: str, customers: CustomerReader
) -> list[History]:
    """Return what is kept under each key of one person, as far as the keys were known to be one then."""
    keys, found = [customer_key], list[History]()
    while len(found) < min(len(keys), MOST_KEYS):
        name = keys[len(found)]
        history = customers.customer(program_id, name)
        found.append(history)
        same = [s for s in history.identities if s.occurred_at <= placed_at and s.recorded_at < known_until]
        others = (s.seen_from(name) for s in sorted(same, key=lambda s: (s.occurred_at, s.seen_from(name))))
        keys += [other for other in dict.fromkeys(others) if other not in keys]
    return found
