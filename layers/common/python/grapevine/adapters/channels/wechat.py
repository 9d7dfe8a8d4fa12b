"""WeChat template messages of an official account, to the openids that follow it.

The account's own template says where the words go: its fields `first`, `keyword1`, … get the subject and
the lines, and a template with other names is told by the secret `fields`. The account's access token
lives for two hours and is asked for once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import urllib3

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.messages import Message
from grapevine.ports import MessageRefusedError, MessengerUnavailableError

BASE_URL = "https://api.weixin.qq.com"
SECONDS = 10.0
EARLY = timedelta(minutes=5)
"""A token that is about to end is not used any more."""
STALE_TOKEN = (40001, 40014, 42001)
REFUSALS = (40003, 43004, 43101, 40037, 47003)
"""Not an openid, does not follow us, does not want it, no such template, words that it will not take."""
LONGEST_FIELD = 200


class WechatTemplate:
    """A program's official account."""

    def __init__(self, secrets: Mapping[str, str], now: Callable[[], datetime]) -> None:
        missing = [name for name in ("app_id", "app_secret", "template_id") if not secrets.get(name)]
        if missing:
            raise InvalidInputError(f"missing: {', '.join(missing)}", "wechat")
        self._secrets = secrets
        self._now = now
        self._pool = urllib3.PoolManager(retries=False)
        self._base_url = secrets.get("base_url", BASE_URL)
        self._token, self._ends = "", now()

    def send(self, address: str, message: Message) -> str:
        """Hand a message to WeChat; once more with a new token where it says that ours is stale."""
        answer = self._posted(address, message)
        if answer.get("errcode") in STALE_TOKEN:
            self._token = ""
            answer = self._posted(address, message)
        code = answer.get("errcode", 0)
        if code in REFUSALS:
            raise MessageRefusedError(f"WeChat: {code}")
        if code:
            raise MessengerUnavailableError(f"WeChat: {code}")
        return str(answer.get("msgid", ""))

    def _posted(self, address: str, message: Message) -> dict[str, Any]:
        names = self._secrets.get("fields", "first,keyword1,keyword2,keyword3,remark").split(",")
        words = dict(zip(names, (message.subject, *message.lines), strict=False))
        body = {
            "touser": address,
            "template_id": self._secrets["template_id"],
            "url": self._secrets.get("url", ""),
            "data": {name: {"value": text[:LONGEST_FIELD]} for name, text in words.items()},
        }
        query = urlencode({"access_token": self._access_token()})
        return self._asked("POST", f"/cgi-bin/message/template/send?{query}", json.dumps(body).encode())

    def _access_token(self) -> str:
        if not self._token or self._now() >= self._ends:
            app = {"appid": self._secrets["app_id"], "secret": self._secrets["app_secret"]}
            query = urlencode({"grant_type": "client_credential", **app})
            answer = self._asked("GET", f"/cgi-bin/token?{query}")
            if not answer.get("access_token"):
                raise MessengerUnavailableError(f"WeChat gives no token: {answer.get('errcode')}")
            self._token = str(answer["access_token"])
            self._ends = self._now() + timedelta(seconds=int(answer.get("expires_in", 0))) - EARLY
        return self._token

    def _asked(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        try:
            found = self._pool.request(
                method, self._base_url + path, body=body, redirect=False, timeout=urllib3.Timeout(SECONDS)
            )
            values = json.loads(found.data)
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            raise MessengerUnavailableError(f"WeChat did not answer: {type(error).__name__}") from error
        if found.status != 200 or not isinstance(values, dict):
            raise MessengerUnavailableError(f"WeChat answered {found.status}")
        return values
