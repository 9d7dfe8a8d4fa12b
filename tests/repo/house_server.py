"""The apps with HTTP routes on one loopback port, over a world in memory whose streams run at once.

So that the commands in the docs can be run as they stand, by a real shell and a real curl.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import import_module
from threading import Thread

from chalice.test import Client

from grapevine.adapters.memory.flow import MemoryFacts
from grapevine.domain.errors import OrderUnprocessableError
from grapevine.domain.facts import Fact, OrderKey
from grapevine.domain.instants import truncate
from grapevine.runtime.parts import install
from grapevine.usecases.create_merchant import CreateMerchant, create_merchant
from grapevine.usecases.screen_order import ScreenOrder, ScreenOrderPorts, screen_order
from tests.worlds import World

APPS = {"CONSOLE": "console", "LINKS": "track_click", "WEBHOOKS": "place_order"}
"""The apps by the names that the docs give their URLs."""


class FactStream(MemoryFacts):
    """Facts that also go where the stream of orders leads."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[Fact] = []

    def append(self, fact: Fact) -> bool:
        is_new = super().append(fact)
        if is_new:
            self.waiting.append(fact)
        return is_new


class House(HTTPServer):
    """Serves `/<app>/<path>` by the app's test client."""

    def __init__(self, world: World, facts: FactStream, clients: dict[str, Client]) -> None:
        super().__init__(("127.0.0.1", 0), Visit)
        self.world, self.facts, self.clients = world, facts, clients

    def url(self, app: str) -> str:
        """Return where an app answers."""
        return f"http://127.0.0.1:{self.server_port}/{app}"

    def run_streams(self) -> None:
        """Do what the streams' readers do: post, fold, screen, until nothing is left."""
        ports = ScreenOrderPorts(self.world.clicks, self.world.catalog, self.world.facts)
        while self.facts.waiting:
            fact = self.facts.waiting.pop(0)
            self._post(fact.order)
            screen_order(ScreenOrder(fact), ports, self.world.now())

    def _post(self, order: OrderKey) -> None:
        with suppress(OrderUnprocessableError):
            self.world.post(self.world.now(), order)
        self.world.fold()


class Visit(BaseHTTPRequestHandler):
    """One request, handed to an app and answered as it answers."""

    server: House

    def do_GET(self) -> None:
        """Serve a GET."""
        self._serve()

    def do_POST(self) -> None:
        """Serve a POST, and run the streams that it fed."""
        self._serve()

    def do_PUT(self) -> None:
        """Serve a PUT."""
        self._serve()

    def _serve(self) -> None:
        _, app, path = self.path.split("/", 2)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = self.server.clients[app].http.request(self.command, f"/{path}", dict(self.headers), body)
        self.server.run_streams()
        self.send_response(answer.status_code)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Say nothing: what matters is in the answers."""


@contextmanager
def house() -> Iterator[tuple[House, str]]:
    """Serve an empty world until the block ends; yields the house and its first merchant's API key.

    The world's time stands still at this moment, because a session in the docs may ask for the time.
    """
    facts = FactStream()
    world = World(clock=truncate(datetime.now(UTC)), facts=facts)
    install(world)
    made = create_merchant(CreateMerchant("Tea House"), world.catalog, world.random_bytes, world.now())
    with ExitStack() as stack:
        clients = {
            app: stack.enter_context(Client(import_module(f"functions.{app}.app").app))
            for app in APPS.values()
        }
        server = stack.enter_context(House(world, facts, clients))
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server, made.api_key
        finally:
            server.shutdown()
            thread.join()
