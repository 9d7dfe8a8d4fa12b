"""The environment, read in this one place, lazily: Chalice imports an app before its variables are set."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from grapevine.domain.errors import GrapevineError

LOCAL_STAGE = "local"
"""The stage of the local stack, the only one whose clock may be moved."""

LONGEST_OFFSET = 9
"""Digits of the clock's offset: thirty years are enough, and every date still exists."""

REQUESTS_PER_MINUTE = 600
"""How many requests of one API key are answered in a minute, unless the environment says otherwise."""

TABLES = ("catalog", "clicks", "orders", "ledger", "state", "private")


class SettingsError(GrapevineError):
    """The environment lacks a variable or has one that it may not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a function is told about where it runs."""

    stage: str
    service: str
    tables: Mapping[str, str]
    bucket: str
    bus: str
    failures_queue_url: str
    settle_queue_url: str
    shop_queue_url: str
    webhook_queue_url: str
    secrets_prefix: str
    clock_offset: timedelta
    region: str | None = None
    endpoint_url: str | None = None
    requests_per_minute: int = REQUESTS_PER_MINUTE


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings; SettingsError names everything that is missing at once."""
    queues = ("FAILURES_QUEUE_URL", "SETTLE_QUEUE_URL", "SHOP_QUEUE_URL", "WEBHOOK_QUEUE_URL")
    names = ("STAGE", "BUCKET", "BUS", *queues, "SECRETS_PREFIX")
    wanted = [f"GRAPEVINE_{name}" for name in (*names, *(f"TABLE_{table.upper()}" for table in TABLES))]
    missing = [name for name in wanted if not environment.get(name)]
    if missing:
        raise SettingsError(f"missing in the environment: {', '.join(missing)}")
    return Settings(
        stage=environment["GRAPEVINE_STAGE"],
        service=environment.get("POWERTOOLS_SERVICE_NAME", "grapevine"),
        tables={table: environment[f"GRAPEVINE_TABLE_{table.upper()}"] for table in TABLES},
        bucket=environment["GRAPEVINE_BUCKET"],
        bus=environment["GRAPEVINE_BUS"],
        failures_queue_url=environment["GRAPEVINE_FAILURES_QUEUE_URL"],
        settle_queue_url=environment["GRAPEVINE_SETTLE_QUEUE_URL"],
        shop_queue_url=environment["GRAPEVINE_SHOP_QUEUE_URL"],
        webhook_queue_url=environment["GRAPEVINE_WEBHOOK_QUEUE_URL"],
        secrets_prefix=environment["GRAPEVINE_SECRETS_PREFIX"],
        clock_offset=_clock_offset(environment),
        region=environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION"),
        endpoint_url=environment.get("AWS_ENDPOINT_URL") or None,
        requests_per_minute=_requests_per_minute(environment),
    )


def _requests_per_minute(environment: Mapping[str, str]) -> int:
    text = environment.get("GRAPEVINE_REQUESTS_PER_MINUTE", "")
    if not text:
        return REQUESTS_PER_MINUTE
    if not (
        text.isascii() and text.isdecimal() and int(text[:LONGEST_OFFSET]) > 0 and len(text) <= LONGEST_OFFSET
    ):
        raise SettingsError(f"GRAPEVINE_REQUESTS_PER_MINUTE is {text!r}, not a whole number from 1 on")
    return int(text)


def _clock_offset(environment: Mapping[str, str]) -> timedelta:
    """Return how far the clock is moved: nothing, except where a local stack's demo moves time."""
    text = environment.get("GRAPEVINE_CLOCK_OFFSET_SECONDS")
    if text is None:
        return timedelta(0)
    if environment["GRAPEVINE_STAGE"] != LOCAL_STAGE:
        raise SettingsError(f"GRAPEVINE_CLOCK_OFFSET_SECONDS exists on the stage {LOCAL_STAGE!r} only")
    if not (text.isascii() and text.isdecimal() and len(text) <= LONGEST_OFFSET):
        raise SettingsError(f"GRAPEVINE_CLOCK_OFFSET_SECONDS is {text!r}, not whole seconds forward")
    return timedelta(seconds=int(text))
