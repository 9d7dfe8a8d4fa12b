"""A local HTTP server that a provider's rules run on, and the weather between it and us."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

GIVEN_UP_SECONDS = 30
"""After this a handler that waits for the test's end goes away by itself."""


class Weather(Enum):
    """What befalls one request."""

    LOST = "it took effect, and the answer never came"
    SLOW = "it took effect, and the answer comes too late"
    GARBLED = "it took effect, and what comes back is not JSON"
    FAILED_AFTER = "it took effect, and the answer is 500"
    FAILED_BEFORE = "it had no effect, and the answer is 503"
    LIMITED = "it had no effect, and the answer is 429"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the provider's rules want it; header names in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - JSON is anything
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))


@dataclass(frozen=True, slots=True)
class Told:
    """The answer to one."""

    status: int
    values: object
    headers: Mapping[str, str] = field(default_factory=dict)


Rules = Callable[[Asked], Told]


class Provider:
    """A provider behind a base URL: its rules, what it was asked, and the weather still to come.

    `refusals` is what it says with a status of 429, 500 or 503.
    """

    def __init__(self, rules: Rules, refusals: Callable[[int], Told]) -> None:
        self._rules = rules
        self._refusals = refusals
        self._forecast: list[tuple[str, str, Weather]] = []
        self._lock = threading.Lock()
        self.asked: list[Asked] = []
        self.over = threading.Event()
        self.url = ""

    def next(self, method: str, path: str, weather: Weather) -> None:
        """Let this befall the next request of that method whose path begins so."""
        self._forecast.append((method, path, weather))

    def count(self, method: str, path: str) -> int:
        return sum(one.method == method and one.path == path for one in self.asked)

    def answer(self, asked: Asked) -> Told | Weather:
        with self._lock:
            self.asked.append(asked)
            weather = self._taken(asked)
            if weather is Weather.LIMITED:
                return replace(self._refusals(429), headers={"Retry-After": "7"})
            if weather is Weather.FAILED_BEFORE:
                return self._refusals(503)
            told = self._rules(asked)
            return self._refusals(500) if weather is Weather.FAILED_AFTER else weather or told

    def _taken(self, asked: Asked) -> Weather | None:
        for place, (method, path, weather) in enumerate(self._forecast):
            if asked.method == method and asked.path.startswith(path):
                del self._forecast[place]
                return weather
        return None


@contextmanager
def serving(provider: Provider) -> Iterator[Provider]:
    """Serve a provider on a port of this machine."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.provider = provider
    provider.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        provider.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    provider: Provider

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: who hangs up on us was told to."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def _serve(self) -> None:
        told = self.server.provider.answer(self._asked())
        if told is Weather.SLOW:
            self.server.provider.over.wait(GIVEN_UP_SECONDS)
        if isinstance(told, Told):
            self._send(told.status, json.dumps(told.values).encode(), told.headers)
        elif told is Weather.GARBLED:
            self._send(200, b"<html>one moment please</html>", {})
        else:
            self.close_connection = True

    def _asked(self) -> Asked:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length") or 0))
        return Asked(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body)

    def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Say nothing: what was asked is in `provider.asked`."""
