"""A shop in Shanghai on the days around Double 11: three promoters, eight campaigns, a coupon, a bounty.

Ana ← Bo ← Cy; who brings a sale has 10 %, who invited them 3 %. Cy sold enough in October to be silver,
for 2 % more. A yuan is a point. Where Cy's coupon was used, 80 % of all that stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random

from grapevine.domain.accounts import Leaf, net
from grapevine.domain.campaigns import Audience, Campaign, Clock, Pays, Stacking
from grapevine.domain.entries import BonusKey, BonusKind, Entry, EntryReason, standing
from grapevine.domain.explanation import explained
from grapevine.domain.facts import Fact, FactKind, OrderKey, Payment
from grapevine.domain.ids import new_click_id, new_visitor_id
from grapevine.domain.money import POINTS
from grapevine.domain.tiers import Tier, Volume
from grapevine.usecases.post_order import PostOrder, PostOrderPorts, post_order
from tests import builders as make
from tests.builders import CY, PROGRAM_ID, minutes
from tests.usecases.turns import Stepped, Turns
from tests.worlds import World, chain_world

CNY = "CNY"
SHANGHAI = timedelta(hours=8)
TIERS = (Tier(id="base", threshold=0, add_bps=0), Tier(id="silver", threshold=1_000_000, add_bps=200))
PLAN = make.plan(1000, 300, tiers=TIERS, points_per_unit=1, coupon_bps=8000)


def local(day: int, hour: int = 0, minute: int = 0, second: int = 0, month: int = 11) -> datetime:
    """Return an instant of 2026 on the shop's clock, of November unless another month is named."""
    return datetime(2026, month, day, hour, minute, second, tzinfo=UTC) - SHANGHAI


def _campaign(name: str, starts_at: datetime, ends_at: datetime, **changes: object) -> Campaign:
    return make.campaign(name, name=name, starts_at=starts_at, ends_at=ends_at, **{"add_bps": 0, **changes})


def _night(name: str, product: str, stacking: Stacking) -> Campaign:
    """Return half as much again and 3 %, for one product in the evening."""
    boost = {"multiplier_bps": 15_000, "add_bps": 300, "stacking": stacking}
    return _campaign(name, local(11, 20), local(12), audience=Audience(product_ids=(product,)), **boost)


CAMPAIGNS = (
    # Who placed an order in the pre-sale: 1 % more, whenever it was paid.
    _campaign("cm_early", local(1), local(11), clock=Clock.PLACED, add_bps=100),
    # Paid in the first hour: half of the plan's rate again, 150.80 in all.
    _campaign("cm_hour", local(11), local(11, 1), multiplier_bps=15_000, budget=15_080),
    # Paid on the day: three points instead of one.
    _campaign("cm_points", local(11), local(12), pays=Pays.POINTS, multiplier_bps=30_000),
    # Paid in the evening: 1 % more, and more again for four products, each in its own stacking.
    _campaign("cm_night", local(11, 20), local(12), add_bps=100),
    _night("cm_tea", "tea", Stacking.ADD),
    _night("cm_silk", "silk", Stacking.MULTIPLY),
    _night("cm_jade", "jade", Stacking.MAX),
    _night("cm_plum", "plum", Stacking.EXCLUSIVE),
)


TEN = make.bounty("bt_ten", name="Ten a week", starts_at=local(9), ends_at=local(30))
"""50.00 for ten orders of one week, held for 30 days after it."""


@dataclass(frozen=True)
class Sale:
    """An order as the shop knows it: whose link, how much, when placed and paid, of which product."""

    name: str
    promoter: str
    yuan: str
    placed: datetime
    paid: datetime
    product: str | None = None
    coupon: str | None = None

    @property
    def key(self) -> OrderKey:
        return OrderKey(make.STOREFRONT_ID, self.name)

    @property
    def fen(self) -> int:
        return fen(self.yuan)


def fen(yuan: str) -> int:
    """Return what "12.34" is in minor units; always two decimals."""
    whole, cents = yuan.split(".")
    return int(whole) * 100 + int(cents)


class Festival:
    """The shop, its webhooks as they come, and what its books say."""

    def __init__(self) -> None:
        self.world: World = chain_world(PLAN, currency=CNY)
        for number, campaign in enumerate(CAMPAIGNS, start=1):
            self.world.catalog.add_campaign(PROGRAM_ID, campaign, number)
        self.world.catalog.add_bounty(PROGRAM_ID, TEN, 1)
        self.world.catalog.close_month(PROGRAM_ID, CY, "2026-10", Volume(2_000_000, 20))
        self.world.catalog.add_coupon(make.coupon("CY-10", CY))
        self._told: dict[str, tuple[Fact, Fact]] = {}

    # --- what the shop does ----------------------------------------------------------------------

    def visit(self, sale: Sale) -> str | None:
        """Record the click that brought an order, five minutes before; a coupon needs none."""
        if sale.coupon:
            return None
        at, random = sale.placed - minutes(5), self.world.random_bytes
        click_id = new_click_id(new_visitor_id(random), at, random)
        click = make.click(id=click_id, promoter_id=sale.promoter, upline=())
        self.world.clicks.record(replace(click, occurred_at=at, recorded_at=at))
        return click_id

    def told(self, sale: Sale) -> tuple[Fact, Fact]:
        """Return the webhooks of an order that is placed, and then paid; the same whenever it is asked."""
        if sale.name not in self._told:
            self._told[sale.name] = self._webhooks(sale)
        return self._told[sale.name]

    def _webhooks(self, sale: Sale) -> tuple[Fact, Fact]:
        body = make.snapshot(
            placed_at=sale.placed,
            currency=CNY,
            lines=(make.line("a", sale.fen, product_id=sale.product),),
            click_id=self.visit(sale),
            coupon_codes=(sale.coupon,) if sale.coupon else (),
        )
        pending = replace(body, payment=Payment.PENDING)
        return (
            self.fact(sale, FactKind.PLACED, sale.placed, snapshot=pending),
            self.fact(sale, FactKind.PAID, sale.paid, snapshot=body),
        )

    def fact(self, sale: Sale, kind: FactKind, at: datetime, **told: object) -> Fact:
        return make.fact(kind, **{"order": sale.key, "version": at, "recorded_at": at, **told})  # type: ignore[arg-type]

    def arrive(self, facts: Iterable[Fact], now: datetime) -> None:
        """Let webhooks come one by one, each posted as the stream brings it."""
        for fact in facts:
            self.world.append(fact)
            self.world.post(now, fact.order)
        self.stream(now)

    def sell(self, *sales: Sale) -> None:
        """Let orders be placed and paid, each posted a minute after it was paid."""
        for sale in sales:
            self.arrive(self.told(sale), sale.paid + minutes(1))

    def burst(self, sales: Sequence[Sale], now: datetime) -> None:
        """Let the webhooks of many orders come at once: in any order, some twice."""
        chance = Random(11_11)
        facts = [fact for sale in sales for fact in self.told(sale)]
        facts += chance.sample(facts, len(facts) // 3)
        chance.shuffle(facts)
        self.arrive(facts, now)

    def back(self, sale: Sale, yuan: str, at: datetime) -> None:
        """Let some of an order's money go back to the customer."""
        refund = make.refund(f"r-{sale.name}", ("a", fen(yuan)))
        self.arrive((self.fact(sale, FactKind.REFUNDED, at, refunds=(refund,)),), at + minutes(1))

    def race(self, first: Sale, second: Sale, now: datetime, schedule: Sequence[int]) -> None:
        """Post two orders at once: whose turn it is for the next call of the ledger is in the schedule."""
        self.world.append(*self.told(first), *self.told(second))
        writers, threads = (Turns(), Turns()), []
        for sale, turns in zip((first, second), writers, strict=True):
            threads.append(turns.start(lambda s=sale, t=turns: self._post_by_turns(s, t, now)))  # type: ignore[misc]
        for writer in schedule:
            writers[writer].step()
        for turns, thread in zip(writers, threads, strict=True):
            turns.set_free()
            thread.join(timeout=10)
            assert not thread.is_alive()
        self.stream(now)

    def _post_by_turns(self, sale: Sale, turns: Turns, now: datetime) -> Entry | None:
        ports = self.world.orders
        stepped: PostOrderPorts = replace(ports, ledger=Stepped(ports.ledger, turns))
        return post_order(PostOrder(sale.key), stepped, now)

    def stream(self, now: datetime) -> None:
        """Fold what was posted, and post the bounties it touches, as the stream does; prove the books."""
        self.world.fold_and_post(now)
        self.prove(now)

    def sweep(self, now: datetime) -> None:
        self.world.sweep(now)
        self.stream(now)

    def settle(self, now: datetime) -> None:
        self.world.settle(now)
        self.stream(now)

    # --- what the books say ----------------------------------------------------------------------

    def prove(self, now: datetime) -> None:
        """The entries prove the balances, every order is posted, and every entry explains what it says."""
        assert self.world.live_proof(now).faults == ()
        terms = self.world.catalog.terms(PROGRAM_ID)
        for entry in self.world.ledger.appended:
            if isinstance(entry.key, OrderKey):
                chain = self.world.ledger.entries_of(entry.key)[: entry.sequence]
                assert explained(chain, self.world.facts.facts_of(entry.key), terms).re_adds

    def of(self, sale: Sale) -> dict[str, tuple[int, int]]:
        """Return what promoters have of an order: in fen, and in points."""
        found: dict[str, list[int]] = {}
        for (account, currency), minor in standing(self.world.ledger.entries_of(sale.key)).items():
            if account.is_promoters:
                found.setdefault(account.owner, [0, 0])[currency == POINTS] += minor
        return {name: (cash, points) for name, (cash, points) in found.items()}

    def cost(self, sale: Sale) -> dict[str, int]:
        """Return what each campaign has paid for an order, in what it pays."""
        found = standing(self.world.ledger.entries_of(sale.key)).items()
        return {account.owner: -minor for (account, _), minor in found if account.leaf is Leaf.BUDGET}

    def books(self, currency: str) -> dict[tuple[str, str], int]:
        """Return what all entries together leave in every account of a currency, by owner and leaf."""
        found: dict[tuple[str, str], int] = {}
        for entry in self.world.ledger.appended:
            for (account, code), minor in net(entry.postings).items():
                if code == currency:
                    place = account.owner, account.leaf.value
                    found[place] = found.get(place, 0) + minor
        return {place: minor for place, minor in found.items() if minor}

    def bounty(self, promoter: str) -> list[tuple[EntryReason, int | None]]:
        """Return what has become of a promoter's bounty of the week, with how many orders there were."""
        key = BonusKey(PROGRAM_ID, promoter, BonusKind.BOUNTY, "bt_ten:2026-W46")
        chain = self.world.ledger.entries_of(key)
        return [(entry.reason, entry.reached.orders if entry.reached else None) for entry in chain]

    def left(self, campaign_id: str) -> int:
        """Return what of a budget nobody has been granted."""
        budget = self.world.catalog.terms(PROGRAM_ID).campaign(campaign_id).budget or 0
        counters = self.world.ledger.counters.items()
        return budget - sum(minor for key, minor in counters if key.scarce == f"budget.{campaign_id}")
