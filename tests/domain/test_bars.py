"""Whose part of an order waits, whose is voided, and whose was free before anybody could stop it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from grapevine.domain.bars import Bar, bars_of, open_names
from grapevine.domain.candidates import Reason
from grapevine.domain.chains import HOUSE
from grapevine.domain.decisions import Decision
from grapevine.domain.entries import Entry, EntryReason
from grapevine.domain.people import TICK, Merge, Promoter, PromoterStatus
from tests import builders as make
from tests.builders import ANA, BO, CY, T0, days

ENDS = T0 + days(30)
"""When the hold of these orders is over."""


def with_history(*changes: tuple[str, timedelta]) -> Promoter:
    promoter = make.promoter(BO)
    for status, at in changes:
        promoter = promoter.with_status(PromoterStatus(status), "looked into", T0 + at)
    return promoter


def bar(promoter: Promoter, now: timedelta, ends: datetime | None = ENDS) -> Bar | None:
    return bars_of([BO], {BO: promoter}, T0, ends, T0 + now).get(BO)


@pytest.mark.parametrize(
    ("changes", "now", "expected"),
    [
        ((), days(31), None),
        ((("suspended", days(5)),), days(31), Bar.WAITS),
        ((("suspended", days(5)),), days(4), None),
        ((("suspended", days(5)), ("active", days(9))), days(31), None),
        ((("left", days(5)),), days(31), None),
        ((("banned", days(5)),), days(5) - TICK, None),
        ((("banned", days(5)),), days(5), Bar.VOIDED),
        ((("banned", days(5)), ("active", days(6))), days(31), Bar.VOIDED),
        ((("banned", days(0)),), days(31), None),
        ((("banned", days(30)),), days(30), Bar.VOIDED),
        ((("banned", days(30) + TICK),), days(31), None),
        ((("banned", days(-1)), ("active", days(-1) + TICK)), days(31), None),
        ((("suspended", days(5)), ("banned", days(40))), days(39), Bar.WAITS),
        ((("suspended", days(5)), ("banned", days(40))), days(40), Bar.VOIDED),
        ((("suspended", days(5)), ("active", days(35)), ("banned", days(40))), days(41), None),
        ((("active", days(5)), ("suspended", days(31)), ("banned", days(40))), days(41), None),
    ],
)
def test_edge_42_who_is_barred(
    changes: tuple[tuple[str, timedelta], ...], now: timedelta, expected: Bar | None
) -> None:
    assert bar(with_history(*changes), now) is expected


def test_edge_42_a_ban_voids_whatever_nothing_would_have_released() -> None:
    assert bar(with_history(("banned", days(40))), days(41), None) is Bar.VOIDED


def test_edge_50_a_duplicate_is_barred_by_its_own_history_and_by_whose_it_is() -> None:
    duplicate = Promoter(
        id=BO, program_id="pg", name="Bo", sponsor_id=None, joined_at=T0, alias=Merge(T0 + days(1), CY)
    )
    banned = with_history(("banned", days(10)))
    people = {BO: duplicate, CY: banned}
    assert bars_of([BO], people, T0, ENDS, T0 + days(31)) == {BO: Bar.VOIDED}
    assert bars_of([BO], people, T0, ENDS, T0 + days(9)) == {}
    suspended = with_history(("suspended", days(10)))
    assert bars_of([BO], {BO: duplicate, CY: suspended}, T0, ENDS, T0 + days(31)) == {BO: Bar.WAITS}


@pytest.mark.parametrize(
    ("merged", "changes", "expected"),
    [
        (days(10), (("banned", days(-5)),), Bar.VOIDED),
        (days(30) + TICK, (("banned", days(-5)),), None),
        (days(10), (("banned", days(-5)), ("active", days(9))), None),
        (days(10), (("banned", days(5)), ("active", days(9))), None),
        (days(30) + TICK, (("banned", days(5)),), None),
        (days(10), (("suspended", days(-5)),), Bar.WAITS),
    ],
)
def test_edge_50_a_duplicate_shares_the_fate_of_whose_it_is_from_the_merge_on(
    merged: timedelta, changes: tuple[tuple[str, timedelta], ...], expected: Bar | None
) -> None:
    """Also of who was banned before the order: their other account must not be paid in their stead."""
    duplicate = replace(make.promoter(BO), alias=Merge(T0 + merged, CY))
    people = {BO: duplicate, CY: with_history(*changes)}
    assert bars_of([BO], people, T0, ENDS, T0 + days(31)).get(BO) is expected


def test_edge_50_a_duplicate_of_a_duplicate_is_theirs_from_its_own_merge_on() -> None:
    duplicate = replace(make.promoter(BO), alias=Merge(T0 + days(10), CY))
    middle = replace(with_history(("banned", days(-9))), alias=Merge(T0 + days(5), ANA))
    suspended = with_history(("suspended", days(7)), ("active", days(9)), ("suspended", days(12)))
    people = {BO: duplicate, CY: middle, ANA: suspended}
    assert bars_of([BO], people, T0, ENDS, T0 + days(31)) == {BO: Bar.WAITS}
    assert bars_of([BO], people, T0, ENDS, T0 + days(11)) == {}


def test_nobody_known_is_barred() -> None:
    assert bars_of([BO], {}, T0, ENDS, T0 + days(31)) == {}


def decision(*claims: tuple[str, ...]) -> Decision:
    return Decision(
        basis="b",
        reason=Reason.LAST_CLICK,
        plan_version=1,
        promoter_ids=claims[0],
        further=claims[1:],
        candidates=(),
    )


def entry(decided: Decision | None = None, **changes: object) -> Entry:
    values: dict[str, object] = {
        "key": make.ORDER,
        "sequence": 1,
        "program_id": make.PROGRAM_ID,
        "reason": EntryReason.ACCRUED,
        "postings": (),
        "recorded_at": T0,
        "decision": decided,
    }
    return Entry(**{**values, **changes})  # type: ignore[arg-type]


def test_a_part_is_open_until_it_was_released_with_the_others() -> None:
    found = decision((CY, HOUSE), (BO, ANA))
    held, over = entry(found), entry(released=True, waits=(BO,), voided=(ANA,))
    assert open_names(found, ()) == (CY, BO, ANA)
    assert open_names(found, (held,)) == (CY, BO, ANA)
    assert open_names(found, (held, over)) == (BO, ANA)
    assert open_names(found, (held, over, entry(released=True, voided=(ANA,)))) == (ANA,)


def test_who_was_never_in_a_released_decision_is_open() -> None:
    assert open_names(decision((BO,)), (entry(decision((CY,)), released=True),)) == (BO,)
