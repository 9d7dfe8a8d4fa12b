"""Clicks: a robot is not a person, and a person is never called a robot."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.clicks import CLICK_LIFE, bot_reason
from grapevine.domain.plans import GRACE
from tests.adapters.storefronts.samples import each, sample
from tests.builders import days

PEOPLE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 MicroMessenger/8.0.50",
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/120 Mobile [FB_IAB/FB4A;FBAV/450]",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5) AppleWebKit/605.1.15 Instagram 330.0.0.0",
    "Mozilla/5.0 (Linux; Android 13; V2238A) AppleWebKit/537.36 Mobile Safari/537.36 Weibo (vivo__weibo__13)",
    "Mozilla/5.0 (Linux; U; Android 12) AppleWebKit/537.36 MQQBrowser/6.2 QQ/8.9.50 NetType/WIFI",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36",
    "Mozilla/5.0 (Linux; Android 14) WhatsApp/2.24 Mobile",
)
ROBOTS = (
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
    "TelegramBot (like TwitterBot)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "WhatsApp/2.23.20.0",
    "curl/8.4.0",
    "python-requests/2.32",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Googlebot/2.1) Chrome/120 Safari/537.36",
)


@pytest.mark.parametrize("agent", PEOPLE)
def test_a_person_is_a_person(agent: str) -> None:
    assert bot_reason(agent) is None


@pytest.mark.parametrize("agent", ROBOTS)
def test_edge_35_a_robot_has_a_reason(agent: str) -> None:
    assert bot_reason(agent)
    assert bot_reason(agent.upper()) == bot_reason(agent)


@pytest.mark.parametrize("agent", ["", " ", "\t\n"])
def test_who_does_not_say_is_a_robot(agent: str) -> None:
    assert bot_reason(agent) == "empty_user_agent"


@given(st.text())
def test_any_text_gets_an_answer(agent: str) -> None:
    assert bot_reason(agent) is None or bot_reason(agent)


@each("ua/humans_chinese_apps_subset.json", "ua/humans_isbot_browsers.json")
def test_no_published_persons_browser_is_called_a_robot(name: str) -> None:
    agents = list(texts(json.loads(sample(name))))
    assert len(agents) > 100
    assert [agent for agent in agents if bot_reason(agent)] == []


def test_nine_in_ten_published_previews_are_found() -> None:
    agents = list(texts(json.loads(sample("ua/bots_by_preview_platform.json"))))
    missed = [agent for agent in agents if bot_reason(agent) is None]
    print(f"previews: {len(agents)}, missed: {len(missed)}: {missed[:5]}")
    assert len(missed) <= len(agents) // 10


def texts(value: object) -> Iterator[str]:
    """Yield the texts in nested JSON values."""
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts(item)


def test_a_click_lives_longer_than_any_window_and_the_grace_after_it() -> None:
    assert days(90) + GRACE < CLICK_LIFE
