"""What the rail of a promoter takes, so that a payout is reserved in legs that it takes."""

from __future__ import annotations

from dataclasses import dataclass, field

from grapevine.domain.errors import InvalidInputError, NotFoundError
from grapevine.domain.transfers import Payee, RailLimits, RailName
from grapevine.ports import Rails


@dataclass
class LimitsOfRails:
    """The limits of a program's rails, each opened once."""

    program_id: str
    rails: Rails
    _known: dict[RailName, RailLimits | None] = field(default_factory=dict)

    def of(self, payee: Payee | None) -> RailLimits | None:
        """Return what a payee's rail takes.

        None where nobody knows how somebody is paid, or where the program has lost the rail, or set
        it up wrongly: what is reserved then waits as one leg.
        """
        if payee is None:
            return None
        if payee.rail not in self._known:
            try:
                self._known[payee.rail] = self.rails.rail(self.program_id, payee.rail).limits
            except (NotFoundError, InvalidInputError):
                self._known[payee.rail] = None
        return self._known[payee.rail]
