"""Count clicks per link and day, people apart from robots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

from grapevine.domain.clicks import Click
from grapevine.domain.instants import day_of
from grapevine.domain.pages import Page, PageKey
from grapevine.ports import PageFolder

PEOPLE = "people"
BOTS = "bots"
SLOTS = 8


@dataclass(frozen=True, slots=True)
class CountClicks:
    """Clicks as a stream brings them."""

    clicks: Sequence[Click]


def count_clicks(command: CountClicks, pages: PageFolder) -> int:
    """Fold clicks into their links' pages; counting one twice changes nothing."""
    return pages.fold([_page(click) for click in command.clicks])


def clicks_subject(link_code: str) -> str:
    """Return the statistic's name for a link."""
    return f"clicks/{link_code}"


def _page(click: Click) -> Page:
    slot = crc32(click.id.encode()) % SLOTS
    key = PageKey(clicks_subject(click.link_code), day_of(click.occurred_at), slot)
    return Page(key, {BOTS if click.bot_reason else PEOPLE: 1}, frozenset({click.id}))
