"""The real parts, as far as they go without an account: stream images, the clock, one of each."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from grapevine.domain.entries import AccountKey
from grapevine.domain.errors import NotFoundError
from grapevine.domain.heads import Head
from grapevine.domain.transfers import RailName, RailSecrets
from grapevine.ports import RailUnavailableError
from grapevine.runtime import parts
from grapevine.runtime.settings import SettingsError, read_settings
from grapevine.runtime.wiring import RAIL_MODULES, SHOP_MODULES, AwsParts
from tests import builders as make
from tests.builders import T0, minutes
from tests.functions.images import click_records, entry_records, fact_records
from tests.paying import reserve
from tests.rails.wechat_server import secrets as wechat_secrets
from tests.runtime.test_settings import WHOLE
from tests.streams.records import Image, Record
from tests.worlds import World, chain_world

RAIL_SECRETS: dict[RailName, RailSecrets] = {
    RailName.PAYPAL: RailSecrets(values={"client_id": "x", "client_secret": "y"}),
    RailName.STRIPE: RailSecrets(values={"api_key": "sk_test_x"}),
    RailName.SEPA: RailSecrets(values={"name": "Shop", "iban": "DE89370400440532013000", "bic": "COBADEFF"}),
    RailName.WECHAT: RailSecrets(values=wechat_secrets("http://127.0.0.1")),
}
"""What opens each rail that needs secrets."""
SETTINGS = read_settings({**WHOLE, "AWS_REGION": "eu-central-1"})
REAL: parts.Parts = AwsParts(SETTINGS)
"""Also proof for mypy that nothing is missing."""


def image(records: list[Record]) -> Image:
    found: Image = records[0]["dynamodb"]["NewImage"]
    return found


def test_what_a_stream_carries_is_read_without_any_settings() -> None:
    """The function of a stream has it all in hand: nothing is looked up."""
    bare = AwsParts()
    fact, click = make.fact(), make.click()
    world = chain_world()
    world.append(fact)
    entry = world.post(T0 + minutes(5))
    assert entry
    assert bare.fact_of(image(fact_records([fact]))) == fact
    assert bare.click_of(image(click_records([click]))) == click
    assert bare.entry_of(image(entry_records([entry]))) == entry


def test_an_order_is_read_from_the_key_alone() -> None:
    of_fact = image(fact_records([make.fact()]))
    assert REAL.order_of({"pk": of_fact["pk"]}) == make.ORDER
    assert REAL.order_of({**of_fact, "body": {"S": "{"}, "kind": {"S": "newer"}}) == make.ORDER


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"pk": {"N": "1"}},
        {"pk": {"S": ""}},
        {"pk": {"S": "O#sf"}},
        {"pk": {"S": "O#sf#1#2"}},
        {"pk": {"S": "V#v"}},
    ],
)
def test_what_is_no_orders_names_none(broken: Image) -> None:
    assert REAL.order_of(broken) is None


def test_an_accounts_entry_is_no_orders() -> None:
    movement = reserve(Head(key=AccountKey(make.PROGRAM_ID, make.CY, "USD")), 100, "run", T0)
    assert REAL.order_of(image(entry_records([movement.entry]))) is None


def test_settings_are_asked_for_only_when_needed() -> None:
    bare = AwsParts()
    assert bare.random_bytes(4) != bare.random_bytes(4)
    assert set(bare.storefront_adapters) == set(SHOP_MODULES)
    with pytest.raises(SettingsError, match="missing in the environment"):
        bare.now()


def test_the_clock_has_milliseconds_and_moves_forward_only_by_the_offset() -> None:
    before = datetime.now(UTC)
    now = REAL.now()
    later = AwsParts(replace(SETTINGS, clock_offset=timedelta(days=40))).now()
    assert timedelta(milliseconds=-1) <= now - before < timedelta(minutes=1)
    assert timedelta(days=40) <= later - now < timedelta(days=40, minutes=1)
    assert now.microsecond % 1000 == 0


def test_each_part_is_made_once() -> None:
    """One connection for all tables; and another `AwsParts` has its own."""
    assert REAL.ledger is REAL.ledger
    assert REAL.clicks is REAL.clicks
    assert AwsParts(SETTINGS).ledger is not REAL.ledger


@pytest.mark.parametrize("name", RAIL_MODULES)
def test_every_rail_that_is_listed_opens_and_has_its_name(name: RailName) -> None:
    world = World()
    opened = RAIL_SECRETS.get(name)
    if opened:
        world.secrets.put_rail_secrets(make.PROGRAM_ID, name, opened)
    assert world.rails.rail(make.PROGRAM_ID, name).name is name


def test_a_rail_without_secrets_is_none() -> None:
    with pytest.raises(NotFoundError, match="rail 'pg_1/stripe'"):
        World().rails.rail("pg_1", RailName.STRIPE)


def test_installed_parts_are_those_in_use() -> None:
    world = World()
    parts.install(world)
    assert parts.parts() is world


def test_a_rail_stays_open_while_its_secrets_are_the_same() -> None:
    """It keeps a token and a connection; other secrets open another one."""
    world, name = chain_world(), RailName.PAYPAL
    world.secrets.put_rail_secrets(make.PROGRAM_ID, name, RAIL_SECRETS[name])
    rails = world.rails
    first = rails.rail(make.PROGRAM_ID, name)
    assert rails.rail(make.PROGRAM_ID, name) is first
    changed = RailSecrets(values={**RAIL_SECRETS[name].values, "client_secret": "z"})
    world.secrets.put_rail_secrets(make.PROGRAM_ID, name, changed)
    assert rails.rail(make.PROGRAM_ID, name) is not first


def test_secrets_that_are_not_whole_make_a_rail_wait() -> None:
    world = chain_world()
    world.secrets.put_rail_secrets(make.PROGRAM_ID, RailName.STRIPE, RailSecrets(values={"key": "x"}))
    with pytest.raises(RailUnavailableError, match="api_key: is missing"):
        world.rails.rail(make.PROGRAM_ID, RailName.STRIPE)


def test_no_library_is_loaded_to_open_a_rail_and_look_at_details() -> None:
    """The console does that, whose zip has none of them."""
    code = (
        "import sys\n"
        "from grapevine.adapters.rails.stripe import Stripe, stripe_settings\n"
        "from grapevine.domain.transfers import RailSecrets\n"
        "rail = Stripe(stripe_settings(RailSecrets(values={'api_key': 'x'})))\n"
        "assert rail.faults({}, 'USD')\n"
        "assert 'stripe' not in sys.modules and 'requests' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
