"""What is asked of requests to the API, and of the keys they come with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from grapevine.domain.api_keys import ApiKey
from grapevine.domain.requests import Claim


class RequestClaims(Protocol):
    """Requests by their callers' names for them, for a day."""

    def claim(self, key_id: str, name: str) -> Claim | None:
        """Return what is known of a request, or None; it may still be there after its day."""
        ...

    def keep_claim(self, claim: Claim) -> None:
        """Store a claim on top of the revision before it; RequestInProgressError when another came first."""
        ...


class RequestCounter(Protocol):
    """How many requests came with a key."""

    def count_request(self, key_id: str, window: datetime) -> int:
        """Count one more in the minute that began then; return how many it has."""
        ...


class RequestStore(RequestClaims, RequestCounter, Protocol):
    """Both of them."""


class ApiKeyStore(Protocol):
    """API keys, of which only hashes are kept."""

    def api_key(self, key_id: str) -> ApiKey | None:
        """Return a key, or None."""
        ...

    def api_keys(self, merchant_id: str, after: str = "") -> Iterator[ApiKey]:
        """Yield a merchant's keys by id, all of them or those after one; eventually consistent."""
        ...

    def add_api_key(self, key: ApiKey) -> None:
        """Add a key; AlreadyExistsError when there is one of that id."""
        ...

    def change_api_key(self, key: ApiKey) -> None:
        """Store a key that is there; NotFoundError where it is not."""
        ...
