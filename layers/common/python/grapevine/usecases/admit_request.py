"""Let a request in: count it, claim its name, and keep its answer."""

from __future__ import annotations

from datetime import datetime

from grapevine.domain.errors import UnavailableError
from grapevine.domain.requests import (
    LEASE,
    Allowance,
    Claim,
    KeptAnswer,
    RequestInProgressError,
    checked_name,
    claimed,
    given_back,
    seconds_to_next,
    window_of,
    with_answer,
)
from grapevine.ports import RequestClaims, RequestCounter


def count_request(key_id: str, limit: int, requests: RequestCounter, now: datetime) -> Allowance | None:
    """Count a request and return what is left of its minute; None where counting is not possible just now.

    A request is not refused because we could not count it: the limit protects what it must not break.
    """
    try:
        used = requests.count_request(key_id, window_of(now))
    except UnavailableError:
        return None
    return Allowance(limit, used, seconds_to_next(now))


def claim_request(key_id: str, name: str, fingerprint: str, requests: RequestClaims, now: datetime) -> Claim:
    """Return the claim to a request's name: our own, or the one that has the answer to send again.

    RequestDiffersError, RequestInProgressError: see `domain.requests.claimed`.
    """
    asked = Claim(
        key_id=key_id,
        name=checked_name(name),
        fingerprint=fingerprint,
        begun_at=now,
        leased_until=now + LEASE,
    )
    standing = claimed(asked, requests.claim(key_id, name), now)
    if standing.answer is None:
        requests.keep_claim(standing)
    return standing


def keep_answer(claim: Claim, answer: KeptAnswer, requests: RequestClaims) -> None:
    """Keep a good answer for a day."""
    _keep(with_answer(claim, answer), requests)


def give_back(claim: Claim, requests: RequestClaims, now: datetime, *, refused: bool) -> None:
    """Let a request that was not answered well be sent again at once."""
    _keep(given_back(claim, now, refused=refused), requests)


def _keep(claim: Claim, requests: RequestClaims) -> None:
    """Store what became of a claim; where that fails, the answer goes out all the same.

    The lease then ends by itself, and a repeat finds what was made under the same ids.
    """
    try:
        requests.keep_claim(claim)
    except (RequestInProgressError, UnavailableError):
        return
