"""Shared by all tests: the engines of the contracts, the running stack, and how Hypothesis runs here."""

from hypothesis import settings

pytest_plugins = ["tests.engines.plugin", "tests.infra.plugin"]

# Two shared cores make the time of one example meaningless; a failure prints how to repeat it.
settings.register_profile("grapevine", deadline=None, print_blob=True)
settings.load_profile("grapevine")
