"""The environment: everything missing at once, and a clock that moves on the local stage only."""

from __future__ import annotations

from datetime import timedelta

import pytest

from grapevine.runtime.settings import TABLES, Settings, SettingsError, read_settings

NAMES = (
    "STAGE",
    "BUCKET",
    "BUS",
    "FAILURES_QUEUE_URL",
    "SETTLE_QUEUE_URL",
    "SHOP_QUEUE_URL",
    "WEBHOOK_QUEUE_URL",
    "SECRETS_PREFIX",
)
WHOLE = {
    **{f"GRAPEVINE_{name}": f"the {name.lower()}" for name in NAMES},
    **{f"GRAPEVINE_TABLE_{table.upper()}": f"{table}-table" for table in TABLES},
}
LOCAL = {**WHOLE, "GRAPEVINE_STAGE": "local"}
OFFSET = "GRAPEVINE_CLOCK_OFFSET_SECONDS"


def test_everything_is_read() -> None:
    assert read_settings({**WHOLE, "AWS_REGION": "eu-1", "POWERTOOLS_SERVICE_NAME": "accrue"}) == Settings(
        stage="the stage",
        service="accrue",
        tables={table: f"{table}-table" for table in TABLES},
        bucket="the bucket",
        bus="the bus",
        failures_queue_url="the failures_queue_url",
        settle_queue_url="the settle_queue_url",
        shop_queue_url="the shop_queue_url",
        webhook_queue_url="the webhook_queue_url",
        secrets_prefix="the secrets_prefix",
        clock_offset=timedelta(0),
        region="eu-1",
        endpoint_url=None,
    )


def test_everything_missing_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({})
    assert all(name in str(caught.value) for name in WHOLE)


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("value", [None, ""])
def test_one_that_is_missing_or_empty_is_named_alone(name: str, value: str | None) -> None:
    rest = {key: text for key, text in WHOLE.items() if key != name}
    with pytest.raises(SettingsError, match=f"^missing in the environment: {name}$"):
        read_settings(rest if value is None else {**rest, name: value})


@pytest.mark.parametrize(
    ("environment", "region"),
    [
        ({}, None),
        ({"AWS_DEFAULT_REGION": "eu-2"}, "eu-2"),
        ({"AWS_REGION": "eu-1", "AWS_DEFAULT_REGION": "eu-2"}, "eu-1"),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-2"}, "eu-2"),
    ],
)
def test_the_region(environment: dict[str, str], region: str | None) -> None:
    assert read_settings({**WHOLE, **environment}).region == region


def test_no_endpoint_is_none() -> None:
    assert read_settings({**WHOLE, "AWS_ENDPOINT_URL": ""}).endpoint_url is None
    assert read_settings({**WHOLE, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}).endpoint_url


# --- the clock -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "seconds"), [("0", 0), ("1", 1), ("2678400", 2_678_400)])
def test_the_clock_moves_forward_on_the_local_stage(text: str, seconds: int) -> None:
    assert read_settings({**LOCAL, OFFSET: text}).clock_offset == timedelta(seconds=seconds)


@pytest.mark.parametrize("stage", ["prod", "dev", "Local", "local ", "localx", "test"])
@pytest.mark.parametrize("text", ["0", "60", "", "garbage"])
def test_the_clock_moves_nowhere_else(stage: str, text: str) -> None:
    """Even a zero is refused: the variable is not to be there."""
    with pytest.raises(SettingsError, match="on the stage 'local' only"):
        read_settings({**WHOLE, "GRAPEVINE_STAGE": stage, OFFSET: text})


@pytest.mark.parametrize(
    "text", ["", " ", "-1", "+1", "1.5", "1e3", "²", "٣", "0x10", "1_000", "999999999999999", "9" * 5000]
)
def test_an_offset_that_is_none(text: str) -> None:
    with pytest.raises(SettingsError, match="not whole seconds forward"):
        read_settings({**LOCAL, OFFSET: text})
