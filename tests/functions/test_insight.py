"""Click counts through Chalice: people apart from robots, each click once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from chalice.test import Client

from grapevine.adapters.memory.state import MemoryPages
from grapevine.domain.clicks import Click
from grapevine.domain.errors import UnavailableError
from grapevine.domain.pages import Page
from grapevine.usecases.count_clicks import BOTS, PEOPLE, clicks_subject
from tests import builders as make
from tests.builders import T0
from tests.functions.images import click_records
from tests.runtime.observed import Line, invocations
from tests.streams.records import Record, sequence_of
from tests.streams.simulator import StreamMapping, StreamSimulator, Weather
from tests.worlds import World

Clients = Callable[[str], Client]


def clicks(link_code: str, number: int, day: int = 0, bot_reason: str | None = None) -> list[Click]:
    at = T0 + timedelta(days=day)
    prefix = f"{link_code}{day}{'b' if bot_reason else 'p'}".ljust(22, "2")
    return [
        make.click(
            id=f"{prefix}-{n:020d}",
            link_code=link_code,
            occurred_at=at,
            recorded_at=at,
            bot_reason=bot_reason,
        )
        for n in range(number)
    ]


def counts(world: World, link_code: str) -> dict[str, dict[str, int]]:
    """Return a link's counts by day."""
    days: dict[str, dict[str, int]] = {}
    for page in world.pages.pages(clicks_subject(link_code)):
        for name, number in page.amounts.items():
            day = days.setdefault(page.key.day, {})
            day[name] = day.get(name, 0) + number
    return days


def count(client: Clients, records: list[Record]) -> list[str]:
    answer = client("insight").lambda_.invoke("count_clicks", {"Records": records}).payload
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


DAY = [
    *clicks("bcdfghjk", 9),
    *clicks("bcdfghjk", 4, day=1),
    *clicks("bcdfghjk", 3, bot_reason="preview"),
    *clicks("zzzzzzzz", 2),
]
EXPECTED = {
    "bcdfghjk": {"2026-11-11": {PEOPLE: 9, BOTS: 3}, "2026-11-12": {PEOPLE: 4}},
    "zzzzzzzz": {"2026-11-11": {PEOPLE: 2}},
}


def test_counts_per_link_and_day(world: World, client: Clients, lines: list[Line]) -> None:
    assert count(client, click_records(DAY)) == []
    assert {code: counts(world, code) for code in EXPECTED} == EXPECTED
    (line,) = invocations(lines)
    assert (line["handler"], line["records"]) == ("count_clicks", len(DAY))
    assert set(line["clicks"]) == {click.id for click in DAY}


@pytest.mark.parametrize("seed", range(6))
def test_weather_counts_nothing_twice(world: World, client: Clients, seed: int) -> None:
    app = client("insight")
    simulator = StreamSimulator(
        StreamMapping(batch_size=5), seed=seed, weather=Weather(redelivery=0.6, splits=2)
    )

    def answer(event: dict[str, Any]) -> Any:  # noqa: ANN401 - whatever it answers
        return app.lambda_.invoke("count_clicks", event).payload

    assert simulator.deliver(click_records(DAY), answer).destination == []
    assert {code: counts(world, code) for code in EXPECTED} == EXPECTED


class BrokenPages(MemoryPages):
    """A store that cannot fold one link's counts."""

    def fold(self, additions: Sequence[Page]) -> int:
        if any(page.key.subject == clicks_subject("zzzzzzzz") for page in additions):
            raise UnavailableError("no answer")
        return super().fold(additions)


def test_what_cannot_be_counted_comes_again_alone(world: World, client: Clients) -> None:
    world.pages = BrokenPages()
    records = click_records(DAY)
    assert count(client, records) == [sequence_of(record) for record in records[-2:]]
    assert counts(world, "bcdfghjk") == EXPECTED["bcdfghjk"]


def test_a_click_that_ran_out_is_not_counted(world: World, client: Clients) -> None:
    """Its time to live is over: the removal comes through the stream as well."""
    (record,) = click_records(clicks("bcdfghjk", 1))
    assert count(client, [{**record, "eventName": "REMOVE"}]) == []
    assert counts(world, "bcdfghjk") == {}
