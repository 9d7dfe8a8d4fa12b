"""Fixtures of all adapter tests."""

from tests.adapters.contracts.fixtures import _databases, _outside_url, database, names, outside, stores

__all__ = ["_databases", "_outside_url", "database", "names", "outside", "stores"]
