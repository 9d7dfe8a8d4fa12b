"""A WeChat shop (微信小店) by message push: what happened to which order, and the order is then asked for.

A push holds no amounts. In the encrypted mode, with the storefront's `encoding_aes_key`, the whole
message is signed; in the plain mode only the instant and a nonce are, so that it is believed no further
than to look at the order it names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from grapevine.adapters.storefronts.clocks import is_fresh
from grapevine.adapters.storefronts.json_values import Node, parse_object
from grapevine.adapters.storefronts.plain import PlainShop
from grapevine.adapters.storefronts.wechat_orders import order_reading
from grapevine.adapters.storefronts.wechat_push import decrypted, is_signed, parse_push
from grapevine.domain.errors import MalformedBodyError, UnauthenticatedError
from grapevine.ports import Ignored, NeedsFetch, Reply, ShopEvent, ShopKeys

TOLERANCE = timedelta(minutes=5)
SUCCESS = Reply("success")
EVENTS = {
    "channels_ec_order_new": "order_info",
    "channels_ec_order_pay": "order_info",
    "channels_ec_order_cancel": "order_info",
    "channels_ec_order_deliver": "order_info",
    "channels_ec_order_confirm": "order_info",
    "channels_ec_order_ext_info_update": "order_info",
    "channels_ec_aftersale_update": "finder_shop_aftersale_status_update",
}
"""The events after which an order is another than before, and where each names it."""
_ECHO = re.compile(r"[A-Za-z0-9+/=_-]{1,128}")


class WeChatShop(PlainShop):
    """The storefront adapter for WeChat shops; it keeps nothing."""

    @property
    def accepted(self) -> Reply:
        return SUCCESS

    def greet(self, raw: bytes, headers: Mapping[str, str], keys: ShopKeys, now: datetime) -> Reply | None:
        """Echo what WeChat asks to see again when the address is entered, once it proved to be WeChat."""
        echo = headers.get("?echostr")
        if echo is None or raw:
            return None
        if not (_ECHO.fullmatch(echo) and _is_plainly_signed(headers, keys, now)):
            raise UnauthenticatedError("not authenticated")
        return Reply(echo)

    def verify(self, raw: bytes, headers: Mapping[str, str], keys: ShopKeys, now: datetime) -> None:
        """Check the signature and its age; where the storefront has a key, a message must be encrypted."""
        if keys.access.get("encoding_aes_key"):
            signed = _is_encrypted_and_signed(raw, headers, keys, now)
        else:
            signed = _is_plainly_signed(headers, keys, now)
        if not signed:
            raise UnauthenticatedError("not authenticated")

    def opened(self, raw: bytes, headers: Mapping[str, str], keys: ShopKeys) -> bytes:  # noqa: ARG002 - the port's signature
        """Return the message inside; one for another shop than ours is refused as no proof at all."""
        aes_key = keys.access.get("encoding_aes_key")
        if not aes_key:
            return raw
        text, app_id = decrypted(_encrypted(raw), aes_key)
        if app_id != keys.access.get("appid", app_id):
            raise UnauthenticatedError("not authenticated")
        return text

    def topic(self, headers: Mapping[str, str]) -> str:  # noqa: ARG002 - the event is in the body
        """Return no topic: what a push is about is in its body."""
        return ""

    def normalise(self, raw: bytes, topic: str) -> tuple[ShopEvent, ...]:
        """Return which order to ask for; under any topic, what WeChat's API said of an order."""
        if topic:
            return (order_reading(parse_object(raw)),)
        message = parse_push(raw)
        event = message["Event"].text() or ""
        where = EVENTS.get(event)
        if where is None:
            return (Ignored(reason="not an event of ours"),)
        return (
            NeedsFetch(order_id=_order_id(message[where]["order_id"]), reason=f"{event} tells no amounts"),
        )


def _is_plainly_signed(headers: Mapping[str, str], keys: ShopKeys, now: datetime) -> bool:
    return _is_ours(headers, keys, now, "?signature")


def _is_encrypted_and_signed(raw: bytes, headers: Mapping[str, str], keys: ShopKeys, now: datetime) -> bool:
    try:
        encrypted = _encrypted(raw)
    except MalformedBodyError:
        return False
    return _is_ours(headers, keys, now, "?msg_signature", encrypted)


def _is_ours(headers: Mapping[str, str], keys: ShopKeys, now: datetime, name: str, *text: str) -> bool:
    timestamp, nonce = headers.get("?timestamp", ""), headers.get("?nonce", "")
    signed = is_signed(headers.get(name, ""), keys.secrets, timestamp, nonce, *text)
    return signed and is_fresh(timestamp, now, TOLERANCE)


def _encrypted(raw: bytes) -> str:
    return parse_push(raw)["Encrypt"].text() or _refuse("missing", "Encrypt")


def _order_id(node: Node) -> str:
    value = node.value
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return (str(value) if is_number else node.text()) or _refuse("missing", node.path)


def _refuse(what: str, where: str) -> str:
    raise MalformedBodyError(what, where)


ADAPTER = WeChatShop()
