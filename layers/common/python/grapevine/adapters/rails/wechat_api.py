"""WeChat Pay's transfer bills by the library wechatpayv3: it signs, encrypts names, verifies and decrypts.

The library has the live address built in, and no parameter for another: it is set once, here, on the
client that it made. In the mode with WeChat Pay's public key it asks for nothing while it is made. It
raises plain `Exception`s; here each is either «nobody knows what happened» or «not from WeChat Pay».
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wechatpayv3 import WeChatPay, WeChatPayType

from grapevine.adapters.rails.wechat_settings import WeChatSettings
from grapevine.domain.errors import UnauthenticatedError
from grapevine.domain.transfers import Transfer
from grapevine.ports.rails import RailUnavailableError

CONNECT_SECONDS = 3.0
READ_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class BillAnswer:
    """What came back: the status, and the body's JSON object."""

    status: int
    values: Mapping[str, Any] = field(repr=False)

    @property
    def code(self) -> str:
        """WeChat Pay's word for an error."""
        return str(self.values.get("code", ""))

    @property
    def words(self) -> str:
        """The error as a person may read it."""
        return " ".join(f"{self.status} {self.code} {self.values.get('message', '')}".split())[:400]


class WeChatBills:
    """One merchant's bills."""

    def __init__(self, settings: WeChatSettings, read_seconds: float = READ_SECONDS) -> None:
        self._settings = settings
        self._client = _client(settings, read_seconds)

    def create(self, transfer: Transfer) -> BillAnswer:
        """Ask for a bill; RailUnavailableError where there is no answer that is WeChat Pay's."""
        settings, name = self._settings, transfer.details.get("name", "").strip()
        return self._asked(
            self._client.mch_transfer_bills,
            out_bill_no=transfer.id,
            transfer_scene_id=settings.transfer_scene_id,
            openid=transfer.details["openid"].strip(),
            transfer_amount=transfer.amount.minor,
            transfer_remark=settings.remark,
            user_name=name or None,
            user_recv_perception=settings.perception or None,
            transfer_scene_report_infos=list(settings.report_infos),
        )

    def find(self, transfer_id: str) -> BillAnswer:
        """Ask for what became of a bill by our number of it."""
        return self._asked(self._client.mch_transfer_bills_query, out_bill_no=transfer_id)

    def opened(self, headers: Mapping[str, str], body: bytes) -> Mapping[str, Any]:
        """Return a notification with its resource decrypted; UnauthenticatedError for any other body."""
        try:
            event = self._client.callback(headers, body)
        except Exception as error:  # the library raises nothing narrower
            raise UnauthenticatedError("not authenticated") from error
        if not isinstance(event, dict) or not isinstance(event.get("resource"), dict):
            raise UnauthenticatedError("not authenticated")
        return event

    def _asked(self, call: Any, **arguments: object) -> BillAnswer:  # noqa: ANN401 - the library has no types
        try:
            status, text = call(**arguments)
            values = json.loads(text or "{}")
        except Exception as error:
            raise RailUnavailableError(f"WeChat Pay did not answer: {type(error).__name__}") from error
        if not isinstance(values, dict):
            raise RailUnavailableError(f"WeChat Pay answered {status} with what is not an object")
        return BillAnswer(status, values)


def _client(settings: WeChatSettings, read_seconds: float) -> Any:  # noqa: ANN401 - the library has no types
    client = WeChatPay(
        wechatpay_type=WeChatPayType.MINIPROG,
        mchid=settings.mchid,
        private_key=settings.private_key,
        cert_serial_no=settings.cert_serial_no,
        appid=settings.appid,
        apiv3_key=settings.apiv3_key,
        notify_url=settings.notify_url,
        timeout=(CONNECT_SECONDS, read_seconds),
        public_key=settings.public_key,
        public_key_id=settings.public_key_id,
    )
    client._core._gate_way = settings.base_url  # noqa: SLF001 - see the module's first words
    return client
