"""Identifiers: how they look, and how they are made from randomness that somebody else brings."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from grapevine.domain.errors import InvalidInputError

RandomBytes = Callable[[int], bytes]
"""Returns that many unpredictable bytes; `secrets.token_bytes` in production."""

# No vowels and no look-alikes: a link code is read aloud, typed by hand, and never spells a word.
# In ASCII order, so that fixed-width numbers sort as text.
_ALPHABET = "23456789BCDFGHJKLMNPQRSTVWXZbcdfghjkmnpqrstvwxyz"
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
LINK_CODE_LENGTH = 8
VISITOR_LENGTH = 22
_CLICK_ID = re.compile(r"[0-9A-Za-z]{22}-[0-9A-Za-z]{20}")


def _token(length: int, random_bytes: RandomBytes) -> str:
    number = int.from_bytes(random_bytes(length), "big")
    return _digits(number, length)


def _digits(number: int, length: int) -> str:
    letters = []
    for _ in range(length):
        number, digit = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[digit])
    return "".join(reversed(letters))


def new_id(prefix: str, random_bytes: RandomBytes) -> str:
    """Return `prefix_` and twelve letters (67 bits)."""
    return f"{prefix}_{_token(12, random_bytes)}"


def new_link_code(random_bytes: RandomBytes) -> str:
    """Return eight letters; uniqueness is the store's put if absent."""
    return _token(LINK_CODE_LENGTH, random_bytes)


def new_points_code(random_bytes: RandomBytes) -> str:
    """Return the code of a coupon that points bought: upper case, as shops write codes, 56 bits."""
    return f"PTS-{_token(14, random_bytes).upper()}"


def new_visitor_id(random_bytes: RandomBytes) -> str:
    """Return 22 letters, 122 bits, that name one browser."""
    return _token(VISITOR_LENGTH, random_bytes)


def new_click_id(visitor_id: str, occurred_at: datetime, random_bytes: RandomBytes) -> str:
    """Return `visitor-click`: it holds its table key, so an order's click is one read.

    The second half starts with the milliseconds, so that a visitor's clicks sort by time.
    """
    milliseconds = int(occurred_at.timestamp() * 1000)
    return f"{visitor_id}-{_digits(milliseconds, 8)}{_token(12, random_bytes)}"


def visitor_of(click_id: str) -> str | None:
    """Return the visitor in a click id, or None where the text is not one of ours."""
    return click_id[:VISITOR_LENGTH] if _CLICK_ID.fullmatch(click_id) else None


def is_id(text: str) -> bool:
    """Say whether an outside identifier is safe inside our keys; nothing of ours has another one."""
    return _SAFE.fullmatch(text) is not None


def checked_id(text: str, where: str) -> str:
    """Return an outside identifier that is safe inside our keys; InvalidInputError otherwise."""
    if not is_id(text):
        raise InvalidInputError(f"not an identifier: {text[:80]!r}", where)
    return text
