"""Personal discount codes: whose they are, how they are spelt, when they count."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime

from grapevine.domain.errors import InvalidInputError

_CODE = re.compile(r"[A-Z0-9][A-Z0-9._-]{1,63}")


@dataclass(frozen=True, slots=True)
class CouponChange:
    """From an instant on, a coupon counts or does not."""

    effective_at: datetime
    enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupon:
    """A promoter's discount code under its normal form; it counts from `created_at` on."""

    program_id: str
    code: str
    promoter_id: str
    created_at: datetime
    priority: int = 0
    changes: tuple[CouponChange, ...] = ()

    def is_enabled_at(self, instant: datetime) -> bool:
        """Say whether an order of that instant counts for it."""
        changes = [change for change in self.changes if change.effective_at <= instant]
        return changes[-1].enabled if changes else self.created_at <= instant

    def switched(self, *, enabled: bool, now: datetime) -> Coupon:
        """Return the coupon enabled or disabled from now on; what was before stays."""
        return replace(self, changes=(*self.changes, CouponChange(now, enabled)))


def normal_code(text: str) -> str:
    r"""Return the one spelling of a code: compatibility forms folded, upper case, no blanks around.

    >>> normal_code("  ana-10 "), normal_code("\uff21NA-10")
    ('ANA-10', 'ANA-10')
    """
    normal = unicodedata.normalize("NFKC", text).strip().upper()
    if _CODE.fullmatch(normal) is None:
        raise InvalidInputError(f"not a coupon code: {text[:80]!r}", "code")
    return normal


def readable_codes(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the normal forms of an order's codes, in its order; what cannot be one of ours is left out."""
    codes: list[str] = []
    for text in texts:
        try:
            codes.append(normal_code(text))
        except InvalidInputError:
            continue  # A shop's own discounts may be called anything; none of them is a promoter's.
    return tuple(dict.fromkeys(codes))
