"""People's requests through the API, and as the shop queue brings them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from hashlib import sha256
from typing import Any

import pytest
from chalice.test import Client

from grapevine.domain.errors import InvalidInputError, NotFoundError
from grapevine.domain.people import subject_key
from grapevine.domain.privacy import PrivacyAct, PrivacyRecord, RecordState, Whose
from grapevine.ports import ApiKey, PrivacyKind, PrivacyRequest
from grapevine.runtime import observe
from grapevine.runtime.parts import install
from grapevine.runtime.privacy import serve_privacy
from grapevine.usecases.erase_customer import MOST_MARKS
from tests.builders import PROGRAM_ID, STOREFRONT_ID, T0
from tests.leftovers import found_in, texts_in
from tests.problems import told
from tests.runtime.observed import Line
from tests.usecases.market import MERCHANT, NOW, Market, market
from tests.worlds import SUBJECT_KEY

PATH = f"/programs/{PROGRAM_ID}/privacy/requests"
Ask = Callable[..., tuple[int, Any]]


@pytest.fixture
def made() -> Market:
    """Return a market that the apps run on."""
    made = market(31)
    made.world.clock = NOW
    install(made.world)
    key = ApiKey(
        id="key_test", merchant_id=MERCHANT, secret_hash=sha256(b"secret").hexdigest(), created_at=T0
    )
    made.world.catalog.add_merchant(MERCHANT, "test", key)
    return made


@pytest.fixture
def ask(made: Market, client: Callable[[str], Client]) -> Ask:
    """Return the API as the merchant asks it."""
    install(made.world)

    def asked(path: str = PATH, body: object = None, **headers: str) -> tuple[int, Any]:
        sent = {"Authorization": "Bearer gv.key_test.secret", "Content-Type": "application/json", **headers}
        text = b"" if body is None else json.dumps(body).encode()
        method = "GET" if body is None else "POST"
        answer = client("console").http.request(method, path, headers=sent, body=text)
        return answer.status_code, json.loads(answer.body)

    return asked


def test_a_customers_document_is_collected_and_read(made: Market, ask: Ask) -> None:
    shopper = made.shoppers[0]
    status, record = ask(body={"act": "export", "customer": shopper.email})
    assert (status, record["state"], record["whose"]) == (201, "done", "customer")
    assert record["subject"] == subject_key(SUBJECT_KEY, shopper.email)
    assert record["asked_by"] == "key key_test"
    assert ask(f"{PATH}/{record['id']}") == (200, record)
    status, document = ask(f"{PATH}/{record['id']}/document")
    text = json.dumps(document, ensure_ascii=False)
    assert (status, {name for name in shopper.names if name in text}) == (200, shopper.names)


def test_edge_90_people_are_erased_and_the_evidence_is_listed_without_them(made: Market, ask: Ask) -> None:
    shopper, partner = made.shoppers[0], made.partners[0]
    customer = {"act": "erase", "customer": shopper.email, "by": "Li, support"}
    status, first = ask(body=customer, **{"Idempotency-Key": "ticket-1"})
    assert (status, first["asked_by"]) == (201, "Li, support")
    assert ask(body=customer, **{"Idempotency-Key": "ticket-1"}) == (201, first)
    made.world.clock = NOW.replace(hour=NOW.hour + 1)
    status, second = ask(body={"act": "erase", "promoter_id": partner.id, "even_if_owed": True})
    assert (status, second["whose"]) == (201, "promoter")
    assert found_in(texts_in(made.world), {*shopper.names, *partner.names}) == set()
    status, listed = ask()
    assert (status, [one["id"] for one in listed["requests"][:2]]) == (200, [second["id"], first["id"]])
    assert found_in([json.dumps(listed).encode()], made.names) == set()


def test_the_document_of_who_was_erased_since_is_gone(made: Market, ask: Ask) -> None:
    email = made.shoppers[0].email
    _, seen = ask(body={"act": "export", "customer": email})
    _, erased = ask(body={"act": "erase", "customer": email})
    for record in (seen, erased):
        assert ask(f"{PATH}/{record['id']}/document")[0] == 404


def test_who_is_owed_is_refused_with_the_amounts(made: Market, ask: Ask) -> None:
    partner = next(one for one in made.partners if made.world.balance(one.id).payable_minor)
    status, problem = ask(body={"act": "erase", "promoter_id": partner.id})
    assert status == 409
    assert told(problem)["owed"].keys() == {f"{partner.id}/USD"}


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"customer": "a@b.example"}, "act"),
        ({"act": "sell", "customer": "a@b.example"}, "act"),
        ({"act": "erase"}, "customer"),
        ({"act": "erase", "customer": "nobody"}, "customer"),
        ({"act": "erase", "customer": "a@b.example", "promoter_id": "pr_1"}, "customer"),
        ({"act": "erase", "customer": "a@b.example", "even_if_owed": True}, "even_if_owed"),
        ({"act": "erase", "customer": "a@b.example", "by": "x" * 201}, "by"),
        ({"act": "erase", "customer": "a@b.example", "email": "a@b.example"}, "email"),
    ],
)
def test_what_cannot_be_asked_is_said_with_its_place(ask: Ask, body: dict[str, Any], where: str) -> None:
    status, problem = ask(body=body)
    assert (status, told(problem)["where"]) == (400, where)


def test_nobody_sees_another_merchants_requests(made: Market, ask: Ask) -> None:
    other = ApiKey(
        id="key_other", merchant_id="mc_other", secret_hash=sha256(b"x").hexdigest(), created_at=T0
    )
    made.world.catalog.add_merchant("mc_other", "other", other)
    assert ask(Authorization="Bearer gv.key_other.x")[0] == 404
    assert ask(f"{PATH}/pq_nothing")[0] == 404


# --- the shop queue ------------------------------------------------------------------------------


def message(kind: PrivacyKind, request_id: str = "r-1", **values: tuple[str, ...]) -> dict[str, Any]:
    """Return a message of the storefront."""
    return written(STOREFRONT_ID, PrivacyRequest(kind=kind, request_id=request_id, **values))


def written(storefront_id: str, request: PrivacyRequest) -> dict[str, Any]:
    """Return what stands under `privacy` in a message as `SqsShopQueue` writes it."""
    values: dict[str, Any] = json.loads(json.dumps({"storefront_id": storefront_id, **asdict(request)}))
    return values


def test_a_shops_data_request_is_collected_for_the_merchant(made: Market, ask: Ask) -> None:
    shopper = made.shoppers[0]
    wanted = message(PrivacyKind.DATA_REQUEST, emails=(shopper.email,))
    record = serve_privacy(wanted, made.world)
    assert (record.act, record.whose, record.state) == (PrivacyAct.EXPORT, Whose.CUSTOMER, RecordState.DONE)
    assert record.asked_by == f"storefront {STOREFRONT_ID}"
    status, document = ask(f"{PATH}/{record.id}/document")
    assert (status, shopper.address in json.dumps(document)) == (200, True)
    assert serve_privacy(wanted, made.world) == record


def test_edge_90_a_shops_redaction_erases_by_address_and_by_order(made: Market) -> None:
    first, second = made.shoppers[:2]
    orders = tuple(order.order_id for order, buyer in made.buyers.items() if buyer == second)
    serve_privacy(message(PrivacyKind.ERASE_CUSTOMER, emails=(first.email,)), made.world)
    serve_privacy(message(PrivacyKind.ERASE_CUSTOMER, "r-2", order_ids=orders), made.world)
    assert found_in(texts_in(made.world), {*first.names, *second.names}) == set()


def test_edge_90_a_shop_that_left_is_erased_in_as_many_messages_as_it_takes(made: Market) -> None:
    for number in range(MOST_MARKS):
        made.world.raw_bodies.keep(STOREFRONT_ID, f"x{number}#body", b"{}", {}, NOW)
    queue = made.world.shop_queue
    queue.send_privacy(STOREFRONT_ID, PrivacyRequest(kind=PrivacyKind.ERASE_SHOP, request_id="left"))
    rounds: list[PrivacyRecord] = []
    while queue.privacy and len(rounds) < 9:
        storefront_id, request = queue.privacy.pop()
        rounds.append(serve_privacy(written(storefront_id, request), made.world))
    assert [record.state for record in rounds] == [RecordState.OPEN, RecordState.DONE]
    assert (rounds[-1].whose, rounds[-1].subject) == (Whose.SHOP, STOREFRONT_ID)
    assert made.world.raw_bodies.kept == {}
    assert found_in(texts_in(made.world), {name for one in made.shoppers for name in one.names}) == set()


def test_another_shop_is_nobodys(made: Market) -> None:
    with pytest.raises(NotFoundError):
        serve_privacy({**message(PrivacyKind.ERASE_SHOP), "storefront_id": "sf_gone"}, made.world)
    with pytest.raises(InvalidInputError):
        serve_privacy({**message(PrivacyKind.ERASE_SHOP), "kind": "sell"}, made.world)


def test_the_line_names_the_request_and_nobody(made: Market, lines: list[Line]) -> None:
    with observe.invocation("serve_shops"):
        record = serve_privacy(
            message(PrivacyKind.ERASE_CUSTOMER, emails=(made.shoppers[0].email,)), made.world
        )
    assert lines[-1]["privacy"] == [f"{PROGRAM_ID}/{record.id}"]
    assert found_in([json.dumps(lines).encode()], made.names) == set()
