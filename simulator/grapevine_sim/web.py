"""The demo's own HTTP and Lambda calls, as a browser, a storefront and a schedule make them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from infra.site import Site

TIMEOUT_SECONDS = 30


class UnexpectedAnswerError(Exception):
    """An answer that the demo cannot go on with; says what was asked and what came."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - whatever the API says
        """Return the parsed body."""
        return json.loads(self.body)


def request(
    method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """Send one request to the local stack; redirects are not followed."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    try:
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request(method, target, body, dict(headers or {}))
        answer = connection.getresponse()
        sent = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, sent, answer.read())
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class Console:
    """The JSON API with a key."""

    url: str
    api_key: str

    def get(self, path: str) -> Any:  # noqa: ANN401
        """Return what the API says; UnexpectedAnswerError unless it is 200."""
        return self._call("GET", path, None, 200)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """Create something; UnexpectedAnswerError unless it is 201."""
        return self._call("POST", path, json.dumps(body).encode(), 201)

    def _call(self, method: str, path: str, body: bytes | None, expected: int) -> Any:  # noqa: ANN401
        headers = {"Authorization": f"Bearer {self.api_key}", "Content-Type": "application/json"}
        answer = request(method, self.url + path, body, headers)
        if answer.status != expected:
            raise UnexpectedAnswerError(f"{method} {path}: {answer.status} {answer.body.decode()[:400]}")
        return answer.json()


def invoke(site: Site, function: str, event: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """Invoke a deployed function and return its answer; UnexpectedAnswerError when it failed."""
    client: Any = site.session.client("lambda", endpoint_url=site.endpoint_url)
    answer = client.invoke(FunctionName=function, Payload=json.dumps(event).encode())
    payload = json.loads(answer["Payload"].read() or b"null")
    if "FunctionError" in answer:
        raise UnexpectedAnswerError(f"{function}: {payload}")
    return payload


def schedule_event(now: datetime) -> dict[str, Any]:
    """Return what EventBridge sends when a schedule fires."""
    return {
        "version": "0",
        "id": f"demo-{now:%Y%m%d%H%M%S}",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "region": "us-east-1",
        "resources": [],
        "detail": {},
    }


def recent_errors(site: Site, most: int = 5) -> list[str]:
    """Return the newest error lines of the functions' logs, so that a failure here names its cause there."""
    client: Any = site.session.client("logs", endpoint_url=site.endpoint_url)
    found: list[tuple[int, str]] = []
    for group in client.describe_log_groups()["logGroups"]:
        events = client.filter_log_events(logGroupName=group["logGroupName"])["events"]
        found += [(event["timestamp"], event["message"]) for event in events if "rror" in event["message"]]
    return [message.strip()[:2000] for _, message in sorted(found)[-most:]]
