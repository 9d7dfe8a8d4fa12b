"""Orders' facts, appended and never changed."""

from __future__ import annotations

from collections.abc import Iterator

from grapevine.adapters.dynamo import keys
from grapevine.adapters.dynamo.fact_bodies import fact_from_body, fact_to_body
from grapevine.adapters.dynamo.rows import Item, Json, Row, row
from grapevine.adapters.dynamo.table import Database
from grapevine.domain.facts import Fact, OrderKey


class FactRow(Row, discriminator="fact"):
    """`O#storefront#order` / `E#version#kind#digest`, or `V#version#digest` for a verdict."""

    body = Json()


class DynamoFacts:
    """Facts by order."""

    def __init__(self, database: Database) -> None:
        self._orders = database.orders

    def append(self, fact: Fact) -> bool:
        """Append a fact if absent; return whether it was new."""
        return self._orders.put_new(FactRow(*keys.fact(fact), body=fact_to_body(fact)))

    def facts_of(self, order: OrderKey) -> tuple[Fact, ...]:
        """Return all facts of an order, by version."""
        facts = (fact_of(item) for item in self._orders.query(keys.order(order)))
        return tuple(sorted(facts, key=lambda fact: (fact.version, fact.digest)))

    def scan(self, program_id: str) -> Iterator[Fact]:
        """Yield every fact of a program, in no order."""
        facts = (fact_of(item) for item in self._orders.scan())
        return (fact for fact in facts if fact.program_id == program_id)


def fact_of(item: Item) -> Fact:
    """Return the fact in an item, stored or from the table's stream."""
    stored = row(FactRow, item)
    kind, version, digest = keys.fact_parts(stored.sk)
    return fact_from_body(stored.body, keys.order_of(stored.pk), kind, version, digest)
