"""Give a promoter a personal discount code, and switch it on and off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from grapevine.domain.coupons import RESERVED, Coupon, normal_code
from grapevine.domain.errors import InvalidInputError, NotFoundError
from grapevine.ports import DecisionCatalog, PeopleCatalog

MAX_PRIORITY = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateCoupon:
    """A code for a promoter; it counts for orders from now on."""

    program_id: str
    promoter_id: str
    code: str
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchCoupon:
    """A code that counts, or not, for orders from an instant on; from now on where none is said."""

    program_id: str
    code: str
    enabled: bool
    effective_at: datetime | None = None


def create_coupon(command: CreateCoupon, catalog: PeopleCatalog, now: datetime) -> Coupon:
    """Store a coupon under its normal form.

    AlreadyExistsError when the program has one of that form, or one that looks like it. InvalidInputError
    also for a word that shops write where there is no code.
    """
    _known(command.program_id, command.promoter_id, catalog)
    if not 0 <= command.priority <= MAX_PRIORITY:
        raise InvalidInputError(f"must be 0 to {MAX_PRIORITY}", "priority")
    code = normal_code(command.code)
    if code in RESERVED:
        raise InvalidInputError(f"{code} is what shops write where there is no code", "code")
    coupon = Coupon(
        program_id=command.program_id,
        code=code,
        promoter_id=command.promoter_id,
        created_at=now,
        priority=command.priority,
    )
    catalog.add_coupon(coupon)
    return coupon


def switch_coupon(command: SwitchCoupon, catalog: PeopleCatalog, now: datetime) -> Coupon:
    """Store whether a coupon counts from an instant on; NotFoundError when the program has none of that code.

    It counts over whatever was planned for later before. Nothing is changed for orders placed already.
    """
    at = command.effective_at or now
    if at < now:
        raise InvalidInputError("must not be over", "effective_at")
    code = normal_code(command.code)
    coupon = catalog.coupons(command.program_id, (code,)).get(code)
    if coupon is None:
        raise NotFoundError("coupon", code)
    if coupon.stays(enabled=command.enabled, since=at):
        return coupon
    switched = coupon.switched(enabled=command.enabled, now=at)
    catalog.change_coupon(switched)
    return switched


def _known(program_id: str, promoter_id: str, catalog: DecisionCatalog) -> None:
    if promoter_id not in catalog.promoters(program_id, (promoter_id,)):
        raise NotFoundError("promoter", promoter_id)
