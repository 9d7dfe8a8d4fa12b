"""JSON over HTTP for rails whose provider keeps no library: one call, one answer, no retries of its own.

Whoever calls knows what a call may have done; here nothing is sent twice and no redirect is followed,
so credentials go to the base URL and nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import urllib3

from grapevine.ports.rails import RailUnavailableError

CONNECT_SECONDS = 3.0
READ_SECONDS = 25.0
_LONGEST_WORDS = 400


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, the header names in lower case, and the body's JSON object."""

    status: int
    headers: Mapping[str, str]
    values: Mapping[str, Any] = field(repr=False)

    @property
    def retry_after_seconds(self) -> int | None:
        """How long the other side asks to be left alone; None where it did not say so in seconds."""
        text = self.headers.get("retry-after", "").strip()
        return int(text) if text.isascii() and text.isdecimal() else None


class JsonApi:
    """An API of JSON objects under one base URL."""

    def __init__(self, name: str, base_url: str, read_seconds: float = READ_SECONDS) -> None:
        self._name = name
        self._base_url = base_url.rstrip("/")
        self._read_seconds = read_seconds
        self._pool = urllib3.PoolManager(retries=False)

    def call(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        read_seconds: float | None = None,
    ) -> Answer:
        """Ask once; RailUnavailableError where there is no answer, or one that is not a JSON object.

        `read_seconds` is for a call that may not wait as long as the others.
        """
        longest = min(read_seconds or self._read_seconds, self._read_seconds)
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=longest)
        url = self._base_url + path
        try:
            found = self._pool.request(
                method, url, body=body, headers=dict(headers), redirect=False, timeout=timeout
            )
        except urllib3.exceptions.HTTPError as error:
            raise RailUnavailableError(f"{self._name} did not answer: {type(error).__name__}") from error
        sent = {name.lower(): value for name, value in found.headers.items()}
        return Answer(found.status, sent, self._object(found.status, found.data))

    def unavailable(self, answer: Answer, words: str) -> RailUnavailableError:
        """Return the error for an answer that says: not now."""
        return RailUnavailableError(f"{self._name} says {answer.status}: {words}", answer.retry_after_seconds)

    def _object(self, status: int, body: bytes) -> Mapping[str, Any]:
        try:
            values = json.loads(body or b"{}")
        except ValueError as error:
            raise RailUnavailableError(f"{self._name} answered {status} with what is not JSON") from error
        if not isinstance(values, dict):
            raise RailUnavailableError(f"{self._name} answered {status} with what is not an object")
        return values


def bounded(words: str) -> str:
    """Return somebody else's words on one line, not too many.

    >>> bounded("  no such   account ")
    'no such account'
    """
    line = " ".join(words.split())
    return line if len(line) <= _LONGEST_WORDS else line[: _LONGEST_WORDS - 1] + "…"
