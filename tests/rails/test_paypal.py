"""PayPal Payouts against a server that behaves as PayPal does, in every weather: money moves once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from jsonschema import Draft202012Validator

from grapevine.adapters.memory.outside import MemoryFiles
from grapevine.adapters.rails.http_json import JsonApi
from grapevine.adapters.rails.paypal import REMEMBERED, PayPal, paypal_settings
from grapevine.domain.errors import InvalidInputError, UnauthenticatedError, UnavailableError
from grapevine.domain.payouts import PayoutState
from grapevine.domain.transfers import RailName, RailSecrets, TransferBatch, TransferResult
from grapevine.ports.rails import RailRefusedError, RailUnavailableError
from tests import builders as make
from tests.adapters.storefronts.samples import sample_json
from tests.rails.batches import batch, transfer
from tests.rails.contract import Driven, RailContract, amounts, named_once
from tests.rails.paypal_server import (
    CLIENT,
    PAYOUTS,
    SECRET,
    TOKEN,
    VERIFY,
    WEBHOOK,
    PayPalBooks,
    error,
    paypal,
)
from tests.rails.weather import Provider, Told, Weather, serving

EMAIL = {"recipient_type": "EMAIL", "receiver": "dana@example.com"}
HASTY = 0.3
"""Seconds a test waits for an answer that does not come."""


@dataclass(slots=True)
class Town:
    """A PayPal, and rails that are made of the same secrets and files."""

    books: PayPalBooks
    provider: Provider
    files: MemoryFiles
    now: datetime = make.T0

    def rail(self, read_seconds: float = 10, **secrets: str) -> PayPal:
        values = {"client_id": CLIENT, "client_secret": SECRET, "webhook_id": WEBHOOK, **secrets}
        settings = paypal_settings(RailSecrets(values={"base_url": self.provider.url, **values}))
        http = JsonApi("PayPal", self.provider.url, read_seconds)
        return PayPal(settings, self.files, lambda: self.now, http)


@pytest.fixture
def town() -> Iterator[Town]:
    books, provider = paypal()
    with serving(provider):
        yield Town(books, provider, MemoryFiles())


class TestPayPal(RailContract):
    @pytest.fixture
    def driven(self, town: Town) -> Driven:
        return Driven(
            rail=town.rail(),
            again=town.rail,
            moved=town.books.money,
            good=EMAIL,
            bad={"recipient_type": "MAIL", "receiver": "d" * 130, "iban": "DE00"},
            faults=frozenset({"recipient_type", "receiver", "iban"}),
        )


def of(count: int = 2) -> TransferBatch:
    return batch(RailName.PAYPAL, *(transfer(n, EMAIL, 1000 + n) for n in range(1, count + 1)))


def states(results: Sequence[TransferResult]) -> list[PayoutState]:
    return [result.state for result in results]


# --- what is sent ---------------------------------------------------------------------------------


def test_the_request_is_one_that_paypals_published_schema_takes(town: Town) -> None:
    schemas = sample_json("paypal/paypal_payments_payouts_batch_v1.json")["components"]
    validator = Draft202012Validator(
        {"components": schemas, "$ref": "#/components/schemas/create_payout_request"}
    )
    receivers = (
        EMAIL,
        {"recipient_type": "PHONE", "receiver": "91-734-234-1234"},
        {"recipient_type": "PAYPAL_ID", "receiver": "G83JXTJ5EHCQ2"},
    )
    yen = [transfer(9, EMAIL, 1500, "JPY")]
    for sent in ([transfer(n, one, 987) for n, one in enumerate(receivers)], yen):
        town.rail(email_message="Thank you!").send(batch(RailName.PAYPAL, *sent))
    assert [list(validator.iter_errors(body)) for body in town.books.bodies] == [[], []]
    example = sample_json("paypal/payouts_create_request_example.json")["create_request"]
    shown = example["create_payout_request"]["value"]
    ours = town.books.bodies[0]
    assert ours["sender_batch_header"].keys() == shown["sender_batch_header"].keys()
    for our, their in zip(ours["items"], shown["items"], strict=True):
        assert our.keys() <= their.keys()
        assert (our["recipient_type"], our["amount"].keys()) == (
            their["recipient_type"],
            their["amount"].keys(),
        )
    assert ours["items"][0]["amount"] == {"value": "9.87", "currency": "USD"}
    assert town.books.bodies[1]["items"][0]["amount"] == {"value": "1500", "currency": "JPY"}


def test_our_names_are_the_keys(town: Town) -> None:
    sent = of()
    results = town.rail().send(sent)
    (body,) = town.books.bodies
    assert body["sender_batch_header"]["sender_batch_id"] == sent.id
    assert [item["sender_item_id"] for item in body["items"]] == [one.id for one in sent.transfers]
    assert [(result.state, result.reference) for result in results] == [(PayoutState.SENT, "BATCH1")] * 2


def test_the_same_batch_is_the_same_bytes(town: Town) -> None:
    for _ in range(2):
        town.provider.next("POST", PAYOUTS, Weather.FAILED_BEFORE)
        with pytest.raises(RailUnavailableError):
            town.rail().send(of())
    first, second = (one.body for one in town.provider.asked if one.path == PAYOUTS)
    assert first == second


# --- the token ------------------------------------------------------------------------------------


def test_a_token_is_asked_for_once_and_again_shortly_before_it_ends(town: Town) -> None:
    rail = town.rail()
    rail.send(of(1))
    rail.send(of(2))
    assert town.books.tokens == 1
    town.now += timedelta(seconds=town.books.expires_in - 59)
    rail.send(of(3))
    assert town.books.tokens == 2


def test_a_token_that_was_taken_away_is_asked_for_again(town: Town) -> None:
    rail = town.rail()
    rail.send(of(1))
    town.books.tokens += 1
    rail.send(of(2))
    assert town.books.tokens == 3


def test_wrong_credentials_make_payouts_wait_and_fail_nobody(town: Town) -> None:
    with pytest.raises(RailUnavailableError, match="invalid_client"):
        town.rail(client_secret="old").send(of())
    assert town.provider.count("POST", PAYOUTS) == 0


@pytest.mark.parametrize("missing", ["client_id", "client_secret"])
def test_without_credentials_there_is_no_rail(missing: str) -> None:
    values = {"client_id": CLIENT, "client_secret": SECRET, missing: ""}
    with pytest.raises(InvalidInputError, match=missing):
        paypal_settings(RailSecrets(values=values))


def test_secrets_are_not_shown(town: Town) -> None:
    assert SECRET not in repr(
        paypal_settings(RailSecrets(values={"client_id": "x", "client_secret": SECRET}))
    )


# --- weather --------------------------------------------------------------------------------------

TOOK_EFFECT = (Weather.LOST, Weather.SLOW, Weather.GARBLED, Weather.FAILED_AFTER)
NO_EFFECT = (Weather.FAILED_BEFORE, Weather.LIMITED)


@pytest.mark.parametrize("weather", TOOK_EFFECT)
def test_edge_79_paypal_accepts_and_the_answer_is_lost(town: Town, weather: Weather) -> None:
    """The batch is sent again under its one name, which PayPal answers with a link to the first."""
    sent = of(3)
    town.provider.next("POST", PAYOUTS, weather)
    with pytest.raises(RailUnavailableError):
        town.rail(HASTY).send(sent)
    again = town.rail()
    assert list(again.query(sent)) == []
    results = again.send(sent)
    named_once(sent, results)
    assert {(result.state, result.reference) for result in results} == {(PayoutState.SENT, "BATCH1")}
    assert town.books.money() == amounts(sent)
    town.books.process(sent.id)
    assert states(town.rail().query(sent)) == [PayoutState.COMPLETED] * 3


@pytest.mark.parametrize("weather", NO_EFFECT)
def test_what_had_no_effect_is_sent_again(town: Town, weather: Weather) -> None:
    sent = of()
    town.provider.next("POST", PAYOUTS, weather)
    with pytest.raises(RailUnavailableError):
        town.rail().send(sent)
    assert town.books.money() == {}
    town.rail().send(sent)
    assert town.books.money() == amounts(sent)


def test_paypal_says_how_long_to_leave_it_alone(town: Town) -> None:
    town.provider.next("POST", PAYOUTS, Weather.LIMITED)
    with pytest.raises(RailUnavailableError, match="429") as caught:
        town.rail().send(of())
    assert caught.value.retry_after_seconds == 7


@pytest.mark.parametrize("weather", [*TOOK_EFFECT, *NO_EFFECT])
@pytest.mark.parametrize(("method", "path"), [("POST", TOKEN), ("GET", PAYOUTS)])
def test_other_calls_in_any_weather_move_nothing(
    town: Town, method: str, path: str, weather: Weather
) -> None:
    sent = of()
    town.rail().send(sent)
    town.provider.next(method, path, weather)
    with pytest.raises(RailUnavailableError):
        town.rail(HASTY).query(sent)
    named_once(sent, town.rail().query(sent))
    assert town.books.money() == amounts(sent)


def test_nobody_at_home_is_unavailable() -> None:
    books, provider = paypal()
    with serving(provider):
        pass
    with pytest.raises(RailUnavailableError):
        Town(books, provider, MemoryFiles()).rail(HASTY).send(of())


class TornFiles(MemoryFiles):
    """Files that cannot be written, or read, for once."""

    def __init__(self) -> None:
        super().__init__()
        self.broken = {"put"}

    def put(self, name: str, body: bytes, content_type: str) -> None:
        if "put" in self.broken:
            self.broken.clear()
            raise UnavailableError("the bucket is away")
        super().put(name, body, content_type)

    def get(self, name: str) -> bytes:
        if "get" in self.broken:
            self.broken.clear()
            raise UnavailableError("the bucket is away")
        return super().get(name)


def test_a_crash_before_paypals_name_is_written_down_moves_money_once(town: Town) -> None:
    town.files, sent = TornFiles(), of()
    with pytest.raises(RailUnavailableError, match="not written down"):
        town.rail().send(sent)
    named_once(sent, town.rail().send(sent))
    assert town.books.money() == amounts(sent)
    assert states(town.rail().query(sent)) == [PayoutState.SENT] * 2


def test_a_name_that_cannot_be_read_stops_the_sending(town: Town) -> None:
    town.files, sent = TornFiles(), of()
    town.files.broken = {"get"}
    with pytest.raises(RailUnavailableError, match="not read"):
        town.rail().send(sent)
    assert town.books.money() == {}


def test_a_batch_that_paypal_may_have_forgotten_is_never_sent_again(town: Town) -> None:
    sent = of()
    town.provider.next("POST", PAYOUTS, Weather.LOST)
    with pytest.raises(RailUnavailableError):
        town.rail().send(sent)
    town.now += REMEMBERED + timedelta(seconds=1)
    town.books.by_sender.clear()
    with pytest.raises(RailUnavailableError, match="no longer know"):
        town.rail().send(sent)
    assert town.books.money() == amounts(sent)


def test_a_batch_whose_name_is_known_is_asked_about_however_old_it_is(town: Town) -> None:
    sent = of()
    town.rail().send(sent)
    town.now += REMEMBERED * 3
    town.books.by_sender.clear()
    named_once(sent, town.rail().send(sent))
    assert town.books.money() == amounts(sent)


# --- refusals -------------------------------------------------------------------------------------


def test_edge_82_a_receiver_that_paypal_refuses_stops_nobody_else(town: Town) -> None:
    town.books.refused_receivers = {"bad@example.com"}
    bad = transfer(2, EMAIL | {"receiver": "bad@example.com"})
    sent = batch(RailName.PAYPAL, transfer(1, EMAIL), bad, transfer(3, EMAIL))
    results = town.rail().send(sent)
    assert states(results) == [PayoutState.SENT, PayoutState.FAILED, PayoutState.SENT]
    assert "Receiver is invalid" in results[1].detail
    assert town.books.money() == {one.id: one.amount.minor for one in sent.transfers if one is not bad}


def test_what_was_not_in_the_accepted_batch_has_failed_once_paypal_is_through_with_it(town: Town) -> None:
    """PayPal refused one of three, took the other two, and its name of the batch was lost."""
    town.books.refused_receivers = {"bad@example.com"}
    bad = transfer(2, EMAIL | {"receiver": "bad@example.com"})
    sent = batch(RailName.PAYPAL, transfer(1, EMAIL), bad, transfer(3, EMAIL))
    town.rail().send(sent)
    town.files.stored.clear()
    assert states(town.rail().send(sent)) == [PayoutState.SENT] * 3
    town.books.process(sent.id)
    results = town.rail().query(sent)
    assert states(results) == [PayoutState.COMPLETED, PayoutState.FAILED, PayoutState.COMPLETED]
    assert results[1].detail == "PayPal: not in the batch that was accepted"


def test_all_receivers_refused_sends_no_empty_batch(town: Town) -> None:
    town.books.refused_receivers = {EMAIL["receiver"]}
    assert states(town.rail().send(of())) == [PayoutState.FAILED] * 2
    assert len(town.books.bodies) == 1


def test_a_refusal_of_the_whole_batch_is_told_in_paypals_words(town: Town) -> None:
    detail = {"field": "sender_batch_header.email_subject", "issue": "Too long"}
    town.books.refusal = error(400, "VALIDATION_ERROR", "Invalid request - see details", [detail])
    with pytest.raises(RailRefusedError, match=r"VALIDATION_ERROR: Invalid request.*email_subject Too long"):
        town.rail().send(of())


def test_a_refusal_that_names_places_we_did_not_send_ends(town: Town) -> None:
    town.books.refusal = error(
        400, "VALIDATION_ERROR", "Invalid", [{"field": "/items/77/receiver", "issue": "x"}]
    )
    with pytest.raises(RailRefusedError):
        town.rail().send(of())


@pytest.mark.parametrize(
    "refusal",
    [
        error(422, "INSUFFICIENT_FUNDS", "Sender does not have sufficient funds."),
        error(400, "USER_BUSINESS_ERROR", "User business error.", [{"issue": "INSUFFICIENT_FUNDS"}]),
        error(403, "AUTHORIZATION_ERROR", "Authorization error occurred."),
        error(404, "RESOURCE_NOT_FOUND", "The specified resource does not exist."),
        error(409, "RESOURCE_CONFLICT", "The server has detected a conflict."),
        Told(201, {"batch_header": {}}),
        Told(400, ["not", "an", "object"]),
        Told(302, {}, {"Location": "/elsewhere"}),
    ],
)
def test_what_is_not_about_the_batch_makes_it_wait(town: Town, refusal: Told) -> None:
    """Money that cannot be taken from the merchant's account today must not fail the promoters' payouts."""
    town.books.refusal = refusal
    with pytest.raises(RailUnavailableError):
        town.rail().send(of())
    assert town.books.money() == {}
    assert {one.path for one in town.provider.asked} == {TOKEN, PAYOUTS}


def test_a_duplicate_without_its_link_is_never_taken_for_a_refusal(town: Town) -> None:
    sent, town.books.hide_link = of(), True
    town.rail().send(sent)
    town.files.stored.clear()
    with pytest.raises(RailUnavailableError, match="already exists"):
        town.rail().send(sent)
    assert town.books.money() == amounts(sent)


@pytest.mark.parametrize(
    "href",
    ["https://evil.example/v1/payments/payouts/../../../oauth2/token", "https://evil.example/x/BATCH1", ""],
)
def test_a_link_to_anything_else_is_not_followed(town: Town, href: str) -> None:
    detail = {"field": "SENDER_BATCH_ID", "issue": "exists", "link": [{"href": href}]}
    town.books.refusal = error(400, "USER_BUSINESS_ERROR", "User business error.", [detail])
    with pytest.raises(RailUnavailableError):
        town.rail().send(of())
    assert town.provider.count("GET", PAYOUTS) == 0


# --- what became of it ----------------------------------------------------------------------------

ITEM_STATES = {
    "SUCCESS": PayoutState.COMPLETED,
    "FAILED": PayoutState.FAILED,
    "BLOCKED": PayoutState.FAILED,
    "RETURNED": PayoutState.RETURNED,
    "REFUNDED": PayoutState.RETURNED,
    "REVERSED": PayoutState.RETURNED,
    "PENDING": PayoutState.SENT,
    "UNCLAIMED": PayoutState.SENT,
    "ONHOLD": PayoutState.SENT,
}


def test_every_state_of_an_item_that_paypal_publishes_is_mapped() -> None:
    schemas = sample_json("paypal/paypal_payments_payouts_batch_v1.json")["components"]["schemas"]
    assert set(schemas["transaction_enum"]["enum"]) == set(ITEM_STATES)


@pytest.mark.parametrize(("told", "state"), ITEM_STATES.items())
def test_the_state_of_an_item(town: Town, told: str, state: PayoutState) -> None:
    sent = of(1)
    town.rail().send(sent)
    found = town.books.process(sent.id, i0=told)
    found.errors[sent.transfers[0].id] = {
        "name": "RECEIVER_UNREGISTERED",
        "message": "Receiver is unregistered",
    }
    (result,) = town.rail().query(sent)
    assert (result.state, result.reference) == (state, "BATCH1/ITEM10")
    expected = (
        "" if state is PayoutState.COMPLETED else f"{told}: RECEIVER_UNREGISTERED: Receiver is unregistered"
    )
    assert result.detail == expected


def test_a_state_that_nobody_knows_is_not_guessed(town: Town) -> None:
    sent = of(1)
    town.rail().send(sent)
    town.books.process(sent.id, i0="TELEPORTED")
    (result,) = town.rail().query(sent)
    assert (result.state, result.detail) == (PayoutState.SENT, "TELEPORTED")


def test_a_batch_in_success_may_hold_failed_items(town: Town) -> None:
    sent = of(3)
    town.rail().send(sent)
    town.books.process(sent.id, i1="FAILED")
    assert states(town.rail().query(sent)) == [
        PayoutState.COMPLETED,
        PayoutState.FAILED,
        PayoutState.COMPLETED,
    ]


@pytest.mark.parametrize("status", ["DENIED", "CANCELED"])
@pytest.mark.parametrize("listed", ["", "PENDING", "ONHOLD", "nothing"])
def test_nothing_of_a_batch_that_was_not_processed_was_paid(town: Town, status: str, listed: str) -> None:
    """Whether PayPal shows its items without a state, in one that ends nothing, or not at all."""
    sent = of(2)
    town.rail().send(sent)
    found = town.books.process(sent.id, status)
    found.states = {} if listed == "nothing" else dict.fromkeys(found.states, listed)
    results = town.rail().query(sent)
    assert states(results) == [PayoutState.FAILED] * 2
    assert all(status in result.detail for result in results)


def test_edge_80_paypal_returns_money_days_later(town: Town) -> None:
    """Unclaimed for thirty days: it is with PayPal until then, and back after."""
    sent = of(2)
    town.rail().send(sent)
    town.books.process(sent.id, i1="UNCLAIMED")
    assert states(town.rail().query(sent)) == [PayoutState.COMPLETED, PayoutState.SENT]
    town.now += timedelta(days=31)
    town.books.process(sent.id, i1="RETURNED")
    assert states(town.rail().query(sent)) == [PayoutState.COMPLETED, PayoutState.RETURNED]


def test_all_pages_are_read(town: Town) -> None:
    sent = of(2001)
    town.rail().send(sent)
    town.books.process(sent.id, i2000="FAILED")
    results = town.rail().query(sent)
    assert len(results) == 2001
    assert [place for place, one in enumerate(results) if one.state is PayoutState.FAILED] == [2000]
    assert [one.query["page"] for one in town.provider.asked if one.method == "GET"] == ["1", "2", "3"]


def test_a_batch_is_known_to_be_there_before_its_items_are(town: Town) -> None:
    sent = of(2)
    town.rail().send(sent)
    assert states(town.rail().query(sent)) == [PayoutState.SENT] * 2


# --- payees ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "receiver"),
    [
        ("EMAIL", "dana"),
        ("EMAIL", "dana@example"),
        ("EMAIL", "da na@example.com"),
        ("EMAIL", "dana@exämple.com"),
        ("EMAIL", "d@" + "e" * 130 + ".com"),
        ("PHONE", "911"),
        ("PHONE", "dana@example.com"),
        ("PAYPAL_ID", "g83jxtj5ehcq2"),
        ("PAYPAL_ID", "dana@example.com"),
    ],
)
def test_receivers_that_cannot_be(town: Town, kind: str, receiver: str) -> None:
    found = town.rail().faults({"recipient_type": kind, "receiver": receiver}, "EUR")
    assert [fault.where for fault in found] == ["receiver"]


@pytest.mark.parametrize(
    ("kind", "receiver"),
    [
        ("EMAIL", "dana+payouts@mail.example.co.uk"),
        ("PHONE", "+8613800138000"),
        ("PHONE", "91-734-234-1234"),
        ("PAYPAL_ID", "G83JXTJ5EHCQ2"),
    ],
)
def test_receivers_that_can_be(town: Town, kind: str, receiver: str) -> None:
    assert town.rail().faults({"recipient_type": kind, "receiver": receiver}, "EUR") == ()


@pytest.mark.parametrize("currency", ["HUF", "TWD", "KWD", "PTS", "XXX"])
def test_currencies_that_paypal_does_not_pay_as_our_books_have_them(town: Town, currency: str) -> None:
    assert [str(fault) for fault in town.rail().faults(EMAIL, currency)] == [
        f"currency: PayPal does not pay {currency}"
    ]


# --- webhooks -------------------------------------------------------------------------------------

SIGNED = {
    "paypal-auth-algo": "SHA256withRSA",
    "paypal-cert-url": "https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-aecacc47",
    "paypal-transmission-id": "69cd13f0-d67a-11e5-baa3-778b53f4ae55",
    "paypal-transmission-sig": "lmI95Jx3Y9nhR5SJWlHVIWpg4AgFk7n9bCHSRxbrd8A=",
    "paypal-transmission-time": "2026-03-01T00:00:00Z",
}


def item_event(name: str = "SUCCEEDED", status: str | None = "SUCCESS", **changes: object) -> bytes:
    resource = {
        "payout_item_id": "ITEM7",
        "payout_batch_id": "BATCH7",
        "payout_item": {"sender_item_id": of(1).transfers[0].id, "receiver": "dana@example.com"},
        **({"transaction_status": status} if status else {}),
        **changes,
    }
    event = {"id": "WH-1", "event_type": f"PAYMENT.PAYOUTS-ITEM.{name}", "resource": resource}
    return json.dumps(event, indent=1).encode()


def test_a_webhook_says_what_became_of_an_item(town: Town) -> None:
    (result,) = town.rail().received(SIGNED, item_event(), make.T0)
    assert result.transfer_id == of(1).transfers[0].id
    assert (result.state, result.reference, result.detail) == (PayoutState.COMPLETED, "BATCH7/ITEM7", "")


def test_paypal_is_asked_about_the_very_bytes_that_came(town: Town) -> None:
    body = item_event()
    town.rail().received(SIGNED, body, make.T0)
    (asked,) = town.books.verifying
    assert asked.endswith(b'"webhook_event": ' + body + b"}")
    told = json.loads(asked)
    assert {name: told[name] for name in ("auth_algo", "webhook_id")} == {
        "auth_algo": "SHA256withRSA",
        "webhook_id": WEBHOOK,
    }


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("SUCCEEDED", PayoutState.COMPLETED),
        ("UNCLAIMED", PayoutState.SENT),
        ("HELD", PayoutState.SENT),
        ("FAILED", PayoutState.FAILED),
        ("BLOCKED", PayoutState.FAILED),
        ("DENIED", PayoutState.FAILED),
        ("CANCELED", PayoutState.RETURNED),
        ("RETURNED", PayoutState.RETURNED),
        ("REFUNDED", PayoutState.RETURNED),
    ],
)
def test_an_event_without_a_state_is_read_by_its_name(town: Town, name: str, state: PayoutState) -> None:
    (result,) = town.rail().received(SIGNED, item_event(name, None), make.T0)
    assert result.state is state


def test_an_item_of_somebody_else_is_named_as_paypal_names_it(town: Town) -> None:
    (result,) = town.rail().received(SIGNED, item_event(payout_item={}), make.T0)
    assert result.transfer_id == "ITEM7"


def test_a_webhook_about_something_else_says_nothing(town: Town) -> None:
    body = b'{"event_type": "PAYMENT.SALE.COMPLETED", "resource": {"id": "1"}}'
    assert list(town.rail().received(SIGNED, body, make.T0)) == []


def batch_event(name: str, reference: str = "BATCH1") -> bytes:
    resource = {"batch_header": {"payout_batch_id": reference, "batch_status": name}}
    return json.dumps({"event_type": f"PAYMENT.PAYOUTSBATCH.{name}", "resource": resource}).encode()


@pytest.mark.parametrize(
    ("name", "state"),
    [("SUCCESS", PayoutState.COMPLETED), ("DENIED", PayoutState.FAILED), ("CANCELED", PayoutState.FAILED)],
)
def test_the_end_of_a_batch_tells_of_its_items(town: Town, name: str, state: PayoutState) -> None:
    sent = of(3)
    town.rail().send(sent)
    found = town.books.process(sent.id, name)
    if name != "SUCCESS":
        found.states = dict.fromkeys(found.states, "PENDING")
    results = town.rail().received(SIGNED, batch_event(name), make.T0)
    named_once(sent, results)
    assert {result.state for result in results} == {state}


def test_a_batch_under_way_tells_nothing(town: Town) -> None:
    town.rail().send(of())
    assert list(town.rail().received(SIGNED, batch_event("PROCESSING"), make.T0)) == []


def no_webhook_id(town: Town) -> PayPal:
    return town.rail(webhook_id="")


def other_webhook_id(town: Town) -> PayPal:
    return town.rail(webhook_id="8PT000000X000000LKGECATA")


@pytest.mark.parametrize("made", [no_webhook_id, other_webhook_id])
def test_a_webhook_of_another_listener_is_not_believed(town: Town, made: Callable[[Town], PayPal]) -> None:
    with pytest.raises(UnauthenticatedError):
        made(town).received(SIGNED, item_event(), make.T0)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"a": 1}, "webhook_id": "x"'])
def test_a_body_that_is_no_object_never_reaches_paypal(town: Town, body: bytes) -> None:
    with pytest.raises(UnauthenticatedError):
        town.rail().received(SIGNED, body, make.T0)
    assert town.books.verifying == []


@pytest.mark.parametrize("header", SIGNED)
def test_a_header_that_is_missing_is_no_signature(town: Town, header: str) -> None:
    headers = {name: value for name, value in SIGNED.items() if name != header}
    with pytest.raises(UnauthenticatedError):
        town.rail().received(headers, item_event(), make.T0)
    assert town.books.verifying == []


@pytest.mark.parametrize(
    "address",
    [
        "http://api.paypal.com/cert",
        "https://paypal.com.evil.example/cert",
        "https://evilpaypal.com/cert",
        "https://api.paypal.com@evil.example/cert",
        "cert",
    ],
)
def test_a_certificate_of_somebody_else_is_no_signature(town: Town, address: str) -> None:
    with pytest.raises(UnauthenticatedError):
        town.rail().received(SIGNED | {"paypal-cert-url": address}, item_event(), make.T0)
    assert town.books.verifying == []


def test_a_signature_that_paypal_does_not_know_is_refused(town: Town) -> None:
    town.books.signed = False
    with pytest.raises(UnauthenticatedError):
        town.rail().received(SIGNED, item_event(), make.T0)
    with pytest.raises(UnauthenticatedError):
        town.rail().received(SIGNED | {"paypal-transmission-sig": "not base64"}, item_event(), make.T0)


@pytest.mark.parametrize("weather", list(Weather))
def test_paypal_that_cannot_be_asked_is_to_send_its_webhook_again(town: Town, weather: Weather) -> None:
    town.provider.next("POST", VERIFY, weather)
    with pytest.raises(RailUnavailableError):
        town.rail(HASTY).received(SIGNED, item_event(), make.T0)
