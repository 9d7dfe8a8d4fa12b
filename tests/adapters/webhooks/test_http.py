"""One request to a real server on loopback: what arrives, what does not, and how long it may take."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from threading import Thread
from time import monotonic

import pytest

from grapevine.adapters.webhooks.http import MOST_READ_BYTES, HttpWebhookSender
from grapevine.domain.subscriptions import Answer
from tests.subscribers import Reply, Subscriber, subscriber

HEADERS = {"content-type": "application/json", "webhook-id": "ev_1"}


@pytest.fixture
def server() -> Iterator[Subscriber]:
    with subscriber() as one:
        yield one


def send(server: Subscriber, **settings: float) -> Answer:
    sender = HttpWebhookSender(is_local=True, **settings)  # type: ignore[arg-type]
    return sender.send(server.url, HEADERS, b'{"a":1}')


def test_what_is_sent_arrives(server: Subscriber) -> None:
    assert send(server) == Answer(204)
    (request,) = server.received
    assert (request.path, request.body, request.headers["webhook-id"]) == ("/hooks", b'{"a":1}', "ev_1")
    assert request.headers["host"] == server.url.split("/")[2]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_not_followed(server: Subscriber, status: int) -> None:
    server.reply = lambda _: Reply(status, {"location": server.url.replace("/hooks", "/elsewhere")})
    answer = send(server)
    assert (answer.status, answer.is_success) == (status, False)
    assert [request.path for request in server.received] == ["/hooks"]


def test_how_long_to_wait_is_read(server: Subscriber) -> None:
    server.reply = lambda _: Reply(429, {"Retry-After": "120"})
    assert send(server) == Answer(429, retry_after_seconds=120)


def test_a_large_answer_is_not_read_to_its_end(server: Subscriber) -> None:
    server.reply = lambda _: Reply(200, body=b"x" * (MOST_READ_BYTES * 1000))
    assert send(server) == Answer(200)


def test_who_does_not_answer_is_left_after_a_while(server: Subscriber) -> None:
    server.reply = lambda _: Reply(stalls=True)
    assert send(server, whole_seconds=0.2) == Answer(None, "did not answer in time")


def test_a_byte_now_and_then_does_not_keep_us() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            connection, _ = listening.accept()
            with connection:
                try:
                    while True:
                        connection.sendall(b"HTTP/1.1 200 OK\r\nx: " if not sent else b"y")
                        sent.append(1)
                        connection.settimeout(0.02)
                        try:
                            if not connection.recv(65536):
                                return
                        except TimeoutError:
                            continue
                except OSError:
                    return

        sent: list[int] = []
        thread = Thread(target=drip, daemon=True)
        thread.start()
        began = monotonic()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        answer = HttpWebhookSender(is_local=True, whole_seconds=0.3).send(url, HEADERS, b"{}")
        thread.join()
    assert answer == Answer(None, "did not answer in time")
    assert len(sent) > 1
    assert monotonic() - began < 5


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    answer = HttpWebhookSender(is_local=True).send(f"http://127.0.0.1:{port}/", HEADERS, b"{}")
    assert answer == Answer(None, "could not be reached: ConnectionRefusedError")


def test_what_is_no_http_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def speak() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"220 mail.example ESMTP\r\n")

        thread = Thread(target=speak, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        answer = HttpWebhookSender(is_local=True).send(url, HEADERS, b"{}")
        thread.join()
    assert (answer.status, answer.error) == (None, "could not be reached: BadStatusLine")


def test_nothing_reaches_this_machine_from_any_other_stage(server: Subscriber) -> None:
    answer = HttpWebhookSender().send(server.url, HEADERS, b"{}")
    assert answer == Answer(None, "not sent: must begin with https://")
    assert server.received == []


def test_a_name_that_nobody_knows() -> None:
    def resolve(host: str, port: int) -> tuple[str, ...]:
        raise socket.gaierror

    answer = HttpWebhookSender(resolve=resolve).send("https://nobody.example/", HEADERS, b"{}")
    assert answer == Answer(None, "its name is not known")


def test_a_checked_address_is_connected_to_whatever_the_name_is(server: Subscriber) -> None:
    """The name is not looked up again: this one does not exist, and the request arrives."""
    url = server.url.replace("127.0.0.1", "subscriber.invalid")
    sender = HttpWebhookSender(is_local=True, resolve=lambda _host, _port: ("127.0.0.1",))
    assert sender.send(url, HEADERS, b"{}") == Answer(204)
    assert server.received[0].headers["host"].startswith("subscriber.invalid:")


def test_a_certificate_must_be_good(server: Subscriber) -> None:
    """Plain HTTP where TLS should be: the handshake fails, and nothing was said."""
    url = server.url.replace("http://", "https://")
    assert HttpWebhookSender(is_local=True).send(url, HEADERS, b"{}").error == "has no good certificate"
    assert server.received == []
