"""Anything, in any order: after every step the books are proven, at the end a second calculator agrees.

What an order tells lies in the mail until somebody delivers it, once or again, before or after what came
first. `GRAPEVINE_STATEFUL=1000 pytest tests/usecases/test_stateful.py` plays that many programs.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from grapevine.domain.accounts import Leaf, net
from grapevine.domain.bounties import Bounty
from grapevine.domain.campaign_grants import BUDGET
from grapevine.domain.campaigns import Campaign
from grapevine.domain.clicks import Click
from grapevine.domain.entries import AccountKey, BonusKey, Entry, EntryReason
from grapevine.domain.errors import ForbiddenError, InvalidInputError
from grapevine.domain.evidence import bounties_touched
from grapevine.domain.explanation import explained
from grapevine.domain.facts import Fact, FactKind, Line, OrderKey, Payment, Refund, Snapshot
from grapevine.domain.money import POINTS
from grapevine.domain.people import PromoterStatus
from grapevine.domain.plans import BindingPolicy, Plan, Recurring
from grapevine.domain.programs import Terms
from grapevine.usecases.change_promoter import ChangeSponsor, ChangeStatus, change_sponsor, change_status
from grapevine.usecases.create_coupon import CreateCoupon, SwitchCoupon, create_coupon, switch_coupon
from grapevine.usecases.fold_entries import FoldEntries, fold_entries
from grapevine.usecases.import_results import ImportResults, import_results
from grapevine.usecases.mark_coupon import MarkCoupon, mark_coupon
from grapevine.usecases.post_bounty import post_bounty
from grapevine.usecases.publish_plan import LEAD_TIME
from grapevine.usecases.spend_points import SpendPoints, spend_points
from grapevine.usecases.tend_points import PointsPorts, TendPoints, tend_points
from tests import builders as make
from tests.builders import PROGRAM_ID, STOREFRONT_ID, T0, days, minutes
from tests.granting import badly_granted
from tests.reference import Recorded, Stand, Story, bounties_due, stand
from tests.strategies import (
    DEE,
    VERDICTS,
    bounties,
    campaigns,
    carts,
    edited,
    plans,
    refunds,
    roundings,
    told_by,
)
from tests.usecases.amounts import paid_by_campaigns, standing_of
from tests.worlds import World

PROGRAMS, STEPS = int(os.environ.get("GRAPEVINE_STATEFUL", "500")), 40
TICK = timedelta(seconds=1)
"""What passes between two steps: nothing happens at one instant with anything else."""
NAMES = (make.ANA, make.BO, make.CY, DEE, "pr_eve", "pr_fay")
VISITORS = ("2" * 22, "3" * 22)
CODES = ("ANA-10", "DEE")
CUSTOMERS = (None, None, *NAMES[:2], "somebody")
WAITS = (minutes(1), minutes(20), minutes(61), days(1), days(1), days(4), days(15), days(40))
names, index = st.sampled_from(NAMES), st.integers(0, 9)
OF_POINTS = (EntryReason.SPENT, EntryReason.EXPIRED, EntryReason.RESTORED, EntryReason.CHARGED)
"""What an account of points does by itself: to the calculator recorded inputs."""


@dataclass
class Told:
    """An order as its shop knows it: what it told last, and when somebody looked at it again."""

    key: OrderKey
    snapshot: Snapshot
    refunds: list[Refund] = field(default_factory=list)
    looked_at: list[datetime] = field(default_factory=list)


def forgetful() -> st.SearchStrategy[tuple[Plan, ...]]:
    """Plans that never look back at a customer: the calculator walks through every earlier order anew."""
    off: dict[str, Any] = {"binding": BindingPolicy.OFF, "new_customers_only": False}
    off |= {"recurring": Recurring.LIFETIME, "recurring_months": None}
    points = st.sampled_from((None, 3))
    return st.builds(
        lambda drawn, each: tuple(
            replace(plan, **off, points_per_unit=each or plan.points_per_unit) for plan in drawn
        ),
        plans(),
        points,
    )


class Programs(RuleBasedStateMachine):
    """One program, its people and its orders."""

    def __init__(self) -> None:
        super().__init__()
        self.world, self.now = World(), T0
        self.plans: list[Plan] = []
        self.sweeps: list[datetime] = []
        self.touched: list[tuple[BonusKey, datetime]] = []
        self.orders: list[Told] = []
        self.mail: list[Fact | Click] = []
        self.delivered: list[Fact] = []
        self.clicked: list[str] = []
        self.spent: list[tuple[SpendPoints, Entry]] = []
        self.folded = 0

    @initialize(
        terms=forgetful(),
        rounding=roundings,
        minimum=st.sampled_from((1, 2_500)),
        events=campaigns(),
        hunts=bounties(),
        has_coupon=st.booleans(),
    )
    def start(
        self,
        terms: tuple[Plan, ...],
        rounding: Any,  # noqa: ANN401
        minimum: int,
        events: tuple[Campaign, ...],
        hunts: tuple[Bounty, ...],
        has_coupon: bool,
    ) -> None:
        program = make.program(rounding=rounding, minimum_payout_minor=minimum)
        self.world.catalog.add_program(program, terms[0])
        self.plans = [terms[0]]
        for number, event in enumerate(events, start=1):
            self.world.catalog.add_campaign(PROGRAM_ID, event, number)
        for number, hunt in enumerate(hunts, start=1):
            self.world.catalog.add_bounty(PROGRAM_ID, hunt, number)
        for name, sponsor in zip(NAMES[:4], (None, *NAMES[:2], None), strict=True):
            self._join(name, sponsor)
        if has_coupon:
            self.use_coupon(CODES[0], NAMES[0], enabled=True)

    @property
    def terms(self) -> Terms:
        return self.world.catalog.terms(PROGRAM_ID)

    def _join(self, name: str, sponsor_id: str | None) -> None:
        self.world.catalog.add_promoter(
            make.promoter(name, sponsor_id, joined_at=self.now, customer_key=name)
        )

    def _tick(self) -> datetime:
        self.now += TICK
        return self.now

    @property
    def _known(self) -> set[str]:
        return {promoter.id for promoter in self.world.catalog.promoters_of(PROGRAM_ID)}

    # --- people, coupons, plans --------------------------------------------------------------------

    @precondition(lambda self: len(self._known) < len(NAMES))
    @rule(sponsor_id=st.none() | names)
    def join(self, sponsor_id: str | None) -> None:
        self._tick()
        self._join(NAMES[len(self._known)], sponsor_id if sponsor_id in self._known else None)

    @rule(name=names, sponsor_id=st.none() | names)
    def change_sponsor(self, name: str, sponsor_id: str | None) -> None:
        if {name, sponsor_id} - {None} <= self._known:
            self._unless_refused(lambda now: self._give_sponsor(name, sponsor_id, now))

    def _give_sponsor(self, name: str, sponsor_id: str | None, now: datetime) -> None:
        command = ChangeSponsor(program_id=PROGRAM_ID, promoter_id=name, sponsor_id=sponsor_id)
        change_sponsor(command, self.world.catalog, now)

    @rule(name=names, status=st.sampled_from((*(PromoterStatus.ACTIVE,) * 2, *PromoterStatus)))
    def change_status(self, name: str, status: PromoterStatus) -> None:
        if name in self._known:
            command = ChangeStatus(program_id=PROGRAM_ID, promoter_id=name, status=status, reason="asked to")
            self._unless_refused(lambda now: change_status(command, self.world.catalog, now))

    def _unless_refused(self, change: Callable[[datetime], object]) -> None:
        try:
            change(self._tick())
        except InvalidInputError:
            return  # A circle, or not from this status: nothing happened.

    @rule(code=st.sampled_from(CODES), name=names, enabled=st.booleans())
    def use_coupon(self, code: str, name: str, enabled: bool) -> None:
        now, catalog = self._tick(), self.world.catalog
        if catalog.coupons(PROGRAM_ID, (code,)):
            switch_coupon(SwitchCoupon(program_id=PROGRAM_ID, code=code, enabled=enabled), catalog, now)
        elif name in self._known:
            create_coupon(CreateCoupon(program_id=PROGRAM_ID, promoter_id=name, code=code), catalog, now)

    @rule(code=st.sampled_from(CODES), public=st.booleans())
    def mark_coupon(self, code: str, public: bool) -> None:
        if self.world.catalog.coupons(PROGRAM_ID, (code,)):
            word = MarkCoupon(program_id=PROGRAM_ID, code=code, public=public, by="me", reason="seen")
            mark_coupon(word, self.world.catalog, self._tick())

    @precondition(lambda self: len(self.plans) < 4)
    @rule(terms=forgetful())
    def publish_plan(self, terms: tuple[Plan, ...]) -> None:
        start = self._tick() + LEAD_TIME
        plan = replace(terms[0], version=len(self.plans) + 1, effective_at=start)
        self.world.catalog.add_plan(PROGRAM_ID, plan)
        self.plans.append(plan)

    @rule(which=index)
    def stop_campaign(self, which: int) -> None:
        """End a campaign from an instant on that is still to come."""
        if events := [event for event in self.terms.campaigns if event.stopped_at is None]:
            event, stopped_at = events[which % len(events)], self._tick() + LEAD_TIME
            stopped = replace(event, stopped_at=stopped_at)
            self.world.catalog.change_campaign(PROGRAM_ID, stopped, event)

    # --- what happens in the world; who hears of it when is the mail's affair -----------------------

    @rule(name=names, visitor=st.sampled_from(VISITORS), is_robot=st.sampled_from((*(False,) * 9, True)))
    def click(self, name: str, visitor: str, is_robot: bool) -> None:
        self._click(name, visitor, "preview" if is_robot else None)

    def _click(self, name: str, visitor: str, bot_reason: str | None = None) -> None:
        click_id = f"{visitor}-{len(self.clicked) + 1:020}"
        self.clicked.append(click_id)
        click = make.click(
            id=click_id,
            promoter_id=name if name in self._known else NAMES[0],
            upline=(),
            occurred_at=self._tick(),
            bot_reason=bot_reason,
            channel=("wechat", "weibo")[len(self.clicked) % 2],
        )
        self.mail.append(click)

    @rule(
        cart=carts(),
        name=names,
        visitor=st.sampled_from(VISITORS),
        codes=st.sampled_from((None, CODES[:1], CODES)),
        is_prompt=st.booleans(),
    )
    def sell(
        self,
        cart: tuple[Line, ...],
        name: str,
        visitor: str,
        codes: tuple[str, ...] | None,
        is_prompt: bool,
    ) -> None:
        """Let somebody follow a link and buy, as most do, now and then with a promoter's coupon."""
        self._click(name, visitor)
        self._order(cart, click_id=self.clicked[-1], coupon_codes=codes)
        if is_prompt:
            self._deliver_rest()

    @rule(
        cart=carts(),
        clicked=st.none() | index,
        codes=st.sampled_from((None, None, (), (CODES[0],), CODES)),
        customer_key=st.sampled_from(CUSTOMERS),
    )
    def order(
        self,
        cart: tuple[Line, ...],
        clicked: int | None,
        codes: tuple[str, ...] | None,
        customer_key: str | None,
    ) -> None:
        self._order(cart, click_id=self._clicked(clicked), coupon_codes=codes, customer_key=customer_key)

    def _order(self, cart: tuple[Line, ...], **more: Any) -> None:  # noqa: ANN401 - any field
        more |= {"charges": (), "tenders": ()}
        placed = Snapshot(placed_at=self._tick(), payment=Payment.PENDING, currency="USD", lines=cart, **more)
        told = Told(OrderKey(STOREFRONT_ID, str(len(self.orders) + 1)), placed)
        self.orders.append(told)
        self._tell(told, FactKind.PLACED, snapshot=placed)
        self._tell(told, FactKind.PAID, payment=Payment.PAID)

    def _clicked(self, number: int | None) -> str | None:
        """Return one of the last clicks, which may never be recorded."""
        return None if number is None or not self.clicked else self.clicked[-1 - number % len(self.clicked)]

    @precondition(lambda self: self.orders)
    @rule(which=index, data=st.data(), clicked=st.none() | index)
    def edit(self, which: int, data: st.DataObject, clicked: int | None) -> None:
        told = self._one(which)
        cart = data.draw(edited(told.snapshot.lines or ()))
        click_id = self._clicked(clicked) or told.snapshot.click_id
        self._tell(told, FactKind.EDITED, lines=cart, click_id=click_id)

    @precondition(lambda self: self.orders)
    @rule(which=index, payment=st.sampled_from((Payment.PAID, Payment.PAID, Payment.VOIDED)))
    def pay(self, which: int, payment: Payment) -> None:
        self._tell(self._one(which), FactKind.PAID, payment=payment)

    @precondition(lambda self: self.orders)
    @rule(which=index, data=st.data(), is_with_body=st.booleans())
    def refund(self, which: int, data: st.DataObject, is_with_body: bool) -> None:
        told = self._one(which)
        told.refunds.append(data.draw(refunds(f"r{len(told.refunds)}", told.snapshot.lines or ())))
        self._tell(told, FactKind.REFUNDED, refunds=tuple(told.refunds[-1:]))
        if is_with_body:
            self._tell(told, FactKind.EDITED, refunds=tuple(told.refunds), payment=Payment.PARTIALLY_REFUNDED)

    @precondition(lambda self: self.orders)
    @rule(which=index, is_cancelled=st.sampled_from((False, False, True)))
    def receive_or_cancel(self, which: int, is_cancelled: bool) -> None:
        told, now = self._one(which), self.now
        if is_cancelled:
            self._tell(told, FactKind.CANCELLED, cancelled_at=now)
        else:
            self._tell(told, FactKind.RECEIVED, received_at=now)

    @precondition(lambda self: self.orders)
    @rule(which=index, verdict=VERDICTS)
    def decide(self, which: int, verdict: Any) -> None:  # noqa: ANN401
        self._tell(self._one(which), FactKind.VERDICT, verdict=verdict)

    def _one(self, which: int) -> Told:
        return self.orders[which % len(self.orders)]

    def _tell(self, told: Told, kind: FactKind, **told_now: Any) -> None:  # noqa: ANN401 - any field
        """Put a fact into the mail: a whole body where it changes one, else what it is about."""
        at = self._tick() - T0
        if kind in (FactKind.VERDICT, FactKind.REFUNDED):
            self.mail.append(make.fact(kind, at, order=told.key, **told_now))
            return
        told_of = told_now.pop("refunds", ())
        told.snapshot = told_now.pop("snapshot", None) or replace(told.snapshot, **told_now)
        self.mail.append(make.fact(kind, at, order=told.key, snapshot=told.snapshot, refunds=told_of))

    # --- what Grapevine does -------------------------------------------------------------------------

    @precondition(lambda self: self.mail)
    @rule(which=index)
    def deliver_any(self, which: int) -> None:
        self._deliver(self.mail.pop(which % len(self.mail)))

    @precondition(lambda self: self.mail)
    @rule(is_reversed=st.booleans())
    def deliver_all(self, is_reversed: bool) -> None:
        if is_reversed:
            self.mail.reverse()
        self._deliver_rest()

    def _deliver_rest(self) -> None:
        while self.mail:
            self._deliver(self.mail.pop(0))

    def _deliver(self, letter: Fact | Click) -> None:
        arrived = replace(letter, recorded_at=self._tick())
        if isinstance(arrived, Click):
            self.world.clicks.record(arrived)
        else:
            self.delivered.append(arrived)
            self.world.append(arrived)
            self.world.post(self.now, arrived.order)

    @precondition(lambda self: self.delivered)
    @rule(which=index)
    def deliver_again(self, which: int) -> None:
        fact = self.delivered[-1 - which % len(self.delivered)]
        self.world.append(replace(fact, recorded_at=self._tick()))
        self.world.post(self.now, fact.order)
        next(told for told in self.orders if told.key == fact.order).looked_at.append(self.now)

    @rule(how_long=st.sampled_from(WAITS), is_swept=st.sampled_from((True, True, False)))
    def wait(self, how_long: timedelta, is_swept: bool) -> None:
        self.now += how_long
        if is_swept:
            self._sweep()

    def _sweep(self) -> None:
        self.sweeps.append(self._tick())
        assert self.world.sweep(self.now).failed == 0

    @rule(how_long=st.sampled_from((timedelta(0), days(31), days(31))))
    def settle(self, how_long: timedelta) -> None:
        self.now += how_long
        self._sweep()
        self._fold()
        self.world.settle(self._tick())

    @property
    def _points(self) -> PointsPorts:
        return PointsPorts(self.world.catalog, self.world.treasury, self.world.ledger)

    @property
    def _rich(self) -> list[str]:
        """Who has points now, and everybody where nobody has any."""
        known = sorted(self._known)
        return [name for name in known if self._has(name) > 0] or known

    def _has(self, name: str) -> int:
        return self.world.balance(name, POINTS).payable_minor

    @rule(
        cart=st.none() | carts(),
        which=index,
        part=st.integers(1, 4),
        missing=st.sampled_from((0, 0, 0, 1, 50)),
    )
    def spend(self, cart: tuple[Line, ...] | None, which: int, part: int, missing: int) -> None:
        """Buy a coupon for a part of what somebody has, or for more than they have; often after a sale."""
        if cart:
            self._sell_and_release(cart, NAMES[which % 4])
        name, plan = self._rich[which % len(self._rich)], self.terms.plan_at(self._tick())
        self._tend()
        had, step = self._has(name), 5 if plan.points_per_unit_off == 250 else 1
        points = (had + missing if missing else had // part) // step * step
        asked = SpendPoints(
            program_id=PROGRAM_ID, promoter_id=name, points=points, request_id=f"rq_{len(self.spent)}"
        )
        promoter = self.world.catalog.promoters(PROGRAM_ID, (name,))[name]
        is_active = promoter.status_at(self.now) is PromoterStatus.ACTIVE
        may_spend = 0 < points <= had and plan.points_per_unit_off > 0 and is_active
        entry = self._spent(asked)
        assert (entry is not None) is may_spend
        assert self._has(name) == had - (points if entry else 0)
        self.spent += [(asked, entry)] if entry else []

    def _sell_and_release(self, cart: tuple[Line, ...], name: str) -> None:
        self._click(name, VISITORS[0])
        self._order(cart, click_id=self.clicked[-1], coupon_codes=CODES[:1] if name == NAMES[0] else None)
        self._tell(self.orders[-1], FactKind.PAID, payment=Payment.PAID)
        self._deliver_rest()
        self.now += days(40)
        self._sweep()
        self._fold()

    def _spent(self, asked: SpendPoints) -> Entry | None:
        try:
            return spend_points(asked, self._points, self.world.random_bytes, self.now)
        except (InvalidInputError, ForbiddenError):
            return None

    @precondition(lambda self: self.spent)
    @rule(which=index)
    def spend_again(self, which: int) -> None:
        """Ask once more what was granted: the same coupon, and nothing is taken."""
        asked, entry = self.spent[which % len(self.spent)]
        self._tend()
        had = self._has(asked.promoter_id)
        assert spend_points(asked, self._points, self.world.random_bytes, self._tick()) == entry
        assert self._has(asked.promoter_id) == had

    @rule(how_long=st.sampled_from((timedelta(0), days(1), days(31))))
    def tend(self, how_long: timedelta) -> None:
        """Let time pass and points expire; who has some keeps none below zero by it."""
        self.now += how_long
        self._sweep()
        self._fold()
        self._tend()

    def _tend(self) -> None:
        command, had = (
            TendPoints(PROGRAM_ID, tuple(sorted(self._known))),
            {n: self._has(n) for n in self._known},
        )
        tend_points(command, self._points, self._tick())
        assert all(self._has(name) >= min(minor, 0) for name, minor in had.items())
        assert tend_points(command, self._points, self.now) == 0

    @rule()
    def send_payouts(self) -> None:
        self.world.send(self._tick())

    @precondition(lambda self: self.world.files.stored)
    @rule(which=index, status=st.sampled_from(("completed", "failed")))
    def import_results(self, which: int, status: str) -> None:
        name = sorted(self.world.files.stored)[which % len(self.world.files.stored)]
        rows = csv.DictReader(io.StringIO(self.world.files.stored[name][0].decode()))
        body = "\n".join(("payout_id,status,detail", *(f"{row['payout_id']},{status},x" for row in rows)))
        import_results(ImportResults(PROGRAM_ID, body.encode()), self.world.results, self._tick())

    # --- what holds ----------------------------------------------------------------------------------

    @invariant()
    def the_books_are_proven(self) -> None:
        self._fold()
        if self.plans:
            assert self.world.proof().faults == ()

    def _fold(self) -> None:
        """Fold what is new, and post the bounties that look at it, as the stream does."""
        appended = self.world.ledger.appended
        while self.folded < len(appended):
            new = appended[self.folded :]
            self.folded = len(appended)
            fold_entries(FoldEntries(new), self.world.pages)
            for bounty in bounties_touched(new):
                self.touched.append((bounty, self.now))
                post_bounty(bounty, self.world.orders, self.now)

    def teardown(self) -> None:
        """Let everything arrive and every hold end; then compare."""
        if not self.plans:
            return
        self._deliver_rest()
        for _ in range(3):
            self.now += days(100)
            self._sweep()
        self._fold()
        self._tend()
        self.the_books_are_proven()
        self._compare()

    def _compare(self) -> None:
        story = Story(
            program=self.terms.program,
            campaigns=self.terms.campaigns,
            bounties=self.terms.bounties,
            plans=tuple(self.plans),
            promoters=tuple(self.world.catalog.promoters_of(PROGRAM_ID)),
            clicks=tuple(self.world.clicks.stored.values()),
            facts=tuple(self.delivered),
            coupons=tuple(self.world.catalog.coupons(PROGRAM_ID, CODES).values()),
        )
        story = told_by(story, self.world)
        stands = [self._expected(told, story) for told in self.orders]
        for told, expected in zip(self.orders, stands, strict=True):
            self._check_order(told.key, expected)
        for name in self._known:
            due = bounties_due(story, stands, name, self.now, partial(self._looks, name))
            for currency, amounts in (
                ("USD", [s.amounts for s in stands]),
                (POINTS, [s.points for s in stands]),
            ):
                bonus = {(name, place): minor for place, minor in due[currency].items()}
                self._check_balance(name, currency, [*amounts, bonus])
        self._check_budgets()

    def _looks(self, name: str, bounty_id: str, starts_at: datetime) -> list[datetime]:
        """Return when a promoter's bounty was looked at: by every sweep, and where its evidence changed."""
        terms = self.world.catalog.terms(PROGRAM_ID)
        mine = [(terms.bounty_period(key.name), at) for key, at in self.touched if key.promoter_id == name]
        touches = [at for (one, span), at in mine if (one.id, span.starts_at) == (bounty_id, starts_at)]
        return [*self.sweeps, *touches]

    def _expected(self, told: Told, story: Story) -> Stand:
        entries = self.world.ledger.entries_of(told.key)
        granted = [Recorded(e.recorded_at, str(g.key), g.granted) for e in entries for g in e.grants]
        return stand(story, told.key, self.sweeps, granted, told.looked_at)

    def _check_order(self, key: OrderKey, expected: Stand) -> None:
        entries, facts = self.world.ledger.entries_of(key), self.world.facts.facts_of(key)
        terms = self.terms
        assert standing_of(entries) == expected.amounts
        assert standing_of(entries, POINTS) == expected.points
        assert paid_by_campaigns(entries) == expected.paid
        for number in range(1, len(entries) + 1):
            assert explained(entries[:number], facts, terms).re_adds, number

    def _check_budgets(self) -> None:
        """What counters have taken is what entries hold, and no more than there was."""
        assert list(badly_granted(self.world.ledger.appended, self.terms.campaigns)) == []
        counters, orders = self.world.ledger.counters, [told.key for told in self.orders]
        paid = [paid_by_campaigns(self.world.ledger.entries_of(key)) for key in orders]
        for event in self.terms.campaigns:
            taken = sum(minor for key, minor in counters.items() if key.scarce == BUDGET + event.id)
            if event.budget is not None:
                assert taken == sum(one.get(event.id, 0) for one in paid) <= event.budget

    def _check_balance(self, name: str, currency: str, stands: list[dict[tuple[str, str], int]]) -> None:
        balance = self.world.balance(name, currency)
        found = {
            Leaf.HELD: balance.held_minor,
            Leaf.BLOCKED: balance.blocked_minor,
            Leaf.PAYABLE: balance.payable_minor + balance.reserved_minor + balance.paid_minor,
        }
        expected = {leaf: sum(stand.get((name, leaf.value), 0) for stand in stands) for leaf in found}
        expected[Leaf.PAYABLE] += self._of_points(name, currency)
        assert found == expected, name

    def _of_points(self, name: str, currency: str) -> int:
        """Return what spends, expiries, what came back of them, and charges have recorded."""
        entries = self.world.ledger.entries_of(AccountKey(PROGRAM_ID, name, currency))
        return sum(
            minor
            for entry in entries
            for (account, _), minor in net(entry.postings).items()
            if entry.reason in OF_POINTS and account.owner == name and account.leaf is Leaf.PAYABLE
        )


TestPrograms = Programs.TestCase
TestPrograms.settings = settings(
    max_examples=PROGRAMS,
    stateful_step_count=STEPS,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
