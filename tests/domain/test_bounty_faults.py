"""What a bounty can have wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from grapevine.domain.bounties import Bounty, BountyPeriod
from grapevine.domain.bounty_faults import bounty_faults, has_whole_period
from grapevine.domain.campaigns import Audience, Pays
from grapevine.domain.money import MAX_MINOR
from grapevine.domain.programs import Terms
from grapevine.domain.tiers import TierMeasure, default_tiers
from tests import builders as make
from tests.builders import T0, days, minutes

TERMS = Terms(make.program(), (make.plan(tiers=default_tiers("USD", 500)),))
SHANGHAI, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")


def places(bounty: Bounty) -> list[str]:
    return [fault.where for fault in bounty_faults(bounty, TERMS)]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"target": 1_000_000, "amount": MAX_MINOR, "hold_days": 0},
        {"measure": TierMeasure.NET_SALES, "target": MAX_MINOR, "hold_days": 180},
        {"target": 1, "amount": 1},
        {"pays": Pays.POINTS, "period": BountyPeriod.DAY},
        {"period": BountyPeriod.ONCE, "ends_at": T0 + minutes(1)},
        {"audience": Audience(tier_ids=("gold",), joined_within_days=30)},
    ],
)
def test_a_bounty_that_can_be(changes: dict[str, Any]) -> None:
    assert places(make.bounty(**changes)) == []


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"name": ""}, "name"),
        ({"ends_at": T0}, "ends_at"),
        ({"ends_at": T0 + days(367)}, "ends_at"),
        ({"ends_at": T0 + days(7)}, "ends_at"),
        ({"target": 0}, "target"),
        ({"target": 1_000_001}, "target"),
        ({"measure": TierMeasure.NET_SALES, "target": MAX_MINOR + 1}, "target"),
        ({"amount": 0}, "amount"),
        ({"amount": MAX_MINOR + 1}, "amount"),
        ({"hold_days": -1}, "hold_days"),
        ({"hold_days": 181}, "hold_days"),
        ({"audience": Audience(tier_ids=("brass",))}, "audience.tier_ids"),
        ({"audience": Audience(channels=("wechat",))}, "audience.channels"),
        ({"audience": Audience(product_ids=("1",))}, "audience.product_ids"),
        ({"audience": Audience(collection_ids=("1",))}, "audience.collection_ids"),
        ({"audience": Audience(categories=("1",))}, "audience.categories"),
        ({"audience": Audience(joined_within_days=0)}, "audience.joined_within_days"),
    ],
)
def test_what_is_wrong_with_a_bounty_is_told(changes: dict[str, Any], where: str) -> None:
    assert places(make.bounty(**changes)) == [where]


def test_every_fault_is_named_at_once() -> None:
    worst = make.bounty(name="", ends_at=T0, target=0, amount=0, hold_days=999)
    assert places(worst) == ["name", "ends_at", "target", "amount", "hold_days"]


@pytest.mark.parametrize(
    ("period", "zone", "begin", "length"),
    [
        (BountyPeriod.DAY, SHANGHAI, (2026, 11, 11), timedelta(days=1)),
        (BountyPeriod.WEEK, SHANGHAI, (2026, 11, 9), timedelta(days=7)),
        (BountyPeriod.MONTH, SHANGHAI, (2026, 12, 1), timedelta(days=31)),
        (BountyPeriod.MONTH, NEW_YORK, (2026, 2, 1), timedelta(days=28)),
        (BountyPeriod.DAY, NEW_YORK, (2026, 3, 8), timedelta(hours=23)),
        (BountyPeriod.DAY, NEW_YORK, (2026, 11, 1), timedelta(hours=25)),
        (BountyPeriod.WEEK, NEW_YORK, (2026, 10, 26), timedelta(days=7, hours=1)),
    ],
)
def test_a_whole_period_of_the_programs_calendar_must_fit(
    period: BountyPeriod, zone: ZoneInfo, begin: tuple[int, int, int], length: timedelta
) -> None:
    starts_at = datetime(*begin, tzinfo=zone).astimezone(UTC)
    second = timedelta(seconds=1)

    def fits(first: datetime, last: datetime) -> bool:
        return has_whole_period(make.bounty(period=period, starts_at=first, ends_at=last), zone)

    assert fits(starts_at, starts_at + length)
    assert not fits(starts_at, starts_at + length - second)
    assert not fits(starts_at + second, starts_at + length)
