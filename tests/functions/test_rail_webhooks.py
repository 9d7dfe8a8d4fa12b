"""What rails say by themselves, through Chalice: PayPal's and Stripe's own bodies, believed or not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from chalice.test import Client, HTTPResponse
from stripe import WebhookSignature

from grapevine.adapters.memory.outside import MemorySecrets
from grapevine.adapters.memory.state import MemoryTreasury
from grapevine.domain.entries import AccountKey
from grapevine.domain.errors import UnavailableError
from grapevine.domain.heads import Head
from grapevine.domain.pages import Page
from grapevine.domain.payouts import Payout, PayoutState, sent, transfer_id
from grapevine.domain.transfers import RailName, RailSecrets
from grapevine.runtime import observe
from grapevine.usecases.receive_results import MAX_BODY
from tests import builders as make
from tests.builders import CY, PROGRAM_ID
from tests.problems import told
from tests.rails.paypal_server import CLIENT, SECRET, VERIFY, WEBHOOK, PayPalBooks, paypal
from tests.rails.test_paypal import SIGNED
from tests.rails.weather import Provider, Weather, serving
from tests.runtime.observed import Line, counted, invocations
from tests.usecases.settling import DAY_ONE, payout_of, released
from tests.worlds import World

Clients = Callable[[str], Client]
Capsys = pytest.CaptureFixture[str]
SIGNER = "whsec_current"


@pytest.fixture
def books() -> Iterator[tuple[PayPalBooks, Provider]]:
    books, provider = paypal()
    with serving(provider):
        yield books, provider


@pytest.fixture
def torn(world: World) -> TornTreasury:
    """Return the world's treasury, which can be torn; ask for it before the payout."""
    world.treasury = made = TornTreasury(world.ledger, world.pages)
    return made


@pytest.fixture
def payout(world: World, books: tuple[PayPalBooks, Provider]) -> Payout:
    """Cy's payout, sent, in a program that pays by PayPal and Stripe."""
    values = {"client_id": CLIENT, "client_secret": SECRET, "webhook_id": WEBHOOK, "base_url": books[1].url}
    world.secrets.put_rail_secrets(PROGRAM_ID, RailName.PAYPAL, RailSecrets(values=values))
    stripe = {"api_key": "sk_test_x", "webhook_secret": SIGNER, "base_url": books[1].url}
    world.secrets.put_rail_secrets(PROGRAM_ID, RailName.STRIPE, RailSecrets(values=stripe))
    released(world, 1, 50_000)
    world.settle(DAY_ONE)
    world.treasury.change(sent(payout_of(world, CY), (1,), "pb1", RailName.PAYPAL))
    return payout_of(world, CY)


def deliver(
    client: Clients,
    body: bytes,
    headers: dict[str, str],
    rail: str = "paypal",
    program: str = PROGRAM_ID,
) -> HTTPResponse:
    path = f"/rails/{rail}/{program}/webhooks"
    return client("settle").http.post(
        path, headers={"Content-Type": "application/json", **headers}, body=body
    )


def item_event(name: str, status: str = "SUCCESS") -> bytes:
    item = {"payout_item": {"sender_item_id": name}, "payout_item_id": "ITEM1", "payout_batch_id": "BATCH1"}
    resource = {**item, "transaction_status": status}
    return json.dumps({"event_type": "PAYMENT.PAYOUTS-ITEM.CHANGED", "resource": resource}).encode()


def paypal_event(payout: Payout, status: str = "SUCCESS") -> bytes:
    return item_event(transfer_id(payout, 1), status)


def error_of(answer: HTTPResponse) -> Any:  # noqa: ANN401 - whatever was answered
    return told(answer.json_body)


def test_paypal_says_that_it_paid(world: World, client: Clients, payout: Payout, lines: list[Line]) -> None:
    answer = deliver(client, paypal_event(payout), SIGNED)
    assert (answer.status_code, answer.json_body) == (200, {"results": {"completed": 1}})
    after = payout_of(world, CY)
    assert (after.state, after.legs[0].reference) == (PayoutState.COMPLETED, "BATCH1/ITEM1")
    (line,) = invocations(lines)
    assert (line["program"], line["rail"], line["results"]) == (PROGRAM_ID, "paypal", {"completed": 1})


def test_the_same_again_changes_nothing(world: World, client: Clients, payout: Payout) -> None:
    deliver(client, paypal_event(payout), SIGNED)
    for _ in range(2):
        answer = deliver(client, paypal_event(payout), SIGNED)
        assert answer.json_body == {"results": {"unchanged": 1}}
    world.fold()
    assert world.balance(CY).paid_minor == payout.amount_minor


def test_edge_80_a_webhook_brings_money_back_days_after_it_was_paid(
    world: World, client: Clients, payout: Payout
) -> None:
    deliver(client, paypal_event(payout), SIGNED)
    answer = deliver(client, paypal_event(payout, "REVERSED"), SIGNED)
    assert answer.json_body == {"results": {"returned": 1}}
    after = payout_of(world, CY)
    assert (after.state, after.legs[0].detail) == (PayoutState.RETURNED, "REVERSED")
    world.fold()
    assert world.balance(CY).payable_minor == payout.amount_minor


def test_stripe_says_that_a_transfer_was_reversed(world: World, client: Clients, payout: Payout) -> None:
    transfer = {
        "id": "tr_1",
        "object": "transfer",
        "amount": payout.amount_minor,
        "amount_reversed": payout.amount_minor,
        "currency": "usd",
        "metadata": {"transfer_id": transfer_id(payout, 1)},
        "reversed": True,
    }
    event = {"id": "evt_1", "object": "event", "type": "transfer.reversed", "data": {"object": transfer}}
    body = json.dumps(event)
    at = int(world.now().timestamp())
    headers = {"Stripe-Signature": WebhookSignature.generate_signature_header(body, SIGNER, at)}
    assert deliver(client, body.encode(), headers, "stripe").json_body == {"results": {"returned": 1}}
    assert payout_of(world, CY).state is PayoutState.RETURNED
    refused = deliver(client, body.encode() + b" ", headers, "stripe")
    assert (refused.status_code, error_of(refused)) == (401, {"code": "unauthenticated"})


def test_an_item_that_nobody_knows_is_reported_and_acknowledged(
    world: World, client: Clients, payout: Payout, lines: list[Line], capsys: Capsys
) -> None:
    """Else PayPal would send it again for three days; the merchant may pay others by hand there."""
    answer = deliver(client, item_event("somebody-elses"), SIGNED)
    assert (answer.status_code, answer.json_body) == (200, {"results": {"rejected": 1}})
    assert counted(capsys.readouterr().out) == {observe.RESULT_REJECTED: 1}
    (line,) = invocations(lines)
    assert line["rejected"] == ["somebody-elses: no such transfer"]
    assert payout_of(world, CY) == payout


def test_another_programs_payout_is_nobodys(world: World, client: Clients, payout: Payout) -> None:
    """Who may speak for one program's rail speaks for no other program."""
    world.catalog.add_program(make.program(id="pg_other"), make.plan())
    secrets = world.secrets.rail_secrets(PROGRAM_ID, RailName.PAYPAL)
    assert secrets
    world.secrets.put_rail_secrets("pg_other", RailName.PAYPAL, secrets)
    answer = deliver(client, paypal_event(payout), SIGNED, program="pg_other")
    assert answer.json_body == {"results": {"rejected": 1}}
    assert payout_of(world, CY) == payout


def test_a_webhook_about_something_else_is_acknowledged(
    client: Clients, payout: Payout, capsys: Capsys
) -> None:
    answer = deliver(client, b'{"event_type": "PAYMENT.SALE.COMPLETED", "resource": {}}', SIGNED)
    assert (answer.status_code, answer.json_body) == (200, {"results": {}})
    assert counted(capsys.readouterr().out) == {observe.TOPIC_IGNORED: 1}


def test_edge_86_a_signature_that_is_not_paypals_learns_nothing(
    world: World, client: Clients, payout: Payout, books: tuple[PayPalBooks, Provider]
) -> None:
    books[0].signed = False
    for headers in (SIGNED, {}):
        answer = deliver(client, paypal_event(payout), headers)
        assert (answer.status_code, error_of(answer)) == (401, {"code": "unauthenticated"})
    assert payout_of(world, CY) == payout


def test_any_content_type_reaches_the_signature(client: Clients, payout: Payout) -> None:
    for kind in ("text/plain", "application/json; charset=utf-8", "application/octet-stream"):
        assert deliver(client, paypal_event(payout), {**SIGNED, "Content-Type": kind}).status_code == 200


@pytest.mark.parametrize(
    ("rail", "program"),
    [("paypal", "pg_nowhere"), ("venmo", PROGRAM_ID), ("wechat", PROGRAM_ID), ("paypal", "%2e%2e")],
)
def test_a_rail_that_is_not_there_is_404(client: Clients, payout: Payout, rail: str, program: str) -> None:
    assert deliver(client, paypal_event(payout), SIGNED, rail, program).status_code == 404


def test_a_body_over_the_limit_is_413_before_anybody_is_asked(
    client: Clients, payout: Payout, books: tuple[PayPalBooks, Provider]
) -> None:
    assert deliver(client, b" " * (MAX_BODY + 1), SIGNED).status_code == 413
    assert books[1].asked == []


@pytest.mark.parametrize("weather", [Weather.FAILED_BEFORE, Weather.LIMITED, Weather.GARBLED])
def test_a_paypal_that_cannot_be_asked_is_503(
    world: World, client: Clients, payout: Payout, books: tuple[PayPalBooks, Provider], weather: Weather
) -> None:
    books[1].next("POST", VERIFY, weather)
    answer = deliver(client, paypal_event(payout), SIGNED)
    assert (answer.status_code, error_of(answer)) == (503, {"code": "unavailable"})
    assert deliver(client, paypal_event(payout), SIGNED).status_code == 200
    assert payout_of(world, CY).state is PayoutState.COMPLETED


class TornSecrets(MemorySecrets):
    """Secrets that do not answer."""

    def rail_secrets(self, program_id: str, rail: RailName) -> RailSecrets | None:
        raise UnavailableError("the secrets are away")


class TornTreasury(MemoryTreasury):
    """Accounts that cannot be read while `is_away`."""

    is_away = False

    def account(self, key: AccountKey) -> tuple[tuple[Page, ...], Head]:
        if self.is_away:
            raise UnavailableError("the table is away")
        return super().account(key)


def test_secrets_that_do_not_answer_are_503(world: World, client: Clients, payout: Payout) -> None:
    world.secrets = TornSecrets()
    assert deliver(client, paypal_event(payout), SIGNED).status_code == 503


def test_a_table_that_does_not_answer_is_503_and_the_next_delivery_is_taken(
    world: World, client: Clients, torn: TornTreasury, payout: Payout
) -> None:
    torn.is_away = True
    assert deliver(client, paypal_event(payout), SIGNED).status_code == 503
    torn.is_away = False
    assert deliver(client, paypal_event(payout), SIGNED).json_body == {"results": {"completed": 1}}


def test_secrets_that_are_not_whole_are_503_and_tell_nobody(
    world: World, client: Clients, payout: Payout
) -> None:
    world.secrets.put_rail_secrets(PROGRAM_ID, RailName.PAYPAL, RailSecrets(values={"client_id": "x"}))
    answer = deliver(client, paypal_event(payout), SIGNED)
    assert (answer.status_code, error_of(answer)) == (503, {"code": "unavailable"})


def test_only_post_is_there(client: Clients, payout: Payout) -> None:
    assert client("settle").http.get(f"/rails/paypal/{PROGRAM_ID}/webhooks").status_code == 405
