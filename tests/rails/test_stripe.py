"""Stripe Connect against a server that behaves as Stripe does, in every weather: money moves once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

import pytest
from stripe import WebhookSignature
from stripe.params import TransferCreateParams

from grapevine.adapters.rails.stripe import OTHER_UNITS, Stripe, stripe_settings
from grapevine.domain.errors import InvalidInputError, UnauthenticatedError
from grapevine.domain.payouts import PayoutState
from grapevine.domain.transfers import RailName, RailSecrets, TransferBatch, TransferResult
from grapevine.ports.rails import RailUnavailableError
from tests import builders as make
from tests.adapters.storefronts.samples import sample_json
from tests.rails.batches import batch, transfer
from tests.rails.contract import Driven, RailContract, amounts, named_once
from tests.rails.stripe_server import KEY, TRANSFERS, StripeBooks, error, stripe_house
from tests.rails.weather import Provider, Told, Weather, serving

DANA = {"account": "acct_1GrapevineDana00"}
CURRENT, PREVIOUS = "whsec_current", "whsec_previous"
HASTY = 0.3
"""Seconds a test waits for an answer that does not come."""


@dataclass(slots=True)
class Town:
    """A Stripe, and rails that are made of the same secrets."""

    books: StripeBooks
    provider: Provider

    def rail(self, read_seconds: float = 10, **secrets: str) -> Stripe:
        """The rail; `secrets` take the place of good ones."""
        values = {"api_key": KEY, "webhook_secret": CURRENT, "previous_webhook_secret": PREVIOUS} | secrets
        settings = stripe_settings(RailSecrets(values={"base_url": self.provider.url, **values}))
        return Stripe(settings, read_seconds)


@pytest.fixture
def town() -> Iterator[Town]:
    books, provider = stripe_house()
    with serving(provider):
        yield Town(books, provider)


class TestStripe(RailContract):
    @pytest.fixture
    def driven(self, town: Town) -> Driven:
        return Driven(
            rail=town.rail(),
            again=town.rail,
            moved=town.books.money,
            good=DANA,
            bad={"account": "dana@example.com", "iban": "DE00"},
            faults=frozenset({"account", "iban"}),
        )


def of(count: int = 2) -> TransferBatch:
    return batch(RailName.STRIPE, *(transfer(n, DANA, 1000 + n) for n in range(1, count + 1)))


def states(results: Sequence[TransferResult]) -> list[PayoutState]:
    return [result.state for result in results]


# --- what is sent ---------------------------------------------------------------------------------


def test_each_transfer_is_one_call_under_its_own_key(town: Town) -> None:
    sent = of(3)
    results = town.rail().send(sent)
    asked = [one for one in town.provider.asked if one.method == "POST"]
    assert [one.headers["idempotency-key"] for one in asked] == [one.id for one in sent.transfers]
    assert asked[0].form() == {
        "amount": "1001",
        "currency": "usd",
        "destination": DANA["account"],
        "transfer_group": sent.id,
        "description": f"Payout {sent.transfers[0].payout_id}",
        "metadata[transfer_id]": sent.transfers[0].id,
        "metadata[payout_id]": sent.transfers[0].payout_id,
    }
    assert [(one.state, one.reference) for one in results] == [
        (PayoutState.COMPLETED, f"tr_{number}") for number in (1, 2, 3)
    ]


def test_what_is_sent_are_fields_of_the_librarys_own_model(town: Town) -> None:
    town.rail().send(of(1))
    (asked,) = (one for one in town.provider.asked if one.method == "POST")
    names = {name.partition("[")[0] for name in asked.form()}
    assert names <= set(cast("Any", TransferCreateParams).__annotations__)


def test_yen_have_no_decimals(town: Town) -> None:
    town.rail().send(batch(RailName.STRIPE, transfer(1, DANA, 1500, "JPY")))
    assert [(one["amount"], one["currency"]) for one in town.books.transfers] == [(1500, "jpy")]


def test_without_a_key_there_is_no_rail() -> None:
    with pytest.raises(InvalidInputError, match="api_key"):
        stripe_settings(RailSecrets(values={"webhook_secret": CURRENT}))


def test_secrets_are_not_shown() -> None:
    shown = repr(stripe_settings(RailSecrets(values={"api_key": KEY, "webhook_secret": CURRENT})))
    assert KEY not in shown
    assert CURRENT not in shown


# --- weather --------------------------------------------------------------------------------------

TOOK_EFFECT = (Weather.LOST, Weather.SLOW, Weather.GARBLED, Weather.FAILED_AFTER)
NO_EFFECT = (Weather.FAILED_BEFORE, Weather.LIMITED)


@pytest.mark.parametrize("day_after", [False, True])
@pytest.mark.parametrize("weather", TOOK_EFFECT)
def test_edge_79_stripe_accepts_and_the_answer_is_lost(
    town: Town, weather: Weather, *, day_after: bool
) -> None:
    """What is left waits; sent again it is found, also when Stripe has forgotten the key."""
    sent = of(3)
    town.provider.next("POST", TRANSFERS, weather)
    with pytest.raises(RailUnavailableError):
        town.rail(HASTY).send(sent)
    assert town.books.money() == amounts(of(1))
    if day_after:
        town.books.keys.clear()
    assert [one.transfer_id for one in town.rail().query(sent)] == [sent.transfers[0].id]
    results = town.rail().send(sent)
    named_once(sent, results)
    assert states(results) == [PayoutState.COMPLETED] * 3
    assert town.books.money() == amounts(sent)
    assert town.provider.count("POST", TRANSFERS) == 3


@pytest.mark.parametrize("weather", NO_EFFECT)
def test_what_had_no_effect_is_sent_again(town: Town, weather: Weather) -> None:
    sent = of(2)
    town.provider.next("POST", TRANSFERS, weather)
    with pytest.raises(RailUnavailableError):
        town.rail().send(sent)
    assert town.books.money() == {}
    assert states(town.rail().send(sent)) == [PayoutState.COMPLETED] * 2
    assert town.books.money() == amounts(sent)


def test_nothing_is_asked_twice_by_the_library_itself(town: Town) -> None:
    for _ in range(2):
        town.provider.next("POST", TRANSFERS, Weather.FAILED_BEFORE)
    with pytest.raises(RailUnavailableError):
        town.rail().send(of(1))
    assert town.provider.count("POST", TRANSFERS) == 1


def test_stripe_says_how_long_to_leave_it_alone(town: Town) -> None:
    town.provider.next("POST", TRANSFERS, Weather.LIMITED)
    with pytest.raises(RailUnavailableError, match="Request rate limit") as caught:
        town.rail().send(of())
    assert caught.value.retry_after_seconds == 7


@pytest.mark.parametrize("weather", [*TOOK_EFFECT, *NO_EFFECT])
def test_a_list_that_cannot_be_read_stops_the_sending(town: Town, weather: Weather) -> None:
    """What Stripe has is not known then: the key may have ended."""
    town.provider.next("GET", TRANSFERS, weather)
    with pytest.raises(RailUnavailableError):
        town.rail(HASTY).send(of())
    assert town.books.money() == {}


def test_nobody_at_home_is_unavailable() -> None:
    books, provider = stripe_house()
    with serving(provider):
        pass
    with pytest.raises(RailUnavailableError):
        Town(books, provider).rail(HASTY).send(of())


def test_a_list_that_is_none_stops_the_sending(town: Town) -> None:
    town.books.list_answer = Told(200, {"id": "tr_1", "object": "transfer"})
    with pytest.raises(RailUnavailableError, match="not a list"):
        town.rail().send(of())
    town.books.list_answer = error(400, "invalid_request_error", "", "Invalid transfer_group")
    with pytest.raises(RailUnavailableError, match="does not list"):
        town.rail().query(of())


# --- refusals -------------------------------------------------------------------------------------


def test_edge_82_an_account_that_stripe_refuses_stops_nobody_else(town: Town) -> None:
    gone = transfer(2, {"account": "acct_1GoneAndForgotten"})
    sent = batch(RailName.STRIPE, transfer(1, DANA), gone, transfer(3, DANA))
    results = town.rail().send(sent)
    assert states(results) == [PayoutState.COMPLETED, PayoutState.FAILED, PayoutState.COMPLETED]
    assert results[1].detail.startswith("Stripe refuses it: resource_missing: No such destination")
    assert town.books.money() == {one.id: one.amount.minor for one in sent.transfers if one is not gone}


def test_a_refusal_is_the_same_when_it_is_asked_again(town: Town) -> None:
    sent = batch(RailName.STRIPE, transfer(1, {"account": "acct_1GoneAndForgotten"}))
    first = town.rail().send(sent)
    town.books.accounts.add("acct_1GoneAndForgotten")
    assert town.rail().send(sent) == first
    assert town.books.money() == {}


@pytest.mark.parametrize(
    "refusal",
    [
        error(400, "invalid_request_error", "balance_insufficient", "You have insufficient available funds."),
        error(400, "idempotency_error", "", "Keys can only be used with the same parameters"),
        error(401, "invalid_request_error", "api_key_expired", "Expired API Key provided"),
        error(403, "invalid_request_error", "", "The provided key does not have the required permissions"),
        error(404, "invalid_request_error", "", "Unrecognized request URL"),
        error(409, "invalid_request_error", "lock_timeout", "This object cannot be accessed right now"),
        Told(200, ["not", "a", "transfer"]),
        Told(200, {"object": "transfer"}),
        Told(302, {}, {"Location": "/elsewhere"}),
    ],
)
def test_what_is_not_about_a_transfer_makes_it_wait(town: Town, refusal: Told) -> None:
    town.books.refusal = refusal
    with pytest.raises(RailUnavailableError):
        town.rail().send(of())
    assert town.books.money() == {}
    assert town.provider.count("POST", TRANSFERS) == 1
    assert town.provider.count("GET", "/elsewhere") == 0


def test_a_wrong_key_makes_payouts_wait(town: Town) -> None:
    with pytest.raises(RailUnavailableError, match="Invalid API Key"):
        town.rail(api_key="sk_test_other").send(of())


def test_an_empty_account_makes_the_rest_wait_until_it_is_filled(town: Town) -> None:
    sent, town.books.balance = of(3), 1500
    with pytest.raises(RailUnavailableError, match="balance_insufficient"):
        town.rail().send(sent)
    town.books.balance = 10_000
    town.books.keys.clear()
    assert states(town.rail().send(sent)) == [PayoutState.COMPLETED] * 3
    assert town.books.money() == amounts(sent)


# --- what became of it ----------------------------------------------------------------------------


def test_all_pages_are_read(town: Town) -> None:
    sent, town.books.largest_page = of(50), 7
    town.rail().send(sent)
    assert len(town.rail().query(sent)) == 50
    town.books.keys.clear()
    town.rail().send(sent)
    assert town.books.money() == amounts(sent)


def test_edge_80_stripe_takes_a_transfer_back_days_later(town: Town) -> None:
    sent = of(2)
    town.rail().send(sent)
    town.books.reverse(sent.transfers[1].id)
    results = town.rail().query(sent)
    assert states(results) == [PayoutState.COMPLETED, PayoutState.RETURNED]
    assert results[1].detail == "Stripe: reversed"


def test_a_part_that_was_taken_back_is_told_and_moves_nothing(town: Town) -> None:
    """A leg is paid or it is not: what a person took back by hand in part, a person settles."""
    sent = of(1)
    town.rail().send(sent)
    town.books.reverse(sent.transfers[0].id, 300)
    (result,) = town.rail().query(sent)
    assert (result.state, result.detail) == (PayoutState.COMPLETED, "Stripe: 3.00 USD of it reversed")


# --- payees ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("currency", [*sorted(OTHER_UNITS), "XXX"])
def test_currencies_whose_units_are_not_ours(town: Town, currency: str) -> None:
    assert [fault.where for fault in town.rail().faults(DANA, currency)] == ["currency"]


@pytest.mark.parametrize("account", ["acct_", "acct_1/../x", "ba_1032D82eZvKYlo2C", "acct_1032D82eZvKYlo2C "])
def test_accounts_that_cannot_be(town: Town, account: str) -> None:
    assert [fault.where for fault in town.rail().faults({"account": account}, "EUR")] == ["account"]


# --- webhooks -------------------------------------------------------------------------------------


def event(kind: str, town: Town, **changes: object) -> bytes:
    """An event around the last transfer, in the shape of Stripe's own."""
    told = {"id": "evt_1", "object": "event", "type": kind, "data": {"object": town.books.transfers[-1]}}
    return json.dumps({**told, **changes}).encode()


def signed(body: bytes, secret: str = CURRENT, age: int = 0) -> dict[str, str]:
    at = int(make.T0.timestamp()) - age
    return {"stripe-signature": WebhookSignature.generate_signature_header(body.decode(), secret, at)}


@pytest.fixture
def sent(town: Town) -> TransferBatch:
    made = of(1)
    town.rail().send(made)
    return made


@pytest.mark.parametrize("secret", [CURRENT, PREVIOUS])
def test_a_webhook_says_that_a_transfer_came_back(town: Town, sent: TransferBatch, secret: str) -> None:
    town.books.reverse(sent.transfers[0].id)
    body = event("transfer.reversed", town)
    (result,) = town.rail().received(signed(body, secret), body, make.T0)
    assert (result.transfer_id, result.state) == (sent.transfers[0].id, PayoutState.RETURNED)
    assert result.reference == "tr_1"


def test_a_transfer_that_is_as_it_was_is_completed(town: Town, sent: TransferBatch) -> None:
    body = event("transfer.updated", town)
    (result,) = town.rail().received(signed(body), body, make.T0)
    assert result.state is PayoutState.COMPLETED


def test_a_transfer_that_somebody_made_by_hand_is_named_as_stripe_names_it(
    town: Town, sent: TransferBatch
) -> None:
    town.books.transfers[-1]["metadata"] = {}
    body = event("transfer.reversed", town)
    (result,) = town.rail().received(signed(body), body, make.T0)
    assert result.transfer_id == "tr_1"


def test_an_event_of_a_connected_account_or_about_something_else_says_nothing(
    town: Town, sent: TransferBatch
) -> None:
    for body in (event("transfer.updated", town, account=DANA["account"]), event("payout.paid", town)):
        assert list(town.rail().received(signed(body), body, make.T0)) == []


def test_a_real_event_about_a_payout_says_nothing(town: Town) -> None:
    body = json.dumps(sample_json("stripe/rubymock_payout.paid.json"), default=str).encode()
    assert list(town.rail().received(signed(body), body, make.T0)) == []


def test_a_signature_is_good_for_five_minutes(town: Town, sent: TransferBatch) -> None:
    body = event("transfer.updated", town)
    assert town.rail().received(signed(body, age=300), body, make.T0)
    with pytest.raises(UnauthenticatedError):
        town.rail().received(signed(body, age=301), body, make.T0)
    assert town.rail().received(signed(body), body, make.T0 + timedelta(seconds=300))


@pytest.mark.parametrize("secret", ["", " ", "whsec_other"])
def test_a_body_that_another_secret_signed_is_refused(town: Town, sent: TransferBatch, secret: str) -> None:
    body = event("transfer.updated", town)
    rail = town.rail(webhook_secret=secret, previous_webhook_secret="")
    with pytest.raises(UnauthenticatedError):
        rail.received(signed(body), body, make.T0)


@pytest.mark.parametrize("header", ["", "t=1", "t=x,v1=y", "v1=abc", "t=1,v1="])
def test_a_header_that_is_no_signature_is_refused(town: Town, sent: TransferBatch, header: str) -> None:
    with pytest.raises(UnauthenticatedError):
        town.rail().received({"stripe-signature": header}, event("transfer.updated", town), make.T0)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe"])
def test_a_signed_body_that_is_no_event_is_refused(town: Town, body: bytes) -> None:
    headers = signed(body if body != b"\xff\xfe" else b"")
    with pytest.raises(UnauthenticatedError):
        town.rail().received(headers, body, make.T0)


def test_one_changed_byte_is_refused(town: Town, sent: TransferBatch) -> None:
    body = event("transfer.updated", town)
    with pytest.raises(UnauthenticatedError):
        town.rail().received(signed(body), body.replace(b"1001", b"9001"), make.T0)


def test_a_batch_is_small_enough_for_one_run_of_a_function(town: Town) -> None:
    assert town.rail().limits.batch <= 50
