"""A WeChat channel shop's orders: `/channels/ec/order/get`, and the ids of those changed in a span.

The token is asked for as a stable one: asking for it does not end the one that others of the merchant's
programs hold. It lasts two hours and is kept until shortly before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from grapevine.adapters.shops import json_text
from grapevine.adapters.shops.http import Answer, ShopApi, required
from grapevine.adapters.shops.tokens import OrdersOnly, Token
from grapevine.domain.errors import NotFoundError
from grapevine.ports.shop_clients import Fetched, FetchedPage, ShopNeeds, ShopUnavailableError

BASE_URL = "https://api.weixin.qq.com"
TOKEN, ORDER, ORDERS = "/cgi-bin/stable_token", "/channels/ec/order/get", "/channels/ec/order/list/get"
AFTER_SALE = "/channels/ec/aftersale/getaftersaleorder"
TOPIC = "channels/ec/order/get"
"""What an order as it is now is read as."""
PAGE = 30
"""Orders listed at once; each is asked for by itself."""
TOKEN_FAULTS = frozenset({40001, 40014, 42001})
"""Not a token, not one of ours, and over."""
BUSY = frozenset({-1, 45009, 45011})
"""Busy, over the day's quota, too often in a minute."""


class WeChatShop(OrdersOnly):
    """One shop."""

    name = "WeChat"
    longest_window = timedelta(days=7)

    def __init__(self, api: ShopApi, app: Mapping[str, str], now: Callable[[], datetime]) -> None:
        self._api = api
        self._app = dict(app)
        self._token = Token(self._issued, now)

    def fetch_order(self, order_id: str) -> Fetched:
        """Return an order as it is now, in the answer as it came."""
        answer = self._call(ORDER, {"order_id": order_id})
        if _is_missing(answer):
            raise NotFoundError("order in the shop", order_id)
        return Fetched(self._with_after_sales(self._good(answer)).encode(), TOPIC)

    def orders_updated(self, start: datetime, end: datetime, cursor: str | None = None) -> FetchedPage:
        """Return orders last changed in a span, by a key that does not move when others change."""
        span = {"start_time": int(start.timestamp()), "end_time": int(-(-end.timestamp() // 1))}
        asked = {"update_time_range": span, "page_size": PAGE, "next_key": cursor or ""}
        values = self._good(self._call(ORDERS, asked)).values
        bodies = tuple(self._each(values.get("order_id_list") or ()))
        more = values.get("has_more") and values.get("next_key")
        return FetchedPage(bodies=bodies, cursor=str(more) if more else None)

    def _with_after_sales(self, answer: Answer) -> str:
        """Return an order's answer with its after-sales beside it: the order tells no amounts of them."""
        order = answer.values.get("order") or {}
        listed = (order.get("aftersale_detail") or {}).get("aftersale_order_list") or ()
        if not listed:
            return answer.text
        ids = [str(one["aftersale_order_id"]) for one in listed]
        found = [self._good(self._call(AFTER_SALE, {"after_sale_order_id": name})).text for name in ids]
        texts = [json_text.members(text).get("after_sale_order", "{}") for text in found]
        said = json_text.members(answer.text) | {"after_sale_orders": f"[{','.join(texts)}]"}
        return json_text.written(said)

    def _each(self, order_ids: Sequence[Any]) -> Iterator[Fetched]:
        for order_id in order_ids:
            try:
                yield self.fetch_order(str(order_id))
            except NotFoundError:
                continue

    def _call(self, path: str, values: Mapping[str, Any]) -> Answer:
        """Ask with the token we have, and once more with a new one where it is not taken."""
        answer = self._ask(path, values)
        if _fault(answer) in TOKEN_FAULTS:
            self._token.drop()
            answer = self._ask(path, values)
        return answer

    def _ask(self, path: str, values: Mapping[str, Any]) -> Answer:
        return self._api.call("POST", f"{path}?access_token={self._token.text()}", {}, values)

    def _good(self, answer: Answer) -> Answer:
        fault = _fault(answer)
        if answer.status >= 300 or fault is None or fault in BUSY | TOKEN_FAULTS:
            raise self._api.unavailable(answer)
        if fault:
            raise self._api.refused(answer)
        return answer

    def _issued(self, asked_at: datetime) -> tuple[str, timedelta]:  # noqa: ARG002 - it says how long it lasts
        asked = {**self._app, "grant_type": "client_credential"}
        answer = self._api.call("POST", TOKEN, {}, asked)
        values = answer.values if isinstance(answer.values, dict) else {}
        if not values.get("access_token"):
            raise ShopUnavailableError(f"{self.name} gives no token: {answer.words}")
        return values["access_token"], timedelta(seconds=values["expires_in"])


def open_client(needs: ShopNeeds) -> WeChatShop:
    """Return a shop's client; `access` has the shop's `appid` and its `secret`."""
    names = ("appid", "secret")
    app = dict(zip(names, required(needs.access, *names), strict=True))
    base_url = needs.access.get("base_url") or BASE_URL
    return WeChatShop(ShopApi(WeChatShop.name, base_url, needs.wait), app, needs.now)


def _fault(answer: Answer) -> int | None:
    """Return the answer's own code, 0 where all is well; None where it is no answer of WeChat's."""
    return int(answer.values.get("errcode", 0)) if isinstance(answer.values, dict) else None


def _is_missing(answer: Answer) -> bool:
    said = str(answer.values.get("errmsg", "")) if isinstance(answer.values, dict) else ""
    return bool(_fault(answer)) and ("不存在" in said or "not exist" in said)
