"""A DynamoDB that answers from a script: for what no emulator does (throttling, conflicts, lost answers)."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from grapevine.adapters.dynamo.table import Access, Database
from tests.engines.processes import LOOPBACK

TABLES = {name: f"t-{name}" for name in ("catalog", "clicks", "orders", "ledger", "state", "private")}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: what DynamoDB would say, or (without a body) a connection that just ends."""

    body: Mapping[str, Any] | None = field(default_factory=dict)
    status: int = 200


LOST = Answer(None)
"""A connection that ends without an answer."""


def error(code: str, status: int = 400, **more: object) -> Answer:
    """A refusal as DynamoDB words it."""
    return Answer({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": code, **more}, status)


def cancelled(*codes: str) -> Answer:
    """A cancelled transaction with its reasons in the order of its writes."""
    return error("TransactionCanceledException", CancellationReasons=[{"Code": code} for code in codes])


@dataclass
class Script:
    """What is answered next, one answer per request, and what was asked so far."""

    answers: list[Answer] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def play(self, *answers: Answer) -> None:
        """Start over with these answers."""
        self.answers[:], self.asked[:] = answers, ()


@contextmanager
def playing() -> Iterator[tuple[Database, Script]]:
    """Enters with a database and the script it is answered from."""
    script = Script()
    handler = type("Handler", (_Player,), {"script": script})
    with ThreadingHTTPServer((LOOPBACK, 0), handler) as player:
        thread = threading.Thread(target=player.serve_forever, name="scripted-dynamodb")
        thread.start()
        try:
            yield database_at(f"http://{LOOPBACK}:{player.server_port}"), script
        finally:
            player.shutdown()
            thread.join()


def database_at(url: str, read_timeout_seconds: float = 5.0) -> Database:
    """A database that never asks twice."""
    access = Access(
        region="us-east-1", endpoint_url=url, retries=0, read_timeout_seconds=read_timeout_seconds
    )
    return Database(TABLES, access)


class _Player(BaseHTTPRequestHandler):
    script: Script

    def do_POST(self) -> None:
        request: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.script.asked.append(request)
        answer = self.script.answers.pop(0)
        if answer.body is None:
            return
        body = json.dumps(answer.body).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Says nothing."""
