"""Youzan's and WeChat's order APIs as their published pages have them behave: tokens that end, and pages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.builders import T0
from tests.rails.weather import Asked, Told

BEIJING = ZoneInfo("Asia/Shanghai")
YOUZAN = {"client_id": "app-1", "client_secret": "app-secret", "grant_id": "4711"}
WECHAT = {"appid": "wx-1", "secret": "wx-secret"}


class Tokens:
    """Tokens that a platform gives out; the last one alone is good."""

    def __init__(self) -> None:
        self.given = 0
        self.orders: dict[str, tuple[datetime, dict[str, Any]]] = {}

    def is_good(self, asked: Asked) -> bool:
        return asked.query.get("access_token") == f"token-{self.given}"

    def next(self) -> str:
        self.given += 1
        return f"token-{self.given}"

    def within(self, start: datetime, end: datetime) -> list[dict[str, Any]]:
        found = sorted((at, name) for name, (at, _) in self.orders.items() if start <= at <= end)
        return [self.orders[name][1] for _, name in found]


class YouzanGateway(Tokens):
    """Youzan."""

    def rules(self, asked: Asked) -> Told:
        values = asked.json()
        if asked.path == "/auth/token":
            assert {name: values[name] for name in YOUZAN} == YOUZAN
            expires = int(T0.timestamp() * 1000) + 7 * 86_400_000
            return self._said({"access_token": self.next(), "expires": expires, "scope": "trade"})
        if not self.is_good(asked):
            return Told(200, {"gw_err_resp": {"err_code": 4203, "err_msg": "invalid token"}})
        if asked.path == "/api/youzan.trade.get/4.0.0":
            known = self.orders.get(values["tid"])
            return self._said(known[1]) if known else self._said({}, code=106000002, message="订单不存在")
        assert asked.path == "/api/youzan.trades.sold.get/4.0.4"
        found = self.within(_beijing(values["start_update"]), _beijing(values["end_update"]))
        first = (values["page_no"] - 1) * values["page_size"]
        return self._said({"full_order_info_list": found[first : first + values["page_size"]]})

    def _said(self, data: object, code: int = 200, message: str = "successful") -> Told:
        said = {"trace_id": "yz7-1", "code": code, "data": data, "success": code == 200, "message": message}
        return Told(200, said)


class WeChatShopApi(Tokens):
    """A channel shop."""

    def __init__(self) -> None:
        super().__init__()
        self.most = 2
        self.after_sales: dict[str, dict[str, Any]] = {}
        self.fault = 0

    def rules(self, asked: Asked) -> Told:
        values = asked.json()
        if asked.path == "/cgi-bin/stable_token":
            assert values == {**WECHAT, "grant_type": "client_credential"}
            return Told(200, {"access_token": self.next(), "expires_in": 7200})
        if not self.is_good(asked):
            return Told(200, {"errcode": 42001, "errmsg": "access_token expired"})
        if self.fault:
            return Told(200, {"errcode": self.fault, "errmsg": "no"})
        kind = asked.path.removeprefix("/channels/ec/")
        answers = {"order/get": self._order, "aftersale/getaftersaleorder": self._after_sale}
        return answers.get(kind, self._list)(values)

    def _order(self, values: dict[str, Any]) -> Told:
        known = self.orders.get(values["order_id"])
        if known is None:
            return Told(200, {"errcode": 100002, "errmsg": "order not exist"})
        return Told(200, {"errcode": 0, "errmsg": "ok", "order": known[1]})

    def _after_sale(self, values: dict[str, Any]) -> Told:
        found = self.after_sales[values["after_sale_order_id"]]
        return Told(200, {"errcode": 0, "errmsg": "ok", "after_sale_order": found})

    def _list(self, values: dict[str, Any]) -> Told:
        span = values["update_time_range"]
        assert span["end_time"] - span["start_time"] <= 7 * 86_400
        low, high = (datetime.fromtimestamp(span[name], UTC) for name in ("start_time", "end_time"))
        names = [one["order_id"] for one in self.within(low, high)]
        first = int(values["next_key"] or 0)
        last = first + min(self.most, values["page_size"])
        said = {"order_id_list": names[first:last], "has_more": last < len(names), "next_key": str(last)}
        return Told(200, {"errcode": 0, "errmsg": "ok", **said})


def _beijing(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)
