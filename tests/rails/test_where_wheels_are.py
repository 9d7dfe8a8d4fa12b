"""The console checks payees' details with the rails' own rules, and has none of their libraries."""

from __future__ import annotations

import pytest

from grapevine.domain.transfers import RailName
from grapevine.runtime.wiring import RAIL_MODULES
from tests.functions.test_imports import OWN_WHEELS, fresh

FAULTS = {
    RailName.SEPA: 'assert not faults({"name": "Zoë", "iban": "DE89370400440532013000"}, "EUR")',
    RailName.WECHAT: 'assert not faults({"openid": "o-MYE42l80oelYMDE34nYD456Xoy"}, "CNY")',
}
OPENED = """
from datetime import UTC, datetime
from grapevine.adapters.memory.outside import MemoryFiles
from grapevine.ports.rails import RailNeeds, RailSecrets
secrets = RailSecrets(values=values)
now = lambda: datetime(2026, 11, 11, tzinfo=UTC)
rail = open_rail(RailNeeds(program_id="pg_1", secrets=secrets, files=MemoryFiles(), now=now))
rail.limits
"""
SECRETS = {
    RailName.SEPA: {"name": "Shop", "iban": "DE89370400440532013000", "bic": "COBADEFF"},
    RailName.WECHAT: {
        "mchid": "1",
        "appid": "a",
        "private_key": "p",
        "cert_serial_no": "s",
        "apiv3_key": "k" * 32,
        "public_key": "p",
        "public_key_id": "i",
        "transfer_scene_id": "1005",
        "notify_url": "https://example.com/",
    },
}


@pytest.mark.parametrize("name", RAIL_MODULES)
def test_a_rail_is_imported_without_its_library(name: RailName) -> None:
    loaded = fresh(f"import grapevine.adapters.rails.{RAIL_MODULES[name]}")["modules"]
    assert set(loaded).isdisjoint(OWN_WHEELS)


@pytest.mark.parametrize("name", SECRETS)
def test_a_rail_is_opened_and_details_checked_without_its_library(name: RailName) -> None:
    imported = f"from grapevine.adapters.rails.{RAIL_MODULES[name]} import faults, open_rail"
    load = f"{imported}\n{FAULTS[name]}\nvalues = {SECRETS[name]!r}\n{OPENED}"
    found = fresh(load)
    assert set(found["modules"]).isdisjoint(OWN_WHEELS)
    assert found["connected"] == []
