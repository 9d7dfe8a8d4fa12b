"""The webhook through Chalice: what is durable before a 200, and what every bad delivery is told."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from importlib import import_module
from typing import Any

import pytest
from chalice.test import Client

from grapevine.adapters.memory.flow import MemoryFacts
from grapevine.adapters.memory.private import MemoryRawBodies
from grapevine.adapters.storefronts.shopify import Shopify
from grapevine.domain.errors import MalformedBodyError, UnavailableError
from grapevine.domain.facts import Fact, FactKind, OrderKey
from grapevine.domain.people import subject_key
from grapevine.ports import Reply, ShopKeys
from grapevine.runtime import observe
from grapevine.usecases.place_order import MAX_BODY
from tests import builders as make
from tests.adapters.storefronts import shopify_bodies as bodies
from tests.functions.images import fact_records
from tests.functions.webhooks import CURRENT, PATH, PREVIOUS, SHOP, deliver, paid_order, raw, signed
from tests.problems import UNAUTHENTICATED, told
from tests.runtime.observed import Line, counted, invocations
from tests.worlds import SECRETS, SUBJECT_KEY, World

Clients = Callable[[str], Client]
PAID = raw(paid_order())


def facts(world: World) -> tuple[Fact, ...]:
    return world.facts.facts_of(make.ORDER)


def is_untouched(world: World) -> bool:
    return facts(world) == () and world.raw_bodies.kept == {}


# --- what is good ------------------------------------------------------------------------------


def test_a_paid_order_is_one_fact_and_one_body(world: World, client: Clients) -> None:
    answer = deliver(client("place_order"), PAID)
    (fact,) = facts(world)
    assert (answer.status_code, answer.json_body) == (200, {"receipt": "appended"})
    assert answer.headers["Cache-Control"] == "no-store"
    assert (fact.kind, fact.program_id, fact.recorded_at) == (FactKind.PAID, make.PROGRAM_ID, make.T0)
    assert fact.snapshot
    assert fact.snapshot.lines
    assert fact.snapshot.lines[0].base_minor == 10_000
    assert fact.snapshot.click_id == make.CLICK_ID
    assert fact.snapshot.customer_key == subject_key(SUBJECT_KEY, "buyer@example.com")
    assert [body for body, _, _ in world.raw_bodies.kept.values()] == [PAID]


def test_the_line_names_the_order_and_nobody(world: World, client: Clients, lines: list[Line]) -> None:
    deliver(client("place_order"), PAID)
    (line,) = invocations(lines)
    assert line["handler"] == "receive_webhook"
    assert (line["status"], line["outcome"]) == (200, "ok")
    assert (line["orders"], line["topic"], line["receipt"]) == ([str(make.ORDER)], "orders/paid", "appended")
    assert "buyer" not in json.dumps(lines).lower()


def test_a_redelivery_is_the_same_fact(world: World, client: Clients) -> None:
    app = client("place_order")
    receipts = [deliver(app, PAID).json_body["receipt"] for _ in range(3)]
    assert receipts == ["appended", "known", "known"]
    assert len(facts(world)) == 1
    assert len(world.raw_bodies.kept) == 1


def test_the_same_body_under_another_topic_is_another_fact(world: World, client: Clients) -> None:
    app = client("place_order")
    for topic in ("orders/create", "orders/paid", "orders/updated"):
        assert deliver(app, PAID, signed(PAID, topic=topic)).json_body == {"receipt": "appended"}
    assert {fact.kind for fact in facts(world)} == {FactKind.PLACED, FactKind.PAID, FactKind.EDITED}


@pytest.mark.parametrize(
    ("topic", "kind"),
    [
        ("orders/create", FactKind.PLACED),
        ("orders/paid", FactKind.PAID),
        ("orders/updated", FactKind.EDITED),
        ("orders/cancelled", FactKind.CANCELLED),
        ("orders/fulfilled", FactKind.EDITED),
    ],
)
def test_every_topic_of_an_order(world: World, client: Clients, topic: str, kind: FactKind) -> None:
    assert deliver(client("place_order"), PAID, signed(PAID, topic=topic)).status_code == 200
    assert [fact.kind for fact in facts(world)] == [kind]


def test_a_refund_is_a_fact_of_its_order(world: World, client: Clients) -> None:
    body = raw(bodies.refund(bodies.refund_line(amount="25.00"), order_id=1001))
    assert deliver(client("place_order"), body, signed(body, topic="refunds/create")).status_code == 200
    (fact,) = facts(world)
    assert [part.subtotal_minor for refund in fact.refunds for part in refund.lines] == [2_500]


@pytest.mark.parametrize("family", ["x-shopify-", "shopify-", "X-Shopify-", "X-SHOPIFY-", "SHOPIFY-"])
def test_header_names_in_any_case(world: World, client: Clients, family: str) -> None:
    headers = {f"{family}{name}": value for name, value in _shopify(PAID).items()}
    assert deliver(client("place_order"), PAID, headers).status_code == 200


def _shopify(body: bytes) -> dict[str, str]:
    return {"Hmac-Sha256": bodies.signature(body, CURRENT), "Topic": "orders/paid"}


def test_the_previous_secret_still_works(world: World, client: Clients) -> None:
    assert deliver(client("place_order"), PAID, signed(PAID, PREVIOUS)).json_body == {"receipt": "appended"}


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "text/plain",
        "application/JSON; charset=latin1",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "not a type at all",
        "application/octet-stream",
        "image/png",
    ],
)
def test_the_content_type_decides_nothing(world: World, client: Clients, content_type: str | None) -> None:
    headers = {name: value for name, value in signed(PAID).items() if name != "Content-Type"}
    sent = headers | ({"Content-Type": content_type} if content_type else {})
    assert deliver(client("place_order"), PAID, sent).json_body == {"receipt": "appended"}
    assert [body for body, _, _ in world.raw_bodies.kept.values()] == [PAID]


@pytest.mark.parametrize(
    "body",
    [
        b" \r\n\t" + PAID + b"\n\n",
        json.dumps(paid_order(note="茶 🫖 \u2028"), ensure_ascii=False).encode(),
        json.dumps(paid_order(note="茶 🫖 \ud800")).encode(),
        PAID.replace(b'"100.00"', b'"\\u0031\\u003000.00"'),
    ],
)
def test_the_body_is_kept_to_the_byte(world: World, client: Clients, body: bytes) -> None:
    assert deliver(client("place_order"), body).status_code == 200
    ((kept, headers, at),) = world.raw_bodies.kept.values()
    assert kept == body
    assert headers["x-shopify-topic"] == "orders/paid"
    assert at == make.T0


# --- as API Gateway itself hands it over -------------------------------------------------------


def gateway_event(body: str, *, is_base64: bool, headers: Mapping[str, str]) -> dict[str, Any]:
    """The parts of a REST API's event that Chalice reads."""
    return {
        "resource": "/storefronts/{storefront_id}/webhooks",
        "path": PATH,
        "httpMethod": "POST",
        "headers": dict(headers),
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "pathParameters": {"storefront_id": make.STOREFRONT_ID},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": "/storefronts/{storefront_id}/webhooks",
            "httpMethod": "POST",
            "path": f"/api{PATH}",
        },
        "body": body,
        "isBase64Encoded": is_base64,
    }


@pytest.mark.parametrize("content_type", ["application/json", "application/octet-stream"])
def test_a_body_that_came_in_base64(world: World, content_type: str) -> None:
    headers = {**signed(PAID), "Content-Type": content_type}
    event = gateway_event(base64.b64encode(PAID).decode(), is_base64=True, headers=headers)
    answer = import_module("functions.place_order.app").app(event, None)
    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"receipt": "appended"})
    assert [body for body, _, _ in world.raw_bodies.kept.values()] == [PAID]


def test_a_body_that_came_as_text(world: World) -> None:
    text = json.dumps(paid_order(note="茶 🫖"), ensure_ascii=False)
    event = gateway_event(text, is_base64=False, headers=signed(text.encode()))
    answer = import_module("functions.place_order.app").app(event, None)
    assert answer["statusCode"] == 200
    assert [body for body, _, _ in world.raw_bodies.kept.values()] == [text.encode()]


# --- who may not -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sf_other", "sf_test2", "..%2Fsf_test", "a" * 400, "%00"])
def test_an_unknown_storefront(world: World, client: Clients, name: str) -> None:
    answer = deliver(client("place_order"), PAID, path=f"/storefronts/{name}/webhooks")
    assert (answer.status_code, answer.json_body["code"]) == (404, "not_found")
    assert is_untouched(world)


def test_a_storefront_without_secrets_is_unknown(world: World, client: Clients) -> None:
    world.catalog.add_storefront(make.storefront(id="sf_bare"))
    assert deliver(client("place_order"), PAID, path="/storefronts/sf_bare/webhooks").status_code == 404
    assert is_untouched(world)


def _other_signature() -> str:
    return bodies.signature(PAID + b" ", CURRENT)


@pytest.mark.parametrize(
    "changes",
    [
        {"hmac-sha256": None},
        {"hmac-sha256": ""},
        {"hmac-sha256": "no base64 !"},
        {"hmac-sha256": base64.b64encode(b"short").decode()},
        {"hmac-sha256": bodies.signature(PAID, "")},
        {"hmac-sha256": bodies.signature(PAID, "another-secret-16")},
        {"hmac-sha256": _other_signature()},
        {"hmac-sha256": bodies.signature(PAID, CURRENT).lower()},
        {"shop-domain": "other.example"},
    ],
    ids=["missing", "empty", "garbage", "short", "empty secret", "wrong", "other body", "case", "other shop"],
)
def test_a_bad_signature_learns_nothing(
    world: World, client: Clients, changes: dict[str, str | None]
) -> None:
    answer = deliver(client("place_order"), PAID, signed(PAID, CURRENT, **changes))
    assert (answer.status_code, told(answer.json_body)) == (401, UNAUTHENTICATED)
    assert is_untouched(world)


def test_a_bad_signature_is_not_read_further(world: World, client: Clients) -> None:
    """Malformed text behind a bad signature is not kept: nobody fills our tables with it."""
    answer = deliver(client("place_order"), b"{", signed(b"{", "another-secret-16"))
    assert answer.status_code == 401
    assert is_untouched(world)


def test_a_get_is_for_platforms_that_greet(world: World, client: Clients) -> None:
    """Shopify is none of them, and to whoever proves nothing nothing is told."""
    answer = client("place_order").http.get(PATH)
    assert (answer.status_code, answer.json_body["code"]) == (401, "unauthenticated")
    assert "detail" not in answer.json_body
    assert is_untouched(world)


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_no_other_method(world: World, client: Clients, method: str) -> None:
    assert getattr(client("place_order").http, method)(PATH).status_code == 405


# --- platforms that greet, encrypt, and read the answer ----------------------------------------


class Courteous(Shopify):
    """Shopify with manners: it asks first, sends its bodies back to front, and reads what it is answered."""

    def __init__(self, text: str = "success") -> None:
        self.text = text

    @property
    def accepted(self) -> Reply:
        return Reply(self.text)

    def greet(self, raw: bytes, headers: Mapping[str, str], keys: ShopKeys, now: datetime) -> Reply | None:
        assert (keys.domain, now) == (SHOP, make.T0)
        return Reply(headers["?echostr"]) if "?echostr" in headers and not raw else None

    def opened(self, raw: bytes, headers: Mapping[str, str], keys: ShopKeys) -> bytes:
        if not raw.endswith(b"{"):
            raise MalformedBodyError("not back to front")
        return raw[::-1]


def test_a_greeting_is_answered_in_the_platforms_words_and_nothing_is_kept(
    world: World, client: Clients, lines: list[Line]
) -> None:
    world.storefront_adapters["shopify"] = Courteous()
    answer = client("place_order").http.get(f"{PATH}?echostr=4711")
    assert (answer.status_code, answer.body) == (200, b"4711")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["Cache-Control"] == "no-store"
    assert is_untouched(world)
    assert [line["receipt"] for line in invocations(lines)] == ["greeted"]


def test_a_body_is_opened_once_it_is_proven_and_kept_as_it_came(world: World, client: Clients) -> None:
    world.storefront_adapters["shopify"] = Courteous()
    answer = deliver(client("place_order"), PAID[::-1])
    assert (answer.status_code, answer.body) == (200, b"success")
    assert [body for body, _, _ in world.raw_bodies.kept.values()] == [PAID[::-1]]
    assert [fact.kind for fact in facts(world)] == [FactKind.PAID]


def test_what_is_ignored_is_answered_alike(world: World, client: Clients) -> None:
    world.storefront_adapters["shopify"] = Courteous()
    answer = deliver(client("place_order"), PAID[::-1], signed(PAID[::-1], topic="customers/update"))
    assert (answer.status_code, answer.body) == (200, b"success")
    assert is_untouched(world)


def test_a_platform_that_wants_no_words_gets_none(world: World, client: Clients) -> None:
    world.storefront_adapters["shopify"] = Courteous("")
    answer = deliver(client("place_order"), PAID[::-1])
    assert (answer.status_code, answer.body) == (204, b"")


def test_what_cannot_be_opened_is_refused_and_kept(world: World, client: Clients) -> None:
    world.storefront_adapters["shopify"] = Courteous()
    assert deliver(client("place_order"), PAID).status_code == 400
    (((_, name), (kept, _, _)),) = world.raw_bodies.kept.items()
    assert (name.startswith("malformed#"), kept) == (True, PAID)
    assert facts(world) == ()


# --- what cannot be used -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe\x00",
        b'{"id": NaN}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"{}",
        b'{"id": "abc"}',
        b'{"id": 1.5}',
        b'{"id": true}',
        b'{"id": ' + b"9" * 5000 + b"}",
    ],
    ids=lambda body: repr(body[:16]),
)
def test_malformed_text_is_refused_and_kept(world: World, client: Clients, body: bytes) -> None:
    answer = deliver(client("place_order"), body)
    assert (answer.status_code, answer.json_body["code"]) == (400, "invalid_input")
    assert facts(world) == ()
    (((storefront_id, name), (kept, _, _)),) = world.raw_bodies.kept.items()
    assert (storefront_id, kept) == (make.STOREFRONT_ID, body)
    assert name.startswith("malformed#")


def test_what_is_missing_is_named(world: World, client: Clients) -> None:
    error = told(deliver(client("place_order"), b"{}").json_body)
    assert error == {"code": "invalid_input", "detail": "id: missing", "where": "id"}


def test_malformed_text_twice_is_kept_once(world: World, client: Clients) -> None:
    app = client("place_order")
    assert [deliver(app, b"{").status_code for _ in range(2)] == [400, 400]
    assert len(world.raw_bodies.kept) == 1


def test_one_byte_over_the_limit(world: World, client: Clients) -> None:
    body = PAID + b" " * (MAX_BODY + 1 - len(PAID))
    answer = deliver(client("place_order"), body)
    assert (answer.status_code, answer.json_body["code"]) == (413, "too_large")
    assert is_untouched(world)


def test_exactly_the_limit(world: World, client: Clients) -> None:
    assert deliver(client("place_order"), PAID + b" " * (MAX_BODY - len(PAID))).status_code == 200


@pytest.mark.parametrize("topic", ["customers/update", "orders/delete", "", None, "orders/paid2", "\x00"])
@pytest.mark.parametrize("body", [PAID, b"not even JSON"])
def test_an_unknown_topic_is_counted_and_ignored(
    world: World, client: Clients, capsys: pytest.CaptureFixture[str], topic: str | None, body: bytes
) -> None:
    answer = deliver(client("place_order"), body, signed(body, topic=topic))
    assert (answer.status_code, answer.json_body) == (200, {"receipt": "ignored"})
    assert counted(capsys.readouterr().out) == {observe.TOPIC_IGNORED: 1}
    assert is_untouched(world)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (
            paid_order(line_items=[bodies.line(price_set=None, price="-5.00")]),
            "line_items[0].price: negative",
        ),
        (paid_order(currency="ZZZ"), "currency: unknown currency 'ZZZ'"),
        (paid_order(financial_status="half"), "financial_status: unknown 'half'"),
        (paid_order(line_items="none"), "line_items: not a list"),
    ],
)
def test_an_order_that_cannot_be_right_waits_with_its_reason(
    world: World, client: Clients, body: dict[str, Any], problem: str
) -> None:
    answer = deliver(client("place_order"), raw(body))
    assert (answer.status_code, answer.json_body) == (200, {"receipt": "appended"})
    (fact,) = facts(world)
    assert fact.problem == problem
    assert fact.can_be_accepted is problem.endswith("negative")
    assert [kept for kept, _, _ in world.raw_bodies.kept.values()] == [raw(body)]
    event = {"Records": fact_records([fact])}
    assert client("accrue").lambda_.invoke("on_facts", event).payload == {"batchItemFailures": []}
    assert world.failures.sent == [(make.ORDER, problem)]
    assert world.ledger.appended == []


# --- durable first -----------------------------------------------------------------------------


class FailingRawBodies(MemoryRawBodies):
    """A store whose next writes fail."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.errors = [error]

    def keep(
        self,
        storefront_id: str,
        name: str,
        body: bytes,
        headers: Mapping[str, str],
        now: datetime,
        subjects: Collection[str] = (),
    ) -> None:
        if self.errors:
            raise self.errors.pop()
        super().keep(storefront_id, name, body, headers, now, subjects)


class FailingFacts(MemoryFacts):
    """A store whose next writes fail, before or after they took effect."""

    def __init__(self, error: Exception, *, after: bool) -> None:
        super().__init__()
        self.errors = [error]
        self.after = after

    def append(self, fact: Fact) -> bool:
        if self.after and self.errors:
            super().append(fact)
        if self.errors:
            raise self.errors.pop()
        return super().append(fact)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (UnavailableError("arn:aws:dynamodb:eu-1:1234:table/private"), 503, "unavailable"),
        (RuntimeError("arn"), 500, "internal"),
    ],
)
@pytest.mark.parametrize("store", ["raw bodies", "facts before", "facts after"])
def test_without_both_there_is_no_200_and_a_retry_heals(
    world: World, client: Clients, error: Exception, status: int, code: str, store: str
) -> None:
    if store == "raw bodies":
        world.raw_bodies = FailingRawBodies(error)
    else:
        world.facts = FailingFacts(error, after=store == "facts after")
    app = client("place_order")
    refused = deliver(app, PAID)
    assert (refused.status_code, refused.json_body["code"]) == (status, code)
    assert b"arn" not in refused.body
    assert len(facts(world)) == (store == "facts after")
    assert deliver(app, PAID).status_code == 200
    assert len(facts(world)) == 1
    assert [kept for kept, _, _ in world.raw_bodies.kept.values()] == [PAID]


def test_the_same_order_id_in_another_storefront_is_another_order(world: World, client: Clients) -> None:
    world.catalog.add_storefront(make.storefront(id="sf_two"))
    world.secrets.put_storefront_secrets("sf_two", SECRETS)
    app = client("place_order")
    for path in (PATH, "/storefronts/sf_two/webhooks"):
        assert deliver(app, PAID, path=path).json_body == {"receipt": "appended"}
    assert len(facts(world)) == len(world.facts.facts_of(OrderKey("sf_two", "1001"))) == 1
    assert SHOP == "shop.example"


def test_a_product_is_listed_and_what_was_left_out_of_it_is_in_the_log(
    world: World, client: Clients, lines: list[Line]
) -> None:
    told = raw({"id": 77, "title": "Oolong", "image": {"src": "http://cdn.example/a.jpg"}})
    answer = deliver(client("place_order"), told, signed(told, topic="products/update"))
    assert (answer.status_code, answer.json_body) == (200, {"receipt": "listed"})
    listing = world.catalog.products(make.PROGRAM_ID, ("77",))["77"].listing
    assert listing
    assert (listing.title, listing.picture_url) == ("Oolong", None)
    (line,) = invocations(lines)
    assert line["problem"].startswith("picture_url: ")
