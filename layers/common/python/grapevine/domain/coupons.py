"""Personal discount codes: whose they are, how they are spelt, when they count, when they are public."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime

from grapevine.domain.errors import InvalidInputError

_CODE = re.compile(r"[A-Z0-9][A-Z0-9._-]{1,63}")
_UNSEEN, _DASHES = "Cf", "Pd"
"""Unicode's categories of what nobody sees (zero-width blanks come with copied text) and of dashes."""
_LOOKS = str.maketrans("OILSBZ._", "011582--")
RESERVED = frozenset(
    {
        "AUTOMATIC",
        "CODE",
        "COUPON",
        "CUSTOM",
        "DEFAULT",
        "DISCOUNT",
        "FALSE",
        "MANUAL",
        "NA",
        "NAN",
        "NIL",
        "NO",
        "NONE",
        "NULL",
        "OFF",
        "ON",
        "TEST",
        "TRUE",
        "UNDEFINED",
        "UNKNOWN",
        "YES",
    }
)
"""What shops and their plugins write where there is no code: whoever owned it would have every order."""


@dataclass(frozen=True, slots=True)
class CouponChange:
    """From an instant on, a coupon counts or does not."""

    effective_at: datetime
    enabled: bool


@dataclass(frozen=True, slots=True)
class PublicChange:
    """From an instant on, a coupon is taken for public or is not; `by` is nobody where the score said so."""

    effective_at: datetime
    public: bool
    reason: str
    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupon:
    """A promoter's discount code under its normal form; it counts from `created_at` on.

    Of its changes the one that was said last counts from its instant on: whoever switches a coupon
    off now need not know what somebody has planned for tomorrow.
    """

    program_id: str
    code: str
    promoter_id: str
    created_at: datetime
    priority: int = 0
    changes: tuple[CouponChange, ...] = ()
    marks: tuple[PublicChange, ...] = ()

    @property
    def revision(self) -> int:
        """How often it was changed: of two changes on top of one revision the second is refused."""
        return len(self.changes) + len(self.marks)

    def is_enabled_at(self, instant: datetime) -> bool:
        """Say whether an order of that instant counts for it."""
        changes = [change for change in self.changes if change.effective_at <= instant]
        return changes[-1].enabled if changes else self.created_at <= instant

    def is_public_at(self, instant: datetime) -> bool:
        """Say whether it is taken for public for an order of that instant."""
        if not self.marks:
            return False
        marks = [mark for mark in self.marks if mark.effective_at <= instant]
        return bool(marks) and marks[-1].public

    def stays(self, *, enabled: bool, since: datetime) -> bool:
        """Say whether it counts, or does not, from an instant on and nothing else is planned."""
        later = [change.effective_at for change in self.changes if change.effective_at > since]
        return all(self.is_enabled_at(instant) is enabled for instant in (since, *later))

    def switched(self, *, enabled: bool, now: datetime) -> Coupon:
        """Return the coupon enabled or disabled from an instant on; what was before stays."""
        return replace(self, changes=(*self.changes, CouponChange(now, enabled)))

    def marked(self, mark: PublicChange) -> Coupon:
        """Return the coupon with one more mark; what was before it stays."""
        return replace(self, marks=(*self.marks, mark))

    def without_words(self, words: str, now: datetime) -> Coupon:
        """Return the coupon switched off, with some words in place of what people wrote about it."""
        marks = tuple(replace(mark, reason=words, by=words if mark.by else None) for mark in self.marks)
        is_off = self.stays(enabled=False, since=now)
        if is_off and marks == self.marks:
            return self
        return replace(self, marks=marks).switched(enabled=False, now=now)


def normal_code(text: str) -> str:
    r"""Return the one spelling of a code: compatibility forms and dashes folded, upper case, trimmed.

    >>> normal_code("  ana-10 "), normal_code("\uff21NA\u201110\u200b")
    ('ANA-10', 'ANA-10')
    """
    folded = unicodedata.normalize("NFKC", text)
    seen = (
        "-" if unicodedata.category(sign) == _DASHES else sign
        for sign in folded
        if unicodedata.category(sign) != _UNSEEN
    )
    normal = "".join(seen).strip().upper()
    if _CODE.fullmatch(normal) is None:
        raise InvalidInputError(f"not a coupon code: {text[:80]!r}", "code")
    return normal


def look_of(code: str) -> str:
    """Return what a code looks like to a hurried eye; two codes of one program never look the same.

    >>> look_of("ANA-1O"), look_of("ANA_IO")
    ('ANA-10', 'ANA-10')
    """
    return code.translate(_LOOKS)


def readable_codes(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the normal forms of an order's codes, in its order; what cannot be one of ours is left out."""
    codes: list[str] = []
    for text in texts:
        try:
            codes.append(normal_code(text))
        except InvalidInputError:
            continue  # A shop's own discounts may be called anything; none of them is a promoter's.
    return tuple(dict.fromkeys(codes))
