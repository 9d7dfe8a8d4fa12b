"""Payouts through the use cases and the live rails, in every weather: paid once, and the books agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from grapevine.domain.payouts import Payout, PayoutState, transfer_id
from grapevine.domain.transfers import Payee, RailName, RailSecrets
from tests import builders as make
from tests.builders import BO, CY, PROGRAM_ID, days
from tests.rails.paypal_server import CLIENT, PAYOUTS, SECRET, TOKEN, PayPalBooks, paypal
from tests.rails.stripe_server import KEY, TRANSFERS, StripeBooks, stripe_house
from tests.rails.weather import Provider, Weather, serving
from tests.usecases.settling import DAY_ONE, payout_of, settled_world
from tests.worlds import World

RECEIVER = {"recipient_type": "EMAIL", "receiver": "dana@example.com"}
ACCOUNT = {"account": "acct_1GrapevineDana00"}
OTHER_ACCOUNT = {"account": "acct_1032D82eZvKYlo2C"}
WEATHERS = [weather for weather in Weather if weather is not Weather.SLOW]
"""Slow is lost, only later: the rails' own tests have it."""


@dataclass(slots=True)
class Town:
    """A world with two payouts to send, and the two providers."""

    world: World
    paypal: PayPalBooks
    paypal_door: Provider
    stripe: StripeBooks
    stripe_door: Provider

    def pays(self, rail: RailName, *details: Mapping[str, str]) -> None:
        """Let Cy and Bo be paid by a rail."""
        for promoter_id, one in zip((CY, BO), details, strict=True):
            payee = Payee(rail=rail, details=one, changed_at=make.T0)
            self.world.payees.put_payee(PROGRAM_ID, promoter_id, payee)

    def send_until_quiet(self) -> int:
        """Send hour after hour until no batch is open; return how many hours it took."""
        for hour in range(5):
            self.world.send(DAY_ONE + days(hour))
            if not self.world.batches.open_batches(PROGRAM_ID):
                return hour
            for batch in self.paypal.by_sender:
                self.paypal.process(batch)
        return 5

    def owed(self) -> dict[str, int]:
        return {transfer_id(one, 1): one.amount_minor for one in self.payouts()}

    def payouts(self) -> tuple[Payout, Payout]:
        return payout_of(self.world, CY), payout_of(self.world, BO)


@pytest.fixture
def town() -> Iterator[Town]:
    world = settled_world()
    books, door = paypal()
    house, other = stripe_house()
    with ExitStack() as served:
        for provider in (door, other):
            served.enter_context(serving(provider))
        paypal_secrets = {"client_id": CLIENT, "client_secret": SECRET, "base_url": door.url}
        stripe_secrets = {"api_key": KEY, "base_url": other.url}
        world.secrets.put_rail_secrets(PROGRAM_ID, RailName.PAYPAL, RailSecrets(values=paypal_secrets))
        world.secrets.put_rail_secrets(PROGRAM_ID, RailName.STRIPE, RailSecrets(values=stripe_secrets))
        yield Town(world, books, door, house, other)


def are_paid_once(town: Town, moved: Mapping[str, int]) -> None:
    assert moved == town.owed()
    assert [one.state for one in town.payouts()] == [PayoutState.COMPLETED] * 2
    town.world.fold()
    assert town.world.proof().faults == ()


@pytest.mark.parametrize("weather", [None, *WEATHERS])
@pytest.mark.parametrize(("method", "path"), [("POST", TOKEN), ("POST", PAYOUTS), ("GET", PAYOUTS)])
def test_edge_79_payouts_by_paypal_in_any_weather_are_paid_once(
    town: Town, method: str, path: str, weather: Weather | None
) -> None:
    town.pays(RailName.PAYPAL, RECEIVER, RECEIVER | {"receiver": "bo@example.com"})
    if weather:
        town.paypal_door.next(method, path, weather)
    assert town.send_until_quiet() < 5
    are_paid_once(town, town.paypal.money())
    assert len(town.paypal.batches) == 1


@pytest.mark.parametrize("weather", [None, *WEATHERS])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_edge_79_payouts_by_stripe_in_any_weather_are_paid_once(
    town: Town, method: str, weather: Weather | None
) -> None:
    town.pays(RailName.STRIPE, ACCOUNT, OTHER_ACCOUNT)
    if weather:
        town.stripe_door.next(method, TRANSFERS, weather)
    assert town.send_until_quiet() < 5
    are_paid_once(town, town.stripe.money())


@pytest.mark.parametrize("weather", WEATHERS)
def test_a_row_of_bad_weather_ends_the_same(town: Town, weather: Weather) -> None:
    """Every second answer of either provider is lost, or says no."""
    town.pays(RailName.PAYPAL, RECEIVER, RECEIVER | {"receiver": "bo@example.com"})
    town.paypal_door.next("POST", TOKEN, weather)
    town.paypal_door.next("POST", PAYOUTS, weather)
    town.paypal_door.next("GET", PAYOUTS, weather)
    assert town.send_until_quiet() < 5
    are_paid_once(town, town.paypal.money())


def test_edge_82_of_two_by_paypal_one_is_refused_and_the_other_paid(town: Town) -> None:
    town.paypal.refused_receivers = {"bo@example.com"}
    town.pays(RailName.PAYPAL, RECEIVER, RECEIVER | {"receiver": "bo@example.com"})
    assert town.send_until_quiet() < 5
    cys, bos = town.payouts()
    assert (cys.state, bos.state) == (PayoutState.COMPLETED, PayoutState.FAILED)
    assert "Receiver is invalid" in bos.detail
    town.world.fold()
    assert town.world.balance(BO).payable_minor == bos.amount_minor
    assert town.paypal.money() == {transfer_id(cys, 1): cys.amount_minor}
    assert town.world.proof().faults == ()


def test_what_is_wrong_with_the_merchants_account_fails_nobody(town: Town) -> None:
    """Sent payouts wait; once there is money again they go by themselves."""
    town.pays(RailName.STRIPE, ACCOUNT, OTHER_ACCOUNT)
    town.stripe.balance = 0
    assert town.send_until_quiet() == 5
    assert [one.state for one in town.payouts()] == [PayoutState.SENT] * 2
    town.stripe.balance = 10**6
    town.stripe.keys.clear()
    assert town.send_until_quiet() < 5
    are_paid_once(town, town.stripe.money())
