"""A scripted DynamoDB for the whole session: making a client takes longer than all of its answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from grapevine.adapters.dynamo.table import Database
from tests.adapters.dynamo.scripted import Script, playing


@pytest.fixture(scope="session")
def _played() -> Iterator[tuple[Database, Script]]:
    with playing() as played:
        yield played


@pytest.fixture
def played(_played: tuple[Database, Script]) -> Database:
    """The database that is answered from `script`."""
    return _played[0]


@pytest.fixture
def script(_played: tuple[Database, Script]) -> Script:
    """What `played` is answered; a test plays its answers before it asks."""
    _played[1].play()
    return _played[1]
