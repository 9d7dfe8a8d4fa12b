"""Programs and storefronts: every fault at once, secrets in the secret store alone."""

from __future__ import annotations

from typing import Any

import pytest

from grapevine.domain.errors import AlreadyExistsError, InvalidInputError, NotFoundError
from grapevine.domain.payout_terms import PayoutTerms
from grapevine.domain.plans import Plan
from grapevine.domain.programs import InvalidProgramError, Program, Storefront
from grapevine.usecases.create_program import (
    CreateProgram,
    CreateStorefront,
    create_program,
    create_storefront,
)
from tests import builders as make
from tests.builders import T0, days
from tests.usecases.faults import Crash, How, Plug, Plugged
from tests.worlds import World

GOOD: dict[str, Any] = {
    "merchant_id": "mc_test",
    "name": "Tea",
    "currency": "CNY",
    "time_zone": "Asia/Shanghai",
    "allowed_hosts": ("Tea.Example",),
    "plan": make.plan(1000, 200, version=7, effective_at=T0 + days(99)),
}
SHOP: dict[str, Any] = {"platform": "shopify", "domain": "Tea.myshopify.com", "webhook_secret": "s" * 16}


def program(world: World, **changes: Any) -> Program:  # noqa: ANN401 - the command's fields
    command = CreateProgram(**{**GOOD, **changes})
    return create_program(command, world.catalog, world.secrets, world.random_bytes, T0)


def storefront(world: World, **changes: Any) -> Storefront:  # noqa: ANN401 - the command's fields
    command = CreateStorefront(**{**SHOP, **changes})
    return create_storefront(
        command, world.catalog, world.catalog, world.secrets, world.storefront_adapters, world.random_bytes
    )


def test_a_program_is_stored_with_its_first_plan_in_force_at_once() -> None:
    world = World()
    made = program(world)
    terms = world.catalog.terms(made.id)
    assert terms.program == made
    assert made.allowed_hosts == ("tea.example",)
    assert [(plan.version, plan.effective_at, plan.rate_bps) for plan in terms.plans] == [
        (1, T0, (1000, 200))
    ]
    assert len(world.secrets.subject_key(made.id)) == 32


def test_two_programs_of_one_name_are_two_with_keys_of_their_own() -> None:
    world = World()
    one, other = program(world), program(world)
    assert one.id != other.id
    assert world.secrets.subject_key(one.id) != world.secrets.subject_key(other.id)


def test_every_fault_is_named_at_once_and_nothing_is_stored() -> None:
    world = World()
    plan = Plan(version=1, effective_at=T0, rate_bps=(5000,), screening_days=99)
    with pytest.raises(InvalidProgramError) as refusal:
        program(
            world,
            name="",
            currency="XXX",
            time_zone="Mars",
            allowed_hosts=("good.example", "bad host", "-"),
            plan=plan,
            payouts=PayoutTerms(minimum_payout_minor=0, settlement_day=0),
        )
    places = [fault.where for fault in refusal.value.faults]
    assert sorted(places) == sorted(
        [
            *("name", "currency", "time_zone", "payouts.minimum_payout_minor", "payouts.settlement_day"),
            *("allowed_hosts", "allowed_hosts", "rate_bps", "screening_days"),
        ]
    )
    assert list(world.catalog.programs()) == []


def test_a_program_never_stands_without_the_key_that_hides_its_people() -> None:
    for number in (1, 2):
        world, plug = World(), Plug(fail_at=number, how=How.CRASH_BEFORE)
        command = CreateProgram(**GOOD)
        catalog, secrets = Plugged(world.catalog, plug), Plugged(world.secrets, plug)
        with pytest.raises(Crash):
            create_program(command, catalog, secrets, world.random_bytes, T0)
        assert list(world.catalog.programs()) == []


def test_a_storefront_keeps_its_secrets_in_the_secret_store_alone() -> None:
    world = World()
    made = program(world)
    shop = storefront(world, program_id=made.id, previous_secret="p" * 16)
    assert world.catalog.storefront(shop.id) == shop
    assert (shop.domain, shop.program_id) == ("tea.myshopify.com", made.id)
    kept = world.secrets.storefront_secrets(shop.id)
    assert kept
    assert kept.webhook_secrets == ("s" * 16, "p" * 16)
    assert kept.subject_key == world.secrets.subject_key(made.id)
    assert "s" * 16 not in repr(shop)


def test_a_storefront_without_its_program_is_refused() -> None:
    with pytest.raises(NotFoundError):
        storefront(World(), program_id="pg_gone")


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"platform": "myspace"}, "platform"),
        ({"webhook_secret": ""}, "webhook_secret"),
        ({"webhook_secret": "s" * 15}, "webhook_secret"),
        ({"previous_secret": "p" * 15}, "previous_secret"),
        ({"previous_secret": ""}, "previous_secret"),
        ({"domain": "https://tea.example"}, "domain"),
    ],
)
def test_what_is_wrong_with_a_storefront_is_named_and_nothing_is_kept(
    changes: dict[str, Any], place: str
) -> None:
    world = World()
    made = program(world)
    with pytest.raises(InvalidInputError) as refusal:
        storefront(world, program_id=made.id, **changes)
    assert refusal.value.where == place
    assert world.catalog._storefronts == {}


def test_an_id_that_is_taken_is_never_taken_over() -> None:
    world = World()
    world.random_bytes = lambda size: b"7" * size
    program(world)
    with pytest.raises(AlreadyExistsError):
        program(world, name="Another")
    assert [made.name for made in world.catalog.programs()] == ["Tea"]
