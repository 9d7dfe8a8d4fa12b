"""The console on a loopback port: every method, one request after the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

from chalice.test import Client

from functions.console.app import app

METHODS = ("GET", "POST", "PUT", "DELETE")
"""What the gateway hands to the app; others it answers itself."""


class Console(HTTPServer):
    """Serves by the app's test client."""

    def __init__(self, client: Client) -> None:
        super().__init__(("127.0.0.1", 0), Visit)
        self.client = client


class Visit(BaseHTTPRequestHandler):
    """One request, answered as the app answers."""

    server: Console

    def serve(self) -> None:
        """Serve any method."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.command not in METHODS:
            self.send_response(405)
            self.send_header("Allow", ", ".join(METHODS))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        answer = self.server.client.http.request(self.command, self.path, dict(self.headers), body)
        self.send_response(answer.status_code)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def __getattr__(self, name: str) -> object:
        """Serve every method there is, also those that the base class has never heard of."""
        if name.startswith("do_"):
            return self.serve
        raise AttributeError(name)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Say nothing."""


@contextmanager
def serving() -> Iterator[Console]:
    """Open the server until the block ends; the caller runs it."""
    with Client(app) as client, Console(client) as server:
        yield server
