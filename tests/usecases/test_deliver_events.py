"""Events to subscribers: order, retries, what one bad event holds up, what ends it, what is sent again."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grapevine.adapters.memory.events import MemorySender, MemorySubscriptions
from grapevine.domain.errors import UnavailableError
from grapevine.domain.events import FROM_THE_START
from grapevine.domain.subscriptions import (
    MOST_ATTEMPTS,
    MOST_FAILURES,
    Answer,
    DisabledReason,
    SubscriptionState,
)
from grapevine.usecases.deliver_events import LEASE, DeliverEvents, LaneBusyError, deliver_events
from grapevine.usecases.read_events import read_events
from grapevine.usecases.subscribe import (
    ChangeSubscription,
    SubscriptionPorts,
    change_subscription,
    redeliver,
    replay,
)
from tests.builders import PROGRAM_ID, T0
from tests.usecases.delivering import SECRET, Listener, Place, Post, post_to

DAY = timedelta(days=1)
NAMES = ("a", "b", "c", "d", "e")


def ports_of(post: Post) -> SubscriptionPorts:
    return SubscriptionPorts(post.log, post.subscriptions, post.secrets, post.sender, post.queue)


def enable(post: Post) -> None:
    command = ChangeSubscription(program_id=PROGRAM_ID, subscription_id="wh_1", is_enabled=True)
    change_subscription(command, ports_of(post))


def in_order(places: list[Place]) -> bool:
    """Say whether each aggregate's events first arrived as 1, 2, 3 and so on."""
    first = list(dict.fromkeys(places))
    by_name = {name: [n for one, n in first if one == name] for name, _ in first}
    return all(numbers == list(range(1, len(numbers) + 1)) for numbers in by_name.values())


def test_what_is_told_arrives_once_and_in_order() -> None:
    listener = Listener()
    post = post_to(listener)
    post.subscribe()
    for name in NAMES * 3:
        post.tell(name)
    post.soon()
    assert len(listener.heard) == len(set(listener.arrived)) == 15
    assert in_order(listener.arrived)


def test_a_subscription_begins_with_what_comes_after_it() -> None:
    listener = Listener()
    post = post_to(listener)
    post.tell("a")
    post.subscribe()
    post.tell("a")
    post.soon()
    assert listener.arrived == [("a", 2)]


def test_types_that_were_not_asked_for_are_passed_over() -> None:
    listener = Listener()
    post = post_to(listener)
    post.subscribe(types=("commission.*",))
    post.tell("a", 3)
    post.soon()
    assert listener.heard == []
    assert post.subscriptions.lanes("wh_1") == post.log.ends(PROGRAM_ID)


def test_a_retry_has_the_same_id_and_a_signature_of_its_own() -> None:
    statuses = iter([500, 204])
    post = post_to(Listener(lambda _: next(statuses)))
    post.subscribe()
    post.tell("a")
    post.soon(minutes=1)
    sender = post.sender
    assert isinstance(sender, MemorySender)
    (_, first, body), (_, second, again) = sender.sent
    assert (first["webhook-id"], body) == (second["webhook-id"], again)
    assert first["webhook-timestamp"] < second["webhook-timestamp"]
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    for headers in (first, second):
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{signature}"


def test_the_next_event_of_a_thing_waits_for_the_one_before_it_and_others_do_not() -> None:
    bad = [("a", 1)]
    listener = Listener(lambda place: 500 if place in bad else 204)
    post = post_to(listener)
    post.subscribe()
    post.tell("b")
    post.soon()
    post.tell("a", 2)
    for name in NAMES[1:] * 2:
        post.tell(name)
    post.soon(minutes=10)
    assert {place for place in listener.arrived if place[0] == "a"} == set()
    assert len([place for place in listener.arrived if place[0] != "a"]) == 9
    bad.clear()
    post.soon(hours=1)
    assert [place for place in listener.arrived if place[0] == "a"] == [("a", 1), ("a", 2)]
    assert in_order(listener.arrived)


def test_one_bad_event_is_given_up_in_the_end_and_disables_nobody() -> None:
    listener = Listener(lambda place: 422 if place == ("a", 1) else 204)
    post = post_to(listener)
    post.subscribe()
    post.tell("a", 2)
    for number in range(5 * 24):
        post.tell(NAMES[1 + number % 4])
        post.soon(hours=1)
    assert post.stored().is_enabled
    tries = [place for place, _ in listener.heard if place == ("a", 1)]
    assert len(tries) == MOST_ATTEMPTS
    (letter,) = post.subscriptions.dead_letters("wh_1", 10)
    assert (letter.error, letter.type) == ("answered 422", "payout.sent")
    assert ("a", 2) in listener.arrived
    assert sum(done.dead for done in post.done) == 1


def test_what_was_given_up_is_sent_again_when_somebody_asks() -> None:
    status = [422]
    listener = Listener(lambda place: status[0] if place == ("a", 1) else 204)
    post = post_to(listener)
    post.subscribe()
    post.tell("a")
    for number in range(5 * 24):
        post.tell(NAMES[1 + number % 4])
        post.soon(hours=1)
    status[0] = 204
    (letter,) = post.subscriptions.dead_letters("wh_1", 10)
    assert redeliver(PROGRAM_ID, "wh_1", (), ports_of(post)) == (letter.event_id,)
    post.soon()
    assert listener.heard[-1] == (("a", 1), 204)


def test_edge_88_a_subscriber_that_is_down_for_a_day_gets_everything_afterwards() -> None:
    down = [True]
    listener = Listener(lambda _: 503 if down[0] else 204)
    post = post_to(listener)
    post.subscribe()
    for _ in range(24):
        for name in NAMES:
            post.tell(name)
        post.soon(hours=1)
    tries = len(listener.heard)
    assert post.stored().is_enabled
    assert 10 <= tries <= 13 * 8
    assert listener.arrived == []
    down[0] = False
    post.soon(days=2)
    assert len(set(listener.arrived)) == 24 * len(NAMES)
    assert in_order(listener.arrived)
    assert post.stored().failures == 0


def test_edge_88_twenty_failures_in_a_row_disable_and_enabling_again_brings_what_is_missing() -> None:
    down = [False]
    listener = Listener(lambda _: 500 if down[0] else 204)
    post = post_to(listener)
    post.subscribe()
    for name in NAMES:
        post.tell(name)
    post.soon()
    heard = set(listener.arrived)
    down[0] = True
    for name in NAMES:
        post.tell(name)
    post.soon(days=14)
    stored = post.stored()
    assert (stored.state, stored.reason, stored.failures) == (
        SubscriptionState.DISABLED,
        DisabledReason.FAILING,
        MOST_FAILURES,
    )
    before = len(listener.heard)
    post.tell("a")
    post.soon(days=1)
    assert len(listener.heard) == before
    down[0] = False
    enable(post)
    post.soon()
    missing = set(listener.arrived) - heard
    given_up = {letter.event_id for letter in post.subscriptions.dead_letters("wh_1", 100)}
    events, _ = read_events(PROGRAM_ID, FROM_THE_START, post.log)
    told = {(e.aggregate.id, e.sequence) for e in events if e.id not in given_up}
    assert missing == told - heard
    assert len(listener.arrived) == len(set(listener.arrived))


def test_replay_from_a_cursor_sends_exactly_what_is_behind_it() -> None:
    listener = Listener()
    post = post_to(listener)
    post.subscribe()
    for name in NAMES:
        post.tell(name)
    _, cursor = read_events(PROGRAM_ID, FROM_THE_START, post.log)
    for name in NAMES[:3]:
        post.tell(name, 2)
    post.soon()
    listener.heard.clear()
    replay(PROGRAM_ID, "wh_1", cursor, ports_of(post))
    post.soon()
    expected = {(name, number) for name in NAMES[:3] for number in (2, 3)}
    assert set(listener.arrived) == expected
    assert len(listener.arrived) == len(expected)


def test_gone_ends_it_at_once() -> None:
    listener = Listener(lambda _: 410)
    post = post_to(listener)
    post.subscribe()
    post.tell("a", 3)
    post.soon(days=1)
    assert len(listener.heard) == 1
    assert post.stored().reason is DisabledReason.GONE


@pytest.mark.parametrize("status", [429, 502, 504])
def test_who_asks_to_be_left_alone_is(status: int) -> None:
    busy = [True]
    listener = Listener(lambda _: status if busy[0] else 204)
    listener.retry_after_seconds = 3600
    post = post_to(listener)
    post.subscribe()
    post.tell("a")
    post.soon(minutes=59)
    assert len(listener.heard) == 1
    busy[0] = False
    post.soon(minutes=8)
    assert listener.arrived == [("a", 1)]


def test_two_at_one_lane_do_not_send_twice() -> None:
    post = post_to(Listener())
    post.subscribe()
    post.tell("a")
    slot = next(slot for slot, end in enumerate(post.log.ends(PROGRAM_ID)) if end)
    lane = post.subscriptions.take_lane("wh_1", slot, T0, T0 + LEASE)
    assert lane
    command = DeliverEvents(PROGRAM_ID, "wh_1", slot)
    assert deliver_events(command, post.ports, post.now).sent == 0
    with pytest.raises(LaneBusyError):
        deliver_events(DeliverEvents(PROGRAM_ID, "wh_1", slot, again=(1,)), post.ports, post.now)
    post.clock += LEASE
    assert deliver_events(command, post.ports, post.now).sent == 1


def test_what_came_while_somebody_was_at_the_lane_is_looked_for_when_they_leave() -> None:
    post = Post()
    told: list[int] = []

    def answer(_headers: object, _body: bytes) -> Any:  # noqa: ANN401
        if not told:
            told.append(1)
            post.tell("a")
            post.queue.lanes.clear()
        return Answer(204)

    post.sender = MemorySender(answer)
    post.subscribe()
    post.tell("a")
    post.soon()
    assert len(post.sender.sent) == 2


class Late(MemorySubscriptions):
    """A store beside which something is told just before a lane is given back."""

    def __init__(self) -> None:
        super().__init__()
        self.before: list[Callable[[], None]] = []

    def keep_lane(self, lane: Any, position: int, until: Any) -> Any:  # noqa: ANN401
        while until is None and self.before:
            self.before.pop()()
        return super().keep_lane(lane, position, until)


def test_what_came_just_before_a_lane_was_left_is_looked_for_at_once() -> None:
    listener = Listener()
    late = Late()
    post = Post(sender=MemorySender(listener), subscriptions=late)
    post.subscribe()

    def tell() -> None:
        post.tell("a")
        post.queue.lanes.clear()

    late.before.append(tell)
    post.tell("a")
    post.soon()
    assert listener.arrived == [("a", 1), ("a", 2)]


def test_what_comes_while_one_bad_event_makes_all_wait_arrives_as_soon_as_anything_may() -> None:
    listener = Listener(lambda place: 422 if place == ("a", 1) else 204)
    post = post_to(listener)
    post.subscribe()
    post.tell("a")
    post.soon()
    for name in NAMES[1:]:
        post.tell(name)
    post.soon()
    assert listener.arrived == []
    post.soon(seconds=15)
    assert {name for name, _ in listener.arrived} == set(NAMES[1:])
    assert post.stored().failures == 0


def test_without_a_secret_nothing_is_sent() -> None:
    listener = Listener()
    post = post_to(listener)
    post.subscribe()
    post.secrets = type(post.secrets)()
    post.tell("a")
    post.soon()
    assert listener.heard == []
    assert post.stored().last_error == "has no secret to sign with"


def test_nothing_goes_to_who_was_removed() -> None:
    listener = Listener()
    post = post_to(listener)
    made = post.subscribe()
    post.tell("a")
    post.subscriptions.change(made.changed(state=SubscriptionState.REMOVED))
    post.soon(hours=1)
    assert listener.heard == []


class Crashing(MemorySubscriptions):
    """A store whose writes fail as a list says: before they are done, or after."""

    def __init__(self, plan: list[int]) -> None:
        super().__init__()
        self.plan = plan

    def _step(self, write: Callable[[], Any]) -> Any:  # noqa: ANN401
        fate = self.plan.pop(0) if self.plan else 0
        if fate == 1:
            raise UnavailableError("lost before")
        answer = write()
        if fate == 2:
            raise UnavailableError("lost after")
        return answer

    def keep_lane(self, *args: Any) -> Any:  # noqa: ANN401
        return self._step(lambda: super(Crashing, self).keep_lane(*args))

    def park(self, *args: Any) -> Any:  # noqa: ANN401
        return self._step(lambda: super(Crashing, self).park(*args))

    def unpark(self, *args: Any) -> Any:  # noqa: ANN401
        return self._step(lambda: super(Crashing, self).unpark(*args))

    def change(self, *args: Any) -> Any:  # noqa: ANN401
        return self._step(lambda: super(Crashing, self).change(*args))


def _popping(left: list[int]) -> Callable[[Place], int]:
    """Answer as a list says, and well once it is at its end."""
    return lambda _: left.pop(0) if left else 204


FATES = st.lists(st.sampled_from([0, 0, 0, 1, 2]), max_size=25)
STATUSES = st.lists(st.sampled_from([204, 204, 500, 302, 429]), max_size=40)
TOLD = st.lists(st.sampled_from(NAMES), min_size=1, max_size=25)


@settings(max_examples=60, deadline=None)
@given(TOLD, STATUSES, STATUSES, FATES)
def test_whatever_fails_everybody_has_everything_in_order_in_the_end(
    told: list[str], first: list[int], second: list[int], fates: list[int]
) -> None:
    answers = {"https://one.example/": list(first), "https://two.example/": list(second)}
    listeners = {url: Listener(_popping(left)) for url, left in answers.items()}

    class Both(MemorySender):
        def send(self, url: str, headers: Any, body: bytes, whole_seconds: object = None) -> Any:  # noqa: ANN401
            return listeners[url](headers, body)

    post = Post(sender=Both(), subscriptions=Crashing([]))
    for name, url in zip(("wh_1", "wh_2"), answers, strict=True):
        post.subscribe(name, url)
    post.subscriptions.plan = fates  # type: ignore[attr-defined]
    for name in told:
        post.tell(name)
        post.soon(seconds=7)
    post.soon(days=20)
    wanted = {(name, number) for name in set(told) for number in range(1, told.count(name) + 1)}
    for listener in listeners.values():
        assert set(listener.arrived) == wanted
        assert in_order(listener.arrived)
