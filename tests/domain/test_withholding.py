"""Fee and tax of payouts: exact over any split, and the head tells what stands, whatever comes back."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from grapevine.domain.accounts import Leaf, net
from grapevine.domain.entries import AccountKey, Entry, EntryReason, entry_from_dict, entry_to_dict
from grapevine.domain.heads import Head, head_of
from grapevine.domain.instants import from_text
from grapevine.domain.money import Rounding, allocate, prorate, round_ratio
from grapevine.domain.payout_terms import OnDemand, PayoutTerms, TaxPeriod, Withholding
from grapevine.domain.payouts import (
    BACK,
    FOLLOWING,
    OPEN,
    Leg,
    LegOutcome,
    Movement,
    Payout,
    PayoutState,
    conclude,
    reserve,
    sent,
)
from grapevine.domain.programs import Program
from grapevine.domain.transfers import RailLimits
from grapevine.domain.withholding import NotPaid, NotPaidReason, reservation_for, tax_period, withheld
from tests import builders as make
from tests.builders import PROGRAM_ID, T0, days

KEY = AccountKey(PROGRAM_ID, make.CY, "USD")
SHANGHAI = ZoneInfo("Asia/Shanghai")
minors = st.integers(1, 10**9)
rules = st.builds(
    Withholding,
    rate_bps=st.integers(1, 9_999),
    threshold_minor=st.integers(0, 10**9) | st.just(0),
    period=st.sampled_from(TaxPeriod),
)
roundings = st.sampled_from(Rounding)
half_even = Rounding.HALF_EVEN


def tax_of(rule: Withholding, gross: int, rounding: Rounding) -> int:
    """The tax on all that is paid out in a period, at once."""
    return round_ratio(max(gross - rule.threshold_minor, 0) * rule.rate_bps, 10_000, rounding)


# --- the period ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instant", "month", "year"),
    [
        ("2026-12-31T15:59:59.999Z", "2026-12", "2026"),
        ("2026-12-31T16:00:00.000Z", "2027-01", "2027"),
        ("2026-07-31T16:00:00.000Z", "2026-08", "2026"),
    ],
)
def test_a_period_is_of_the_programs_calendar(instant: str, month: str, year: str) -> None:
    rule = Withholding(rate_bps=1000, period=TaxPeriod.MONTH)
    found = tax_period(PayoutTerms(withholding=rule), SHANGHAI, from_text(instant))
    yearly = PayoutTerms(withholding=replace(rule, period=TaxPeriod.YEAR))
    assert (found, tax_period(yearly, SHANGHAI, from_text(instant))) == (month, year)


def test_where_nothing_is_withheld_there_is_no_period() -> None:
    assert tax_period(PayoutTerms(), SHANGHAI, T0) == ""


# --- the amount ----------------------------------------------------------------------------------


@given(rules, st.lists(minors, min_size=1, max_size=8), roundings)
@example(Withholding(rate_bps=9_999), [1] * 8, Rounding.HALF_EVEN)
def test_payouts_of_a_period_keep_back_what_one_of_their_sum_would(
    rule: Withholding, amounts: list[int], rounding: Rounding
) -> None:
    gross = tax = 0
    for amount in amounts:
        kept = withheld(rule, gross, tax, amount, rounding)
        assert 0 <= kept <= amount
        gross, tax = gross + amount, tax + kept
    assert tax == tax_of(rule, gross, rounding)


@given(rules, st.integers(0, 10**10), st.integers(0, 10**10), minors, roundings)
def test_tax_is_never_negative_and_never_over_the_amount(
    rule: Withholding, gross: int, tax: int, amount: int, rounding: Rounding
) -> None:
    assert 0 <= withheld(rule, gross, tax, amount, rounding) <= amount


def test_only_what_is_over_the_threshold_is_taxed() -> None:
    rule = Withholding(rate_bps=2000, threshold_minor=80_000)
    assert withheld(rule, 0, 0, 80_000, half_even) == 0
    assert withheld(rule, 0, 0, 80_001, half_even) == 0
    assert withheld(rule, 0, 0, 80_003, half_even) == 1
    assert withheld(rule, 79_000, 0, 2_000, half_even) == 200
    assert withheld(rule, 81_000, 200, 10_000, half_even) == 2_000


def test_what_was_kept_back_too_much_is_made_good_by_the_next() -> None:
    """A payout under the threshold came back after the tax of the next was counted over it."""
    rule = Withholding(rate_bps=1000, threshold_minor=1_000)
    assert withheld(rule, 1_000, 100, 500, half_even) == 0
    assert withheld(rule, 1_500, 100, 1_500, half_even) == 100


# --- what a payout takes -------------------------------------------------------------------------

ON_DEMAND = OnDemand(minimum_minor=1_000, fee_minor=30, fee_bps=100, review_above_minor=50_000)
TENTH = Withholding(rate_bps=1000, threshold_minor=0)


def program(**payouts: object) -> Program:
    return replace(make.program(), payouts=PayoutTerms(**payouts))  # type: ignore[arg-type]


def test_a_scheduled_payout_has_no_fee_and_no_review() -> None:
    found = reservation_for(program(on_demand=ON_DEMAND), Head(key=KEY), 60_000, T0)
    assert not isinstance(found, NotPaid)
    assert (found.amount_minor, found.fee_minor, found.tax_minor, found.tax_period, found.review) == (
        60_000,
        0,
        0,
        "",
        False,
    )


@pytest.mark.parametrize(
    ("amount", "fee", "review"), [(50_000, 530, False), (50_001, 530, True), (51, 31, False)]
)
def test_one_on_demand_has_its_fee_and_is_reviewed_over_the_limit(
    amount: int, fee: int, review: bool
) -> None:
    found = reservation_for(program(on_demand=ON_DEMAND), Head(key=KEY), amount, T0, on_demand=True)
    assert not isinstance(found, NotPaid)
    assert (found.fee_minor, found.amount_minor, found.review) == (fee, amount - fee, review)


def test_where_no_limit_is_set_nobody_looks() -> None:
    terms = program(on_demand=replace(ON_DEMAND, review_above_minor=None))
    found = reservation_for(terms, Head(key=KEY), 10**12, T0, on_demand=True)
    assert not isinstance(found, NotPaid)
    assert not found.review


def test_tax_is_on_the_whole_amount_and_beside_the_fee() -> None:
    found = reservation_for(
        program(on_demand=ON_DEMAND, withholding=TENTH), Head(key=KEY), 10_000, T0, on_demand=True
    )
    assert not isinstance(found, NotPaid)
    assert (found.amount_minor, found.fee_minor, found.tax_minor, found.tax_period) == (
        8_870,
        130,
        1_000,
        "2026",
    )


def test_nothing_left_after_fee_and_tax_is_not_paid_and_says_what_is_missing() -> None:
    terms = program(on_demand=replace(ON_DEMAND, fee_minor=900), withholding=TENTH)
    found = reservation_for(terms, Head(key=KEY), 1_000, T0, on_demand=True)
    assert found == NotPaid(reason=NotPaidReason.NOTHING_LEFT, missing_minor=11)
    one_more = reservation_for(terms, Head(key=KEY), 1_012, T0, on_demand=True)
    assert not isinstance(one_more, NotPaid)
    assert one_more.amount_minor == 1


def test_a_clock_that_is_behind_opens_no_old_period() -> None:
    """Else the threshold would count twice around midnight."""
    terms = program(withholding=replace(TENTH, threshold_minor=5_000))
    head = Head(key=KEY, tax_period="2027", tax_gross_minor=6_000, tax_minor=100)
    found = reservation_for(terms, head, 1_000, from_text("2026-12-31T15:59:59.999Z"))
    assert not isinstance(found, NotPaid)
    assert (found.tax_period, found.tax_minor) == ("2027", 100)


@pytest.mark.parametrize(
    ("period", "before", "after"),
    [
        (TaxPeriod.MONTH, "2026", "2026-11"),
        (TaxPeriod.YEAR, "2026-11", "2026"),
        (TaxPeriod.YEAR, "2027-11", "2026"),
    ],
)
def test_another_kind_of_period_begins_a_new_count(period: TaxPeriod, before: str, after: str) -> None:
    rule = Withholding(rate_bps=1000, threshold_minor=5_000, period=period)
    head = Head(key=KEY, tax_period=before, tax_gross_minor=9_000, tax_minor=400)
    found = reservation_for(program(withholding=rule), head, 6_000, T0)
    assert not isinstance(found, NotPaid)
    assert (found.tax_period, found.tax_minor) == (after, 100)


def test_a_count_under_zero_is_none() -> None:
    """From years to months and back to years, and then a payout of the first count came back."""
    head = Head(key=KEY, tax_period="2026", tax_gross_minor=-9_000, tax_minor=-900)
    found = reservation_for(program(withholding=TENTH), head, 1_000, T0)
    assert not isinstance(found, NotPaid)
    assert found.tax_minor == 100


DAILY = RailLimits(batch=1, person_day_minor=2_000, minimum_minor=300)


def test_edge_81_a_rails_limits_cut_what_the_promoter_gets_into_legs_over_days() -> None:
    terms = program(on_demand=ON_DEMAND, withholding=TENTH)
    found = reservation_for(terms, Head(key=KEY), 6_000, T0, on_demand=True, limits=DAILY)
    assert not isinstance(found, NotPaid)
    assert [leg.amount_minor for leg in found.legs] == [2_000, 2_000, 1_310]
    assert found.amount_minor == 6_000 - 90 - 600 == sum(leg.amount_minor for leg in found.legs)
    assert [leg.due_at.date() - T0.date() for leg in found.legs] == [days(0), days(1), days(2)]


@pytest.mark.parametrize(
    ("amount", "reason", "missing"),
    [
        (299, NotPaidReason.BELOW_RAIL_MINIMUM, 1),
        (99 * 2_000 + 1, NotPaidReason.OVER_RAIL_LIMIT, 0),
    ],
)
def test_what_a_rail_does_not_take_at_all_is_not_reserved(
    amount: int, reason: NotPaidReason, missing: int
) -> None:
    found = reservation_for(program(), Head(key=KEY), amount, T0, limits=DAILY)
    assert found == NotPaid(reason=reason, missing_minor=missing)
    more, less = amount + 1, amount - 1
    taken = reservation_for(program(), Head(key=KEY), more if missing else less, T0, limits=DAILY)
    assert not isinstance(taken, NotPaid)


# --- the head, through everything that may become of payouts -------------------------------------


@dataclass
class Walk:
    """An account, what became of its payouts, and what a reader with a pencil says of each."""

    program: Program
    now: datetime = T0
    head: Head = field(default_factory=lambda: Head(key=KEY))
    entries: list[Entry] = field(default_factory=list)
    payouts: dict[str, Payout] = field(default_factory=dict)

    def take(self, movement: Movement) -> None:
        self.head = movement.head
        self.entries.append(movement.entry)
        self.payouts[movement.payout.id] = movement.payout

    def reserve(self, amount: int, legs: int, forward: timedelta, *, on_demand: bool) -> None:
        self.now += forward
        wanted = reservation_for(self.program, self.head, amount, self.now, on_demand=on_demand)
        if isinstance(wanted, NotPaid):
            return
        parts = [part for part in allocate(wanted.amount_minor, [1] * legs) if part]
        planned = tuple(
            Leg(number=number, amount_minor=part, due_at=self.now)
            for number, part in enumerate(parts, start=1)
        )
        run = f"pg.{len(self.payouts)}"
        self.take(reserve(self.head, replace(wanted, legs=planned, review=False), run, self.now))

    def send(self, which: int) -> None:
        payout = self.one(which)
        waiting = [leg.number for leg in payout.legs if leg.state is PayoutState.REQUESTED] if payout else []
        if payout and waiting:
            self.payouts[payout.id] = sent(payout, waiting, "pb", "csv")

    def conclude(self, which: int, leg: int, way: int) -> None:
        payout = self.one(which)
        if payout is None:
            return
        one = payout.legs[leg % len(payout.legs)]
        ways = FOLLOWING.get(one.state, ())
        if ways:
            outcome = LegOutcome(number=one.number, state=ways[way % len(ways)])
            self.take(conclude(self.head, payout, outcome, self.program.rounding, self.now))

    def one(self, which: int) -> Payout | None:
        found = list(self.payouts.values())
        return found[which % len(found)] if found else None


def stands(payout: Payout, rounding: Rounding) -> tuple[int, int, int]:
    """What the promoter has or will get, fee and tax of it, by a plain look at the legs."""
    net_minor = sum(leg.amount_minor for leg in payout.legs if leg.state not in BACK)
    fee = payout.fee_minor if net_minor else 0
    return net_minor, fee, prorate(payout.tax_minor, net_minor, payout.amount_minor, rounding)


numbers = st.integers(0, 7)
forwards = st.integers(0, 500).map(days)
actions = st.lists(
    st.one_of(
        st.tuples(st.just("reserve"), minors, st.integers(1, 4), forwards, st.booleans()),
        st.tuples(st.just("send"), numbers),
        st.tuples(st.just("conclude"), numbers, numbers, numbers),
    ),
    max_size=24,
)
offers = st.builds(
    OnDemand, minimum_minor=st.just(1), fee_minor=st.integers(0, 500), fee_bps=st.integers(0, 5000)
)
programs = st.builds(
    lambda rule, offer, rounding: replace(program(withholding=rule, on_demand=offer), rounding=rounding),
    st.none() | rules,
    st.none() | offers,
    roundings,
)


def walked(terms: Program, plan: list[tuple[object, ...]]) -> Walk:
    walk = Walk(terms)
    for name, *arguments in plan:
        if name == "reserve":
            amount, legs, forward, on_demand = arguments
            walk.reserve(amount, legs, forward, on_demand=on_demand)  # type: ignore[arg-type]
        else:
            getattr(walk, str(name))(*arguments)
    return walk


@given(programs, actions)
def test_entries_alone_lead_to_the_head(terms: Program, plan: list[tuple[object, ...]]) -> None:
    walk = walked(terms, plan)
    read_back = [entry_from_dict(entry_to_dict(entry), KEY) for entry in walk.entries]
    assert read_back == walk.entries
    assert head_of(KEY, read_back) == walk.head


@given(programs, actions)
def test_the_head_counts_what_stands_in_its_period(terms: Program, plan: list[tuple[object, ...]]) -> None:
    walk = walked(terms, plan)
    mine = [
        stands(p, terms.rounding) for p in walk.payouts.values() if p.tax_period == walk.head.tax_period != ""
    ]
    assert walk.head.tax_gross_minor == sum(sum(parts) for parts in mine)
    assert walk.head.tax_minor == sum(tax for _, _, tax in mine)
    assert 0 <= walk.head.tax_minor <= walk.head.tax_gross_minor


@given(programs, actions)
def test_every_account_has_what_stands(terms: Program, plan: list[tuple[object, ...]]) -> None:
    walk = walked(terms, plan)
    sums = {
        account.leaf: minor
        for (account, _), minor in net(tuple(p for entry in walk.entries for p in entry.postings)).items()
    }
    parts = [stands(payout, terms.rounding) for payout in walk.payouts.values()]
    assert sums.get(Leaf.FEES, 0) == sum(fee for _, fee, _ in parts)
    assert sums.get(Leaf.TAX, 0) == sum(tax for _, _, tax in parts)
    assert -sums.get(Leaf.PAYABLE, 0) == walk.head.taken_minor == sum(sum(part) for part in parts)
    payouts = walk.payouts.values()
    assert sums.get(Leaf.RESERVED, 0) == walk.head.reserved_minor == sum(p.minor_in(*OPEN) for p in payouts)
    assert (
        sums.get(Leaf.PAID, 0)
        == walk.head.paid_minor
        == sum(p.minor_in(PayoutState.COMPLETED) for p in payouts)
    )
    assert sum(sums.values()) == 0


@given(rules, roundings, st.lists(st.tuples(minors, forwards), min_size=1, max_size=8))
def test_without_returns_each_period_keeps_back_what_is_due(
    rule: Withholding, rounding: Rounding, plan: list[tuple[int, timedelta]]
) -> None:
    walk, gross = Walk(replace(program(withholding=rule), rounding=rounding)), dict[str, int]()
    for amount, forward in plan:
        before = len(walk.entries)
        walk.reserve(amount, 1, forward, on_demand=False)
        if len(walk.entries) > before:
            period = walk.head.tax_period
            gross[period] = gross.get(period, 0) + amount
    for period, whole in gross.items():
        kept = sum(p.tax_minor for p in walk.payouts.values() if p.tax_period == period)
        assert kept == tax_of(rule, whole, rounding)


def test_edge_80_a_return_after_the_period_changed_gives_back_its_tax_and_counts_in_no_other() -> None:
    walk = Walk(program(withholding=replace(TENTH, period=TaxPeriod.MONTH)))
    walk.reserve(1_000, 1, days(0), on_demand=False)
    walk.send(0)
    walk.conclude(0, 0, 0)
    walk.reserve(500, 1, days(40), on_demand=False)
    assert (walk.head.tax_period, walk.head.tax_gross_minor, walk.head.tax_minor) == ("2026-12", 500, 50)
    walk.conclude(0, 0, 0)
    assert walk.entries[-1].reason is EntryReason.RETURNED
    assert (walk.head.tax_period, walk.head.tax_gross_minor, walk.head.tax_minor) == ("2026-12", 500, 50)
    assert walk.head.taken_minor == 500
    changes = {account.leaf: minor for (account, _), minor in net(walk.entries[-1].postings).items()}
    assert changes == {Leaf.PAID: -900, Leaf.TAX: -100, Leaf.PAYABLE: 1_000}
