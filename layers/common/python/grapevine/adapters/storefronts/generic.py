"""Any shop without an adapter: our own bodies, signed by Standard Webhooks.

The schema in `generic_schema` says what a body may hold; what breaks it is refused with every place
where it does, because here we and not a platform say what is right. WeChat Pay may notify the same
address: then it confirms the payment of orders whose lines the shop tells.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from grapevine.adapters.storefronts import wechat_pay
from grapevine.adapters.storefronts.clocks import is_fresh
from grapevine.adapters.storefronts.generic_bodies import read_body
from grapevine.adapters.storefronts.json_values import parse_object
from grapevine.adapters.storefronts.plain import PlainShop
from grapevine.domain.errors import UnauthenticatedError
from grapevine.ports import ShopEvent, ShopKeys

TOLERANCE = timedelta(minutes=5)
_ID = re.compile(r"[\x21-\x2d\x2f-\x7e]{1,256}")
"""Letters that are seen, and no dot: with one, the signed text could be split in two ways."""
_MOST_SIGNATURES = 20


class Generic(PlainShop):
    """The storefront adapter for every other shop; it keeps nothing."""

    def verify(self, raw: bytes, headers: Mapping[str, str], keys: ShopKeys, now: datetime) -> None:
        """Check a signature of Standard Webhooks, and its age both ways; or WeChat Pay's own."""
        if wechat_pay.is_notification(headers):
            wechat_pay.verify_notification(raw, headers, keys, now)
            return
        message_id, seconds = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        named = _ID.fullmatch(message_id) is not None and is_fresh(seconds, now, TOLERANCE)
        if not (named and _is_signed(raw, message_id, int(seconds), headers, keys)):
            raise UnauthenticatedError("not authenticated")

    def opened(self, raw: bytes, headers: Mapping[str, str], keys: ShopKeys) -> bytes:
        """Return WeChat Pay's notifications decrypted, and all else as it came."""
        return wechat_pay.opened_notification(raw, keys) if wechat_pay.is_notification(headers) else raw

    def topic(self, headers: Mapping[str, str]) -> str:
        """Return WeChat Pay's topic for its notifications; our own bodies name theirs."""
        return wechat_pay.TOPIC if wechat_pay.is_notification(headers) else ""

    def normalise(self, raw: bytes, topic: str) -> tuple[ShopEvent, ...]:
        """Return what a body says; MalformedBodyError with each place where it breaks the schema."""
        if topic == wechat_pay.TOPIC:
            return wechat_pay.read_notification(raw)
        return (read_body(parse_object(raw)),)


def _is_signed(raw: bytes, message_id: str, seconds: int, headers: Mapping[str, str], keys: ShopKeys) -> bool:
    """Compare every signature that is given with every secret's, in constant time."""
    given = [
        signature
        for token in headers.get("webhook-signature", "").split(" ")[:_MOST_SIGNATURES]
        if (signature := _signature(token))
    ]
    expected = [_expected(secret, raw, message_id, seconds) for secret in keys.secrets]
    return sum(hmac.compare_digest(one, other) for one in given for other in expected if other) > 0


def _signature(token: str) -> bytes | None:
    """Return the bytes of a `v1,` signature, None for one of another version or of none."""
    version, _, text = token.partition(",")
    try:
        return base64.b64decode(text, validate=True) if version == "v1" else None
    except ValueError:
        return None


def _expected(secret: str, raw: bytes, message_id: str, seconds: int) -> bytes | None:
    """Return what the library signs, None for a secret or a body that it cannot take."""
    at = datetime.fromtimestamp(seconds, UTC)
    try:
        return base64.b64decode(Webhook(secret).sign(message_id, at, raw.decode()).removeprefix("v1,"))
    except (EmptyWebhookSecretError, ValueError):
        return None


ADAPTER = Generic()
