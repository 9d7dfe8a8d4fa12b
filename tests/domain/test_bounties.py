"""A bounty's periods, and what a promoter reads of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from grapevine.domain.accounts import Leaf, Posting, commission_account, promoter_account
from grapevine.domain.bounties import Bounty, BountyPeriod, period_at, periods_back
from grapevine.domain.bounty_wordings import bounty_sentence
from grapevine.domain.campaigns import Pays
from grapevine.domain.entries import BonusKey, BonusKind, Entry, EntryReason
from grapevine.domain.money import POINTS, Money
from grapevine.domain.tiers import TierMeasure, Volume
from grapevine.domain.wording import Language
from tests import builders as make
from tests.builders import CY, PROGRAM_ID, days

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 11, 8, 16, tzinfo=UTC)
"""Midnight in Shanghai, where Monday the 9th begins."""
FOUR_WEEKS = make.bounty(starts_at=MONDAY, ends_at=MONDAY + days(28), hold_days=30)
TICK = timedelta(milliseconds=1)


def names(bounty: Bounty, instant: datetime, most: int = 9) -> list[str]:
    return [period.name.partition(":")[2] for period in periods_back(bounty, instant, ZONE, most)]


@pytest.mark.parametrize(
    ("instant", "most", "found"),
    [
        (MONDAY - TICK, 9, []),
        (MONDAY, 9, ["2026-W46"]),
        (MONDAY + days(7) - TICK, 9, ["2026-W46"]),
        (MONDAY + days(7), 9, ["2026-W47", "2026-W46"]),
        (MONDAY + days(21), 9, ["2026-W49", "2026-W48", "2026-W47", "2026-W46"]),
        (MONDAY + days(21), 2, ["2026-W49", "2026-W48"]),
        (MONDAY + days(21), 0, []),
        (MONDAY + days(28), 9, ["2026-W49", "2026-W48", "2026-W47", "2026-W46"]),
        # W46 ends on day 7, is held for 30 days and stays for a week after that.
        (MONDAY + days(44) - TICK, 9, ["2026-W49", "2026-W48", "2026-W47", "2026-W46"]),
        (MONDAY + days(44), 9, ["2026-W49", "2026-W48", "2026-W47"]),
        (MONDAY + days(65), 9, []),
    ],
)
def test_periods_are_listed_latest_first_until_a_week_after_their_hold(
    instant: datetime, most: int, found: list[str]
) -> None:
    assert names(FOUR_WEEKS, instant, most) == found


def test_a_period_that_the_bounty_does_not_have_whole_is_not_listed() -> None:
    cut = make.bounty(starts_at=MONDAY + days(1), ends_at=MONDAY + days(20))
    assert names(cut, MONDAY + days(19)) == ["2026-W47"]


def test_what_began_after_it_was_stopped_is_not_listed() -> None:
    stopped = make.bounty(starts_at=MONDAY, ends_at=MONDAY + days(28), stopped_at=MONDAY + days(7))
    assert names(stopped, MONDAY + days(15)) == ["2026-W46"]
    later = make.bounty(starts_at=MONDAY, ends_at=MONDAY + days(28), stopped_at=MONDAY + days(7) + TICK)
    assert names(later, MONDAY + days(15)) == ["2026-W47", "2026-W46"]


ACCOUNT = {leaf: promoter_account(PROGRAM_ID, CY, leaf) for leaf in (Leaf.HELD, Leaf.PAYABLE)}


def entry(leaf: Leaf | None, reached: Volume | None, *, pays: str = "USD", **changes: object) -> Entry:
    """Return the first entry of the week's bounty."""
    source = commission_account(PROGRAM_ID)
    postings = () if leaf is None else (Posting(source, ACCOUNT[leaf], Money(5000, pays)),)
    values: dict[str, object] = {
        "key": BonusKey(PROGRAM_ID, CY, BonusKind.BOUNTY, "bt_test:2026-W46"),
        "sequence": 1,
        "program_id": PROGRAM_ID,
        "reason": EntryReason.BONUS,
        "postings": postings,
        "recorded_at": MONDAY + days(3),
        "reached": reached,
    }
    return Entry(**{**values, **changes})  # type: ignore[arg-type]


def told(bounty: Bounty, last: Entry, language: Language = Language.EN) -> str:
    period = period_at(bounty, MONDAY, ZONE)
    assert period
    return bounty_sentence((last,), bounty, period, make.program(), language)


TEN = Volume(123_456, 10)
AGAIN = "what is refunded, cancelled or stopped until then does not count, and can undo it"


def test_what_is_held_says_until_when_and_what_can_undo_it() -> None:
    assert told(FOUR_WEEKS, entry(Leaf.HELD, TEN)) == (
        "You earned 50.00 USD for “Test”: it takes 10 orders from 9 November to 15 November, "
        f"and 10 orders counted; payable on 16 December; {AGAIN}."
    )
    assert told(FOUR_WEEKS, entry(Leaf.HELD, TEN), Language.ZH) == (
        "你因“Test”获得50.00 美元：11月9日至11月15日需要达到10笔订单，已计入10笔订单；"
        "12月16日起可以提现；在此之前退款、取消或被停止的订单不计入，可能使其失效。"
    )


def test_what_is_free_is_payable() -> None:
    assert told(FOUR_WEEKS, entry(Leaf.PAYABLE, TEN)).endswith(
        "and 10 orders counted; it is yours and payable now."
    )


def test_what_was_missed_says_what_counted() -> None:
    one = told(FOUR_WEEKS, entry(None, Volume(0, 1)))
    assert one.startswith("You earned nothing for “Test”: it takes 10 orders from")
    assert one.endswith("and 1 order counted.")
    assert told(FOUR_WEEKS, entry(None, None)).endswith("and 0 orders counted.")
    missed = told(FOUR_WEEKS, entry(None, Volume(0, 1)), Language.ZH)
    assert missed.startswith("你没有获得“Test”的奖励：")
    assert missed.endswith("已计入1笔订单。")


def test_a_target_of_sales_is_told_in_money_and_points_are_points() -> None:
    sales = make.bounty(
        starts_at=MONDAY,
        ends_at=MONDAY + days(28),
        target=100_000,
        measure=TierMeasure.NET_SALES,
        pays=Pays.POINTS,
    )
    said = told(sales, entry(Leaf.PAYABLE, TEN, pays=POINTS))
    assert "it takes 1,000.00 USD of sales from" in said
    assert "and 1,234.56 USD of sales counted" in said
    assert said.startswith("You earned 5,000 points for")
    assert "需要达到1,000.00 美元的销售额" in told(sales, entry(Leaf.PAYABLE, TEN, pays=POINTS), Language.ZH)


def test_who_is_suspended_waits_and_who_is_banned_has_lost_it() -> None:
    waits = told(FOUR_WEEKS, entry(Leaf.HELD, TEN, waits=(CY,)))
    assert AGAIN not in waits
    assert waits.endswith("and 10 orders counted; it waits while you are suspended.")
    lost = told(FOUR_WEEKS, entry(None, TEN, voided=(CY,)))
    assert lost.startswith("You earned nothing for “Test”: ")
    assert lost.endswith("; all of it went back because you were banned before it was payable.")


def test_a_whole_bounty_is_one_period() -> None:
    once = make.bounty(starts_at=MONDAY, ends_at=MONDAY + days(28), period=BountyPeriod.ONCE)
    assert names(once, MONDAY + days(3)) == ["once"]
    assert "from 9 November to 6 December" in told(once, entry(Leaf.HELD, TEN))
