"""Give a promoter another sponsor, or another status, from now on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from grapevine.domain.errors import InvalidInputError, NetworkMovedError, NotFoundError
from grapevine.domain.people import AFTER_ALL, Promoter, PromoterStatus
from grapevine.ports import NetworkCatalog
from grapevine.usecases.starting_over import starting_over

T = TypeVar("T")
ATTEMPTS = 8
MAX_DEPTH = 100
"""Promoters above one another; deeper is a mistake, and searching for circles must end."""
MAX_REASON = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSponsor:
    """A promoter's new sponsor; None for nobody. Orders placed before keep the old one."""

    program_id: str
    promoter_id: str
    sponsor_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeStatus:
    """A promoter's new status with the reason that they may read."""

    program_id: str
    promoter_id: str
    status: PromoterStatus
    reason: str


def change_sponsor(command: ChangeSponsor, catalog: NetworkCatalog, now: datetime) -> Promoter:
    """Store the change and return the promoter; InvalidInputError where it would close a circle.

    The network's version is read before anything else and must still be the same when the change
    is stored, so that two changes that close a circle only together cannot both happen.
    """

    def changed(promoter: Promoter) -> Promoter:
        if command.sponsor_id is not None:
            _refuse_circle(command, command.sponsor_id, catalog, now)
        same = promoter.sponsor_at(AFTER_ALL) == command.sponsor_id
        return promoter if same else promoter.with_sponsor(command.sponsor_id, now)

    return retried(lambda: _change_once(command.program_id, command.promoter_id, changed, catalog))


def change_status(command: ChangeStatus, catalog: NetworkCatalog, now: datetime) -> Promoter:
    """Store the change and return the promoter; the status at an order's instant decides about it."""
    if not command.reason.strip() or len(command.reason) > MAX_REASON:
        raise InvalidInputError(f"must have 1 to {MAX_REASON} characters", "reason")

    def changed(promoter: Promoter) -> Promoter:
        same = promoter.status_at(AFTER_ALL) is command.status
        return promoter if same else promoter.with_status(command.status, command.reason.strip(), now)

    return retried(lambda: _change_once(command.program_id, command.promoter_id, changed, catalog))


def retried(change: Callable[[], T]) -> T:
    """Change what others change too; who was not the first starts over."""
    return starting_over(change, NetworkMovedError, ATTEMPTS)


def _change_once(
    program_id: str, promoter_id: str, changed: Callable[[Promoter], Promoter], catalog: NetworkCatalog
) -> Promoter:
    version = catalog.network_version(program_id)
    before = catalog.promoters(program_id, (promoter_id,)).get(promoter_id)
    if before is None:
        raise NotFoundError("promoter", promoter_id)
    if before.alias is not None:
        raise InvalidInputError(f"is a duplicate of {before.alias.promoter_id}", "promoter_id")
    after = changed(before)
    if after != before:
        catalog.change_promoter(after, version)
    return after


def _refuse_circle(command: ChangeSponsor, sponsor_id: str, catalog: NetworkCatalog, now: datetime) -> None:
    """Climb from the new sponsor: whoever is met must not be the promoter."""
    for way in ways_up(command.program_id, (sponsor_id,), catalog, now):
        if way[-1] == command.promoter_id:
            raise InvalidInputError(f"would close a circle: {' < '.join(way)}", "sponsor_id")


def ways_up(
    program_id: str, first: Sequence[str], catalog: NetworkCatalog, now: datetime
) -> Iterator[tuple[str, ...]]:
    """Yield each way up from some promoters, step by step, at any instant from now on.

    A change that another machine stored may take effect a moment after our own now; it counts too.
    """
    ways: list[tuple[str, ...]] = [(name,) for name in first]
    while ways:
        way = ways.pop()
        yield way
        if len(way) > MAX_DEPTH:
            raise InvalidInputError(f"more than {MAX_DEPTH} promoters above", "sponsor_id")
        promoter = catalog.promoters(program_id, way[-1:]).get(way[-1])
        if promoter is None:
            raise InvalidInputError(f"no promoter {way[-1]!r} in this program", "sponsor_id")
        ways += [(*way, name) for name in promoter.above_since(now)]
