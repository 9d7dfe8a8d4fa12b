"""Orders on any day of a program that counts sales, each through a click of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from grapevine.domain.accounts import Leaf
from grapevine.domain.entries import Entry, standing
from grapevine.domain.facts import Fact, FactKind, Line, OrderKey, Payment
from grapevine.domain.ids import new_click_id, new_visitor_id
from grapevine.domain.plans import Plan
from grapevine.domain.tiers import Tier, Volume
from tests import builders as make
from tests.builders import CY, minutes
from tests.worlds import World, chain_world

ZONE_HOURS = 8
"""Shanghai is so far ahead of UTC, and has no summer time."""
TIERS = (
    Tier(id="base", threshold=0, add_bps=0),
    Tier(id="silver", threshold=10_000, add_bps=200),
    Tier(id="gold", threshold=50_000, add_bps=500),
)
NOVEMBER_CLOSES = datetime(2026, 11, 30, 17, tzinfo=UTC)
"""One hour into December in Shanghai."""


def local(month: int, day: int, hour: float = 12) -> datetime:
    """Return an instant of 2026 on the program's clock."""
    return datetime(2026, month, day, tzinfo=UTC) + timedelta(hours=hour - ZONE_HOURS)


def tiered(*rate_bps: int, **changes: object) -> Plan:
    return make.plan(*(rate_bps or (1000, 300)), **{"tiers": TIERS, **changes})


def key(name: str) -> OrderKey:
    return OrderKey(make.STOREFRONT_ID, name)


class Selling:
    """A world with the chain Ana ← Bo ← Cy in which orders are told by name."""

    def __init__(self, *plans: Plan, **changes: object) -> None:
        self.world: World = chain_world(*(plans or (tiered(),)), **changes)

    def paid(self, name: str, at: datetime, base_minor: int, *, promoter: str = CY, **told: object) -> Fact:
        """Record a click five minutes before and tell that an order was placed and paid."""
        random = self.world.random_bytes
        click_id = new_click_id(new_visitor_id(random), at - minutes(5), random)
        click = make.click(id=click_id, promoter_id=promoter, upline=())
        self.world.clicks.record(replace(click, occurred_at=at - minutes(5), recorded_at=at - minutes(5)))
        lines: tuple[Line, ...] = (make.line("a", base_minor),)
        body = make.snapshot(**{"placed_at": at, "click_id": click_id, "lines": lines, **told})
        fact = make.fact(FactKind.PAID, order=key(name), version=at, recorded_at=at, snapshot=body)
        self.world.append(fact)
        return fact

    def sell(self, name: str, at: datetime, base_minor: int, **told: object) -> Entry:
        """Let an order be paid, posted a minute later, and folded."""
        self.paid(name, at, base_minor, **told)  # type: ignore[arg-type]
        return self.post(name, at + minutes(1))

    def post(self, name: str, now: datetime) -> Entry:
        entry = self.world.post(now, key(name))
        self.world.fold()
        assert entry
        return entry

    def give_back(self, name: str, at: datetime, minor: int) -> Fact:
        """Tell that some of an order's money went back to the customer."""
        refund = make.refund(f"r{at.isoformat()}", ("a", minor))
        fact = make.fact(FactKind.REFUNDED, order=key(name), version=at, recorded_at=at, refunds=(refund,))
        self.world.append(fact)
        return fact

    def cancel(self, name: str, at: datetime) -> None:
        body = make.snapshot(cancelled_at=at, payment=Payment.PAID, lines=None, placed_at=None, click_id=None)
        told = make.fact(FactKind.CANCELLED, order=key(name), version=at, recorded_at=at, snapshot=body)
        self.world.append(told)

    def sweep(self, now: datetime) -> None:
        self.world.sweep(now)
        self.world.fold()

    def earned(self, name: str) -> dict[str, int]:
        """Return what stands of an order by owner, wherever it stands; the house is `house`."""
        found: dict[str, int] = {}
        for (account, _), minor in standing(self.entries(name)).items():
            if account.leaf is not Leaf.COMMISSION:
                owner = "house" if account.leaf is Leaf.HOUSE else account.owner
                found[owner] = found.get(owner, 0) + minor
        return found

    def entries(self, name: str) -> tuple[Entry, ...]:
        return self.world.ledger.entries_of(key(name))

    def closed(self, month: str, promoter: str = CY) -> Volume | None:
        """Return what is stored of a closed month."""
        return self.world.catalog.volumes.get((make.PROGRAM_ID, promoter, month))

    def close(self, month: str, net_minor: int, promoter: str = CY, orders: int = 1) -> None:
        """Store a closed month, as the first who needed it would have."""
        self.world.catalog.close_month(make.PROGRAM_ID, promoter, month, Volume(net_minor, orders))
