"""A subscriber on loopback, as good or as bad as a test wants it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """What came: the path, the header names in lower case, the body."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back; `stalls` is to say nothing until the test is over."""

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    stalls: bool = False


class Subscriber:
    """A real HTTP server: `received` has what came, `reply` decides what goes back."""

    def __init__(self) -> None:
        self.received: list[Request] = []
        self.reply: Callable[[Request], Reply] = lambda _: Reply()
        self.over = Event()
        self.url = ""

    def answer(self, request: Request) -> Reply:
        self.received.append(request)
        return self.reply(request)


@contextmanager
def subscriber() -> Iterator[Subscriber]:
    """Run a subscriber on a free port until the block ends."""
    one = Subscriber()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = one.answer(Request(self.path, headers, body))
            if reply.stalls:
                one.over.wait()
                return
            self.send_response(reply.status)
            for name, value in {"content-length": str(len(reply.body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *_: Any) -> None:  # noqa: ANN401
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    one.url = f"http://127.0.0.1:{server.server_port}/hooks"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield one
    finally:
        one.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
