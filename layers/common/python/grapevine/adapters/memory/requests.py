"""Requests in memory."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from threading import Lock

from grapevine.domain.requests import Claim, RequestInProgressError


class MemoryRequests:
    """Claims by key and name, counts by key and minute."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.claims: dict[tuple[str, str], Claim] = {}
        self.counts: Counter[tuple[str, datetime]] = Counter()

    def claim(self, key_id: str, name: str) -> Claim | None:
        return self.claims.get((key_id, name))

    def keep_claim(self, claim: Claim) -> None:
        with self._lock:
            known = self.claims.get((claim.key_id, claim.name))
            if (known.revision if known else 0) != claim.revision - 1:
                raise RequestInProgressError
            self.claims[claim.key_id, claim.name] = claim

    def count_request(self, key_id: str, window: datetime) -> int:
        with self._lock:
            self.counts[key_id, window] += 1
            return self.counts[key_id, window]
