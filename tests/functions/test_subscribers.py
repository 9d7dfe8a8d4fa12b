"""Real subscribers on loopback, well and ill, at the end of the whole way from a change to a request."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from grapevine.adapters.webhooks.http import HttpWebhookSender
from grapevine.domain.events import FROM_THE_START
from grapevine.domain.instants import truncate
from grapevine.domain.subscriptions import DisabledReason, SigningSecrets
from grapevine.usecases.read_events import read_events
from grapevine.usecases.subscribe import ChangeSubscription, SubscriptionPorts, change_subscription, replay
from tests.builders import PROGRAM_ID
from tests.subscribers import Reply, Request, Subscriber, subscriber
from tests.usecases.delivering import SECRET, Post

OTHER = "whsec_" + "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY="
Heard = tuple[str, int]


@pytest.fixture
def server() -> Iterator[Subscriber]:
    with subscriber() as one:
        yield one


@pytest.fixture
def post(server: Subscriber) -> Post:
    """A post whose clock is the real one to begin with: the library that verifies has no other."""
    made = Post(sender=HttpWebhookSender(is_local=True, whole_seconds=0.5))
    made.clock = truncate(datetime.now(UTC))
    made.subscribe(url=server.url)
    return made


def verified(request: Request) -> Heard:
    event = Webhook(SECRET).verify(request.body, dict(request.headers))
    assert event["id"] == request.headers["webhook-id"]
    return event["aggregate"]["id"], event["sequence"]


def heard(server: Subscriber) -> list[Heard]:
    """What came, each verified as a subscriber does, as far as the real clock allows."""
    return [verified(request) for request in server.received]


def test_what_arrives_is_signed_as_the_library_wants_it_and_in_order(post: Post, server: Subscriber) -> None:
    for name in ("a", "b", "a", "c", "a"):
        post.tell(name)
    post.soon()
    found = heard(server)
    assert sorted(found) == [("a", 1), ("a", 2), ("a", 3), ("b", 1), ("c", 1)]
    assert [number for name, number in found if name == "a"] == [1, 2, 3]
    request = server.received[0]
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER).verify(request.body, dict(request.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(request.body + b" ", dict(request.headers))


def test_while_secrets_change_both_are_good(post: Post, server: Subscriber) -> None:
    post.secrets.put_signing_secrets(PROGRAM_ID, "wh_1", SigningSecrets(SECRET).rotated(OTHER, post.clock))
    post.tell("a")
    post.soon()
    (request,) = server.received
    for secret in (SECRET, OTHER):
        assert Webhook(secret).verify(request.body, dict(request.headers))["sequence"] == 1


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(500), "answered 500"),
        (Reply(302, {"location": "/elsewhere"}), "answered 302"),
        (Reply(429, {"retry-after": "60"}), "answered 429"),
        (Reply(stalls=True), "did not answer in time"),
    ],
    ids=["failing", "redirecting", "throttling", "slow"],
)
def test_who_is_ill_gets_the_same_again_once_well(
    post: Post, server: Subscriber, reply: Reply, error: str
) -> None:
    server.reply = lambda _: reply
    post.tell("a", 2)
    post.soon()
    assert [request.path for request in server.received] == ["/hooks"]
    assert post.stored().last_error == error
    server.reply = lambda _: Reply()
    post.soon(minutes=2)
    assert heard(server) == [("a", 1), ("a", 1), ("a", 2)]
    first, second, _ = server.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert post.stored().failures == 0


def test_who_is_gone_is_told_nothing_more(post: Post, server: Subscriber) -> None:
    server.reply = lambda _: Reply(410)
    post.tell("a", 2)
    post.soon(days=1)
    assert len(server.received) == 1
    assert post.stored().reason is DisabledReason.GONE


def test_edge_88_who_was_down_gets_exactly_what_is_missing_after_enabling_and_by_replay() -> None:
    post = Post(sender=HttpWebhookSender(is_local=True, whole_seconds=0.5))
    with subscriber() as server:
        post.subscribe(url=server.url)
        post.tell("a", 2)
        post.soon()
        before = [request.headers["webhook-id"] for request in server.received]
        where = server.url
    for name in ("a", "b"):
        post.tell(name, 2)
    post.soon(days=16)
    assert post.stored().reason is DisabledReason.FAILING
    events, _ = read_events(PROGRAM_ID, FROM_THE_START, post.log)
    given_up = {letter.event_id for letter in post.subscriptions.dead_letters("wh_1", 100)}
    with subscriber() as again:
        assert again.url != where
        ports = SubscriptionPorts(post.log, post.subscriptions, post.secrets, post.sender, post.queue)
        command = ChangeSubscription(
            program_id=PROGRAM_ID, subscription_id="wh_1", url=again.url, is_enabled=True
        )
        change_subscription(command, ports)
        post.soon()
        ids = [request.headers["webhook-id"] for request in again.received]
        assert len(ids) == len(set(ids))
        assert set(ids) == {event.id for event in events} - set(before) - given_up
        again.received.clear()
        replay(PROGRAM_ID, "wh_1", FROM_THE_START, ports)
        post.soon()
        ids = [request.headers["webhook-id"] for request in again.received]
        assert sorted(ids) == sorted(event.id for event in events)
