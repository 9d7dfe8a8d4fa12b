"""Logger and metrics: one structured line per invocation, with the order or click it was about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from time import perf_counter
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

NAMESPACE = "Grapevine"
CLICK_NOT_RECORDED = "ClickNotRecorded"
ORDER_QUEUED = "OrderQueued"
ORDER_OVERDUE = "OrderOverdue"
PROOF_FAULT = "ProofFault"
PROOF_MISSED = "ProofMissed"
LEDGER_MODIFIED = "LedgerModified"
TOPIC_IGNORED = "TopicIgnored"
RAIL_UNAVAILABLE = "RailUnavailable"
RESULT_REJECTED = "ResultRejected"
RECORD_FAILED = "RecordFailed"
EVENT_REFUSED = "EventRefused"
SHOP_REFUSED = "ShopRefused"
SHOP_NOT_RECONCILED = "ShopNotReconciled"
ORDER_RECONCILED = "OrderReconciled"
PROMOTER_SETTLED = "PromoterSettled"
PROMOTER_NOT_SETTLED = "PromoterNotSettled"
PAYOUT_RESERVED = "PayoutReserved"
EVENT_SENT = "EventSent"
EVENT_NOT_ARRIVED = "EventNotArrived"
EVENT_DEAD = "EventDead"
WEBHOOK_DISABLED = "WebhookDisabled"
REQUEST_NOT_COUNTED = "RequestNotCounted"
MESSAGE_SENT = "MessageSent"
MESSAGE_REFUSED = "MessageRefused"
MESSAGE_WAITS = "MessageWaits"


@cache
def logger() -> Logger:
    """Return the one logger; service and level come from Powertools' own variables."""
    return Logger()


@cache
def metrics() -> Metrics:
    """Return the one metrics buffer."""
    return Metrics(namespace=NAMESPACE)


def count(name: str, number: int = 1) -> None:
    """Count something that an alarm or a dashboard looks at; it is flushed with the invocation's line."""
    metrics().add_metric(name=name, unit=MetricUnit.Count, value=number)


_fields: ContextVar[dict[str, Any]] = ContextVar("fields")


def note(**fields: Any) -> None:  # noqa: ANN401 - whatever helps whoever reads the log
    """Add to the line of the invocation under way."""
    _fields.get({}).update(fields)


def note_each(**fields: str) -> None:
    """Add to lists in the line of the invocation under way, each text once: what a batch was about."""
    line = _fields.get({})
    for name, text in fields.items():
        texts = line.setdefault(name, [])
        if text not in texts:
            texts.append(text)


@contextmanager
def invocation(handler: str) -> Iterator[dict[str, Any]]:
    """Log one line when the block ends, with what the block put into the yielded fields."""
    fields: dict[str, Any] = {"handler": handler, "outcome": "ok"}
    started, token = perf_counter(), _fields.set(fields)
    try:
        yield fields
    except Exception as error:
        fields["outcome"] = "error"
        fields["error"] = f"{type(error).__name__}: {error}"
        raise
    finally:
        _fields.reset(token)
        fields["milliseconds"] = round((perf_counter() - started) * 1000, 1)
        logger().info("invocation", extra=fields)
        if metrics().metric_set:
            metrics().flush_metrics()
