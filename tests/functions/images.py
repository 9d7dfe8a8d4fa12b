"""Domain values as a table's stream carries them: what the adapters would have put."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from grapevine.adapters.dynamo.clicks import DynamoClicks
from grapevine.adapters.dynamo.facts import DynamoFacts
from grapevine.adapters.dynamo.ledger import DynamoLedger
from grapevine.domain.clicks import Click
from grapevine.domain.entries import Entry
from grapevine.domain.facts import Fact
from tests.streams.records import Image, Record, inserts

if TYPE_CHECKING:
    from grapevine.adapters.dynamo.rows import Row
    from grapevine.adapters.dynamo.table import Database


class Written:
    """A table that keeps nothing but the images of what was put."""

    def __init__(self) -> None:
        self.images: list[Image] = []

    def put_new(self, row: Row) -> bool:
        self.images.append(cast("Image", row.serialize()))
        return True


def fact_records(facts: Iterable[Fact], first_number: int = 1) -> list[Record]:
    written = Written()
    for fact in facts:
        DynamoFacts(_database(written)).append(fact)
    return inserts(written.images, table="orders", first_number=first_number)


def entry_records(entries: Iterable[Entry], first_number: int = 1) -> list[Record]:
    written = Written()
    for entry in entries:
        DynamoLedger(_database(written)).append(entry)
    return inserts(written.images, table="ledger", first_number=first_number)


def click_records(clicks: Iterable[Click], first_number: int = 1) -> list[Record]:
    written = Written()
    for click in clicks:
        DynamoClicks(_database(written)).record(click)
    return inserts(written.images, table="clicks", first_number=first_number)


def _database(written: Written) -> Database:
    return cast("Database", SimpleNamespace(orders=written, ledger=written, clicks=written))
