"""One request to a subscriber: to the address that was checked, followed nowhere, and not for long."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping, Sequence
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse
from threading import Timer

from standardwebhooks.webhooks import Webhook

from grapevine.adapters.webhooks.guard import (
    ForbiddenTargetError,
    Resolver,
    Target,
    addresses_of,
    looked_up,
    target_of,
)
from grapevine.domain.subscriptions import Answer, retry_after_of

CONNECT_SECONDS = 5.0
WHOLE_SECONDS = 15.0
"""A request takes no longer from its beginning to the end of what is read of its answer."""
LATE = "did not answer in time"
MOST_READ_BYTES = 4096
"""What is read of an answer's body: nothing in it matters, and nobody shall send us gigabytes."""


class HttpWebhookSender:
    """Sends over HTTP; on the stage of one's own machine to loopback too."""

    def __init__(
        self,
        *,
        is_local: bool = False,
        resolve: Resolver = looked_up,
        whole_seconds: float = WHOLE_SECONDS,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._is_local = is_local
        self._resolve = resolve
        self._whole_seconds = whole_seconds
        self._trust = trust

    def signature(self, secret: str, event_id: str, now: datetime, text: str) -> str:
        """Return a body's signature as Standard Webhooks has it."""
        return Webhook(secret).sign(event_id, now, text)

    def fault(self, url: str) -> str | None:
        """Return why nothing may ever be sent to a URL, None where it may: its name is not looked up."""
        try:
            target_of(url, is_local=self._is_local)
        except ForbiddenTargetError as error:
            return str(error)
        return None

    def send(
        self, url: str, headers: Mapping[str, str], body: bytes, whole_seconds: float | None = None
    ) -> Answer:
        """Send once, for at most so long; what did not work is in the answer."""
        try:
            target = target_of(url, is_local=self._is_local)
            addresses = addresses_of(target, self._resolve, is_local=self._is_local)
        except ForbiddenTargetError as error:
            return Answer(None, f"not sent: {error}")
        except OSError:
            return Answer(None, "its name is not known")
        connection = _Pinned(target, addresses, self._context(target))
        return _asked(connection, target, headers, body, whole_seconds or self._whole_seconds)

    def _context(self, target: Target) -> ssl.SSLContext | None:
        if target.scheme != "https":
            return None
        self._trust = self._trust or ssl.create_default_context()
        return self._trust


class _Pinned(HTTPConnection):
    """A connection to addresses that were checked; the certificate must be the name's all the same."""

    def __init__(self, target: Target, addresses: Sequence[str], context: ssl.SSLContext | None) -> None:
        super().__init__(target.host, target.port, timeout=CONNECT_SECONDS)
        self._target = target
        self._addresses = addresses
        self._context = context
        self.is_over = False

    def connect(self) -> None:
        """Connect to the first address that answers."""
        for number, address in enumerate(self._addresses, start=1):
            try:
                self.sock = socket.create_connection((address, self._target.port), CONNECT_SECONDS)
                break
            except OSError:
                if number == len(self._addresses) or self.is_over:
                    raise
        self.sock.settimeout(WHOLE_SECONDS)
        if self._context:
            # The handshake comes after, so that there is a socket to end it by.
            self.sock = self._context.wrap_socket(
                self.sock, server_hostname=self._target.host, do_handshake_on_connect=False
            )
            self.sock.do_handshake()

    def give_up(self) -> None:
        """End what is under way, whoever waits for it: a byte now and then must not keep us for ever."""
        self.is_over = True
        if self.sock:
            try:
                self.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return

    def why(self, error: Exception) -> str:
        """Return why there is no answer, in our words: what others wrote may be anything."""
        if self.is_over or isinstance(error, TimeoutError):
            return LATE
        if isinstance(error, ssl.SSLError):
            return "has no good certificate"
        return f"could not be reached: {type(error).__name__}"


def _asked(
    connection: _Pinned, target: Target, headers: Mapping[str, str], body: bytes, whole_seconds: float
) -> Answer:
    ends = Timer(whole_seconds, connection.give_up)
    ends.daemon = True
    ends.start()
    try:
        connection.connect()
        connection.request("POST", target.path, body, {**headers, "host": target.host_header})
        answer = _answer(connection.getresponse())
        # Half an answer, cut off by us, may look like a whole one.
        return Answer(None, LATE) if connection.is_over else answer
    except (OSError, HTTPException, ValueError) as error:
        return Answer(None, connection.why(error))
    finally:
        ends.cancel()
        connection.close()


def _answer(response: HTTPResponse) -> Answer:
    headers = {name.lower(): value for name, value in response.getheaders()}
    response.read(MOST_READ_BYTES)
    return Answer(response.status, retry_after_seconds=retry_after_of(headers))
