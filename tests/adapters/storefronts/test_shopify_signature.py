from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.errors import UnauthenticatedError
from grapevine.ports import ShopKeys
from tests.adapters.storefronts.samples import samples_folder
from tests.adapters.storefronts.shopify_bodies import OLD_SECRET, SECRET, SHOP, SHOPIFY, headers, signature
from tests.builders import T0

RAW = b'{"id": 1}'
FAMILIES = ("x-shopify-", "shopify-")


def refused(raw: bytes, given_headers: dict[str, str], secrets: tuple[str, ...] = (SECRET,)) -> str:
    with pytest.raises(UnauthenticatedError) as caught:
        SHOPIFY.verify(raw, given_headers, ShopKeys(secrets=secrets, domain=SHOP), T0)
    return str(caught.value)


@pytest.mark.parametrize("family", FAMILIES)
def test_both_header_families_verify(family: str) -> None:
    SHOPIFY.verify(RAW, headers(RAW, family), ShopKeys(secrets=(SECRET,), domain=SHOP), T0)


def test_the_previous_secret_still_verifies() -> None:
    signed = headers(RAW, **{"hmac-sha256": signature(RAW, OLD_SECRET)})

    SHOPIFY.verify(RAW, signed, ShopKeys(secrets=(SECRET, OLD_SECRET), domain=SHOP), T0)
    refused(RAW, signed, (SECRET,))


@pytest.mark.parametrize(
    "given_signature",
    [
        "",
        "wrong",
        "XXXXXaGVsbG8=",
        signature(RAW)[:-1],
        signature(RAW) + "=",
        f" {signature(RAW)}",
        base64.b64encode(b"x" * 31).decode(),
        base64.b64encode(b"x" * 33).decode(),
        base64.b64encode(b"x" * 32).decode(),
        signature(RAW, "another secret"),
        "ü" * 44,
    ],
)
def test_a_wrong_signature_is_refused_without_detail(given_signature: str) -> None:
    assert refused(RAW, headers(RAW, **{"hmac-sha256": given_signature})) == "not authenticated"


def test_a_missing_signature_is_refused() -> None:
    refused(RAW, {"x-shopify-topic": "orders/paid"})


def test_nobody_verifies_without_a_secret() -> None:
    refused(RAW, headers(RAW, **{"hmac-sha256": signature(RAW, "")}), ())
    refused(RAW, headers(RAW, **{"hmac-sha256": signature(RAW, "")}), ("",))


@pytest.mark.parametrize("family", FAMILIES)
def test_another_shop_is_refused(family: str) -> None:
    assert refused(RAW, headers(RAW, family, **{"shop-domain": "other.myshopify.com"})) == "not authenticated"


def test_the_shop_may_be_written_in_any_case_or_left_out() -> None:
    SHOPIFY.verify(
        RAW, headers(RAW, **{"shop-domain": SHOP.upper()}), ShopKeys(secrets=(SECRET,), domain=SHOP), T0
    )
    SHOPIFY.verify(
        RAW, {"x-shopify-hmac-sha256": signature(RAW)}, ShopKeys(secrets=(SECRET,), domain=SHOP), T0
    )


def test_two_families_must_name_the_same_shop() -> None:
    both = headers(RAW) | {"shopify-shop-domain": "other.myshopify.com"}

    refused(RAW, both)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_topic_comes_from_either_family(family: str) -> None:
    assert SHOPIFY.topic(headers(RAW, family)) == "orders/paid"


def test_no_topic_is_an_empty_one() -> None:
    assert SHOPIFY.topic({}) == ""


@given(raw=st.binary(max_size=200), mask=st.integers(0, 2**40), family=st.sampled_from(FAMILIES))
def test_the_case_of_header_names_says_nothing(raw: bytes, mask: int, family: str) -> None:
    mixed = {
        "".join(letter.upper() if mask >> n & 1 else letter for n, letter in enumerate(name)): value
        for name, value in headers(raw, family).items()
    }

    SHOPIFY.verify(raw, mixed, ShopKeys(secrets=(SECRET,), domain=SHOP), T0)
    assert SHOPIFY.topic(mixed) == "orders/paid"


@given(raw=st.binary(min_size=1, max_size=200), position=st.integers(0), bit=st.integers(0, 7))
def test_one_changed_bit_of_the_body_is_refused(raw: bytes, position: int, bit: int) -> None:
    changed = bytearray(raw)
    changed[position % len(raw)] ^= 1 << bit

    refused(bytes(changed), headers(raw))


@given(text=st.text(max_size=80))
def test_any_text_as_a_signature_is_refused(text: str) -> None:
    refused(RAW, headers(RAW, **{"hmac-sha256": text}))


def test_published_vectors() -> None:
    vectors = json.loads((samples_folder() / "signatures" / "vectors.json").read_text())
    ours = [vector for vector in vectors if vector["scheme"] == "shopify-webhook"]

    assert len(ours) == 5
    for vector in ours:
        raw = vector["body"].encode()
        signed = {"x-shopify-hmac-sha256": vector["signature"]}
        if vector["valid"]:
            SHOPIFY.verify(raw, signed, ShopKeys(secrets=("another", vector["secret"]), domain=SHOP), T0)
        else:
            refused(raw, signed, (vector["secret"],))
