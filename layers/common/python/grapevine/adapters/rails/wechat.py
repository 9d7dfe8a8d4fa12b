"""WeChat Pay merchant transfers: one bill for each transfer, which the payee confirms in WeChat.

Our id of the transfer is the bill's number, which WeChat Pay takes once: asking again for a bill that is
there is answered with that bill. What its answer to a request says is about the request alone; what is
said to have failed is looked up before it is believed, as WeChat Pay's own rules ask.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from grapevine.adapters.rails.details import missing, unknown, unlike
from grapevine.adapters.rails.wechat_settings import WeChatSettings, wechat_settings
from grapevine.domain.errors import InvalidInputError, UnauthenticatedError, UnavailableError, faults_of
from grapevine.domain.payouts import PayoutState
from grapevine.domain.transfers import RailLimits, RailName, Transfer, TransferBatch, TransferResult
from grapevine.ports.outside import Files
from grapevine.ports.rails import RailNeeds, RailUnavailableError

if TYPE_CHECKING:
    from grapevine.adapters.rails.wechat_api import BillAnswer, WeChatBills

YUAN = "CNY"
NAMED_MINOR = 200_000
"""From 2,000.00 yuan on WeChat Pay asks for the payee's real name, in fen."""
LONGEST_NAME_BYTES = 200
"""What the encryption takes is a little more."""
REMEMBERED = timedelta(days=29)
"""A day less than WeChat Pay looks a bill up by its number."""
FRESH_SECONDS = 300
FINISHED = "MCHTRANSFER.BILL.FINISHED"
DETAILS = ("openid", "name")
STATES = {
    "SUCCESS": PayoutState.COMPLETED,
    "FAIL": PayoutState.FAILED,
    "CANCELLED": PayoutState.FAILED,
}
"""What a bill can end as; every other word means that it is on its way."""
REFUSALS = frozenset({"PARAM_ERROR", "INVALID_REQUEST"})
"""What a bill is refused with for what is in it."""
_OPENID = re.compile(r"\s*[A-Za-z0-9_-]{16,64}\s*")


def open_rail(needs: RailNeeds) -> WeChat:
    """Return a program's rail; InvalidInputError where its secrets are not complete."""
    return WeChat(wechat_settings(needs.secrets), needs.program_id, needs.files, needs.now)


class WeChat:
    """The rail; the library is loaded when something is first asked of WeChat Pay."""

    name = RailName.WECHAT

    def __init__(
        self,
        settings: WeChatSettings,
        program_id: str,
        files: Files,
        now: Callable[[], datetime],
        bills: WeChatBills | None = None,
    ) -> None:
        self._settings = settings
        self._program_id = program_id
        self._files = files
        self._now = now
        self._given = bills

    @property
    def limits(self) -> RailLimits:
        """What the merchant may transfer, on China's calendar."""
        return self._settings.limits

    def faults(self, details: Mapping[str, str], currency: str) -> tuple[InvalidInputError, ...]:
        return faults(details, currency)

    def send(self, batch: TransferBatch) -> Sequence[TransferResult]:
        """Ask for one bill after the other; what a query then knows was sent before it broke off."""
        return tuple(self._sent(batch))

    def query(self, batch: TransferBatch) -> Sequence[TransferResult]:
        return tuple(result for transfer in batch.transfers if (result := self._found(batch, transfer)))

    def received(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Sequence[TransferResult]:
        told = {name.lower(): value for name, value in headers.items()}
        if not self._may_be_wechats(told, now):
            raise UnauthenticatedError("not authenticated")
        event = self._bills.opened(told, body)
        bill = event["resource"]
        if event.get("event_type") != FINISHED:
            return ()
        if str(bill.get("mch_id", self._settings.mchid)) != self._settings.mchid:
            raise UnauthenticatedError("not authenticated")
        return (_result(str(bill.get("out_bill_no", "")), bill),)

    @cached_property
    def _bills(self) -> WeChatBills:
        # wechatpayv3 is in settle's zip alone: whoever only looks at details does without.
        from grapevine.adapters.rails.wechat_api import WeChatBills  # noqa: PLC0415

        return self._given or WeChatBills(self._settings)

    def _sent(self, batch: TransferBatch) -> Iterator[TransferResult]:
        for transfer in batch.transfers:
            if words := _refusal(transfer):
                yield TransferResult(transfer_id=transfer.id, state=PayoutState.FAILED, detail=words)
            else:
                yield self._sent_one(batch, transfer)

    def _sent_one(self, batch: TransferBatch, transfer: Transfer) -> TransferResult:
        if self._is_old(batch) and (found := self._found(batch, transfer)):
            return found
        answer = self._bills.create(transfer)
        if _is_bill(answer, transfer):
            self._keep_package(transfer, answer.values)
            return _result(transfer.id, answer.values)
        if answer.code not in {"ALREADY_EXISTS", *REFUSALS}:
            raise RailUnavailableError(f"WeChat Pay says {answer.words}")
        return self._found(batch, transfer) or _refused(transfer, answer)

    def _found(self, batch: TransferBatch, transfer: Transfer) -> TransferResult | None:
        """Return what became of a bill, None for one that WeChat Pay does not have."""
        answer = self._bills.find(transfer.id)
        if _is_bill(answer, transfer):
            return _result(transfer.id, answer.values)
        if answer.code != "NOT_FOUND":
            raise RailUnavailableError(f"WeChat Pay says {answer.words}")
        if self._is_old(batch):
            raise RailUnavailableError(
                f"WeChat Pay may no longer know {transfer.id}: look there, and import what became of it"
            )
        return None

    def _is_old(self, batch: TransferBatch) -> bool:
        return self._now() - batch.created_at > REMEMBERED

    def _keep_package(self, transfer: Transfer, bill: Mapping[str, Any]) -> None:
        """Keep what the merchant's own app opens WeChat's confirmation with; nobody is told it again."""
        package = bill.get("package_info")
        if not package:
            return
        try:
            self._files.put(package_file(self._program_id, transfer.id), str(package).encode(), "text/plain")
        except UnavailableError as error:
            raise RailUnavailableError(f"{transfer.id} is sent, its package not written: {error}") from error

    def _may_be_wechats(self, headers: Mapping[str, str], now: datetime) -> bool:
        """Refuse what is old, and what names another key: the library would ask WeChat Pay for that key."""
        stamp = headers.get("wechatpay-timestamp", "")
        if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= len("9999999999")):
            return False
        age = abs((now - datetime.fromtimestamp(int(stamp), UTC)).total_seconds())
        is_ours = headers.get("wechatpay-serial") == self._settings.public_key_id
        return is_ours and age <= FRESH_SECONDS


def faults(details: Mapping[str, str], currency: str) -> tuple[InvalidInputError, ...]:
    """Return everything wrong with where somebody is paid, in words that do not repeat it."""
    name = details.get("name", "").strip()
    checks = (
        (currency == YUAN, "WeChat Pay pays yuan only", "currency"),
        (len(name.encode("utf-8", "replace")) <= LONGEST_NAME_BYTES, "is too long", "name"),
        (name.isprintable(), "has characters that nobody sees", "name"),
    )
    found = unlike(details, "openid", _OPENID, "is not an OpenID of 16 to 64 letters, digits, - and _")
    return (*missing(details, "openid"), *found, *faults_of(checks), *unknown(details, *DETAILS))


def package_file(program_id: str, transfer_id: str) -> str:
    """Return where the package of a bill is that waits for its payee."""
    return f"payouts/{program_id}/wechat/{transfer_id}.txt"


def _refusal(transfer: Transfer) -> str:
    """Return why a bill cannot even be asked for."""
    found = list(faults(transfer.details, transfer.amount.currency))
    if transfer.amount.minor < 1:
        found.append(InvalidInputError("must be more than nothing", "amount"))
    if transfer.amount.minor >= NAMED_MINOR and not transfer.details.get("name", "").strip():
        found.append(
            InvalidInputError("is missing: WeChat Pay asks for the real name from 2000.00 yuan", "name")
        )
    return "; ".join(str(fault) for fault in found)


def _is_bill(answer: BillAnswer, transfer: Transfer) -> bool:
    if answer.status != 200:
        return False
    if answer.values.get("out_bill_no") != transfer.id:
        raise RailUnavailableError(f"WeChat Pay answered for another bill than {transfer.id}")
    return True


def _refused(transfer: Transfer, answer: BillAnswer) -> TransferResult:
    """Say that a bill was refused, and is not there; a number that is taken and not there is neither."""
    if answer.code not in REFUSALS:
        raise RailUnavailableError(f"WeChat Pay has {transfer.id} and does not show it: {answer.words}")
    return TransferResult(transfer_id=transfer.id, state=PayoutState.FAILED, detail=answer.words)


def _result(transfer_id: str, bill: Mapping[str, Any]) -> TransferResult:
    word = str(bill.get("state", ""))
    return TransferResult(
        transfer_id=transfer_id,
        state=STATES.get(word, PayoutState.SENT),
        reference=str(bill.get("transfer_bill_no", "")),
        detail=_detail(word, bill),
    )


def _detail(word: str, bill: Mapping[str, Any]) -> str:
    if word == "SUCCESS":
        return ""
    if word == "WAIT_USER_CONFIRM":
        return f"{word}: the payee must confirm in WeChat, within a day"
    return " ".join(f"{word} {bill.get('fail_reason') or ''}".split())[:400]
