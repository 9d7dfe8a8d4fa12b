"""Stripe: who may speak, and for how long."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from grapevine.domain.errors import UnauthenticatedError
from grapevine.ports import ShopKeys
from tests.adapters.storefronts.stripe_bodies import SECRET, STRIPE, event, headers, signature
from tests.builders import T0

RAW = json.dumps(event("session_completed")).encode()
KEYS = ShopKeys(secrets=(SECRET,), domain="loom.example")
T = int(T0.timestamp())
GOOD = signature(RAW)


def refused(header: str, keys: ShopKeys = KEYS) -> None:
    with pytest.raises(UnauthenticatedError, match=r"^not authenticated$"):
        STRIPE.verify(RAW, {"stripe-signature": header}, keys, T0)


@pytest.mark.parametrize(
    "header",
    [
        f"t={T},v1={GOOD}",
        f"v1={GOOD},t={T}",
        f" t={T} , v1={GOOD}",
        f"t={T},v0={'0' * 64},v1={GOOD},v2=x",
        f"t={T},v1={'0' * 64},v1={GOOD}",
    ],
)
def test_any_good_signature_of_our_scheme_passes(header: str) -> None:
    STRIPE.verify(RAW, {"Stripe-Signature": header}, KEYS, T0)


def test_both_secrets_of_a_rotation_verify() -> None:
    STRIPE.verify(RAW, headers(RAW), ShopKeys(secrets=("whsec_new", SECRET), domain="x"), T0)


def test_the_secret_is_all_of_it_with_what_it_begins_with() -> None:
    bare = SECRET.removeprefix("whsec_")

    refused(headers(RAW)["stripe-signature"], ShopKeys(secrets=(bare,), domain="x"))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=",
        "v1",
        f"t={T}",
        f"v1={GOOD}",
        f"t={T},v0={GOOD}",
        f"t={T},v1={GOOD[:-1]}",
        f"t={T},v1={GOOD}0",
        f"t={T},v1={GOOD.upper()}",
        f"t={T + 1},v1={GOOD}",
        f"t={T},t={T + 1},v1={GOOD}",
        f"t=-{T},v1={GOOD}",
        f"t={T}.0,v1={GOOD}",
        f"t=٣,v1={GOOD}",
        f"t={'9' * 400},v1={GOOD}",
        f"t={T},v1=ü{GOOD[1:]}",
        "i'm not even a real signature header",
        f"t={T}," + ",".join(["v1=" + "0" * 64] * 16) + f",v1={GOOD}",
    ],
)
def test_edge_86_a_signature_of_another_kind_is_refused_without_detail(header: str) -> None:
    refused(header)


def test_nobody_verifies_without_a_secret() -> None:
    refused(f"t={T},v1={signature(RAW, secret='')}", ShopKeys(secrets=("",), domain="x"))


@pytest.mark.parametrize(("seconds", "passes"), [(-300, True), (300, True), (-301, False), (301, False)])
def test_edge_86_an_instant_more_than_five_minutes_away_is_refused_both_ways(
    seconds: int, passes: bool
) -> None:
    given = headers(RAW, T0 + timedelta(seconds=seconds))

    if passes:
        STRIPE.verify(RAW, given, KEYS, T0)
    else:
        refused(given["stripe-signature"])


def test_edge_86_a_delivery_that_was_caught_is_worth_nothing_ten_minutes_later() -> None:
    with pytest.raises(UnauthenticatedError):
        STRIPE.verify(RAW, headers(RAW), KEYS, T0 + timedelta(minutes=10))


def test_events_name_themselves() -> None:
    assert STRIPE.topic(headers(RAW)) == ""
