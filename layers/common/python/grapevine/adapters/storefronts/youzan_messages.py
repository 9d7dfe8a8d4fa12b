"""What one of Youzan's messages says: some hold the whole trade, some its number and what happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from grapevine.adapters.storefronts.amounts import minor_of
from grapevine.adapters.storefronts.clocks import beijing_instant, latest_readable, unix_instant
from grapevine.adapters.storefronts.json_values import EARLIEST, Node
from grapevine.adapters.storefronts.readings import read_or_quarantined
from grapevine.adapters.storefronts.youzan_trades import (
    YUAN,
    oids_of,
    tells_lines,
    trade_id,
    trade_reading,
)
from grapevine.domain.errors import InvalidInputError
from grapevine.domain.facts import FactKind, Refund, RefundLine, Snapshot
from grapevine.ports import NeedsFetch, Reading

KINDS = {
    "trade_TradeCreate": FactKind.PLACED,
    "trade_TradePaid": FactKind.PAID,
    "trade_TradeBuyerPay": FactKind.PAID,
    "trade_TradeSuccess": FactKind.RECEIVED,
    "trade_TradeClose": FactKind.CANCELLED,
    "trade_refund_RefundSuccess": FactKind.REFUNDED,
    "youzan_trade_RefundSuccess": FactKind.REFUNDED,
}
"""The types that say something of an order by themselves; virtual goods have no `trade_TradeBuyerPay`."""
TO_FETCH = frozenset(
    {"trade_refund_RefundSellerAgree", "youzan_trade_RefundSellerAgree", "trade_refund_SysRefund"}
)
"""The types after which money goes back, and which do not tell how much."""
FIRST_INSTANT = datetime(2012, 1, 1, tzinfo=UTC)
"""Youzan is from that year: a version before it is no instant, it is a count."""
_TICKS = 999


def read_message(body: Node, message: Node, kind: FactKind) -> Reading | NeedsFetch:
    """Return what a message says of an order, or that the shop has to be asked for the rest."""
    order_id, is_test = trade_id(message, body["id"]), body["test"].is_true
    if not message["full_order_info"].is_missing:
        if not tells_lines(message):
            return NeedsFetch(order_id=order_id, reason="a trade without its lines")
        return trade_reading(
            message,
            kind,
            _version(body, latest_readable(message["full_order_info"]["order_info"]["update_time"])),
            test=is_test,
        )
    if kind is FactKind.REFUNDED and not _is_of_one_line(message):
        return NeedsFetch(order_id=order_id, reason="a refund of several lines, told as one amount")
    if kind in (FactKind.PLACED, FactKind.PAID):
        return NeedsFetch(order_id=order_id, reason="a trade that is only named")
    return _short(body, message, kind, order_id, is_test=is_test)


def _short(body: Node, message: Node, kind: FactKind, order_id: str, *, is_test: bool) -> Reading:
    """Return what a message says that holds no trade: it ended, it arrived, one line's money went back."""
    bare = Reading(order_id=order_id, kind=kind, version=_version(body, None))

    def read(node: Node) -> Reading:
        at = beijing_instant(node["update_time"])
        version = _version(body, at)
        happened = at or version
        if kind is FactKind.REFUNDED:
            return Reading(order_id=order_id, kind=kind, version=version, refunds=(_refund(node, happened),))
        snapshot = Snapshot(
            cancelled_at=happened if kind is FactKind.CANCELLED else None,
            received_at=happened if kind is FactKind.RECEIVED else None,
            test=is_test,
        )
        return Reading(order_id=order_id, kind=kind, version=version, snapshot=snapshot)

    return read_or_quarantined(message, read, bare)


def _is_of_one_line(message: Node) -> bool:
    try:
        return len(oids_of(message["oids"])) == 1
    except InvalidInputError:
        return False


def _refund(message: Node, at: datetime) -> Refund:
    """Return a refund of one line; what is over the line's price is its postage, and counts for nothing."""
    (oid,) = oids_of(message["oids"])
    refund_id = message["refund_id"].text() or message["refund_id"].refuse("missing")
    line = RefundLine(line_id=oid, quantity_milli=0, subtotal_minor=minor_of(message["refunded_fee"], YUAN))
    return Refund(id=refund_id, created_at=at, lines=(line,))


def _version(body: Node, changed: datetime | None) -> datetime:
    """Return what orders the messages of a trade: the higher `version` overrides the lower.

    It is an instant, in seconds or milliseconds; a plain number orders messages of one second.
    """
    told = _instant(body["version"])
    if told and told >= FIRST_INSTANT:
        return told
    number = body["version"].value
    ticks = min(max(number, 0), _TICKS) if isinstance(number, int) else 0
    return (changed or EARLIEST) + timedelta(milliseconds=ticks)


def _instant(node: Node) -> datetime | None:
    try:
        return unix_instant(node)
    except InvalidInputError:
        return None
