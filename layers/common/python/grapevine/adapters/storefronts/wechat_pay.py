"""WeChat Pay's notifications (API v3): a signature by a key that is named, and a resource that is encrypted.

They say that an order was paid, or that money went back, by the number that the shop itself gave the
payment. They name no lines: those are the shop's to tell. So this is no platform of its own, it is a
topic beside a shop's own bodies.

The storefront's access has `wechat_pay_key` (the APIv3 key, 32 letters), and each public key or platform
certificate in PEM under its serial number: both, while WeChat Pay moves from one to the other.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from grapevine.adapters.storefronts.clocks import is_fresh
from grapevine.adapters.storefronts.json_values import Node, parse_object
from grapevine.domain.errors import InvalidInputError, MalformedBodyError, UnauthenticatedError
from grapevine.domain.facts import FactKind, Payment, Snapshot
from grapevine.ports import Ignored, Reading, ShopEvent, ShopKeys

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

TOPIC = "wechat_pay"
SIGNED = "wechatpay-signature"
"""The header by which a notification is known."""
TOLERANCE = timedelta(minutes=5)
PAID = "TRANSACTION.SUCCESS"


def is_notification(headers: Mapping[str, str]) -> bool:
    """Say whether a delivery says that it is WeChat Pay's."""
    return SIGNED in headers


def verify_notification(raw: bytes, headers: Mapping[str, str], keys: ShopKeys, now: datetime) -> None:
    """Check the signature by the key that it names, and its age; UnauthenticatedError otherwise."""
    timestamp, nonce = headers.get("wechatpay-timestamp", ""), headers.get("wechatpay-nonce", "")
    pem = keys.access.get(headers.get("wechatpay-serial", ""), "")
    signed = b"\n".join((timestamp.encode("utf-8", "replace"), nonce.encode("utf-8", "replace"), raw, b""))
    if not (is_fresh(timestamp, now, TOLERANCE) and is_signed_by(pem, signed, headers.get(SIGNED, ""))):
        raise UnauthenticatedError("not authenticated")


def is_signed_by(pem: str, text: bytes, signature: str) -> bool:
    """Say whether a text has this signature (base64, RSA with SHA-256) by a public key or a certificate."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

    key = _public_key(pem)
    if key is None:
        return False
    try:
        key.verify(base64.b64decode(signature, validate=True), text, PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def opened_notification(raw: bytes, keys: ShopKeys) -> bytes:
    """Return a notification with its resource in plain text; MalformedBodyError where no key opens it."""
    body = parse_object(raw)
    resource = body["resource"]
    texts = [resource[name].text() or "" for name in ("nonce", "associated_data", "ciphertext")]
    plain = decrypted_resource(keys.access.get("wechat_pay_key", ""), *texts)
    told = {"event_type": body["event_type"].text(), "resource": _json(plain)}
    return json.dumps(told, sort_keys=True).encode()


def decrypted_resource(key: str, nonce: str, associated_data: str, ciphertext: str) -> bytes:
    """Return what AES-256-GCM hid under the APIv3 key; MalformedBodyError where it is not that."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    try:
        hidden = base64.b64decode(ciphertext, validate=True)
        return AESGCM(key.encode()).decrypt(nonce.encode(), hidden, associated_data.encode())
    except (InvalidTag, ValueError):
        raise MalformedBodyError("not encrypted with our key", "resource") from None


def read_notification(opened: bytes) -> tuple[ShopEvent, ...]:
    """Return that an order was paid, by the number the shop gave the payment; nothing of anything else."""
    body = parse_object(opened)
    resource = body["resource"]
    if body["event_type"].text() != PAID or resource["trade_state"].text() != "SUCCESS":
        return (Ignored(reason="no payment: what went back is told by the shop, with its lines"),)
    order_id = resource["out_trade_no"].text()
    paid_at = _instant(resource["success_time"])
    if order_id is None or paid_at is None:
        raise MalformedBodyError("missing", "resource.out_trade_no" if paid_at else "resource.success_time")
    return (
        Reading(
            order_id=order_id, kind=FactKind.PAID, version=paid_at, snapshot=Snapshot(payment=Payment.PAID)
        ),
    )


def _instant(node: Node) -> datetime | None:
    try:
        return node.instant()
    except InvalidInputError as error:
        raise MalformedBodyError(error.what, error.where) from None


def _json(plain: bytes) -> Any:  # noqa: ANN401 - whatever JSON it is
    try:
        return json.loads(plain.decode(), parse_float=str)
    except (ValueError, RecursionError):
        raise MalformedBodyError("not JSON text in UTF-8", "resource") from None


def _public_key(pem: str) -> RSAPublicKey | None:
    """Return the RSA key of a PEM, None where there is none."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415
    from cryptography.x509 import load_pem_x509_certificate  # noqa: PLC0415

    text = pem.encode()
    try:
        is_certificate = b"BEGIN CERTIFICATE" in text
        key = load_pem_x509_certificate(text).public_key() if is_certificate else load_pem_public_key(text)
    except ValueError:
        return None
    return key if isinstance(key, RSAPublicKey) else None
