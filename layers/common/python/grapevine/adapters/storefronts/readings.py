"""What every platform's reader does alike: quarantine, the order's id, signatures, click ids, referrers."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from grapevine.adapters.storefronts.json_values import Node
from grapevine.domain.errors import InvalidInputError, MalformedBodyError
from grapevine.domain.ids import visitor_of
from grapevine.domain.links import CLICK_PARAMETER
from grapevine.ports import Reading

LONGEST_HOST = 100
MAX_QUANTITY = 1_000_000
ODD_QUANTITY = 1_000_000_000
"""Beyond this many a quantity cannot even be accepted by a person."""

_SHA256_BYTES = 32
_LONGEST_PROBLEM = 300
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


def read_or_quarantined(node: Node, read: Callable[[Node], Reading], bare: Reading) -> Reading:
    """Return what a body says; where it cannot be right, what is wrong, so that it waits for a person.

    Odd amounts that we can count are kept beside the problem: a person may accept them. What
    cannot be read even so is left out, and can only be rejected.
    """
    try:
        return read(node)
    except InvalidInputError as error:
        problem = str(error)[:_LONGEST_PROBLEM]
    try:
        return replace(read(replace(node, odd=True)), problem=problem)
    except InvalidInputError:
        return replace(bare, problem=problem)


def numbered_order(node: Node) -> str:
    """Return the order's number; without it there is nothing to append to."""
    try:
        return node.identifier() or node.refuse("missing")
    except InvalidInputError as error:
        raise MalformedBodyError(error.what, error.where) from None


def by_lower_name(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers by their names in lower case: HTTP's have none."""
    return {name.lower(): value for name, value in headers.items()}


def is_signed_base64(raw: bytes, signature: str, secrets: Iterable[str]) -> bool:
    """Say whether any secret's HMAC-SHA256 of the body is this one, in base64.

    It is compared in constant time; an empty secret would be one that everybody knows.
    """
    try:
        given = base64.b64decode(signature, validate=True)
    except ValueError:
        return False
    if len(given) != _SHA256_BYTES:
        return False
    expected = [hmac.digest(secret.encode(), raw, "sha256") for secret in secrets if secret]
    return sum([hmac.compare_digest(given, digest) for digest in expected]) > 0


def click_among(candidates: Iterable[str | None]) -> str | None:
    """Return the first text that looks like a click id of ours: anybody can type a query."""
    return next((text for text in candidates if text and visitor_of(text)), None)


def clicks_in_url(url: str) -> list[str]:
    """Return the click ids in a URL, the last one first: the redirect appends ours at the end."""
    try:
        pairs = parse_qsl(urlsplit(url).query)
    except ValueError:
        return []
    return [value for name, value in reversed(pairs) if name == CLICK_PARAMETER]


def host_in_url(url: str) -> str | None:
    """Return the host that a URL names, without `www.`; the rest of the address may name a person."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return None
    name = host.removeprefix("www.")
    return name if len(name) <= LONGEST_HOST and _HOST.fullmatch(name) else None


def sku_of(node: Node) -> str | None:
    """Return the stock keeping unit; some shops number them."""
    return str(node.value) if type(node.value) is int else node.text()
