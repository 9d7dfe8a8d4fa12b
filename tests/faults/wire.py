"""Every call to AWS, counted; the chosen one goes wrong, once."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

Answer = tuple["Failure", dict[str, Any]]


WRITES = ("Put", "Update", "Delete", "TransactWrite", "Send")
"""How the names of calls begin that change something."""


class Stopped(BaseException):
    """The process ended here: nothing catches that."""


class How(Enum):
    """What goes wrong at the chosen call."""

    STOPPED_BEFORE = "the process ends before the call is sent"
    STOPPED_AFTER = "the process ends after the call took effect and before its answer"
    THROTTLED = "AWS has too much to do, and does nothing"
    FAILED_AFTER = "AWS does it, and answers that it failed"


@dataclass(frozen=True, slots=True)
class Failure:
    """What botocore looks at in an answer over HTTP."""

    status_code: int
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Wire:
    """What lies between us and AWS. Retries are switched off there, so that a call is a call."""

    calls: list[str] = field(default_factory=list)
    out_of_order: str = ""
    """Requests with this text in them are throttled for ever: a partition that cannot be read."""
    _fails_at: int = 0
    _how: How = How.STOPPED_BEFORE

    def watch(self, client: Any) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
        """Count a client's calls from now on; return the client."""
        client.meta.events.register_first("before-call", self._before)
        client.meta.events.register_last("after-call", self._after)
        return client

    def listen(self, fails_at: int = 0, how: How = How.STOPPED_BEFORE) -> None:
        """Count from one again, and let that call fail; zero: none does."""
        self.calls = []
        self._fails_at, self._how = fails_at, how

    @property
    def has_failed(self) -> bool:
        """Whether the chosen call has come."""
        return 0 < self._fails_at <= len(self.calls)

    def _is_now(self, how: How) -> bool:
        return len(self.calls) == self._fails_at and self._how is how

    def _before(self, model: Any, params: dict[str, Any], **_: object) -> Answer | None:  # noqa: ANN401
        self.calls.append(f"{model.service_model.service_name}.{model.name}")
        if self._is_now(How.STOPPED_BEFORE):
            raise Stopped(self.calls[-1])
        is_lost = bool(self.out_of_order) and self.out_of_order in str(params["body"])
        return throttled(model.name, params) if is_lost or self._is_now(How.THROTTLED) else None

    def _after(self, http_response: Any, parsed: dict[str, Any], **_: object) -> None:  # noqa: ANN401
        if self._is_now(How.STOPPED_AFTER):
            raise Stopped(self.calls[-1])
        if self._is_now(How.FAILED_AFTER):
            answer, body = failure(500, "InternalServerError")
            http_response.status_code = answer.status_code
            parsed.clear()
            parsed.update(body)


def writes(call: str) -> bool:
    """Say whether a call changes something."""
    return call.partition(".")[2].startswith(WRITES)


def throttled(operation: str, params: dict[str, Any]) -> Answer:
    """Return what AWS says when it has too much to do: a transaction is cancelled for one of its writes."""
    if operation != "TransactWriteItems":
        return failure(400, "ThrottlingException")
    writes = str(params["body"]).count('"TableName"')
    reasons = [{"Code": "ThrottlingError", "Message": "too much"}, *[{"Code": "None"}] * (writes - 1)]
    answer, body = failure(400, "TransactionCanceledException")
    return answer, {**body, "CancellationReasons": reasons}


def failure(status: int, code: str) -> Answer:
    """Return an answer that is an error, read as botocore reads one."""
    metadata = {"HTTPStatusCode": status, "HTTPHeaders": {}}
    return Failure(status), {"Error": {"Code": code, "Message": "made up"}, "ResponseMetadata": metadata}
