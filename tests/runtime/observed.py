"""What a function would write to its log, as the JSON that it writes."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from grapevine.runtime import observe

Line = dict[str, Any]


class Collector(logging.Handler):
    """Keeps what Powertools' own formatter makes of each record."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Line] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(observe.logger().registered_formatter.format(record)))


@contextmanager
def collected() -> Iterator[list[Line]]:
    """Yield the list that the logger's lines go to while the block runs."""
    collector, logger = Collector(), logging.getLogger(observe.logger().name)
    logger.addHandler(collector)
    try:
        yield collector.lines
    finally:
        logger.removeHandler(collector)


def invocations(lines: list[Line]) -> list[Line]:
    """Return the lines that end an invocation: there is one each."""
    return [line for line in lines if line["message"] == "invocation"]


def counted(printed: str) -> dict[str, float]:
    """Return the sums of the metrics in what was printed, by name."""
    sums: dict[str, float] = {}
    for blob in (json.loads(text) for text in printed.splitlines() if text.startswith('{"_aws"')):
        for name in (metric["Name"] for metric in blob["_aws"]["CloudWatchMetrics"][0]["Metrics"]):
            sums[name] = sums.get(name, 0) + sum(blob[name])
    return sums
