"""Bodies of platforms that encrypt or encode, signed as they sign."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from standardwebhooks.webhooks import Webhook

from grapevine.adapters.storefronts.json_values import EARLIEST
from grapevine.adapters.storefronts.wechat_push import key_of, signature_of
from grapevine.ports import ShopKeys
from tests.builders import CLICK_ID, T0

FIXTURES = Path(__file__).parent / "fixtures"
CLIENT_ID, CLIENT_SECRET, OLD_SECRET, KDT_ID = (
    "cl1ent0000000000",
    "app-secret-00000001",
    "app-secret-old",
    "56232",
)
TOKEN, AES_KEY, APP_ID = (
    "push-token-0001",
    "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    "wx0000000000000001",
)
WHSEC = f"whsec_{base64.b64encode(b'g' * 32).decode()}"
OLD_WHSEC = f"whsec_{base64.b64encode(b'o' * 32).decode()}"

YOUZAN_KEYS = ShopKeys(
    secrets=(CLIENT_SECRET, OLD_SECRET),
    domain="shop.example",
    access={"client_id": CLIENT_ID, "grant_id": KDT_ID},
)
PLAIN_KEYS = ShopKeys(secrets=(TOKEN,), domain="shop.example", access={"appid": APP_ID})
AES_KEYS = ShopKeys(
    secrets=(TOKEN,), domain="shop.example", access={"appid": APP_ID, "encoding_aes_key": AES_KEY}
)
GENERIC_KEYS = ShopKeys(secrets=(WHSEC, OLD_WHSEC), domain="shop.example")


def fixture(path: str) -> dict[str, Any]:
    """Return one of our own bodies, with the click of the tests where it has one."""
    values: dict[str, Any] = json.loads(raw_fixture(path))
    return values


def raw_fixture(path: str) -> bytes:
    return (FIXTURES / path).read_text(encoding="utf-8").replace("CLICK", CLICK_ID).encode()


def seconds(now: datetime) -> str:
    return str((now - EARLIEST) // timedelta(seconds=1))


def envelope(kind: str, message: object, **changes: object) -> bytes:
    """Return what Youzan sends: the message is JSON in a form's encoding."""
    text = json.dumps(message, ensure_ascii=False)
    msg = quote_plus(text, errors="replace") if isinstance(message, dict) else message
    values = {
        "client_id": CLIENT_ID,
        "id": "E20261111170000000600011",
        "kdt_id": int(KDT_ID),
        "mode": 1,
        "msg": msg,
        "msg_id": "6dc15f0b-0000-4812-b635-000000000001",
        "status": "WAIT_SELLER_SEND_GOODS",
        "test": False,
        "type": kind,
        "version": 1794387632,
    }
    return json.dumps({**values, **changes}).encode()


def youzan_headers(raw: bytes, secret: str = CLIENT_SECRET) -> dict[str, str]:
    signed = hashlib.md5(CLIENT_ID.encode() + raw + secret.encode(), usedforsecurity=False).hexdigest()
    return {"event-sign": signed, "event-type": "trade_TradePaid", "client-id": CLIENT_ID}


def push_query(
    *signed: str, name: str = "?signature", now: datetime = T0, token: str = TOKEN
) -> dict[str, str]:
    """Return the query of a push; `signed` is what is signed beside the instant and the nonce."""
    stamp, nonce = seconds(now), "1320562132"
    return {"?timestamp": stamp, "?nonce": nonce, name: signature_of(token, stamp, nonce, *signed)}


def encrypted(text: bytes, app_id: str = APP_ID) -> str:
    """Return a text as WeChat encrypts it."""
    inner = b"0123456789abcdef" + len(text).to_bytes(4, "big") + text + app_id.encode()
    count = 32 - len(inner) % 32
    key = key_of(AES_KEY)
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(inner + bytes([count]) * count) + encryptor.finalize()).decode()


def encrypted_push(text: bytes, now: datetime = T0, app_id: str = APP_ID) -> tuple[bytes, dict[str, str]]:
    """Return a push of the encrypted mode, and its query."""
    cipher = encrypted(text, app_id)
    body = json.dumps({"ToUserName": "gh_0000000000ab", "Encrypt": cipher}).encode()
    return body, push_query(cipher, name="?msg_signature", now=now) | {"?encrypt_type": "aes"}


def webhook_headers(
    raw: bytes, secret: str = WHSEC, now: datetime = T0, message_id: str = "msg_0001"
) -> dict[str, str]:
    """Return the headers of Standard Webhooks."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": seconds(now),
        "webhook-signature": Webhook(secret).sign(message_id, now, raw.decode()),
    }


# --- WeChat Pay --------------------------------------------------------------------------------

PAY_KEY, SERIAL, NEW_SERIAL = "apiv3-key-of-thirty-two-letters!", "5F0E1D", "PUB_KEY_ID_0110000001"


@cache
def pay_signer() -> RSAPrivateKey:
    """Return WeChat Pay's key, made once for all tests."""
    return generate_private_key(public_exponent=65537, key_size=2048)


def pay_keys() -> ShopKeys:
    """Return a storefront that WeChat Pay may notify, by an old serial and a new one."""
    pem = pay_signer().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return ShopKeys(
        secrets=(WHSEC,),
        domain="shop.example",
        access={"wechat_pay_key": PAY_KEY, SERIAL: pem, NEW_SERIAL: pem},
    )


def pay_body(resource: object, event: str = "TRANSACTION.SUCCESS", nonce: str = "nonce0000012") -> bytes:
    """Return a notification with its resource encrypted."""
    plain = resource if isinstance(resource, bytes) else json.dumps(resource).encode()
    hidden = AESGCM(PAY_KEY.encode()).encrypt(nonce.encode(), plain, b"transaction")
    return json.dumps(
        {
            "id": "6d0d0b0c-0000-5000-8000-000000000001",
            "create_time": "2026-11-11T17:01:01+08:00",
            "resource_type": "encrypt-resource",
            "event_type": event,
            "resource": {
                "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": base64.b64encode(hidden).decode(),
                "associated_data": "transaction",
                "nonce": nonce,
            },
        }
    ).encode()


def pay_headers(raw: bytes, now: datetime = T0, serial: str = SERIAL) -> dict[str, str]:
    """Return a notification's headers."""
    stamp, nonce = seconds(now), "EcZ9000000000000000000000000000A"
    signed = f"{stamp}\n{nonce}\n".encode() + raw + b"\n"
    return {
        "wechatpay-timestamp": stamp,
        "wechatpay-nonce": nonce,
        "wechatpay-serial": serial,
        "wechatpay-signature-type": "WECHATPAY2-SHA256-RSA2048",
        "wechatpay-signature": base64.b64encode(pay_signer().sign(signed, PKCS1v15(), SHA256())).decode(),
    }
