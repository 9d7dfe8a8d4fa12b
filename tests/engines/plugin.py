"""The pytest side of the engines: the option ``--engine``, the markers and the fixtures.

A contract test asks for ``engine`` (memory included) or for ``dynamo_endpoint`` (a DynamoDB only) and is run
once per engine that was chosen. Servers start when first needed and stay until the session ends; tables are
made once per session and engine under a fresh prefix, so tests keep apart by ids, never by tables.
"""

from __future__ import annotations

import itertools
import os
import uuid
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.engines import dynamodb_local, ministack, moto
from tests.engines.endpoint import (
    ACCESS_KEY,
    DEFAULT_ENGINES,
    DYNAMODB_LOCAL,
    ENGINES,
    MEMORY,
    MINISTACK,
    MOTO,
    REGION,
    SINGLE_THREADED,
    DynamoEndpoint,
    Engine,
)
from tests.engines.tables import create_tables, table_definitions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_ENGINE_NAME = "engine_name"
# Whatever the developer is logged in to, tests must never reach it.
_FORGOTTEN_VARIABLES = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_SECURITY_TOKEN")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--engine",
        action="append",
        default=[],
        metavar="NAME[,NAME]",
        help=f"engines for the contract suites, repeatable: {', '.join(ENGINES)} "
        f"(default: {','.join(DEFAULT_ENGINES)})",
    )


def pytest_configure(config: pytest.Config) -> None:
    for name in ENGINES:
        config.addinivalue_line("markers", f"{_marker(name)}: runs on the engine {name} (set by --engine)")
    config.addinivalue_line("markers", "engines(*names): restricts a contract test to these engines")
    config.addinivalue_line("markers", "concurrent: uses threads, so single-threaded engines are left out")
    _use_made_up_credentials()
    chosen_engines(config)


def _use_made_up_credentials() -> None:
    for name in _FORGOTTEN_VARIABLES:
        os.environ.pop(name, None)
    os.environ.update(
        AWS_ACCESS_KEY_ID=ACCESS_KEY,
        AWS_SECRET_ACCESS_KEY=ACCESS_KEY,
        AWS_DEFAULT_REGION=REGION,
        AWS_REGION=REGION,
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
    )


def chosen_engines(config: pytest.Config) -> tuple[str, ...]:
    """The engines named by --engine, in the fixed order, or the ones that need nothing but Python."""
    named = {name for value in config.getoption("--engine") for name in value.split(",") if name}
    if unknown := named.difference(ENGINES):
        raise pytest.UsageError(f"unknown engine {', '.join(sorted(unknown))}; known: {', '.join(ENGINES)}")
    return tuple(name for name in ENGINES if name in (named or DEFAULT_ENGINES))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if _ENGINE_NAME in metafunc.fixturenames:
        names = [name for name in chosen_engines(metafunc.config) if _suits(metafunc, name)]
        marked = [pytest.param(name, marks=getattr(pytest.mark, _marker(name))) for name in names]
        metafunc.parametrize(_ENGINE_NAME, marked, scope="session", ids=names)


def _suits(metafunc: pytest.Metafunc, name: str) -> bool:
    if name == MEMORY and "dynamo_endpoint" in metafunc.fixturenames:
        return False
    if name in SINGLE_THREADED and metafunc.definition.get_closest_marker("concurrent"):
        return False
    restriction = metafunc.definition.get_closest_marker("engines")
    return restriction is None or name in restriction.args


def _marker(name: str) -> str:
    return name.replace("-", "_")


class Engines:
    """The engines of one session: each is started when first asked for and stopped with the session."""

    def __init__(self, directory: Path, running: ExitStack) -> None:
        self._directory = directory
        self._running = running
        self._started: dict[str, Engine] = {MEMORY: Engine(MEMORY)}
        self._token = uuid.uuid4().hex[:8]

    def started(self, name: str) -> Engine:
        """The engine with its tables, the same one for the whole session."""
        if name not in self._started:
            self._started[name] = self._start(name)
        return self._started[name]

    def _start(self, name: str) -> Engine:
        url = self._running.enter_context(_server(name, self._directory))
        endpoint = DynamoEndpoint(engine=name, endpoint_url=url, tables={})
        # The engine is part of the prefix: PynamoDB keeps a connection for as long as the table's name stays.
        tables = create_tables(endpoint.client(), f"t{self._token}-{name}-", table_definitions())
        return Engine(name, DynamoEndpoint(engine=name, endpoint_url=url, tables=tables))


def _server(name: str, directory: Path) -> AbstractContextManager[str]:
    match name:
        case _ if name == MOTO:
            return moto.running()
        case _ if name == MINISTACK:
            return ministack.running(directory)
        case _ if name == DYNAMODB_LOCAL:
            return dynamodb_local.running(directory)
        case _:
            raise pytest.UsageError(f"no server for {name}")


@pytest.fixture(scope="session")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    """The session's engines by name, for the rare test that compares two of them."""
    with ExitStack() as running:
        yield Engines(tmp_path_factory.mktemp("engines"), running)


@pytest.fixture(scope="session")
def engine(engine_name: str, engines: Engines) -> Engine:
    """The engine a contract test runs on: ``engine.dynamo`` is None on memory."""
    return engines.started(engine_name)


@pytest.fixture(scope="session")
def dynamo_endpoint(engine: Engine) -> DynamoEndpoint:
    """A running DynamoDB with the six tables; a test that asks for it is never run on memory."""
    assert engine.dynamo is not None
    return engine.dynamo


@pytest.fixture(scope="session")
def unique_id() -> Callable[[str], str]:
    """Makes ids nobody else in this session has: ``unique_id("order")`` → ``order-000001``.

    Tables are fresh per session, so a counter is enough and a failing run can be read again.
    """
    counter = itertools.count(1)
    return lambda kind: f"{kind}-{next(counter):06d}"
