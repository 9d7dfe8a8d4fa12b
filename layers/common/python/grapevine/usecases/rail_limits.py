"""What the rail of a promoter takes, so that a payout is reserved in legs that it takes."""

from __future__ import annotations

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.transfers import Payee, RailLimits
from grapevine.ports import Rails
from grapevine.usecases.opened_once import OpenedOnce


class LimitsOfRails:
    """The limits of a program's rails, each opened once."""

    def __init__(self, program_id: str, rails: Rails) -> None:
        self._opened = OpenedOnce(program_id, rails)

    def of(self, payee: Payee | None) -> RailLimits | None:
        """Return what a payee's rail takes.

        None where nobody knows how somebody is paid, or where the program has lost the rail, or set
        it up wrongly: what is reserved then waits as one leg.
        """
        rail = self._opened.rail(payee.rail) if payee else None
        return None if rail is None or isinstance(rail, InvalidInputError) else rail.limits
