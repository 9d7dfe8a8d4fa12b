"""A settlement run carried on: by the stage's functions, which are watched, or by this process."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import click

from grapevine.domain.errors import NotFoundError
from grapevine.domain.settlements import PageName, Settlement
from grapevine.runtime.wiring import AwsParts
from grapevine.usecases.close_settlement import ClosePorts
from grapevine.usecases.list_promoters import ListPorts, list_promoters
from grapevine.usecases.settle_page import SettlementIncompleteError, SettlePage, SettlePorts, settle_page

Told = Callable[[Settlement], None]
LOOKS = 600
"""How often nothing may have changed before nobody seems to work: half an hour on AWS, a local minute."""


def follow(
    run_id: str, parts: AwsParts, told: Told, pause: Callable[[], None], looks: int = LOOKS
) -> Settlement:
    """Look at a run until it is closed; ClickException where nobody carries it on."""
    run = current(run_id, parts)
    told(run)
    unchanged = 0
    while run.closed_at is None:
        if unchanged == looks:
            raise click.ClickException(
                f"{run.progress}, and nothing happens: see the alarms; what is queued goes on by itself, "
                "and every hour it is queued again"
            )
        pause()
        before, run = run, current(run_id, parts)
        told(run)
        unchanged = unchanged + 1 if run == before else 0
    return run


def current(run_id: str, parts: AwsParts) -> Settlement:
    """Return a run as it is now."""
    run = parts.settlements.settlement(run_id)
    if run is None:
        raise NotFoundError("settlement", run_id)
    return run


@dataclass
class Here:
    """A queue that is worked off in this process, by the same steps as the functions'.

    What is not about a run goes to the stage's own queue. That a function does the same message too
    changes nothing.
    """

    parts: AwsParts
    lists: deque[PageName] = field(default_factory=deque)
    pages: deque[SettlePage] = field(default_factory=deque)

    def send_list(self, name: PageName) -> None:
        """Keep a list for later."""
        self.lists.append(name)

    def send_pages(self, names: Sequence[PageName]) -> None:
        """Keep pages for later."""
        self.pages.extend(SettlePage(name) for name in names)

    def send_points(self, program_id: str, promoter_ids: Sequence[str]) -> None:
        """Leave it to the stage."""
        self.parts.settlement_queue.send_points(program_id, promoter_ids)

    def send_void(self, program_id: str, promoter_id: str) -> None:
        """Leave it to the stage."""
        self.parts.settlement_queue.send_void(program_id, promoter_id)

    def send_payouts(self, program_id: str) -> None:
        """Leave it to the stage."""
        self.parts.settlement_queue.send_payouts(program_id)

    def send_transfers(self, program_id: str, batch_ids: Sequence[str]) -> None:
        """Leave it to the stage."""
        self.parts.settlement_queue.send_transfers(program_id, batch_ids)

    def work_off(self, run_id: str, told: Told) -> Settlement:
        """Do everything that is queued, and what that queues; return the run as it is then."""
        while self.lists or self.pages:
            told(current(run_id, self.parts))
            if self.pages:
                self._settle(self.pages.popleft())
            else:
                ports = ListPorts(self.parts.catalog, self.parts.settlements, self, self._closing)
                list_promoters(self.lists.popleft(), ports, self.parts.now())
        run = current(run_id, self.parts)
        told(run)
        return run

    def _settle(self, command: SettlePage) -> None:
        """Settle a page; one that is not complete comes again after the others, as it does from a queue."""
        parts = self.parts
        ports = SettlePorts(
            parts.catalog, parts.treasury, parts.settlements, self._closing, parts.payees, parts.rails
        )
        try:
            settle_page(command, ports, parts.now())
        except SettlementIncompleteError:
            self.pages.append(SettlePage(command.name, command.tries + 1))

    @property
    def _closing(self) -> ClosePorts:
        return ClosePorts(self.parts.settlements, self)
