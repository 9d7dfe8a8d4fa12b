"""One statement: its lines, its totals, whose accounts, and what is read for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from grapevine.domain.accounts import Leaf
from grapevine.domain.entries import AccountKey, Entry, EntryKey
from grapevine.domain.errors import InvalidInputError
from grapevine.domain.facts import OrderKey
from grapevine.domain.money import Rounding
from grapevine.domain.pages import Page, PageKey, balance_subject
from grapevine.domain.payouts import Leg, LegOutcome, PayoutState, Reservation, conclude, reserve
from grapevine.domain.settlements import AccountOutcome, CarryReason, Settled
from grapevine.domain.statement_lines import NOTHING, Carry, Line, LineKind
from grapevine.domain.statement_spans import Span, day_named, midnight, month_days, span_of_days
from grapevine.domain.statement_texts import line_sentence
from grapevine.domain.withholding import NotPaidReason
from grapevine.domain.wordings import EN
from grapevine.domain.wordings_zh import ZH
from grapevine.usecases.make_statement import (
    MOST_ENTRIES,
    StatementBooks,
    StatementUnsoundError,
    make_statement,
)
from grapevine.usecases.merge_promoters import MergePromoters, merge_promoters
from tests import builders as make
from tests.builders import ANA, BO, CY, PROGRAM_ID, T0, days, minutes
from tests.usecases.settling import DAY_ONE, RUN_ONE, refund, released, settled_world, start
from tests.usecases.stating import balance_of, person, ports, state, stated
from tests.worlds import World, chain_world

SHANGHAI = ZoneInfo("Asia/Shanghai")
CY_USD = AccountKey(PROGRAM_ID, CY, "USD")
LATER = T0 + days(90)
STARTED = (
    "A payout to you was started; 120.00 USD is on its way to you; a fee of 3.33 USD was taken; "
    "10.00 USD of tax was withheld."
)
CAME_BACK = (
    "A payout did not reach you and came back; it was part 2 of the payout; 32.50 USD is payable now; "
    "2.50 USD of tax that had been withheld came back."
)


def paid_world() -> World:
    """Return a world in which 133.33 of Cy's was paid out in two legs: one arrived, one came back."""
    world = chain_world()
    released(world, 1, 133_333)
    now = T0 + days(40)
    head = world.treasury.account(CY_USD)[1]
    taken = Reservation(
        amount_minor=12_000,
        fee_minor=333,
        tax_minor=1_000,
        tax_period="2026",
        legs=(Leg(number=1, amount_minor=9_000, due_at=now), Leg(number=2, amount_minor=3_000, due_at=now)),
    )
    step = reserve(head, taken, "run", now)
    world.treasury.move(step, head)
    for number, outcome, after in ((1, PayoutState.COMPLETED, 41), (2, PayoutState.FAILED, 42)):
        head = step.head
        step = conclude(
            head,
            step.payout,
            LegOutcome(number=number, state=outcome),
            Rounding.HALF_EVEN,
            T0 + days(after),
        )
        world.treasury.move(step, head)
    return world


def test_a_payout_with_fee_and_tax_is_lines_that_name_each() -> None:
    found = state(paid_world(), CY, T0 - days(1), LATER)
    told = [(line.kind.value, line.changes.total_minor) for line in found.lines]
    assert told == [
        ("accrual", 13_333),
        ("move", 0),
        ("payout", 0),
        ("fee", -333),
        ("tax", -1_000),
        ("payout", 0),
        ("payout", 0),
        ("tax", 250),
    ]
    assert {kind.value: amounts.balance_minor for kind, amounts in found.totals.items()} == {
        "accrual": 13_333,
        "fee": -333,
        "tax": -750,
        "payout": -9_000,
        "move": 0,
    }
    assert found.closing.by_place() == {
        Leaf.HELD: 0,
        Leaf.PAYABLE: 3_250,
        Leaf.BLOCKED: 0,
        Leaf.RESERVED: 0,
        Leaf.PAID: 9_000,
    }


def test_each_line_says_in_both_languages_what_it_is() -> None:
    lines = state(paid_world(), CY, T0 - days(1), LATER).lines
    assert [line_sentence(line, "USD", EN) for line in lines[2:]] == [
        STARTED,
        "A fee of 3.33 USD was taken.",
        "10.00 USD of tax was withheld.",
        "A payout reached you; 90.00 USD was paid to you.",
        CAME_BACK,
        "2.50 USD of tax that had been withheld came back.",
    ]
    assert [line_sentence(line, "USD", ZH) for line in lines[2:]] == [
        "已开始向你付款；120.00 美元 正在付给你；收取手续费 3.33 美元；代扣税款 10.00 美元。",
        "收取手续费 3.33 美元。",
        "代扣税款 10.00 美元。",
        "款项已到账；90.00 美元 已付给你。",
        "款项未能到账，已退回；这是该笔付款的第 2 部分；32.50 美元 现在可以提现；退还代扣税款 2.50 美元。",
        "退还代扣税款 2.50 美元。",
    ]


def test_what_had_been_paid_and_came_back_says_so() -> None:
    world = paid_world()
    head = world.treasury.account(CY_USD)[1]
    (payout,) = world.treasury.stored.values()
    outcome = LegOutcome(number=1, state=PayoutState.RETURNED)
    world.treasury.move(conclude(head, payout, outcome, Rounding.HALF_EVEN, T0 + days(50)), head)
    lines = state(world, CY, T0 + days(49), LATER).lines
    assert [(line.kind.value, line.changes.balance_minor) for line in lines] == [
        ("payout", 9_000),
        ("fee", 333),
        ("tax", 750),
    ]
    assert line_sentence(lines[0], "USD", EN) == (
        "A payout that had been paid came back; 100.83 USD is payable now; 3.33 USD of fees came back; "
        "7.50 USD of tax that had been withheld came back."
    )
    assert line_sentence(lines[1], "USD", ZH) == "退还手续费 3.33 美元。"


def test_lines_name_what_they_are_about() -> None:
    lines = state(paid_world(), CY, T0 - days(1), LATER).lines
    (payout,) = {line.about for line in lines[2:]}
    assert lines[0].about == lines[1].about == f"{make.STOREFRONT_ID}/1"
    assert payout.startswith("po_")


def test_a_refund_after_release_is_a_reversal() -> None:
    world = chain_world()
    order = released(world, 1)
    refund(world, order, 5_000, T0 + days(41))
    found = state(world, CY, T0 + days(32), LATER)
    assert [(line.kind, line.changes.balance_minor) for line in found.lines] == [(LineKind.REVERSAL, -500)]
    assert (found.opening.balance_minor, found.closing.balance_minor) == (1_333, 833)


def carried(world: World, promoter_id: str) -> Line:
    (line,) = [line for line in state(world, promoter_id, T0, LATER).lines if line.kind is LineKind.CARRY]
    assert (line.changes, line.about) == (NOTHING, RUN_ONE)
    assert line.at == DAY_ONE
    return line


def test_edge_75_a_negative_balance_is_an_explicit_line() -> None:
    world = paid_world()
    refund(world, OrderKey(make.STOREFRONT_ID, "1"), 133_333, T0 + days(45))
    world.settle(DAY_ONE)
    line = carried(world, CY)
    assert line_sentence(line, "USD", EN) == (
        f"-100.83 USD was carried forward at settlement {RUN_ONE} (negative)."
    )
    assert line_sentence(line, "USD", ZH) == f"结算 {RUN_ONE} 时结转 -100.83 美元（负数）。"


def test_edge_74_a_balance_below_the_minimum_says_what_is_missing() -> None:
    line = carried(settled_world(), ANA)
    assert line_sentence(line, "USD", EN) == (
        f"5.00 USD was carried forward at settlement {RUN_ONE}; it is below the minimum, 5.00 USD is missing."
    )
    assert (
        line_sentence(line, "USD", ZH)
        == f"结算 {RUN_ONE} 时结转 5.00 美元；未达到最低付款额，还差 5.00 美元。"
    )


@pytest.mark.parametrize(
    ("reason", "english", "chinese"),
    [
        (
            CarryReason.DETAILS_MISSING,
            "the program has to know more of you before it pays: tax_id",
            "付款前还需要你补充资料：tax_id",
        ),
        (
            NotPaidReason.NOTHING_LEFT,
            "fee and tax would take all of it, 0.07 USD is missing",
            "不足以支付手续费和税款，还差 0.07 美元",
        ),
    ],
)
def test_whatever_else_was_carried_says_why(reason: str, english: str, chinese: str) -> None:
    outcome = AccountOutcome(
        promoter_id=CY,
        settled=Settled.CARRIED,
        amount_minor=680,
        missing_minor=7,
        reason=reason,
        detail="tax_id",
    )
    carry = Carry(settlement_id="run", at=T0, outcome=outcome)
    line = Line(kind=LineKind.CARRY, at=T0, account_id=CY, carry=carry)
    said = [line_sentence(line, "USD", words) for words in (EN, ZH)]
    assert said == [
        f"6.80 USD was carried forward at settlement run; {english}.",
        f"结算 run 时结转 6.80 美元；{chinese}。",
    ]


def test_a_statement_is_not_final_while_a_run_of_it_is_open() -> None:
    world = chain_world()
    start(world, DAY_ONE)
    assert not state(world, CY, DAY_ONE, DAY_ONE + days(1)).is_final
    world.settle(DAY_ONE)
    assert state(world, CY, DAY_ONE, DAY_ONE + days(1)).is_final


# --- whose accounts ------------------------------------------------------------------------------


def merge(world: World, duplicate_id: str, promoter_id: str, at: datetime) -> None:
    command = MergePromoters(program_id=PROGRAM_ID, duplicate_id=duplicate_id, promoter_id=promoter_id)
    merge_promoters(command, world.catalog, at)


def test_a_duplicates_account_joins_with_what_it_had_and_leaves_its_own_statements() -> None:
    world = chain_world()
    released(world, 1)
    before = state(world, BO, T0 - days(1), T0 + days(40))
    merge(world, CY, BO, T0 + days(45))
    merge(world, BO, ANA, T0 + days(50))
    refund(world, OrderKey(make.STOREFRONT_ID, "1"), 5_000, T0 + days(60))
    assert state(world, BO, T0 - days(1), T0 + days(40)) == before
    cuts = [T0 - days(1), T0 + days(45), T0 + days(47), T0 + days(50), LATER]
    ana, bo, cy = (stated(world, name, cuts) for name in (ANA, BO, CY))
    assert ana[-1].closing == balance_of(world, (ANA, BO, CY))
    assert (bo[-1].closing, cy[-1].closing) == (NOTHING, NOTHING)
    assert [(line.account_id, line.changes.balance_minor) for line in bo[1].lines] == [(CY, 1_333)]
    said = [line_sentence(line, "USD", EN) for line in ana[-1].lines]
    assert said[:2] == [
        "The account pr_bo became one of yours, with 4.00 USD in it.",
        "The account pr_cy became one of yours, with 13.33 USD in it.",
    ]
    assert [line_sentence(line, "USD", EN) for line in cy[1].lines] == [
        "The account became one of pr_bo's, with 13.33 USD in it."
    ]
    assert said[2].startswith("Something of the order was refunded")


# --- what is read --------------------------------------------------------------------------------


@dataclass
class Counted:
    """Pages and a ledger that say what was asked of them."""

    world: World
    asked: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def pages(self, subject: str) -> tuple[Page, ...]:
        self.asked.append("pages")
        return self.world.pages.pages(subject)

    def entries_of(self, key: EntryKey) -> tuple[Entry, ...]:
        self.asked.append("entries_of")
        return self.world.ledger.entries_of(key)

    def entries_named(self, names: Sequence[str]) -> tuple[Entry, ...]:
        self.asked.append("entries_named")
        self.names += names
        return self.world.ledger.entries_named(names)


def test_only_the_entries_of_the_spans_days_are_read() -> None:
    world = chain_world()
    for number in range(5):
        released(world, number + 1)
    counted = Counted(world)
    span = Span(starts_at=T0 + days(30), ends_at=T0 + days(40))
    found = make_statement(
        person(world, CY), "USD", span, StatementBooks(counted, counted, world.settlements), LATER
    )
    assert counted.asked == ["pages", "entries_named", "entries_of"]
    assert counted.names == [f"{make.STOREFRONT_ID}/{number}/2" for number in range(1, 6)]
    assert (len(found.lines), found.opening.balance_minor) == (5, 5 * 1_333)


def test_a_day_that_the_zone_cuts_is_read_on_both_sides() -> None:
    world = chain_world()
    released(world, 1)
    (accrued, _) = world.ledger.entries_of(OrderKey(make.STOREFRONT_ID, "1"))
    cut = accrued.recorded_at
    before, after = stated(world, CY, [cut - days(3), cut, cut + timedelta(milliseconds=1)])
    assert (len(before.lines), len(after.lines)) == (0, 1)


def test_pages_that_say_other_than_their_entries_make_no_statement() -> None:
    world = chain_world()
    released(world, 1)
    key = PageKey(balance_subject(CY_USD), "2026-11-11", 0)
    world.pages.fold([Page(key, {"held": 1}, frozenset({"sf/unknown/1"}))])
    with pytest.raises(StatementUnsoundError):
        state(world, CY, T0 - days(1), LATER)


def test_more_than_fits_on_one_statement_is_refused() -> None:
    world = chain_world()
    key = PageKey(balance_subject(CY_USD), "2026-11-11", 0)
    marks = [frozenset({f"sf/{number}/1"}) for number in range(MOST_ENTRIES + 1)]
    world.pages.fold([Page(key, {"held": 1}, mark) for mark in marks])
    with pytest.raises(InvalidInputError, match="ask for fewer days"):
        state(world, CY, T0 - days(1), LATER)


def test_a_statement_is_final_an_hour_after_its_span() -> None:
    world, span = chain_world(), Span(starts_at=T0, ends_at=T0 + days(1))

    def made(now: datetime) -> tuple[datetime, bool]:
        found = make_statement(person(world, CY), "USD", span, ports(world), now)
        return found.as_of, found.is_final

    assert made(T0 + minutes(5)) == (T0 + minutes(5), False)
    assert made(span.ends_at + minutes(59)) == (span.ends_at, False)
    assert made(span.ends_at + minutes(60)) == (span.ends_at, True)


# --- spans ---------------------------------------------------------------------------------------


def test_months_and_days_are_the_programs_calendars() -> None:
    november = span_of_days(*month_days("2026-11"), SHANGHAI)
    assert november == Span(
        starts_at=midnight(date(2026, 11, 1), SHANGHAI), ends_at=midnight(date(2026, 12, 1), SHANGHAI)
    )
    assert november.starts_at.isoformat() == "2026-10-31T16:00:00+00:00"
    assert span_of_days(*month_days("2026-12"), SHANGHAI).starts_at == november.ends_at


def test_a_day_whose_midnight_the_clocks_leave_out_begins_where_the_day_before_ends() -> None:
    santiago, day = ZoneInfo("America/Santiago"), date(2026, 9, 6)
    before = span_of_days(date(2026, 9, 5), date(2026, 9, 5), santiago)
    assert (before.ends_at, before.ends_at - before.starts_at) == (midnight(day, santiago), days(1))
    assert span_of_days(day, day, santiago).ends_at - before.ends_at == timedelta(hours=23)


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "26-01", "", "0000-01", "9999-12", "\uff12026-11"])
def test_no_month(month: str) -> None:
    with pytest.raises(InvalidInputError, match="month"):
        month_days(month)


@pytest.mark.parametrize("day", ["2026-02-30", "20260201", "", "2026-W01-1"])
def test_no_day(day: str) -> None:
    with pytest.raises(InvalidInputError, match="not a day"):
        day_named(day, "from")


@pytest.mark.parametrize(
    ("first", "last"),
    [("2026-02-02", "2026-02-01"), ("2026-01-01", "2027-01-02"), ("0001-01-01", "0001-01-02")],
)
def test_no_span(first: str, last: str) -> None:
    with pytest.raises(InvalidInputError):
        span_of_days(date.fromisoformat(first), date.fromisoformat(last), SHANGHAI)
