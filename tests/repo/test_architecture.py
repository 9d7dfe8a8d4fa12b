"""The architecture page says what is there: handlers, routes, tables, access patterns."""

from __future__ import annotations

import pytest

from tests.engines.tables import table_definitions
from tests.repo.code import handlers, repository_methods
from tests.repo.documents import coded, named, prose_of, rows_of, section

ARCHITECTURE = named("docs/architecture.md")
PATTERNS = rows_of(section(ARCHITECTURE, "Access patterns"))
TABLES = {table.name: table.properties for table in table_definitions()}
READS = {"strong", "eventual"}
WRITES = {"put if absent", "put", "update", "transaction"}
#: Who may read and write besides handlers: an app whose every route does, an operator's command, and nobody.
OTHERS = {"grapevine key create", "grapevine key list", "grapevine key revoke"} | {
    "console",
    "grapevine merchant create",
    "grapevine verify",
    "grapevine what-if",
    "nobody yet",
}


def method_of(row: dict[str, str]) -> str:
    return coded(row["method"])[0]


def test_every_access_pattern_is_a_method_and_every_method_a_pattern() -> None:
    assert sorted(map(method_of, PATTERNS)) == sorted(repository_methods())


@pytest.mark.parametrize("row", PATTERNS, ids=method_of)
def test_an_access_pattern_names_what_exists(row: dict[str, str]) -> None:
    names = {handler.name for handler in handlers()} | OTHERS
    table, _, index = row["table / index"].partition(" / ")
    assert [who for who in row["who"].split(", ") if who not in names] == []
    assert table in TABLES
    assert not index or index in indexes_of(table)
    assert row["consistency"] in READS | WRITES
    assert row["requests"]
    assert row["key condition"]


@pytest.mark.parametrize("row", [row for row in PATTERNS if "/" in row["table / index"]], ids=method_of)
def test_an_index_is_never_read_consistently(row: dict[str, str]) -> None:
    assert row["consistency"] == "eventual"


def indexes_of(table: str) -> set[str]:
    found = TABLES[table].get("GlobalSecondaryIndexes", [])
    return {index["IndexName"] for index in found}


def test_every_handler_is_there() -> None:
    rows = rows_of(section(ARCHITECTURE, "Apps and handlers"))
    apps, app = set[tuple[str, str]](), ""
    for row in rows:
        app = row["app"] or app
        apps |= {(app, name) for name in coded(row["handler"])}
    ours = {(handler.app, handler.name) for handler in handlers()}
    first_and_last = {("console", "read_health"), ("console", "explain_entry")}
    assert apps == {pair for pair in ours if pair[0] != "console"} | first_and_last


def test_every_route_is_there() -> None:
    said = coded(prose_of(named("docs/api.md")) + section(ARCHITECTURE, "Apps and handlers"))
    routes = {route for handler in handlers() for route in handler.routes}
    assert sorted(routes - set(said)) == []


def test_every_table_is_there() -> None:
    tables = {row["table"] for row in rows_of(section(ARCHITECTURE, "Tables")) if row["table"]}
    assert tables == set(TABLES)
