"""The console checks payees' details with the rails' own rules, and has none of their libraries."""

from __future__ import annotations

import pytest

from grapevine.domain.transfers import RailName
from grapevine.runtime.wiring import RAIL_MODULES
from tests.functions.test_imports import OWN_WHEELS, fresh
from tests.runtime.test_wiring import RAIL_SECRETS

OPENED = """
from datetime import UTC, datetime
from grapevine.adapters.memory.outside import MemoryFiles
from grapevine.ports.rails import RailNeeds, RailSecrets
secrets = RailSecrets(values=values)
now = lambda: datetime(2026, 11, 11, tzinfo=UTC)
rail = open_rail(RailNeeds(program_id="pg_1", secrets=secrets, files=MemoryFiles(), now=now))
assert rail.faults({}, "XXX") and rail.limits and rail.name == name
"""


@pytest.mark.parametrize("name", RAIL_MODULES)
def test_a_rail_is_imported_without_its_library(name: RailName) -> None:
    loaded = fresh(f"import grapevine.adapters.rails.{RAIL_MODULES[name]}")["modules"]
    assert set(loaded).isdisjoint(OWN_WHEELS)


@pytest.mark.parametrize("name", RAIL_SECRETS)
def test_a_rail_is_opened_and_details_checked_without_its_library(name: RailName) -> None:
    module, values = RAIL_MODULES[name], dict(RAIL_SECRETS[name].values)
    load = (
        f"from grapevine.adapters.rails.{module} import open_rail\nname, values = {str(name)!r}, {values!r}\n"
    )
    found = fresh(load + OPENED)
    assert set(found["modules"]).isdisjoint(OWN_WHEELS)
    assert found["connected"] == []
