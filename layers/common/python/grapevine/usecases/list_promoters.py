"""Put a run's promoters on pages, a part of them at a time, and queue the pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from grapevine.domain.errors import NotFoundError
from grapevine.domain.settlements import USUAL_SIZES, ListSizes, PageName, Settlement, SettlementPage
from grapevine.ports import CatalogLists, SettlementQueue, SettlementStore
from grapevine.usecases.close_settlement import ClosePorts, close_settlement


@dataclass(frozen=True, slots=True)
class ListPorts:
    """The program's promoters, the run and its pages, and the queue that they go to."""

    catalog: CatalogLists
    settlements: SettlementStore
    queue: SettlementQueue
    closing: ClosePorts
    sizes: ListSizes = USUAL_SIZES


def list_promoters(name: PageName, ports: ListPorts, now: datetime) -> Settlement:
    """List some of a run's promoters behind a page of its chain; return the run as it was found.

    What is stored behind it already, by somebody who did not come to an end, is queued again; then
    the list goes on. Who finds a place taken meanwhile leaves the rest to the one who took it. At
    the end of the chain the run is marked as listed. NotFoundError for a run that nobody started.
    """
    run = ports.settlements.settlement(name.settlement_id)
    if run is None:
        raise NotFoundError("settlement", name.settlement_id)
    known = list(islice(ports.settlements.pages_from(name), ports.sizes.pages))
    if not known and name.after:
        raise NotFoundError("settlement page", f"{name.settlement_id}/{name.after}")
    added, is_alone = _added(run, known, ports)
    # Whoever sent this has queued the page it names, except at the very beginning.
    pages = [*(known[1:] if name.after else known), *added]
    ports.queue.send_pages(tuple(p.name for p in pages if not (p.is_done or p.ends)))
    _go_on([*known, *added], ports, now, is_alone=is_alone)
    return run


def _go_on(pages: Sequence[SettlementPage], ports: ListPorts, now: datetime, *, is_alone: bool) -> None:
    last = pages[-1] if pages else None
    if last and last.ends:
        ports.settlements.mark_listed(last.settlement_id, last.number - 1, last.before)
        close_settlement(last.settlement_id, ports.closing, now)
    elif last and is_alone:
        ports.queue.send_list(last.name)


def _added(
    run: Settlement, known: list[SettlementPage], ports: ListPorts
) -> tuple[list[SettlementPage], bool]:
    """Store the next pages of the chain; return them, and whether nobody else is at it."""
    added: list[SettlementPage] = []
    if known and known[-1].ends:
        return added, True
    following = _following(run, known[-1] if known else None, ports)
    for page in islice(following, ports.sizes.pages - len(known)):
        if not ports.settlements.add_page(page):
            return added, False
        added.append(page)
    return added, True


def _following(run: Settlement, last: SettlementPage | None, ports: ListPorts) -> Iterator[SettlementPage]:
    """Yield the pages after one, up to the empty one that ends the chain."""
    members = (
        promoter.id
        for promoter in ports.catalog.promoters_of(run.program_id, last.last if last else "")
        if promoter.joined_at <= run.started_at
    )
    page = last
    while page is None or not page.ends:
        promoter_ids = tuple(islice(members, ports.sizes.promoters))
        page = page.followed_by(promoter_ids) if page else run.page_of(promoter_ids)
        yield page
