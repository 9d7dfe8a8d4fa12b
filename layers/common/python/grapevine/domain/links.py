"""Tracked links and the destination a shopper is sent to."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import SplitResult, quote, unquote_plus, urlsplit, urlunsplit

from grapevine.domain.errors import InvalidInputError

CLICK_PARAMETER = "gv_click"
"""The reserved query name that carries the click id to the shop; ours always wins."""

MAX_DESTINATION = 2000
"""Characters; three times as long with everything escaped, it still fits into API Gateway's headers."""

_CLEAN = re.compile(r"[\x21-\x7e]+")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,252}[a-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A promoter's tracked URL; `upline` is a hint that saves the accrual a read, never a truth.

    `product_id` is the product that it leads to, where the promoter said so.
    """

    code: str
    program_id: str
    promoter_id: str
    destination: str
    upline: tuple[str, ...] = ()
    product_id: str | None = None

    def without_words(self) -> Link:
        """Return the link to the page alone: what its promoter wrote behind the path is left out."""
        scheme, host, path, *_ = urlsplit(self.destination)
        return replace(self, destination=urlunsplit((scheme, host, path, "", "")))


def checked_destination(url: str, allowed_hosts: tuple[str, ...]) -> str:
    """Return the URL when it is https and leads to an allowed host; InvalidInputError otherwise.

    Backslashes, white space, control characters, user names and foreign letters are refused
    before parsing, because browsers and `urllib` read them differently.
    """
    if _CLEAN.fullmatch(url) is None or "\\" in url:
        raise InvalidInputError("has characters that a URL may not have", "destination")
    if len(url) > MAX_DESTINATION:
        raise InvalidInputError(f"longer than {MAX_DESTINATION} characters", "destination")
    parts = _split(url)
    if parts.scheme != "https" or "@" in parts.netloc:
        raise InvalidInputError("must be an https URL without a user name", "destination")
    if not _is_allowed(parts, allowed_hosts):
        raise InvalidInputError(f"host {parts.hostname!r} is not one of the program's", "destination")
    return url


def with_click_id(destination: str, click_id: str) -> str:
    """Return the destination with the click id merged into its query, the fragment kept.

    What else is in the query stays as it is, letter by letter: it may be in any encoding, and a
    parameter without a value is not one with an empty value.

    >>> with_click_id("https://shop.example/p?a=1&gv_click=forged#top", "C")
    'https://shop.example/p?a=1&gv_click=C#top'
    """
    parts = urlsplit(destination)
    kept = [pair for pair in parts.query.split("&") if pair and not _is_click(pair)]
    query = "&".join([*kept, f"{CLICK_PARAMETER}={quote(click_id)}"])
    return urlunsplit(parts._replace(query=query))


def checked_host(host: str, where: str) -> str:
    """Return a host name in lower case; InvalidInputError when it is not one."""
    lowered = host.strip().lower()
    if _HOST.fullmatch(lowered) is None:
        raise InvalidInputError(f"not a host name: {host[:80]!r}", where)
    return lowered


def _is_click(pair: str) -> bool:
    return unquote_plus(pair.partition("=")[0]) == CLICK_PARAMETER


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise InvalidInputError("not a URL", "destination") from None
    return parts


def _is_allowed(parts: SplitResult, allowed_hosts: tuple[str, ...]) -> bool:
    return parts.hostname in allowed_hosts and parts.port in (None, 443)
