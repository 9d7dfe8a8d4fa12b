"""An order that is asked for: what is news is appended with its body, what is known changes nothing."""

from __future__ import annotations

import json

import pytest

from grapevine.domain.errors import NotFoundError, UnavailableError
from grapevine.domain.facts import FactKind
from grapevine.domain.people import subject_key
from grapevine.ports.shop_clients import Fetched
from grapevine.usecases.fetch_order import FetchOrder, Taken, fetch_order
from grapevine.usecases.place_order import PlaceOrder, PlaceOrderPorts, place_order
from tests import builders as make
from tests.builders import T0, minutes
from tests.usecases.shopping import TOPIC, Shopping, key
from tests.usecases.webhooks import headers_of
from tests.worlds import SUBJECT_KEY

NOW = T0 + minutes(60)


@pytest.fixture
def town() -> Shopping:
    return Shopping()


def fetched(town: Shopping, order_id: str = "1001") -> Taken:
    return fetch_order(FetchOrder(make.STOREFRONT_ID, order_id), town.fetching, NOW)


def deliver(town: Shopping, raw: bytes, topic: str = "orders/paid") -> None:
    world = town.world
    ports = PlaceOrderPorts(
        world.catalog,
        world.secrets,
        world.storefront_adapters,
        world.raw_bodies,
        world.facts,
        world.shop_queue,
    )
    command = PlaceOrder(storefront_id=make.STOREFRONT_ID, raw=raw, headers=headers_of(raw, topic))
    place_order(command, ports, NOW)


def test_an_order_that_nobody_told_of_is_appended_with_its_body(town: Shopping) -> None:
    raw = town.change("1001", T0)
    (fact,) = fetched(town).facts
    assert town.world.facts.facts_of(key("1001")) == (fact,)
    assert (fact.kind, fact.recorded_at, fact.version) == (FactKind.EDITED, NOW, T0)
    assert fact.snapshot
    assert fact.snapshot.customer_key == subject_key(SUBJECT_KEY, "somebody@shop.example")
    (((storefront_id, name), (body, headers, _)),) = town.world.raw_bodies.kept.items()
    assert (storefront_id, body, headers) == (make.STOREFRONT_ID, raw, {"grapevine-fetched-as": TOPIC})
    assert name.startswith("1001#")
    assert fact.digest in name


def test_asking_again_appends_nothing(town: Shopping) -> None:
    town.change("1001", T0)
    fetched(town)
    assert fetched(town) == Taken(known=1)
    assert len(town.world.raw_bodies.kept) == 1


def test_a_state_that_a_webhook_told_is_not_told_again_in_other_words(town: Shopping) -> None:
    raw = town.change("1001", T0)
    deliver(town, raw)
    pretty = json.dumps(json.loads(raw) | {"note": "fields that webhooks leave out"}, indent=1).encode()
    town.shop.change("1001", T0, Fetched(pretty, TOPIC))
    assert fetched(town) == Taken(known=1)
    assert len(town.world.facts.facts_of(key("1001"))) == 1


def test_a_state_that_says_more_is_news_even_at_the_same_instant(town: Shopping) -> None:
    deliver(town, town.change("1001", T0))
    town.change("1001", T0, cancelled_at="2026-11-11T09:00:00Z")
    (fact,) = fetched(town).facts
    assert fact.snapshot
    assert fact.snapshot.cancelled_at == T0


def test_a_fetched_state_that_says_nothing_new_posts_nothing(town: Shopping) -> None:
    deliver(town, town.change("1001", T0 + minutes(1)))
    assert town.world.post(NOW, key("1001"))
    town.change("1001", T0 + minutes(5), note="a later instant, and nothing else")
    assert len(fetched(town).facts) == 1
    assert town.world.post(NOW, key("1001")) is None
    assert len(town.world.ledger.entries_of(key("1001"))) == 1


def test_a_body_that_cannot_be_read_is_kept_and_said(town: Shopping) -> None:
    town.shop.change("1001", T0, Fetched(b"<html>", TOPIC))
    assert fetched(town) == Taken(unread=("not JSON text in UTF-8",))
    (((_, name), (body, _, _)),) = town.world.raw_bodies.kept.items()
    assert name.startswith("malformed#")
    assert body == b"<html>"


def test_an_odd_order_is_appended_with_its_problem(town: Shopping) -> None:
    town.change("1001", T0, line_items=[{"id": 11, "price": "1e9", "quantity": 1}])
    taken = fetched(town)
    assert len(taken.problems) == 1
    assert taken.facts[0].problem == taken.problems[0]


def test_what_is_not_there_is_said(town: Shopping) -> None:
    with pytest.raises(NotFoundError, match="order in the shop"):
        fetched(town)
    with pytest.raises(NotFoundError, match="no storefront"):
        fetch_order(FetchOrder("sf_nowhere", "1001"), town.fetching, NOW)
    town.world.shop_clients.shops.clear()
    with pytest.raises(NotFoundError, match="access to the shop's API"):
        fetched(town)


def test_a_body_that_could_not_be_kept_leaves_no_fact(town: Shopping) -> None:
    """The body comes first, so a crash in between leaves a body without a fact, and asking again mends it."""
    town.change("1001", T0)

    class Full:
        def keep(self, *_: object) -> None:
            raise UnavailableError("private table full")

    kept = town.world.raw_bodies
    town.world.raw_bodies = Full()  # type: ignore[assignment]
    with pytest.raises(UnavailableError):
        fetched(town)
    assert town.world.facts.facts_of(key("1001")) == ()
    town.world.raw_bodies = kept
    assert len(fetched(town).facts) == 1
