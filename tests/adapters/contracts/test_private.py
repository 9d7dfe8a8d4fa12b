"""The ports of raw bodies and personal data."""

from __future__ import annotations

from random import Random

from tests.adapters.contracts.stores import Names, Stores
from tests.builders import T0, days

HEADERS = {"x-shopify-topic": "orders/paid", "x-forwarded-for": "192.0.2.1"}
NAME = "1001#2026-11-11T09:00:00.000Z#orders/paid#0123456789abcdef"


def test_a_body_is_kept_byte_for_byte(stores: Stores, names: Names) -> None:
    body = '{"note": "漢字"}\r\n'.encode() + bytes(range(256))
    stores.raw_bodies.keep(names.storefront, NAME, body, HEADERS, T0)
    assert stores.kept_body(names.storefront, NAME) == (body, HEADERS)


def test_keeping_a_body_again_changes_nothing(stores: Stores, names: Names) -> None:
    stores.raw_bodies.keep(names.storefront, NAME, b"first", HEADERS, T0)
    stores.raw_bodies.keep(names.storefront, NAME, b"second", {}, T0 + days(1))
    assert stores.kept_body(names.storefront, NAME) == (b"first", HEADERS)


def test_bodies_are_apart_by_storefront_and_name(stores: Stores, names: Names) -> None:
    stores.raw_bodies.keep(names.storefront, "malformed#00ff", b"{", {}, T0)
    assert stores.kept_body(names.storefront, NAME) is None
    assert stores.kept_body(f"{names.storefront}-2", "malformed#00ff") is None


def test_an_empty_body_is_kept(stores: Stores, names: Names) -> None:
    stores.raw_bodies.keep(names.storefront, "malformed#empty", b"", {}, T0)
    assert stores.kept_body(names.storefront, "malformed#empty") == (b"", {})


def test_a_body_at_the_limit_that_does_not_compress_is_kept_whole(stores: Stores, names: Names) -> None:
    body = Random(1).randbytes(1_000_000)
    stores.raw_bodies.keep(names.storefront, "malformed#noise", body, HEADERS, T0)
    stores.raw_bodies.keep(names.storefront, "malformed#noise", body, HEADERS, T0)
    assert stores.kept_body(names.storefront, "malformed#noise") == (body, HEADERS)


def test_personal_data_is_replaced_as_a_whole(stores: Stores, names: Names) -> None:
    subject = f"{names.number}abcdef"
    stores.personal_data.remember(subject, {"email": "a@shop.example", "name": "Ana"})
    stores.personal_data.remember(subject, {"email": "b@shop.example"})
    assert stores.known_person(subject) == {"email": "b@shop.example"}


def test_nothing_is_known_of_a_stranger(stores: Stores, names: Names) -> None:
    assert stores.known_person(names.number) is None
