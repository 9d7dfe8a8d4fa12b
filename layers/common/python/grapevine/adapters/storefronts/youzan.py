"""Youzan's messages: `Event-Sign` over the raw bytes, an envelope, and a message in it that is encoded again.

The header that names the type is not signed, so the envelope's own `type` is read. Youzan signs no
instant: what came before is known by its content, for ever.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import unquote_plus

from grapevine.adapters.storefronts.json_values import Node, parse_object
from grapevine.adapters.storefronts.plain import PlainShop
from grapevine.adapters.storefronts.youzan_messages import KINDS, TO_FETCH, read_message
from grapevine.adapters.storefronts.youzan_trades import trade_id, trade_reading
from grapevine.domain.errors import MalformedBodyError, UnauthenticatedError
from grapevine.domain.facts import FactKind
from grapevine.ports import Ignored, NeedsFetch, Reply, ShopEvent, ShopKeys

SUCCESS = Reply('{"code":0,"msg":"success"}', "application/json; charset=utf-8")
"""Youzan looks for the word `success`, and sends again what it was not told it of."""


class Youzan(PlainShop):
    """The storefront adapter for Youzan; it keeps nothing."""

    @property
    def accepted(self) -> Reply:
        return SUCCESS

    def verify(self, raw: bytes, headers: Mapping[str, str], keys: ShopKeys, now: datetime) -> None:  # noqa: ARG002 - Youzan signs no instant
        """Check the signature with each of the app's secrets, and that the message is of our shop.

        One app may serve many shops: `grant_id` is ours, where the storefront's access names it.
        """
        client_id = keys.access.get("client_id", "")
        signed = _is_signed(raw, headers.get("event-sign", ""), client_id, keys.secrets)
        if not (signed and _is_for(raw, keys.access.get("grant_id"))):
            raise UnauthenticatedError("not authenticated")

    def topic(self, headers: Mapping[str, str]) -> str:  # noqa: ARG002 - the envelope's type is signed, the header's is not
        """Return no topic: what a message is about is in its envelope."""
        return ""

    def normalise(self, raw: bytes, topic: str) -> tuple[ShopEvent, ...]:
        """Return what a message says; under any topic, what Youzan's API said of a trade."""
        body = parse_object(raw)
        if topic:
            return (trade_reading(body, FactKind.EDITED),)
        kind = body["type"].text() or ""
        if kind not in {*KINDS, *TO_FETCH}:
            return (Ignored(reason="not a message of ours"),)
        if body["test"].is_true and not body["msg"].value:
            return (Ignored(reason="a test of the address"),)
        message = _message(body["msg"])
        if kind in TO_FETCH:
            return (NeedsFetch(order_id=trade_id(message, body["id"]), reason=f"{kind} tells no amounts"),)
        return (read_message(body, message, KINDS[kind]),)


def _is_signed(raw: bytes, signature: str, client_id: str, secrets: Sequence[str]) -> bool:
    """Compare in constant time; without an id or a secret anybody could sign."""
    given = signature.strip().lower().encode("utf-8", "replace")
    found = False
    for secret in secrets if client_id else ():
        digest = hashlib.md5(client_id.encode() + raw + secret.encode(), usedforsecurity=False).hexdigest()
        found |= bool(secret) and hmac.compare_digest(given, digest.encode())
    return found


def _is_for(raw: bytes, grant_id: str | None) -> bool:
    """Say whether a message names our shop, or a shop of ours; what cannot be read is refused later."""
    if not grant_id:
        return True
    try:
        body = parse_object(raw)
    except MalformedBodyError:
        return True
    named = {str(body[name].value) for name in ("kdt_id", "root_kdt_id") if not body[name].is_missing}
    return not named or grant_id in named


def _message(node: Node) -> Node:
    """Return the message inside: an object, or one that is percent-encoded, as forms are, in a text."""
    if isinstance(node.value, dict):
        return node
    text = node.text()
    if text is None:
        raise MalformedBodyError("missing", node.path)
    try:
        decoded = text if text.startswith("{") else unquote_plus(text, errors="strict")
        return Node(parse_object(decoded.encode()).value, node.path)
    except (MalformedBodyError, UnicodeError):
        raise MalformedBodyError("not a percent-encoded JSON object", node.path) from None


ADAPTER = Youzan()
