"""A program's rails, each opened once in a piece of work."""

from __future__ import annotations

from dataclasses import dataclass, field

from grapevine.domain.errors import InvalidInputError, NotFoundError
from grapevine.domain.transfers import RailName
from grapevine.ports import Rail, Rails


@dataclass
class OpenedOnce:
    """Rails as they were found the first time somebody asked."""

    program_id: str
    rails: Rails
    _known: dict[RailName, Rail | InvalidInputError | None] = field(default_factory=dict)

    def rail(self, name: RailName) -> Rail | InvalidInputError | None:
        """Return a rail, what is wrong with how it is set up, or None where it is not."""
        if name not in self._known:
            self._known[name] = self._open(name)
        return self._known[name]

    def _open(self, name: RailName) -> Rail | InvalidInputError | None:
        try:
            return self.rails.rail(self.program_id, name)
        except NotFoundError:
            return None
        except InvalidInputError as error:
            return error
