"""A shop and our tracking host on one loopback port, over TLS: a browser tells them apart by name.

What the shop's pages are is for each test to say; what it is asked, the server keeps. The tracking
host is the app itself.
"""

from __future__ import annotations

import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from threading import Lock, Thread
from typing import Any
from urllib.parse import urlsplit

from chalice.test import Client
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from grapevine.runtime.parts import install
from tests.worlds import World

SHOP, OTHER_HOST, LINKS = "www.tea.co.uk", "shop.tea.co.uk", "go.links.example"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that a browser sent."""

    method: str
    host: str
    path: str
    body: str
    headers: dict[str, str]


@dataclass(slots=True)
class Shop:
    """What the shop shows, and what was asked of it and of our host."""

    pages: dict[str, str] = field(default_factory=dict)
    policy: str = ""
    cart_status: int = 200
    asked: list[Asked] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)
    port: int = 0

    def url(self, path: str, host: str = SHOP) -> str:
        """Return where a browser finds a page."""
        return f"https://{host}:{self.port}{path}"

    def of(self, path: str) -> list[Asked]:
        """Return what was asked of a path, whatever its query."""
        with self.lock:
            return [one for one in self.asked if urlsplit(one.path).path == path]


class ShopServer(ThreadingHTTPServer):
    """Serves the shop, and our host by the app's test client, one request at a time there."""

    daemon_threads = True

    def __init__(self, shop: Shop, client: Client, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), Visit)
        self.shop, self.client = shop, client
        self.socket = context.wrap_socket(self.socket, server_side=True)
        shop.port = self.server_port

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base class's
        """Say nothing of a browser that hung up; anything else is the test's to see."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class Visit(BaseHTTPRequestHandler):
    """One request of a browser."""

    server: ShopServer

    def do_GET(self) -> None:
        """Serve a page, or what our host serves."""
        self._serve()

    def do_POST(self) -> None:
        """Take a cart's change, or a report."""
        self._serve()

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _serve(self) -> None:
        host = self.headers.get("host", "").partition(":")[0]
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        asked = Asked(self.command, host, self.path, body.decode(), dict(self.headers.items()))
        with self.server.shop.lock:
            self.server.shop.asked.append(asked)
        if host == LINKS:
            self._serve_ours(asked, body)
        else:
            self._serve_shop(asked)

    def _serve_ours(self, asked: Asked, body: bytes) -> None:
        with self.server.shop.lock:
            answer = self.server.client.http.request(asked.method, asked.path, asked.headers, body)
        self._answer(answer.status_code, {**answer.headers}, answer.body)

    def _serve_shop(self, asked: Asked) -> None:
        shop, path = self.server.shop, urlsplit(asked.path).path
        if path.endswith("/cart/update.js"):
            self._answer(shop.cart_status, {"Set-Cookie": "cart=token-1; Path=/"}, b"{}")
            return
        page = shop.pages.get(path)
        policy = {"Content-Security-Policy": shop.policy} if shop.policy else {}
        headers = {"Content-Type": "text/html; charset=utf-8", **policy}
        self._answer(200 if page is not None else 404, headers, (page or "").encode())

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(world: World, folder: Path) -> Iterator[Shop]:
    """Run a shop, and our host over a world, until the block ends."""
    install(world)
    shop = Shop()
    with Client(import_module("functions.track_click.app").app) as client:
        server = ShopServer(shop, client, _context(folder))
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield shop
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def _context(folder: Path) -> ssl.SSLContext:
    """Return TLS with a certificate of our own: a browser keeps `Secure` cookies only of such hosts."""
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, SHOP)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, SHA256())
    )
    path = folder / "server.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
