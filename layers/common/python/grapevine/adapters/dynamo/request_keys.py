"""The keys of requests to the API, in the state table."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from grapevine.adapters.dynamo.keys import Key, joined
from grapevine.domain.instants import to_text


def claim(key_id: str, name: str) -> Key:
    """Return the row of a request under its caller's name for it, which may have any characters."""
    return Key(joined("IK", key_id), sha256(name.encode()).hexdigest())


def request_count(key_id: str, window: datetime) -> Key:
    """Return the row that counts a key's requests of a minute."""
    return Key(joined("RQ", key_id), to_text(window))
