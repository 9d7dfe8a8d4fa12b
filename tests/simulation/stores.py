"""The shipped memory adapters, and the little that a simulation needs them to remember besides."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from grapevine.adapters.memory.catalog import MemoryCatalog
from grapevine.adapters.memory.flow import MemoryClicks, MemoryFacts
from grapevine.adapters.memory.ledger import MemoryLedger
from grapevine.adapters.memory.outside import MemoryFiles, MemorySecrets, MemorySettlementQueue
from grapevine.adapters.memory.private import MemoryRawBodies
from grapevine.adapters.memory.rails import MemoryBatches, MemoryPayees
from grapevine.adapters.memory.settlements import MemorySettlements
from grapevine.adapters.memory.state import MemoryPages, MemoryTreasury
from grapevine.adapters.storefronts.plain import PlainShop
from grapevine.domain.coupons import Coupon
from grapevine.domain.entries import Postable
from grapevine.domain.errors import InvalidInputError
from grapevine.domain.facts import Fact
from grapevine.domain.plans import Plan
from grapevine.domain.programs import Storefront, Terms
from grapevine.ports import ShopEvent, ShopKeys, StorefrontSecrets, Waiting
from tests.simulation.scripts import PROGRAM_ID, STOREFRONT_ID, SUBJECT_KEY, Delivery, Script
from tests.simulation.storm import Storm

FOREIGN_ERROR = re.compile(r"(?:sweep: )?[A-Z]\w+: ")
"""How a reason begins that is not one of our own errors': something broke that nobody foresaw."""


class SimulatedFacts(MemoryFacts):
    """Facts; `appended` is what their table's stream carries."""

    def __init__(self) -> None:
        super().__init__()
        self.appended: list[Fact] = []

    def append(self, fact: Fact) -> bool:
        is_new = super().append(fact)
        if is_new:
            self.appended.append(fact)
        return is_new


class SimulatedCatalog(MemoryCatalog):
    """A catalog with every version of the plan."""

    def __init__(self, script: Script) -> None:
        super().__init__()
        self._terms = Terms(script.program, script.plans, script.campaigns, script.bounties)
        self._fill(script)

    def terms(self, program_id: str) -> Terms:
        return self._terms if program_id == PROGRAM_ID else super().terms(program_id)

    def _fill(self, script: Script) -> None:
        self.add_program(script.program, script.plans[0])
        self.add_storefront(
            Storefront(id=STOREFRONT_ID, program_id=PROGRAM_ID, platform="simulated", domain="shop.example")
        )
        for promoter in script.promoters:
            self.add_promoter(promoter)
        for link in script.links:
            self.add_link(link)
        for coupon in script.coupons:
            self.add_coupon(coupon)

    def coupons_known(self) -> tuple[Coupon, ...]:
        """Return every coupon as it is by now."""
        return tuple(self._coupons.values())

    def versions(self) -> tuple[Plan, ...]:
        """Return every version of the plan."""
        return self._terms.plans


class SimulatedFailures:
    """The failure queue as SQS is: what was received is hidden for a while, and deleting is forgiving."""

    def __init__(self) -> None:
        self.waiting: dict[int, Waiting] = {}
        self.foreign: list[str] = []
        self._sent = 0
        self._hidden: set[int] = set()

    def send(self, order: Postable, reason: str) -> None:
        self._sent += 1
        self.waiting[self._sent] = Waiting(order, reason, str(self._sent))
        self.foreign += [reason] if FOREIGN_ERROR.match(reason) else []

    def receive(self, limit: int) -> tuple[Waiting, ...]:
        numbers = [number for number in self.waiting if number not in self._hidden][:limit]
        self._hidden.update(numbers)
        return tuple(self.waiting[number] for number in numbers)

    def done(self, waiting: Waiting) -> None:
        self.waiting.pop(int(waiting.receipt), None)

    def show_again(self) -> None:
        """Let the time pass after which what was received and not deleted is seen again."""
        self._hidden.clear()

    @property
    def orders(self) -> frozenset[Postable]:
        """The orders that wait."""
        return frozenset(waiting.order for waiting in self.waiting.values())


class SimulatedFiles(MemoryFiles):
    """The bucket; the rail takes a file when it is there, so one that changes afterwards is remembered."""

    def __init__(self) -> None:
        super().__init__()
        self.changed: list[str] = []

    def put(self, name: str, body: bytes, content_type: str) -> None:
        known = self.stored.get(name)
        if known and known[0] != body:
            self.changed.append(name)
        else:
            super().put(name, body, content_type)


class SimulatedStorefront(PlainShop):
    """A storefront's webhooks: what a body says is known beforehand, and nobody signs."""

    def __init__(self, script: Script) -> None:
        arriving = (arrival for phase in script.phases for arrival in phase.arrivals)
        self._readings = {each.raw: each.reading for each in arriving if isinstance(each, Delivery)}

    def verify(self, raw: bytes, headers: Mapping[str, str], keys: ShopKeys, now: datetime) -> None:
        if raw not in self._readings:
            raise InvalidInputError("not one of ours", keys.domain)

    def topic(self, headers: Mapping[str, str]) -> str:
        return headers["topic"]

    def normalise(self, raw: bytes, topic: str) -> tuple[ShopEvent, ...]:
        return (self._readings[raw],)


class Kinds:
    """Which adapters a world is made of; a mutant's differ in one."""

    def facts(self, storm: Storm) -> SimulatedFacts:
        return SimulatedFacts()

    def ledger(self, storm: Storm) -> MemoryLedger:
        return MemoryLedger()

    def pages(self, storm: Storm) -> MemoryPages:
        return MemoryPages()

    def treasury(self, ledger: MemoryLedger, pages: MemoryPages, storm: Storm) -> MemoryTreasury:
        return MemoryTreasury(ledger, pages)


@dataclass(frozen=True, slots=True)
class Stores:
    """Everything that outlives a process."""

    catalog: SimulatedCatalog
    clicks: MemoryClicks
    facts: SimulatedFacts
    raw_bodies: MemoryRawBodies
    ledger: MemoryLedger
    pages: MemoryPages
    treasury: MemoryTreasury
    settlements: MemorySettlements
    secrets: MemorySecrets
    failures: SimulatedFailures
    queue: MemorySettlementQueue
    files: SimulatedFiles
    payees: MemoryPayees
    batches: MemoryBatches


def stores_of(script: Script, kinds: Kinds, storm: Storm) -> Stores:
    """Return a script's stores before anything happened."""
    ledger, pages, secrets = kinds.ledger(storm), kinds.pages(storm), MemorySecrets()
    secrets.put_storefront_secrets(
        STOREFRONT_ID, StorefrontSecrets(webhook_secrets=("",), subject_key=SUBJECT_KEY)
    )
    catalog = SimulatedCatalog(script)
    ledger.customers = catalog
    return Stores(
        catalog=catalog,
        clicks=MemoryClicks(),
        facts=kinds.facts(storm),
        raw_bodies=MemoryRawBodies(),
        ledger=ledger,
        pages=pages,
        treasury=kinds.treasury(ledger, pages, storm),
        settlements=MemorySettlements(),
        secrets=secrets,
        failures=SimulatedFailures(),
        queue=MemorySettlementQueue(),
        files=SimulatedFiles(),
        payees=MemoryPayees(),
        batches=MemoryBatches(),
    )
