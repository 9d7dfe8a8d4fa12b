"""Shared by all tests: the engines, the running stack, and how Hypothesis runs here."""

import pytest
from hypothesis import settings

pytest_plugins = ["tests.engines.plugin", "tests.infra.plugin"]

# Two shared cores make the time of one example meaningless; a failure prints how to repeat it.
settings.register_profile("grapevine", deadline=None, print_blob=True)
settings.load_profile("grapevine")

# What packages the apps, or runs all of them, is made once for all who need it: by one process.
_ONE_PROCESS = {"deployment", "packaged", "built_layers"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say which tests stay together when several processes share them: a file's, and the house's."""
    for item in items:
        needs_house = not _ONE_PROCESS.isdisjoint(getattr(item, "fixturenames", ()))
        item.add_marker(pytest.mark.xdist_group("house" if needs_house else str(item.path)))
