"""`grapevine key`: made, listed, revoked."""

from __future__ import annotations

import pytest

from grapevine.domain.errors import UnauthenticatedError
from grapevine.usecases.create_merchant import CreateMerchant, authenticate, create_merchant
from grapevine_cli.keys import key_create, key_list, key_revoke
from tests import builders as make
from tests.builders import CY
from tests.cli.running import run
from tests.worlds import World, chain_world


@pytest.fixture
def world() -> World:
    world = chain_world(merchant_id="")
    made = create_merchant(CreateMerchant("Orchard"), world.catalog, world.random_bytes, world.now())
    world = chain_world(merchant_id=made.merchant_id)
    create_merchant(CreateMerchant("Orchard"), world.catalog, world.random_bytes, world.now())
    return world


def test_a_key_is_made_listed_and_revoked(world: World) -> None:
    merchant = world.catalog.terms(make.PROGRAM_ID).program.merchant_id
    bound = ("--kind", "promoter", "--program", make.PROGRAM_ID, "--promoter", CY, "--scope", "links:read")
    code, said = run(key_create, world, merchant, "Cy's phone", *bound)
    assert code == 0, said
    name, text = (line.split()[-1] for line in said)
    assert authenticate(text, world.api_keys).scopes == ("links:read",)
    _, listed = run(key_list, world, merchant)
    assert [line.split("\t")[1:] for line in listed if line.startswith(name)] == [
        ["promoter", "Cy's phone", f"{make.PROGRAM_ID}/{CY}", "good"]
    ]
    assert len(listed) == 2
    code, said = run(key_revoke, world, name)
    assert (code, said[0].split("\t")[-1]) == (0, "revoked 2026-11-11T09:00:00.000Z")
    with pytest.raises(UnauthenticatedError):
        authenticate(text, world.api_keys)


def test_nobody_gets_a_key_who_is_no_merchant(world: World) -> None:
    assert run(key_create, world, "mc_gone", "x") == (1, ["Error: no merchant 'mc_gone'"])
    assert run(key_revoke, world, "key_gone") == (1, ["Error: no API key 'key_gone'"])
