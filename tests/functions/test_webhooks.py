"""The JSON API's events and webhooks through Chalice."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from chalice.test import Client

from grapevine.adapters.memory.events import MemorySender
from grapevine.domain.events import cursor_to_text
from grapevine.usecases.deliver_events import DeliverEvents, DeliverPorts, deliver_events
from grapevine.usecases.log_events import EventPorts, log_changes
from tests import builders as make
from tests.builders import T0
from tests.functions import test_console as console
from tests.usecases.delivering import step
from tests.worlds import World

Clients = Callable[[str], Client]
HOOKS = f"/programs/{make.PROGRAM_ID}/webhooks"
EVENTS = f"/programs/{make.PROGRAM_ID}/events"


class Api:
    """The console with a good key."""

    def __init__(self, known: console.Api) -> None:
        self._known = known

    def ask(self, method: str, path: str, body: object = None, status: int = 200) -> Any:  # noqa: ANN401
        answer = self._known.call(method, path, body)
        assert answer.status_code == status, answer.body
        return json.loads(answer.body)


@pytest.fixture
def api(world: World, client: Clients) -> Api:
    return Api(console.merchant(world, client, "test"))


def tell(world: World, name: str, *versions: int) -> None:
    ports = EventPorts(world.event_log, world.bus, world.subscriptions, world.webhook_queue)
    log_changes([step(name, version) for version in versions], ports, T0)


def test_events_are_read_page_by_page_each_once(world: World, api: Api) -> None:
    for name in ("a", "b", "c"):
        tell(world, name, 1, 2)
    seen, cursor = list[str](), ""
    for _ in range(4):
        page = api.ask("GET", f"{EVENTS}?limit=2&after={cursor}")
        seen += [event["id"] for event in page["events"]]
        cursor = page["next"]
    assert len(seen) == len(set(seen)) == 6
    assert api.ask("GET", f"{EVENTS}?after={cursor}") == {"events": [], "next": cursor}
    tell(world, "a", 3)
    (event,) = api.ask("GET", f"{EVENTS}?after={cursor}")["events"]
    assert (event["aggregate"]["id"], event["sequence"]) == ("a", 3)


@pytest.mark.parametrize("query", ["after=x", "limit=0", "limit=101", "limit=x", "limit=-1"])
def test_what_is_no_page_is_refused(api: Api, query: str) -> None:
    api.ask("GET", f"{EVENTS}?{query}", status=400)


def test_a_webhook_from_its_beginning_to_its_end(world: World, api: Api) -> None:
    made = api.ask("POST", HOOKS, {"url": "https://one.example/x", "types": ["payout.*"]}, 201)
    name = made["id"]
    assert made["secret"].startswith("whsec_")
    (listed,) = api.ask("GET", HOOKS)["webhooks"]
    assert (listed["id"], listed["state"], "secret" in listed) == (name, "enabled", False)
    tell(world, "a", 1)
    assert api.ask("GET", f"{HOOKS}/{name}")["behind"] == 1
    assert api.ask("PUT", f"{HOOKS}/{name}", {"enabled": False})["reason"] == "by_merchant"
    assert api.ask("PUT", f"{HOOKS}/{name}", {"enabled": True, "types": []})["types"] == []
    rotated = api.ask("POST", f"{HOOKS}/{name}/secret", {})
    assert rotated["secret"] != made["secret"]
    assert api.ask("POST", f"{HOOKS}/{name}/ping", {}) == {"arrived": True, "status": 204, "error": None}
    assert isinstance(world.webhook_sender, MemorySender)
    _, headers, body = world.webhook_sender.sent[-1]
    assert json.loads(body)["type"] == "webhook.ping"
    assert len(headers["webhook-signature"].split()) == 2
    api.ask("POST", f"{HOOKS}/{name}/replay", {"after": ""})
    assert world.webhook_queue.replays == [(make.PROGRAM_ID, name, (0,) * 8)]
    assert api.ask("DELETE", f"{HOOKS}/{name}")["state"] == "removed"
    assert api.ask("GET", HOOKS) == {"webhooks": [], "next": None}
    api.ask("GET", f"{HOOKS}/{name}", status=404)


def test_a_webhook_behind_a_cursor_gets_what_is_there(world: World, api: Api) -> None:
    tell(world, "a", 1, 2)
    name = api.ask("POST", HOOKS, {"url": "https://one.example/", "after": ""}, 201)["id"]
    ports = DeliverPorts(
        world.event_log, world.subscriptions, world.secrets, world.webhook_sender, world.webhook_queue
    )
    for program_id, subscription_id, slot, _ in list(world.webhook_queue.lanes):
        deliver_events(DeliverEvents(program_id, subscription_id, slot), ports, world.now)
    assert isinstance(world.webhook_sender, MemorySender)
    assert len(world.webhook_sender.sent) == 2
    found = api.ask("GET", f"{HOOKS}/{name}")
    assert (found["behind"], found["waiting"]) == (0, 0)
    assert found["cursor"] == cursor_to_text(world.event_log.ends(make.PROGRAM_ID))


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"url": "http://one.example/"}, "url"),
        ({"url": "https://one.example/", "types": ["payout.lost"]}, "types[0]"),
        ({"url": "https://one.example/", "after": "x"}, "after"),
        ({"url": "https://one.example/", "event": "x"}, "event"),
        ({}, "url"),
    ],
)
def test_what_is_no_webhook_is_refused(api: Api, body: object, where: str) -> None:
    assert where in str(api.ask("POST", HOOKS, body, 400))


def test_a_disabled_webhook_is_enabled_before_anything_is_sent_again(api: Api) -> None:
    name = api.ask("POST", HOOKS, {"url": "https://one.example/"}, 201)["id"]
    api.ask("PUT", f"{HOOKS}/{name}", {"enabled": False})
    api.ask("POST", f"{HOOKS}/{name}/replay", {"after": ""}, 409)
    api.ask("POST", f"{HOOKS}/{name}/redeliver", {}, 409)


def test_a_cursor_ahead_of_everything_is_refused(api: Api) -> None:
    name = api.ask("POST", HOOKS, {"url": "https://one.example/"}, 201)["id"]
    api.ask("POST", f"{HOOKS}/{name}/replay", {"after": "9-0-0-0-0-0-0-0"}, 400)


def test_dead_letters_that_are_not_there(api: Api) -> None:
    name = api.ask("POST", HOOKS, {"url": "https://one.example/"}, 201)["id"]
    assert api.ask("GET", f"{HOOKS}/{name}/dead") == {"dead_letters": []}
    api.ask("POST", f"{HOOKS}/{name}/redeliver", {"event_ids": ["ev_1"]}, 404)
    assert api.ask("POST", f"{HOOKS}/{name}/redeliver", {}) == {"event_ids": []}


def test_a_program_has_twenty_webhooks_at_most(api: Api) -> None:
    for number in range(20):
        api.ask("POST", HOOKS, {"url": f"https://n{number}.example/"}, 201)
    api.ask("POST", HOOKS, {"url": "https://more.example/"}, 409)
