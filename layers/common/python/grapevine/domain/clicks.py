"""One visit through a link, and whether a person made it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

CLICK_LIFE = timedelta(days=100)
"""Beyond the longest window (90 days) and the grace period; then the row may go."""
MAX_USER_AGENT = 256
MAX_INTEREST = 50
"""Products of each kind that are kept with a click."""

# Who fetches a link to draw its preview, or crawls. People inside apps (MicroMessenger, Weibo,
# QQ, Instagram, FBAN) must never match: a person called a robot costs a promoter money.
_BOT = re.compile(
    r"facebookexternalhit|facebookcatalog|meta-external|twitterbot|telegrambot|slackbot|slack-imgproxy"
    r"|linkedinbot|discordbot|pinterestbot|redditbot|vkshare|skypeuripreview|line-poker|kakaotalk-scrap"
    r"|cardyb|iframely|embedly|bingpreview|baiduspider|sogou web spider|360spider|yisouspider|petalbot"
    r"|bytespider|googlebot|bingbot|applebot|\bcurl/|python-requests|headlesschrome",
    re.IGNORECASE,
)
_BARE_WHATSAPP = re.compile(r"^WhatsApp/", re.IGNORECASE)

_CHANNEL = re.compile(r"[a-z][a-z0-9_-]{0,19}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """A visit as recorded; `bot_reason` keeps a robot's visit apart from a person's.

    `channel` is where the link was shared, as its path says, empty where it says nothing.
    """

    id: str
    link_code: str
    program_id: str
    promoter_id: str
    upline: tuple[str, ...]
    occurred_at: datetime
    recorded_at: datetime
    user_agent: str
    bot_reason: str | None = None
    channel: str = ""


class InterestKind(StrEnum):
    """How near a visitor came to buying a product."""

    VIEW = "view"
    CART = "cart"


@dataclass(frozen=True, slots=True)
class Interest:
    """The products that a click's visitor saw, and put into the cart; told by the shop's page, by consent.

    Anybody may tell it, so nothing is paid for it: recommendations weigh it.
    """

    viewed: frozenset[str] = frozenset()
    carted: frozenset[str] = frozenset()


def channel_of(text: str) -> str:
    """Return a channel as a link's path says it, empty for anything that is not a short lower-case word.

    >>> channel_of("wechat"), channel_of("WeChat"), channel_of("%3Cscript%3E")
    ('wechat', '', '')
    """
    return text if _CHANNEL.fullmatch(text) else ""


def bot_reason(user_agent: str) -> str | None:
    """Return why a user agent is a robot's, or None for a person's.

    >>> bot_reason("WhatsApp/2.23.20.0"), bot_reason("Mozilla/5.0 (iPhone) MicroMessenger/8.0.40")
    ('preview', None)
    """
    if not user_agent.strip():
        return "empty_user_agent"
    if _BARE_WHATSAPP.match(user_agent):
        return "preview"
    match = _BOT.search(user_agent)
    return f"listed:{match.group(0).lower()}" if match else None
