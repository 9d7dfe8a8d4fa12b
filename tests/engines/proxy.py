"""Counts the requests of clients that offer no hook: our hand-signed one, and functions in other processes.

A small HTTP proxy on loopback in front of an engine. It asks for the consumed capacity on the caller's
behalf, which breaks the signature; no local engine checks it.
"""

from __future__ import annotations

import http.client
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from typing_extensions import override

from tests.engines.processes import LOOPBACK
from tests.engines.requests import READS, WRITES, Request, RequestCounter

if TYPE_CHECKING:
    from collections.abc import Iterator

_TARGET = "x-amz-target"
_SERVICE_PREFIX = "DynamoDB_20120810."
_TIMEOUT_SECONDS = 30
# How soon the proxy notices that it shall stop.
_POLL_SECONDS = 0.02
# They describe one connection or the old body, so they are written anew.
_OWN_HEADERS = frozenset({"connection", "content-length", "host", "keep-alive", "transfer-encoding"})


@contextmanager
def counting_proxy(upstream_url: str, counter: RequestCounter) -> Iterator[str]:
    """Forwards to an engine's address and counts; enters with the address to use instead."""
    handler = type("Handler", (_Forwarder,), {"upstream": urlsplit(upstream_url).netloc, "counter": counter})
    with ThreadingHTTPServer((LOOPBACK, 0), handler) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, args=(_POLL_SECONDS,), name="counting-proxy")
        thread.start()
        try:
            yield f"http://{LOOPBACK}:{proxy.server_port}"
        finally:
            proxy.shutdown()
            thread.join()


class _Forwarder(BaseHTTPRequestHandler):
    upstream: str
    counter: RequestCounter
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Every DynamoDB operation is a POST that is named by a header."""
        body = self.rfile.read(int(self.headers["content-length"]))
        operation = self.headers.get(_TARGET, "").removeprefix(_SERVICE_PREFIX)
        asking = _asking_for_capacity(operation, body)
        status, headers, answer = self._forward(asking)
        if operation in READS | WRITES:
            self.counter.note(_request(operation, status, asking, answer))
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _OWN_HEADERS}
        connection = http.client.HTTPConnection(self.upstream, timeout=_TIMEOUT_SECONDS)
        try:
            connection.request("POST", self.path, body=body, headers=headers)
            response = connection.getresponse()
            kept = [pair for pair in response.getheaders() if pair[0].lower() not in _OWN_HEADERS]
            return response.status, kept, response.read()
        finally:
            connection.close()

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: the counter is the log."""


def _asking_for_capacity(operation: str, body: bytes) -> bytes:
    if operation not in READS | WRITES:
        return body
    return json.dumps({"ReturnConsumedCapacity": "TOTAL"} | json.loads(body)).encode()


def _request(operation: str, status: int, body: bytes, answer: bytes) -> Request:
    parsed: dict[str, Any] = json.loads(answer)
    if status != http.HTTPStatus.OK:
        parsed = {"Error": {"Code": parsed["__type"].rsplit("#", 1)[-1]}}
    return Request.from_answer(operation, json.loads(body), parsed)
