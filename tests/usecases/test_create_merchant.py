"""Merchants and their keys: told once, stored as a hash, and nothing said about what was wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.errors import InvalidInputError, UnauthenticatedError
from grapevine.usecases.create_merchant import CreateMerchant, NewMerchant, authenticate, create_merchant
from tests.builders import T0
from tests.worlds import World


def created(world: World, name: str = "Orchard") -> NewMerchant:
    return create_merchant(CreateMerchant(name), world.catalog, world.random_bytes, T0)


def test_the_key_that_was_told_opens_the_merchant() -> None:
    world = World()
    one, other = created(world), created(world)
    assert authenticate(one.api_key, world.catalog).merchant_id == one.merchant_id
    assert authenticate(other.api_key, world.catalog).merchant_id == other.merchant_id
    assert one.merchant_id != other.merchant_id


def test_the_secret_is_kept_nowhere() -> None:
    world = World()
    _, key_id, secret = created(world).api_key.split(".")
    stored = world.catalog.api_key(key_id)
    assert stored
    assert len(bytes.fromhex(secret)) == 32
    assert secret not in repr(stored)
    assert len(stored.secret_hash) == 64


@pytest.mark.parametrize("name", ["", "   ", "\n"])
def test_a_merchant_has_a_name(name: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        created(World(), name)
    assert refusal.value.where == "name"


def test_whatever_is_wrong_with_a_key_the_answer_is_the_same() -> None:
    world = World()
    prefix, key_id, secret = created(world).api_key.split(".")
    other = created(world).api_key.split(".")[2]
    wrong = (
        *("", ".", "..", prefix, f"{prefix}.{key_id}", f"{prefix}.{key_id}.", f"{prefix}..{secret}"),
        *(f"GV.{key_id}.{secret}", f"{prefix}.key_unknown.{secret}", f"{prefix}.{key_id}.{other}"),
        *(f"{prefix}.{key_id}.{secret}x", f"{prefix}.{key_id}.{secret[:-1]}", f" {prefix}.{key_id}.{secret}"),
        *(f"{prefix}.{key_id}.{secret.upper()}", f"Bearer {prefix}.{key_id}.{secret}"),
    )
    for text in wrong:
        with pytest.raises(UnauthenticatedError) as refusal:
            authenticate(text, world.catalog)
        assert str(refusal.value) == "no such API key"


@given(st.text())
def test_no_text_that_anybody_types_is_a_key(text: str) -> None:
    world = World()
    created(world)
    with pytest.raises(UnauthenticatedError):
        authenticate(text, world.catalog)
