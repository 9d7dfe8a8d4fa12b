"""The processes of one world: each does what a function of Grapevine does, over stores that may fail it.

What the Lambda side adds to a use case is said here again in a few lines (`on_facts`, `on_entries`): what
cannot be posted or folded is queued by its order, and only if that fails does its record come again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from zlib import crc32

from grapevine.adapters.memory.outside import MemoryShopQueue
from grapevine.domain.clicks import Click
from grapevine.domain.entries import AccountKey, Entry, Postable, holdings_of
from grapevine.domain.errors import (
    ConcurrencyError,
    ForbiddenError,
    GrapevineError,
    InvalidInputError,
    UnavailableError,
    reason_of,
)
from grapevine.domain.evidence import bounties_touched
from grapevine.domain.facts import Fact, OrderKey
from grapevine.domain.heads import Head, Step
from grapevine.domain.pages import Page
from grapevine.domain.settlements import PageName
from grapevine.ports import Treasury
from grapevine.runtime.wiring import ProgramRails
from grapevine.usecases.apply_results import ResultPorts
from grapevine.usecases.change_promoter import ChangeSponsor, ChangeStatus, change_sponsor, change_status
from grapevine.usecases.choose_payouts import SendPorts
from grapevine.usecases.close_settlement import ClosePorts
from grapevine.usecases.create_coupon import SwitchCoupon, switch_coupon
from grapevine.usecases.fold_entries import FoldEntries, fold_entries
from grapevine.usecases.import_results import ImportResults, import_results
from grapevine.usecases.list_promoters import ListPorts, list_promoters
from grapevine.usecases.place_order import PlaceOrder, PlaceOrderPorts, place_order
from grapevine.usecases.post_bounty import post_bounty
from grapevine.usecases.post_order import PostOrder, PostOrderPorts, post_order
from grapevine.usecases.redrive_orders import RedrivePorts, redrive_orders
from grapevine.usecases.screen_order import ScreenOrder, ScreenOrderPorts, screen_order
from grapevine.usecases.send_payouts import send_payouts
from grapevine.usecases.settle_page import SettlePage, SettlePorts, settle_page
from grapevine.usecases.spend_points import SpendPoints, spend_points
from grapevine.usecases.start_settlements import StartSettlementsPorts, start_settlements
from grapevine.usecases.sweep_due import SweepPorts, sweep_due
from grapevine.usecases.tend_points import PointsPorts, TendPoints, tend_points
from grapevine.usecases.track_click import TrackClick, TrackClickPorts, track_click
from tests.simulation.scripts import PROGRAM_ID, STOREFRONT_ID, Arrival, Delivery, Script, Visit, seeded_bytes
from tests.simulation.stores import SimulatedStorefront, Stores
from tests.simulation.storm import Crash, Exposed, Storm
from tests.simulation.streams import Stream

MAY_LOSE = 5
"""Races that a writer must be able to lose in a row before it gives up and is queued."""
TICK = timedelta(milliseconds=100)
"""What passes between the starts of two processes; a phase has room for ten thousand."""


@dataclass(frozen=True, slots=True)
class OnePageAtATime:
    """Pages written one after the other, so that a process may end between two pages of one entry."""

    pages: Any

    def fold(self, additions: Sequence[Page]) -> int:
        """Fold each page in a call of its own."""
        return sum(self.pages.fold([addition]) for addition in additions)


class Watched:
    """The accounts as who takes points sees them; `seen` is how they were read before each step."""

    def __init__(self, treasury: Any) -> None:  # noqa: ANN401 - a treasury, or one that is exposed
        self.seen: dict[tuple[AccountKey, int], list[tuple[Sequence[Page], Head]]] = {}
        self._treasury = treasury

    def account(self, key: AccountKey) -> tuple[Sequence[Page], Head]:
        """Return an account, and remember it."""
        pages, head = self._treasury.account(key)
        self.seen.setdefault((key, head.sequence), []).append((pages, head))
        return pages, head

    def step(self, steps: Sequence[Step], heads_before: Sequence[Head]) -> None:
        """Take the steps."""
        self._treasury.step(steps, heads_before)


class Town:
    """A world's stores with the processes that work on them."""

    def __init__(self, script: Script, stores: Stores, storm: Storm) -> None:
        self.script = script
        self.stores = stores
        self.storm = storm
        self.clock = script.phases[0].at
        self.gave_up: list[str] = []
        self.untrue: list[str] = []
        self.bought: dict[str, tuple[SpendPoints, Entry]] = {}
        self._asked = 0
        self._at_work: set[PageName] = set()
        self._expose(stores, storm)
        self.facts = Stream(stores.facts.appended, storm, self.on_facts)
        self.screened = Stream(stores.facts.appended, storm, self.on_facts_screened)
        self.entries = Stream(stores.ledger.appended, storm, self.on_entries)
        self.lists = Stream(stores.queue.lists, storm, self.on_lists)
        self.settlement_pages = Stream(stores.queue.pages, storm, self.on_settlement_pages)
        self.payouts = Stream(stores.queue.payouts, storm, self.on_payouts)

    def _expose(self, stores: Stores, storm: Storm) -> None:
        seen: dict[str, Any] = {name: getattr(stores, name) for name in stores.__dataclass_fields__}
        if storm.rages:
            seen = {name: Exposed(name, store, storm) for name, store in seen.items()}
        catalog, clicks, facts, ledger = seen["catalog"], seen["clicks"], seen["facts"], seen["ledger"]
        adapters = {"simulated": SimulatedStorefront(self.script)}
        self.orders = PostOrderPorts(ledger, facts, clicks, catalog, seen["pages"])
        self._placing = PlaceOrderPorts(
            catalog, seen["secrets"], adapters, seen["raw_bodies"], facts, MemoryShopQueue()
        )
        self._screening = ScreenOrderPorts(clicks, catalog, facts)
        self._pages = OnePageAtATime(seen["pages"])
        self._failures, self._clicks, self._facts, self._catalog = seen["failures"], clicks, facts, catalog
        self._sweeping = SweepPorts(ledger, seen["settlements"], catalog, self.orders, self._failures)
        self._redriving = RedrivePorts(self._failures, self.orders, self._pages)
        self._starting = StartSettlementsPorts(catalog, seen["settlements"], seen["queue"])
        closing = ClosePorts(seen["settlements"], seen["queue"])
        self._listing = ListPorts(catalog, seen["settlements"], seen["queue"], closing)
        rails = ProgramRails(stores.secrets, seen["files"], self.now)
        self._settling = SettlePorts(
            catalog, seen["treasury"], seen["settlements"], closing, seen["payees"], rails
        )
        self._treasury = seen["treasury"]
        self._sending = SendPorts(catalog, seen["treasury"], seen["payees"], seen["batches"], rails)
        # Storms know it by a name of its own, so that some are over points alone.
        points = Exposed("points", stores.treasury, storm) if storm.rages else stores.treasury
        self.watched = Watched(points)
        # What a treasury needs besides for settling is none of these processes' business.
        self._points = PointsPorts(catalog, cast("Treasury", self.watched), ledger)

    def now(self) -> datetime:
        """Return the next instant."""
        self.clock += TICK
        return self.clock

    # --- what comes from outside -----------------------------------------------------------------

    def visit(self, visit: Visit) -> None:
        """Follow a link; the visitor does it again until the click is recorded."""
        command = TrackClick(
            link_code=visit.link_code, user_agent=visit.user_agent, visitor_id=visit.visitor_id
        )
        ports = TrackClickPorts(
            self._catalog, self._clicks, lambda size: seeded_bytes(visit.visitor_id, size)
        )
        if not track_click(command, ports, visit.occurred_at).recorded:
            raise UnavailableError("click not recorded")

    def arrive(self, arrival: Arrival) -> None:
        """Take what arrives; whoever brings it does so until it is taken."""
        now = self.now()
        if isinstance(arrival, Delivery):
            headers = {"topic": arrival.topic}
            command = PlaceOrder(storefront_id=STOREFRONT_ID, raw=arrival.raw, headers=headers)
            place_order(command, self._placing, now)
        elif isinstance(arrival, Click):
            self._clicks.record(arrival)
        elif isinstance(arrival, ChangeSponsor):
            change_sponsor(arrival, self._catalog, now)
        elif isinstance(arrival, ChangeStatus):
            change_status(arrival, self._catalog, now)
        elif isinstance(arrival, SwitchCoupon):
            switch_coupon(arrival, self._catalog, now)
        else:
            self._facts.append(arrival)

    # --- readers of streams and queues -----------------------------------------------------------

    def on_facts(self, facts: Sequence[Fact]) -> list[Fact]:
        """Post each order of a batch once; what stops it is queued, and only if that fails its facts fail."""
        now = self.now()
        failed = {
            order for order in dict.fromkeys(fact.order for fact in facts) if not self._post(order, now)
        }
        return [fact for fact in facts if fact.order in failed]

    def _post(self, order: OrderKey, now: datetime) -> bool:
        struck = self.storm.struck
        try:
            entry = post_order(PostOrder(order), self.orders, now)
        except Exception as error:  # noqa: BLE001 - as the handler does: nothing stops the stream
            if isinstance(error, ConcurrencyError) and self.storm.struck - struck < MAY_LOSE:
                self.gave_up.append(f"{order}: {error}")
            return self._queued(order, error)
        if entry and entry not in self.stores.ledger.entries_of(order):
            self.untrue.append(entry.id)
        return True

    def _queued(self, order: Postable, error: Exception) -> bool:
        try:
            self._failures.send(order, reason_of(error))
        except UnavailableError:
            return False
        return True

    def on_facts_screened(self, facts: Sequence[Fact]) -> list[Fact]:
        """Screen each fact of a batch; one that fails comes again."""
        now = self.now()
        return _failing(facts, lambda fact: screen_order(ScreenOrder(fact), self._screening, now))

    def on_entries(self, entries: Sequence[Entry]) -> list[Entry]:
        """Fold a batch at once, or one by one where that fails; what fails then is queued by its order.

        After that the bounties that look at what was folded are posted.
        """
        try:
            self._fold_all(entries)
        except GrapevineError:
            return [entry for entry in entries if not self._fold(entry)]
        return []

    def _fold(self, entry: Entry) -> bool:
        try:
            self._fold_all((entry,))
        except GrapevineError as error:
            return isinstance(entry.key, OrderKey) and self._queued(entry.key, error)
        return True

    def _fold_all(self, entries: Sequence[Entry]) -> None:
        fold_entries(FoldEntries(entries), self._pages)
        for bounty in bounties_touched(entries):
            struck = self.storm.struck
            try:
                post_bounty(bounty, self.orders, self.now())
            except Exception as error:  # noqa: BLE001 - as the handler does: the entries are folded
                if isinstance(error, ConcurrencyError) and self.storm.struck - struck < MAY_LOSE:
                    self.gave_up.append(f"{bounty}: {error}")
                self._failures.send(bounty, reason_of(error))

    def on_lists(self, names: Sequence[PageName]) -> list[PageName]:
        """List promoters of settlements; what could not be listed comes again."""
        now = self.now()
        return _failing(names, lambda name: list_promoters(name, self._listing, now))

    def on_settlement_pages(self, names: Sequence[PageName]) -> list[PageName]:
        """Settle pages of promoters; one that is incomplete, or in somebody's hands, comes again.

        In production nothing keeps a page out of two hands: a second start of the settlement sends it
        again. Then the slower one may reserve what was folded since for somebody whom the faster one
        carried, after the payout file was written, and the file changes. Worlds in which that happens
        tell nothing else, so here one waits for the other.
        """
        now = self.now()
        return _failing(names, lambda name: self._settle(name, now))

    def on_payouts(self, names: Sequence[str]) -> list[str]:
        """Send the payouts of programs; what could not be sent comes again."""
        now = self.now()
        return _failing(names, lambda name: send_payouts(name, self._sending, now))

    def _settle(self, name: PageName, now: datetime) -> None:
        if name in self._at_work:
            raise UnavailableError("somebody is at it")
        self._at_work.add(name)
        try:
            settle_page(SettlePage(name), self._settling, now)
        finally:
            self._at_work.remove(name)

    # --- points ----------------------------------------------------------------------------------

    def spend(self, command: SpendPoints) -> None:
        """Buy a coupon; who hears nothing asks again, and who hears that it cannot be does not."""
        self._asked += 1
        code = f"{command.request_id} {self._asked}"
        try:
            entry = spend_points(command, self._points, lambda size: seeded_bytes(code, size), self.now())
        except (InvalidInputError, ForbiddenError):
            return
        _, known = self.bought.setdefault(command.request_id, (command, entry))
        if known != entry:
            self.untrue.append(f"{command.request_id} bought twice")

    def tend(self) -> None:
        """Let expire what is old, give back what was lost twice, charge what is owed."""
        names = tuple(promoter.id for promoter in self.script.promoters)
        tend_points(TendPoints(PROGRAM_ID, names), self._points, self.now())

    def look_again(self) -> None:
        """Post the orders that were offered more of a budget than they have: others may have given back."""
        for order in self.script.orders:
            held = holdings_of(self.stores.ledger.entries_of(order)).held.values()
            if any(one.most > one.granted for one in held):
                post_order(PostOrder(order), self.orders, self.now())

    # --- schedules -------------------------------------------------------------------------------

    def sweep(self) -> None:
        """Post what is due."""
        sweep_due(self._sweeping, self.now())

    def start(self) -> None:
        """Start the settlements whose day has come."""
        start_settlements(self._starting, self.now())

    def redrive(self) -> None:
        """Try again what waits in the queue."""
        self.stores.failures.show_again()
        redrive_orders(self._redriving, self.now())

    def bring_results(self, name: str) -> None:
        """Import what the rail says about one payout file: each payout's fate follows from its id."""
        rows = csv.DictReader(io.StringIO(self.stores.files.stored[name][0].decode()))
        lines = [f"{row['payout_id']},{self._fate(row['payout_id'])},rail" for row in rows]
        body = "\n".join(("payout_id,status,detail", *lines)).encode()
        import_results(
            ImportResults(name.split("/")[1], body), ResultPorts(self._catalog, self._treasury), self.now()
        )

    def _fate(self, payout_id: str) -> str:
        completes = crc32(payout_id.encode()) % 10_000 < self.script.completes_bps
        return "completed" if completes else "failed"

    def attempt(self, process: Callable[[], object]) -> bool:
        """Run a process; say whether it came to its end. Where not, whoever started it does so again."""
        storm = self.storm
        outer, storm.is_dead = storm.is_dead, False
        try:
            process()
        except (Crash, GrapevineError):
            return False
        finally:
            storm.is_dead = outer
        return True


R = Any


def _failing(records: Iterable[R], handle: Callable[[R], object]) -> list[R]:
    """Return the records that could not be handled."""
    failed = []
    for record in records:
        try:
            handle(record)
        except GrapevineError:
            failed.append(record)
    return failed
