"""Payouts on demand: what a promoter who asks for money gets, or why not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from functools import partial

from grapevine.domain.errors import RefusedError
from grapevine.domain.heads import Head, available
from grapevine.domain.money import Money, format_minor
from grapevine.domain.payouts import Payout, Reservation
from grapevine.domain.programs import Program
from grapevine.domain.transfers import RailLimits
from grapevine.domain.withholding import NotPaid, reservation_for

ASKED = ".d."
"""What follows the program in the settlement id of a payout on demand; a run's has no such part."""


class RefusedReason(StrEnum):
    """Why a payout on demand is refused."""

    NOT_OFFERED = "not_offered"
    """The program pays on its settlement days only."""
    NOT_ACTIVE = "not_active"
    DETAILS_MISSING = "details_missing"
    BELOW_MINIMUM = "below_minimum"
    NOT_COVERED = "not_covered"
    """Less is payable than was asked for."""
    NOTHING_LEFT = "nothing_left"
    """Fee and tax come to as much as the amount."""
    BELOW_RAIL_MINIMUM = "below_rail_minimum"
    OVER_RAIL_LIMIT = "over_rail_limit"
    ANOTHER_PAYOUT = "another_payout"
    """Another payout took from the account in the same moment."""


SAID = {
    RefusedReason.NOT_OFFERED: "this program pays on its settlement days only",
    RefusedReason.NOT_ACTIVE: "only an active promoter asks for a payout, and not a duplicate",
    RefusedReason.DETAILS_MISSING: "payout details are missing",
    RefusedReason.BELOW_MINIMUM: "below the minimum payout",
    RefusedReason.NOT_COVERED: "more than is payable",
    RefusedReason.NOTHING_LEFT: "nothing is left after fee and tax",
    RefusedReason.BELOW_RAIL_MINIMUM: "less than the rail transfers",
    RefusedReason.OVER_RAIL_LIMIT: "more than the rail transfers in a hundred days: ask for less",
    RefusedReason.ANOTHER_PAYOUT: "another payout took from the account in the same moment",
}


class PayoutRefusedError(RefusedError):
    """A payout on demand that is not made: why, what it falls short by, which details are missing."""

    def __init__(
        self, reason: RefusedReason, missing: Money | None = None, names: Sequence[str] = ()
    ) -> None:
        more = f": {missing} missing" if missing else f": {', '.join(names)}" if names else ""
        super().__init__(SAID[reason] + more)
        self.reason = reason
        self.missing = missing
        self.names = tuple(names)

    @property
    def told(self) -> dict[str, object]:
        """What a program that asked is told beside the sentence."""
        missing = self.missing
        return {
            "reason": self.reason.value,
            **(
                {"missing": format_minor(missing.minor, missing.currency), "currency": missing.currency}
                if missing
                else {}
            ),
            **({"details": list(self.names)} if self.names else {}),
        }


def asked_id(program_id: str, promoter_id: str, request_id: str) -> str:
    """Return the settlement id of a promoter's request: the same request is the same payout.

    >>> asked_id("pg_tea", "pr_ana", "42")
    'pg_tea.d.pr_ana.42'
    """
    return f"{program_id}{ASKED}{promoter_id}.{request_id}"


def is_asked(settlement_id: str) -> bool:
    """Say whether a payout was asked for by its promoter, and is of no run."""
    return ASKED in settlement_id


def wanted_of(
    program: Program,
    head: Head,
    payable_minor: int,
    amount_minor: int | None,
    now: datetime,
    limits: RailLimits | None = None,
) -> Reservation:
    """Return what a payout of so much (None: of all) takes; PayoutRefusedError says why there is none.

    `limits` are those of the promoter's rail, where they have one.
    """
    asked = program.payouts.on_demand
    if asked is None:
        raise PayoutRefusedError(RefusedReason.NOT_OFFERED)
    money = partial(Money, currency=program.currency)
    has = available(payable_minor, head)
    amount = has if amount_minor is None else amount_minor
    if amount < asked.minimum_minor:
        raise PayoutRefusedError(RefusedReason.BELOW_MINIMUM, money(asked.minimum_minor - amount))
    if amount > has:
        raise PayoutRefusedError(RefusedReason.NOT_COVERED, money(amount - has))
    wanted = reservation_for(program, head, amount, now, on_demand=True, limits=limits)
    if isinstance(wanted, NotPaid):
        missing = money(wanted.missing_minor) if wanted.missing_minor else None
        raise PayoutRefusedError(RefusedReason(wanted.reason), missing)
    return wanted


def is_same_request(payout: Payout, amount_minor: int | None) -> bool:
    """Say whether a payout is what a request of its name asks for; all is whatever it came to."""
    return amount_minor in (None, payout.amount_minor + payout.fee_minor + payout.tax_minor)
