"""HTTP for shops' APIs: retries with growing waits, what a shop asks us to wait, and bodies as text.

Everything that is asked here may be asked twice: reading changes nothing, and whoever creates something
looks first whose it is. No redirect is followed, so credentials go to the base URL and nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import urllib3

from grapevine.domain.errors import InvalidInputError
from grapevine.ports.shop_clients import ShopRefusedError, ShopUnavailableError, Wait

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
TRIES = 3
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 10.0
"""Whoever asks for more is asked again by the queue, or in the next hour."""
NOT_NOW = frozenset({408, 425, 429, 430, 500, 502, 503, 504})
"""430 is Shopify's for too many new clients at once."""
_LONGEST_WORDS = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, the header names in lower case, and the body."""

    status: int
    headers: Mapping[str, str]
    text: str = field(repr=False)
    values: Any = field(repr=False)

    @property
    def retry_after_seconds(self) -> float | None:
        """How long the shop asks to be left alone; None where it did not say so in seconds."""
        text = self.headers.get("retry-after", "").strip()
        return float(text) if text.isascii() and text.replace(".", "", 1).isdecimal() else None

    @property
    def words(self) -> str:
        """The beginning of what it said, on one line."""
        return " ".join(self.text.split())[:_LONGEST_WORDS]


class ShopApi:
    """A shop's API under one base URL, asked again where it may be."""

    def __init__(self, name: str, base_url: str, wait: Wait, read_seconds: float = READ_SECONDS) -> None:
        self.name = name
        self._base_url = base_url.rstrip("/")
        self._wait = wait
        self._timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=read_seconds)
        self._pool = urllib3.PoolManager(retries=False)

    def call(
        self, method: str, path: str, headers: Mapping[str, str], values: Mapping[str, Any] | None = None
    ) -> Answer:
        """Ask until there is an answer other than "not now"; ShopUnavailableError after the last try."""
        body = None if values is None else json.dumps(values).encode()
        for tried in range(1, TRIES + 1):
            try:
                answer = self._ask(method, path, headers, body)
                fault = self.unavailable(answer) if answer.status in NOT_NOW else None
            except ShopUnavailableError as error:
                answer, fault = None, error
            if answer is not None and fault is None:
                return answer
            self.pause(tried, answer.retry_after_seconds if answer else None, fault)
        raise ShopUnavailableError(f"{self.name} was asked {TRIES} times")  # pragma: no cover - pause raises

    def pause(self, tried: int, asked_seconds: float | None, fault: ShopUnavailableError | None) -> None:
        """Wait before the next try; raise what went wrong where there is none, or the wait is too long."""
        seconds = asked_seconds if asked_seconds is not None else FIRST_WAIT_SECONDS * 2 ** (tried - 1)
        if tried >= TRIES or seconds > LONGEST_WAIT_SECONDS:
            raise fault or ShopUnavailableError(f"{self.name} was asked {tried} times")
        self._wait(seconds)

    def unavailable(self, answer: Answer) -> ShopUnavailableError:
        """Return the error for an answer that says: not now."""
        seconds = answer.retry_after_seconds
        after = None if seconds is None else int(-(-seconds // 1))
        return ShopUnavailableError(f"{self.name} says {answer.status}: {answer.words}", after)

    def good(self, answer: Answer) -> Answer:
        """Return an answer that is one; that we may not is mended by people, so it may be asked again."""
        if answer.status in (401, 403):
            raise self.unavailable(answer)
        if answer.status >= 300:
            raise self.refused(answer)
        if not isinstance(answer.values, (dict, list)):
            raise ShopUnavailableError(f"{self.name} answered {answer.status} with nothing")
        return answer

    def refused(self, answer: Answer) -> ShopRefusedError:
        """Return the error for an answer that says no."""
        return ShopRefusedError(f"{self.name} says {answer.status}: {answer.words}")

    def _ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        sent = {"Accept": "application/json", "User-Agent": "Grapevine", **headers}
        if body is not None:
            sent["Content-Type"] = "application/json"
        try:
            found = self._pool.request(
                method,
                self._base_url + path,
                body=body,
                headers=sent,
                redirect=False,
                timeout=self._timeout,
            )
        except urllib3.exceptions.HTTPError as error:
            raise ShopUnavailableError(f"{self.name} did not answer: {type(error).__name__}") from error
        named = {name.lower(): value for name, value in found.headers.items()}
        return self._read(found.status, named, found.data)

    def _read(self, status: int, headers: Mapping[str, str], body: bytes) -> Answer:
        text = body.decode("utf-8", "replace")
        try:
            return Answer(status, headers, text, json.loads(text or "null"))
        except (ValueError, RecursionError) as error:
            if status in NOT_NOW or status >= 400:
                return Answer(status, headers, text, None)
            raise ShopUnavailableError(f"{self.name} answered {status} with what is not JSON") from error


def required(access: Mapping[str, str], *names: str) -> tuple[str, ...]:
    """Return what an API is used with; InvalidInputError names everything that is missing."""
    missing = [name for name in names if not access.get(name)]
    if missing:
        raise InvalidInputError("is missing", ", ".join(f"access.{name}" for name in missing))
    return tuple(access[name] for name in names)
