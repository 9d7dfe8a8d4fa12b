"""Instants as China's platforms write them: Beijing's wall clock, or seconds (or milliseconds) since 1970."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from grapevine.adapters.storefronts.json_values import EARLIEST, LATEST, Node
from grapevine.domain.errors import InvalidInputError
from grapevine.domain.instants import parse_instant_in

BEIJING = ZoneInfo("Asia/Shanghai")
_FIRST_MILLISECONDS = 10**11
"""Read as seconds this is the year 5138, so whoever writes as much means milliseconds."""
_DIGITS = 14


def unix_instant(node: Node) -> datetime | None:
    """Return an instant in seconds or milliseconds since 1970, as a number or as digits; 0 says nothing."""
    number = _number(node)
    if not number:
        return None
    milliseconds = number if number >= _FIRST_MILLISECONDS else number * 1000
    if not 0 < milliseconds < LATEST.timestamp() * 1000:
        node.refuse("an instant out of range")
    return EARLIEST + timedelta(milliseconds=milliseconds)


def beijing_instant(node: Node) -> datetime | None:
    """Return a time such as `2026-11-11 09:00:00` on Beijing's clocks, or `unix_instant`."""
    text = node.text()
    if text is None:
        return unix_instant(node)
    try:
        instant = parse_instant_in(BEIJING, text[:64], node.path)
    except OverflowError:
        node.refuse("an instant out of range")
    return instant if EARLIEST <= instant < LATEST else node.refuse("an instant out of range")


def latest_readable(*nodes: Node) -> datetime | None:
    """Return the latest of several Beijing times, without those that cannot be read."""
    return max((instant for instant in map(_readable, nodes) if instant), default=None)


def is_fresh(seconds: str, now: datetime, tolerance: timedelta) -> bool:
    """Say whether a header's seconds since 1970 are within the tolerance, in the past and in the future."""
    if not (seconds.isascii() and seconds.isdecimal() and len(seconds) <= _DIGITS):
        return False
    return abs(now - EARLIEST - timedelta(seconds=int(seconds))) <= tolerance


def _number(node: Node) -> int | None:
    value = node.value
    if value is None or value == "":
        return None
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= _DIGITS:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        node.refuse("not an instant")
    return value


def _readable(node: Node) -> datetime | None:
    try:
        return beijing_instant(node)
    except InvalidInputError:
        return None
