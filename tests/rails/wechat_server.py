"""WeChat Pay's transfer bills as its published API behaves, with a ledger of the money it has moved.

Written from WeChat Pay's pages on merchant transfers: requests are signed by the merchant and answers by
WeChat Pay, a repeat of a bill's number is answered with that bill, names are encrypted and asked for from
2,000 yuan, a person takes so much in a day, and notifications are signed and encrypted.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tests import builders as make
from tests.rails.weather import Asked, Provider, Told

BILLS = "/v3/fund-app/mch-transfer/transfer-bills"
BY_NUMBER = f"{BILLS}/out-bill-no/"
MCHID, APPID, SERIAL, KEY_ID = "1900000109", "wxd678efh567hg6787", "444F4864EA9B34415", "PUB_KEY_ID_1"
API_KEY = "0123456789abcdef0123456789abcdef"
SCENE = "1005"
NOTIFY = "https://rails.example.com/wechat"
SIGNED = re.compile(
    r'WECHATPAY2-SHA256-RSA2048 mchid="(.*?)",nonce_str="(.*?)",signature="(.*?)",timestamp="(\d+)",'
    r'serial_no="(.*?)"'
)
LEAST, NAMED = 10, 200_000
"""Fen: the least that is transferred, and from what on a name must be given."""
REFUSALS = {429: "FREQUENCY_LIMITED", 500: "SYSTEM_ERROR", 503: "SYSTEM_ERROR"}
BILL_KEYS = ("out_bill_no", "transfer_bill_no", "create_time", "state")


@cache
def merchant_key() -> RSAPrivateKey:
    """The merchant's key, made for this run."""
    return generate_private_key(public_exponent=65537, key_size=2048)


@cache
def platform_key() -> RSAPrivateKey:
    """WeChat Pay's own, made for this run."""
    return generate_private_key(public_exponent=65537, key_size=2048)


def secrets(base_url: str) -> dict[str, str]:
    """What the merchant knows."""
    private = merchant_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = platform_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return {
        "mchid": MCHID,
        "appid": APPID,
        "private_key": private.decode(),
        "cert_serial_no": SERIAL,
        "apiv3_key": API_KEY,
        "public_key": public.decode(),
        "public_key_id": KEY_ID,
        "transfer_scene_id": SCENE,
        "transfer_scene_report_infos": '[{"info_type": "报酬说明", "info_content": "分享佣金"}]',
        "notify_url": NOTIFY,
        "base_url": base_url,
    }


@dataclass(slots=True)
class Bill:
    """A bill that WeChat Pay has; `name` is what the merchant wrote, decrypted."""

    asked: dict[str, Any]
    number: str
    name: str = ""
    state: str = "WAIT_USER_CONFIRM"
    fail_reason: str = ""

    @property
    def values(self) -> dict[str, Any]:
        reason = {"fail_reason": self.fail_reason} if self.fail_reason else {}
        return {
            "mch_id": MCHID,
            "appid": APPID,
            "out_bill_no": self.asked["out_bill_no"],
            "transfer_bill_no": self.number,
            "create_time": "2026-11-11T17:00:00+08:00",
            "update_time": "2026-11-11T17:00:00+08:00",
            "state": self.state,
            "transfer_amount": self.asked["transfer_amount"],
            "openid": self.asked["openid"],
            **reason,
        }


class WeChatBooks:
    """The rules, and what came of them."""

    def __init__(self) -> None:
        self.bills: dict[str, Bill] = {}
        self.moved: Counter[str] = Counter()
        self.balance = 10**9
        self.person_day = 200_000
        self.state = "WAIT_USER_CONFIRM"
        self.repeat_is_an_error = False
        self.forgotten: set[str] = set()
        self.refusal: Told | None = None
        self.answer_as = KEY_ID

    def rules(self, asked: Asked) -> Told:
        if not _is_signed(asked):
            return error(401, "SIGN_ERROR", "签名错误")
        if asked.method == "POST" and asked.path == BILLS:
            return self._create(asked.json())
        bill = self.bills.get(asked.path.removeprefix(BY_NUMBER))
        if bill is None or bill.number in self.forgotten:
            return error(404, "NOT_FOUND", "记录不存在")
        return self._signed(bill.values)

    def conclude(self, out_bill_no: str, state: str, fail_reason: str = "") -> Bill:
        """Let a bill come to its end; what is not paid has moved no money."""
        bill = self.bills[out_bill_no]
        bill.state, bill.fail_reason = state, fail_reason
        if state != "SUCCESS":
            del self.moved[out_bill_no]
        return bill

    def money(self) -> dict[str, int]:
        return dict(self.moved)

    def _create(self, body: dict[str, Any]) -> Told:
        if self.refusal:
            return self.refusal
        if known := self.bills.get(body["out_bill_no"]):
            return self._again(known, body)
        if told := self._refused(body):
            return told
        name = _decrypted(body["user_name"]) if "user_name" in body else ""
        bill = Bill(body, f"13300000{len(self.bills) + 1:08d}", name, self.state)
        self.bills[body["out_bill_no"]] = bill
        self.moved[body["out_bill_no"]] += body["transfer_amount"]
        return self._accepted(bill)

    def _refused(self, body: dict[str, Any]) -> Told | None:
        amount = body["transfer_amount"]
        infos, of_scene = body.get("transfer_scene_report_infos"), body["transfer_scene_id"] == SCENE
        if body["appid"] != APPID or not of_scene or not infos or body["notify_url"] != NOTIFY:
            return error(400, "PARAM_ERROR", "参数错误")
        if not re.fullmatch(r"[A-Za-z0-9]{1,32}", body["out_bill_no"]) or len(body["transfer_remark"]) > 32:
            return error(400, "PARAM_ERROR", "参数错误")
        if amount < LEAST or (amount >= NAMED and "user_name" not in body):
            return error(400, "INVALID_REQUEST", "超过单笔转账上下限，核实产品设置是否准确")
        took = [bill.asked for bill in self.bills.values() if bill.asked["openid"] == body["openid"]]
        if sum(one["transfer_amount"] for one in took) + amount > self.person_day:
            return error(400, "INVALID_REQUEST", "超过单用户单日转账额度")
        if sum(self.moved.values()) + amount > self.balance:
            return error(403, "NOT_ENOUGH", "资金不足")
        return None

    def _again(self, known: Bill, body: dict[str, Any]) -> Told:
        same = {key: value for key, value in body.items() if key != "user_name"}
        if same != {key: value for key, value in known.asked.items() if key != "user_name"}:
            return error(400, "INVALID_REQUEST", "商户单号重复，参数不一致")
        if self.repeat_is_an_error:
            return error(400, "ALREADY_EXISTS", "订单已存在")
        return self._accepted(known)

    def _accepted(self, bill: Bill) -> Told:
        values = {key: bill.values[key] for key in BILL_KEYS}
        package = {"package_info": f"package-of-{bill.number}"} if bill.state == "WAIT_USER_CONFIRM" else {}
        return self._signed({**values, **package})

    def _signed(self, values: dict[str, Any]) -> Told:
        return Told(200, values, signature(json.dumps(values), make.T0, self.answer_as))


def notification(bill: Bill, now: datetime, event_type: str = "MCHTRANSFER.BILL.FINISHED") -> bytes:
    """A notification about a bill, its resource encrypted."""
    plain = json.dumps(bill.values).encode()
    cipher = AESGCM(API_KEY.encode()).encrypt(b"fPqxLQRZmjVn", plain, b"mch_payment")
    resource = {
        "original_type": "mch_payment",
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": b64encode(cipher).decode(),
        "associated_data": "mch_payment",
        "nonce": "fPqxLQRZmjVn",
    }
    event = {"id": f"EV-{bill.number}", "create_time": now.isoformat(), "event_type": event_type}
    return json.dumps({**event, "resource_type": "encrypt-resource", "resource": resource}).encode()


def signature(body: str, now: datetime, key_id: str = KEY_ID) -> dict[str, str]:
    """The headers that WeChat Pay signs an answer or a notification with."""
    stamp, nonce = str(int(now.timestamp())), "LJCTbBBiwMkAzH80tCHsYYsMV6z5Ry7Z"
    signed = platform_key().sign(f"{stamp}\n{nonce}\n{body}\n".encode(), PKCS1v15(), SHA256())
    return {
        "Wechatpay-Timestamp": stamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Signature": b64encode(signed).decode(),
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        "Wechatpay-Serial": key_id,
    }


def error(status: int, code: str, message: str) -> Told:
    """An error as WeChat Pay writes it."""
    return Told(status, {"code": code, "message": message})


def wechat() -> tuple[WeChatBooks, Provider]:
    """A WeChat Pay without weather, and the server it is to be served on."""
    books = WeChatBooks()
    return books, Provider(books.rules, lambda status: error(status, REFUSALS[status], "系统繁忙"))


def _is_signed(asked: Asked) -> bool:
    found = SIGNED.fullmatch(asked.headers.get("authorization", ""))
    if not found or (found[1], found[5]) != (MCHID, SERIAL):
        return False
    message = f"{asked.method}\n{asked.path}\n{found[4]}\n{found[2]}\n{asked.body.decode()}\n"
    try:
        merchant_key().public_key().verify(b64decode(found[3]), message.encode(), PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def _decrypted(text: str) -> str:
    padding = OAEP(mgf=MGF1(algorithm=SHA1()), algorithm=SHA1(), label=None)  # noqa: S303 - WeChat Pay's choice
    return platform_key().decrypt(b64decode(text), padding).decode()
