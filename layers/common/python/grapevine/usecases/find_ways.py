"""How promoters would be paid now: the payee, the program's rail for it, and what that finds wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.payout_waits import Way
from grapevine.domain.programs import Program
from grapevine.domain.transfers import Payee, RailName
from grapevine.ports import PayeeStore, Rail, Rails
from grapevine.usecases.opened_once import OpenedOnce
from grapevine.usecases.put_payee_details import rail_faults

AT_ONCE = 100
"""Promoters that one request brings."""


@dataclass
class Ways:
    """A program's ways, each rail opened once."""

    program: Program
    payees: PayeeStore
    rails: Rails
    _opened: OpenedOnce = field(init=False)

    def __post_init__(self) -> None:
        """Nothing is opened yet."""
        self._opened = OpenedOnce(self.program.id, self.rails)

    def of(self, promoter_ids: Iterable[str]) -> dict[str, Way]:
        """Return the way to each promoter."""
        names = tuple(dict.fromkeys(promoter_ids))
        payees: dict[str, Payee] = {}
        for start in range(0, len(names), AT_ONCE):
            payees.update(self.payees.payees(self.program.id, names[start : start + AT_ONCE]))
        return {name: self._way(payees.get(name)) for name in names}

    def _way(self, payee: Payee | None) -> Way:
        """Return the way to a payee; who has none is in a file, where the program knows no other way."""
        if payee is None and any(self._opened.rail(name) for name in RailName if name is not RailName.CSV):
            return Way(rail=None)
        name = payee.rail if payee else RailName.CSV
        rail = self._opened.rail(name)
        if rail is None or isinstance(rail, InvalidInputError):
            return Way(rail=name, payee=payee, faults=(rail,) if rail else ())
        return Way(rail=name, payee=payee, limits=rail.limits, faults=self._faults(rail, payee))

    def _faults(self, rail: Rail, payee: Payee | None) -> tuple[InvalidInputError, ...]:
        if payee is None:
            return ()
        return rail_faults(rail, payee.details, self.program.currency, self.program.payouts.required_details)
