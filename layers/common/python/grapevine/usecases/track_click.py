"""Record a visit through a link and say where the visitor goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from grapevine.domain.clicks import MAX_USER_AGENT, Click, bot_reason, channel_of
from grapevine.domain.errors import NotFoundError, UnavailableError
from grapevine.domain.ids import RandomBytes, new_click_id, new_visitor_id
from grapevine.domain.links import Link, with_click_id
from grapevine.ports import ClickWriter, LinkReader


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackClick:
    """A request for a link; one that is not `counted` (HEAD, a prefetch) is answered and no more.

    `channel` is what its path says after the link code; an odd one is left out.
    """

    link_code: str
    user_agent: str
    visitor_id: str | None = None
    counted: bool = True
    channel: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirection:
    """Where to send the visitor; `recorded` is False when a person's click could not be stored."""

    location: str
    visitor_id: str | None = None
    click: Click | None = None
    recorded: bool = True


@dataclass(frozen=True, slots=True)
class TrackClickPorts:
    """One read, one write."""

    links: LinkReader
    clicks: ClickWriter
    random_bytes: RandomBytes


def track_click(command: TrackClick, ports: TrackClickPorts, now: datetime) -> Redirection:
    """Return where the visitor goes, after the click is stored; NotFoundError for an unknown link.

    A robot's visit is stored with its reason and carries no click id to the shop.
    """
    link = ports.links.link(command.link_code)
    if link is None:
        raise NotFoundError("link", command.link_code)
    if not command.counted:
        return Redirection(location=link.destination)
    visitor_id = command.visitor_id or new_visitor_id(ports.random_bytes)
    click = _click(command, link, new_click_id(visitor_id, now, ports.random_bytes), now)
    recorded = _recorded(click, ports)
    if click.bot_reason:
        return Redirection(location=link.destination, click=click, recorded=recorded)
    location = with_click_id(link.destination, click.id)
    return Redirection(location=location, visitor_id=visitor_id, click=click, recorded=recorded)


def _click(command: TrackClick, link: Link, click_id: str, now: datetime) -> Click:
    return Click(
        id=click_id,
        link_code=link.code,
        program_id=link.program_id,
        promoter_id=link.promoter_id,
        upline=link.upline,
        occurred_at=now,
        recorded_at=now,
        user_agent=command.user_agent[:MAX_USER_AGENT],
        bot_reason=bot_reason(command.user_agent),
        channel=channel_of(command.channel),
    )


def _recorded(click: Click, ports: TrackClickPorts) -> bool:
    """Store the click; the visitor is sent on also when that fails, and the caller raises the alarm."""
    try:
        ports.clicks.record(click)
    except UnavailableError:
        return False
    return True
