"""What the page for any shop shows is taken: its bodies, and the lines that sign."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from grapevine.adapters.storefronts.generic import ADAPTER
from grapevine.adapters.storefronts.wechat_shop import EVENTS
from grapevine.adapters.storefronts.youzan_messages import KINDS, TO_FETCH
from grapevine.ports import ProductReading, Reading
from tests.adapters.storefronts.china_bodies import GENERIC_KEYS, WHSEC

PAGES = Path(__file__).resolve().parents[3] / "docs" / "how-to"
ANY_SHOP = (PAGES / "connect-any-shop.md").read_text(encoding="utf-8")
BODIES = re.findall(r'^\| `(\{"type".*\})` \|', ANY_SHOP, re.MULTILINE)


@pytest.mark.parametrize("body", BODIES)
def test_each_body_of_the_table_is_taken(body: str) -> None:
    (event,) = ADAPTER.normalise(body.replace("…", "2026-11-12T09:00:00Z").encode(), "")
    assert isinstance(event, Reading | ProductReading)


def test_the_table_has_every_body_but_the_order() -> None:
    assert {json.loads(body.replace("…", ""))["type"] for body in BODIES} == {
        "refund",
        "cancel",
        "receipt",
        "product",
    }


def test_the_lines_that_sign_are_taken() -> None:
    (code,) = re.findall(r"```python \w+\n(.*?)```", ANY_SHOP, re.DOTALL)
    names: dict[str, Any] = {"secret": WHSEC}
    exec(code, names)  # noqa: S102 - our own page
    raw = names["body"].encode()
    ADAPTER.verify(raw, names["headers"], GENERIC_KEYS, datetime.now(UTC))
    (event,) = ADAPTER.normalise(raw, "")
    assert isinstance(event, Reading)
    assert event.order_id == "A-1001"


def test_the_pages_name_the_messages_that_are_read() -> None:
    youzan, wechat = (
        (PAGES / f"connect-{name}.md").read_text(encoding="utf-8") for name in ("youzan", "wechat-shop")
    )
    short = {"youzan_trade_RefundSellerAgree"}
    assert [kind for kind in sorted({*KINDS, *TO_FETCH} - short) if f"`{kind}`" not in youzan] == []
    quiet = {"channels_ec_order_new", "channels_ec_order_ext_info_update"}
    named = [
        event
        for event in sorted(set(EVENTS) - quiet)
        if event.removeprefix("channels_ec_order") not in wechat
    ]
    assert named == []
