"""Spend a promoter's points on a coupon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from grapevine.domain.entries import Entry, EntryReason, PointsCoupon
from grapevine.domain.errors import ForbiddenError, InvalidInputError, NotFoundError
from grapevine.domain.ids import RandomBytes, checked_id, new_points_code
from grapevine.domain.people import Promoter, PromoterStatus
from grapevine.domain.point_steps import spend
from grapevine.domain.points import PointsAccount, money_off, payable_change, points_key
from grapevine.domain.programs import Terms
from grapevine.usecases.starting_over import moved
from grapevine.usecases.tend_points import PointsPorts, read_account, tend_account


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendPoints:
    """So many points of a promoter's; the same request id is the same request, however often it comes."""

    program_id: str
    promoter_id: str
    points: int
    request_id: str


def spend_points(command: SpendPoints, ports: PointsPorts, random_bytes: RandomBytes, now: datetime) -> Entry:
    """Take points for a coupon and return the entry that says both.

    What has expired goes first. Of two at once one wins, and the other starts over with what is left.
    InvalidInputError says how many points are missing; HeadMovedError when the account never stood
    still, ForbiddenError for who is not active, NotFoundError for nobody.
    """
    checked_id(command.request_id, "request_id")
    terms = ports.catalog.terms(command.program_id)
    promoter = ports.catalog.promoters(command.program_id, (command.promoter_id,)).get(command.promoter_id)
    if promoter is None:
        raise NotFoundError("promoter", command.promoter_id)
    tend_account(promoter, terms, ports, now)
    return moved(lambda: _spent(command, promoter, terms, ports, random_bytes, now))


def _spent(
    command: SpendPoints,
    promoter: Promoter,
    terms: Terms,
    ports: PointsPorts,
    random_bytes: RandomBytes,
    now: datetime,
) -> Entry:
    account = read_account(points_key(terms.program.id, promoter.id), ports.treasury, ports.ledger)
    if known := _known(command, account):
        return known
    if promoter.status_at(now) is not PromoterStatus.ACTIVE or promoter.alias_at(now):
        raise ForbiddenError("only an active promoter spends points, and not a duplicate")
    off_minor = money_off(command.points, terms.plan_at(now), terms.program)
    has = max(account.available, 0)
    if has < command.points:
        raise InvalidInputError(f"{command.points - has} are missing: {has} can be spent", "points")
    coupon = PointsCoupon(new_points_code(random_bytes), off_minor)
    step = spend(account.head, command.points, coupon, command.request_id, now)
    ports.treasury.step((step,), (account.head,))
    return step.entry


def _known(command: SpendPoints, account: PointsAccount) -> Entry | None:
    """Return what the same request did before; InvalidInputError where it is another one of that name."""
    for entry in account.entries:
        if entry.reason is EntryReason.SPENT and entry.purpose == command.request_id:
            if payable_change(entry, command.promoter_id) != -command.points:
                raise InvalidInputError("was used for another number of points", "request_id")
            return entry
    return None
