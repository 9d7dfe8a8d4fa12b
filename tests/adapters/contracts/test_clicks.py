"""The ports of clicks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grapevine.domain.clicks import MAX_USER_AGENT
from tests import builders as make
from tests.adapters.contracts.stores import Stores, fresh_click_id


def test_a_click_is_read_by_its_id(stores: Stores) -> None:
    click = make.click(id=fresh_click_id(), user_agent="微信 " + "x" * (MAX_USER_AGENT - 3))
    stores.clicks.record(click)
    assert stores.clicks.click(click.id) == click


def test_a_robots_click_keeps_its_reason(stores: Stores) -> None:
    click = make.click(id=fresh_click_id(), user_agent="", bot_reason="empty_user_agent", upline=())
    stores.clicks.record(click)
    assert stores.clicks.click(click.id) == click


def test_recording_a_click_again_changes_nothing(stores: Stores) -> None:
    click = make.click(id=fresh_click_id())
    stores.clicks.record(click)
    stores.clicks.record(replace(click, promoter_id="pr_thief"))
    assert stores.clicks.click(click.id) == click


@pytest.mark.parametrize("click_id", ["", "forged", "#", "2" * 22 + "-" + "9" * 20, "x" * 5000])
def test_there_is_no_click_under_a_forged_id(stores: Stores, click_id: str) -> None:
    assert stores.clicks.click(click_id) is None
