"""Youzan's open platform: one order (`youzan.trade.get`), and those changed in a span of Beijing time.

Its pages are numbered and move while orders change, so a window with more than a page is said to be
cut: a shorter one is one page, read at once. Only a second that is still too full is paged through.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from grapevine.adapters.shops import json_text
from grapevine.adapters.shops.http import Answer, ShopApi, required
from grapevine.adapters.shops.tokens import OrdersOnly, Token
from grapevine.domain.errors import NotFoundError
from grapevine.ports.shop_clients import Fetched, FetchedPage, ShopNeeds, ShopUnavailableError

BASE_URL = "https://open.youzanyun.com"
TOKEN, TRADE, TRADES = "/auth/token", "youzan.trade.get/4.0.0", "youzan.trades.sold.get/4.0.4"
TOPIC = "youzan.trade.get"
"""What an order as it is now is read as."""
PAGE, MOST_PAGES = 100, 100
TOKEN_FAULTS = frozenset({4201, 4202, 4203})
"""What the gateway says of a token that it does not take (any more)."""
BEIJING = ZoneInfo("Asia/Shanghai")


class YouzanShop(OrdersOnly):
    """One shop, by the app that its merchant has authorised."""

    name = "Youzan"
    longest_window = timedelta(days=1)

    def __init__(self, api: ShopApi, app: Mapping[str, str], now: Callable[[], datetime]) -> None:
        self._api = api
        self._app = dict(app)
        self._token = Token(self._issued, now)

    def fetch_order(self, order_id: str) -> Fetched:
        """Return an order as it is now."""
        answer = self._call(TRADE, {"tid": order_id})
        data = _data(answer).get("data", "null")
        if "full_order_info" not in json_text.members(data):
            raise NotFoundError("order in the shop", order_id)
        return Fetched(data.encode(), TOPIC)

    def orders_updated(self, start: datetime, end: datetime, cursor: str | None = None) -> FetchedPage:
        """Return orders last changed in a span; more than a page is cut."""
        number = int(cursor or 1)
        asked = {
            "start_update": _local(start),
            "end_update": _local(end),
            "page_no": number,
            "page_size": PAGE,
        }
        data = _data(self._call(TRADES, asked)).get("data", "null")
        texts = json_text.items(json_text.members(data).get("full_order_info_list", "[]"))
        is_full = len(texts) >= PAGE
        return FetchedPage(
            bodies=tuple(Fetched(text.encode(), TOPIC) for text in texts),
            cursor=str(number + 1) if is_full and number < MOST_PAGES else None,
            cut=is_full,
        )

    def _call(self, name: str, values: Mapping[str, Any]) -> Answer:
        """Ask with the token we have, and once more with a new one where it is not taken."""
        answer = self._ask(name, values)
        if _refusal(answer) in TOKEN_FAULTS:
            self._token.drop()
            answer = self._ask(name, values)
        if answer.status >= 300 or _refusal(answer) is not None:
            raise self._api.unavailable(answer)
        if answer.values.get("success") is not True and not _is_missing(answer):
            raise self._api.refused(answer)
        return answer

    def _ask(self, name: str, values: Mapping[str, Any]) -> Answer:
        return self._api.call("POST", f"/api/{name}?access_token={self._token.text()}", {}, values)

    def _issued(self, asked_at: datetime) -> tuple[str, timedelta]:
        answer = self._api.call(
            "POST", TOKEN, {}, {**self._app, "authorize_type": "silent", "refresh": False}
        )
        data = answer.values.get("data") if isinstance(answer.values, dict) else None
        if not data or not data.get("access_token"):
            raise ShopUnavailableError(f"{self.name} gives no token: {answer.words}")
        # `expires` is an instant, in milliseconds.
        return data["access_token"], timedelta(milliseconds=data["expires"] - asked_at.timestamp() * 1000)


def open_client(needs: ShopNeeds) -> YouzanShop:
    """Return a shop's client; `access` has `client_id`, `client_secret` and the shop's `grant_id`."""
    names = ("client_id", "client_secret", "grant_id")
    app = dict(zip(names, required(needs.access, *names), strict=True))
    base_url = needs.access.get("base_url") or BASE_URL
    return YouzanShop(ShopApi(YouzanShop.name, base_url, needs.wait), app, needs.now)


def _data(answer: Answer) -> Mapping[str, str]:
    return json_text.members(answer.text)


def _refusal(answer: Answer) -> int | None:
    fault = answer.values.get("gw_err_resp") if isinstance(answer.values, dict) else None
    return int(fault.get("err_code", 0)) if isinstance(fault, dict) else None


def _is_missing(answer: Answer) -> bool:
    """Say whether an answer without success says that there is no such order."""
    return "不存在" in str(answer.values.get("message", ""))


def _local(instant: datetime) -> str:
    return instant.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")
