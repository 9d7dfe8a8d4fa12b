"""The fixtures of the contract suites, and of the tests that look at DynamoDB itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from grapevine.adapters.dynamo.table import Database
from tests.adapters.contracts.outside import Outside, in_memory, on_ministack, running
from tests.adapters.contracts.stores import Names, Stores, dynamo_stores, memory_stores, names_from, opened
from tests.engines.endpoint import MEMORY, DynamoEndpoint, Engine


@pytest.fixture(scope="session")
def _databases() -> dict[str, Database]:
    return {}


@pytest.fixture
def names(unique_id: Callable[[str], str]) -> Names:
    """Ids of this test alone."""
    return names_from(unique_id)


@pytest.fixture
def stores(engine: Engine, _databases: dict[str, Database]) -> Stores:
    """The stores of the engine; in memory they are empty, elsewhere tests keep apart by their names."""
    return memory_stores() if engine.dynamo is None else dynamo_stores(_database(engine.dynamo, _databases))


@pytest.fixture
def database(dynamo_endpoint: DynamoEndpoint, _databases: dict[str, Database]) -> Database:
    """The engine's tables."""
    return _database(dynamo_endpoint, _databases)


def _database(endpoint: DynamoEndpoint, databases: dict[str, Database]) -> Database:
    if endpoint.engine not in databases:
        databases[endpoint.engine] = opened(endpoint)
    return databases[endpoint.engine]


@pytest.fixture(scope="session")
def _outside_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """Starts the services when they are first asked for."""
    started: list[str] = []

    def url() -> str:
        if not started:
            started.append(stack.enter_context(running(tmp_path_factory.mktemp("outside"))))
        return started[0]

    with ExitStack() as stack:
        yield url


@pytest.fixture
def outside(engine_name: str, names: Names, _outside_url: Callable[[], str]) -> Outside:
    """Secrets, queues, files and bus of the engine, of this test alone."""
    return in_memory() if engine_name == MEMORY else on_ministack(_outside_url(), names.program)
