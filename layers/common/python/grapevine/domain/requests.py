"""Requests that come twice, and too many of them: what is known of each, decided here.

A claim says that a request under its caller's own name is being answered, or was. Who claims it has a
lease; when that has ended without an answer, the function broke off and the same request may be
claimed again. What was refused is given back at once: nothing came of it.
"""

from __future__ import annotations

import hmac
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import chain

from grapevine.domain.errors import GrapevineError, InvalidInputError
from grapevine.domain.ids import RandomBytes

ANSWER_LIFE = timedelta(hours=24)
"""How long an answer is kept under its request's name."""
LEASE = timedelta(seconds=30)
"""How long a request may be under way; twice what the function may run."""
WINDOW = timedelta(minutes=1)
"""How long requests are counted together."""
SECRET_SIZE = 32
"""Bytes from which on randomness is a secret."""
_NAME = re.compile(r"[\x21-\x7e]{1,255}")


class RequestError(GrapevineError):
    """A request that cannot be taken because of others that came before."""


class RequestInProgressError(RequestError):
    """A request of that name is being answered; `retry_after_seconds` is when to look again."""

    retry_after_seconds = 1

    def __init__(self) -> None:
        super().__init__("a request with this Idempotency-Key is being answered; send it again")


class RequestDiffersError(RequestError):
    """Another request had that name."""

    def __init__(self) -> None:
        super().__init__("another request was sent with this Idempotency-Key")


class TooManyRequestsError(RequestError):
    """A key's requests of this minute are used up."""

    def __init__(self, limit: int, retry_after_seconds: int) -> None:
        super().__init__(f"more than {limit} requests in a minute; come again in {retry_after_seconds} s")
        self.retry_after_seconds = retry_after_seconds


# --- requests that come twice --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """A good answer, as it is sent again; `sealed` is its body, which only the caller's own key opens."""

    status: int
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What is known of a request: its caller's key and name for it, what it was, and its answer.

    `begun_at` is when it was first claimed, `revision` how often this was written.
    """

    key_id: str
    name: str
    fingerprint: str
    begun_at: datetime
    leased_until: datetime
    revision: int = 1
    answer: KeptAnswer | None = None


def checked_name(text: str) -> str:
    """Return a caller's name for a request; InvalidInputError for what is none."""
    if _NAME.fullmatch(text) is None:
        raise InvalidInputError("must be 1 to 255 visible ASCII characters", "Idempotency-Key")
    return text


def fingerprint_of(method: str, path: str, body: bytes) -> str:
    """Return what tells requests apart."""
    return sha256(b"\n".join((method.encode(), path.encode(), body))).hexdigest()


def claimed(asked: Claim, known: Claim | None, now: datetime) -> Claim:
    """Return the claim to store, or the one that has the answer.

    RequestDiffersError where the name was another request's, RequestInProgressError where this one is
    being answered.
    """
    if known is None:
        return asked
    if now - known.begun_at >= ANSWER_LIFE:
        return replace(asked, revision=known.revision + 1)
    if known.fingerprint and known.fingerprint != asked.fingerprint:
        raise RequestDiffersError
    if known.answer:
        return known
    if now < known.leased_until:
        raise RequestInProgressError
    return replace(asked, begun_at=known.begun_at, revision=known.revision + 1)


def with_answer(claim: Claim, answer: KeptAnswer) -> Claim:
    """Return a claim that is answered."""
    return replace(claim, answer=answer, revision=claim.revision + 1)


def sealed(claim: Claim, secret: str, body: str) -> bytes:
    """Return an answer's body so that nobody reads it who has not the key that it was asked with.

    Answers name people, and whoever erases a person could not find them here. The stream is the claim's
    own: another request, or the same a day later, has another one.
    """
    return _masked(claim, secret, zlib.compress(body.encode()))


def opened(claim: Claim, secret: str, body: bytes) -> str:
    """Return a sealed body to whoever asks with the same key."""
    return zlib.decompress(_masked(claim, secret, body)).decode()


def _masked(claim: Claim, secret: str, text: bytes) -> bytes:
    seed = f"answer {claim.key_id} {claim.name} {claim.fingerprint} {claim.begun_at.isoformat()}".encode()
    stream = chain.from_iterable(_blocks(secret.encode(), seed))
    return bytes(one ^ other for one, other in zip(text, stream, strict=False))


def given_back(claim: Claim, now: datetime, *, refused: bool) -> Claim:
    """Return a claim of a request that has no answer to keep, open to be claimed again.

    What was refused left nothing behind, so another request may have its name; what broke off may have.
    """
    fingerprint = "" if refused else claim.fingerprint
    return replace(claim, fingerprint=fingerprint, leased_until=now, revision=claim.revision + 1)


def repeatable(claim: Claim, secret: str, random_bytes: RandomBytes) -> RandomBytes:
    """Return randomness that is the same whenever this claim is, so that ids are, too.

    When a function breaks off half way and the request comes again, what it had made is found under its
    id and not made twice. What is long enough to be a secret is new each time.
    """
    seed = f"{claim.key_id} {claim.name} {claim.fingerprint} {claim.begun_at.isoformat()}".encode()
    blocks = _blocks(secret.encode(), seed)

    def taken(size: int) -> bytes:
        return random_bytes(size) if size >= SECRET_SIZE else next(blocks)[:size]

    return taken


def _blocks(secret: bytes, seed: bytes) -> Iterator[bytes]:
    number = 0
    while True:
        number += 1
        yield hmac.digest(secret, seed + str(number).encode(), "sha256")


# --- too many of them ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Allowance:
    """A key's requests of this minute: the limit, those used with this one, seconds to the next minute."""

    limit: int
    used: int
    resets_in_seconds: int

    @property
    def remaining(self) -> int:
        """How many more are answered."""
        return max(0, self.limit - self.used)

    @property
    def is_over(self) -> bool:
        """Say whether this request is one too many."""
        return self.used > self.limit


def window_of(now: datetime) -> datetime:
    """Return when the minute began that an instant is counted in."""
    since = (now - datetime(1970, 1, 1, tzinfo=UTC)) % WINDOW
    return now - since


def seconds_to_next(now: datetime) -> int:
    """Return the whole seconds to the next minute, 1 at least."""
    left = window_of(now) + WINDOW - now
    return max(1, -(-left // timedelta(seconds=1)))
