"""The ports of the log of events and of its subscriptions."""

from __future__ import annotations

from datetime import timedelta

import pytest

from grapevine.domain.errors import AlreadyExistsError, LogMovedError, SubscriptionMovedError
from grapevine.domain.events import (
    FROM_THE_START,
    SLOTS,
    Aggregate,
    AggregateKind,
    Change,
    Data,
    Draft,
    Logged,
    LogHead,
    followed,
)
from grapevine.domain.subscriptions import (
    Answer,
    DeadLetter,
    Parked,
    Subscription,
    SubscriptionState,
)
from tests.adapters.contracts.stores import Names, Stores
from tests.builders import T0, minutes

LONG = timedelta(days=365 * 100)
"""Events as old as the tests' clock are dropped by no engine."""


def aggregate(names: Names, name: str = "order/1") -> Aggregate:
    return Aggregate(names.program, AggregateKind.ORDER, name)


def logged(head: LogHead, versions: int = 1, events: int = 1) -> Logged:
    def change(version: int) -> Change:
        def fold(seen: Data) -> tuple[Data, tuple[Draft, ...]]:
            drafts = (Draft("payout.sent", T0, {"version": version, "name": "漢字"}),) * events
            return {**seen, "last": version}, drafts

        return Change(head.aggregate, version, fold)

    found = followed(head, [change(head.version + number) for number in range(1, versions + 1)], T0 + LONG)
    assert found
    return found


def append(stores: Stores, *told: Logged) -> None:
    first = told[0].before.aggregate
    stores.event_log.append(first.program_id, first.slot, told)


def alike(names: Names, number: int) -> list[Aggregate]:
    """Aggregates of one slot."""
    made = (aggregate(names, f"order/{n}") for n in range(1000))
    found = [one for one in made if one.slot == 3]
    return found[:number]


def test_what_is_appended_is_read_in_order(stores: Stores, names: Names) -> None:
    one, two = alike(names, 2)
    first, second = logged(LogHead(one), 2), logged(LogHead(two), 1, 2)
    append(stores, first, second)
    third = logged(first.after)
    append(stores, third)
    found = stores.event_log.events(names.program, 3, 0, 10)
    assert [placed.position for placed in found] == [1, 2, 3, 4, 5]
    assert [placed.event for placed in found] == [*first.events, *second.events, *third.events]
    assert stores.event_log.events(names.program, 3, 2, 2) == found[2:4]
    assert stores.event_log.events(names.program, 3, 5, 2) == ()
    assert stores.event_log.ends(names.program) == (0, 0, 0, 5, 0, 0, 0, 0)
    assert stores.event_log.events_at(names.program, 3, (2, 5, 9)) == {2: found[1], 5: found[4]}


def test_heads_are_kept_with_what_is_seen(stores: Stores, names: Names) -> None:
    one, two = alike(names, 2)
    told = logged(LogHead(one))
    append(stores, told)
    assert stores.event_log.heads((one, two)) == {one: told.after}


def test_an_aggregate_that_told_nothing_has_a_head_and_no_event(stores: Stores, names: Names) -> None:
    told = logged(LogHead(aggregate(names)), 1, 0)
    append(stores, told)
    assert stores.event_log.heads((aggregate(names),)) == {aggregate(names): told.after}
    assert stores.event_log.ends(names.program) == FROM_THE_START


def test_of_two_who_append_behind_one_head_one_is_told(stores: Stores, names: Names) -> None:
    one, two = alike(names, 2)
    told, other = logged(LogHead(one)), logged(LogHead(two))
    append(stores, told)
    for late in ((told,), (other, told)):
        with pytest.raises(LogMovedError):
            append(stores, *late)
    assert len(stores.event_log.events(names.program, 3, 0, 10)) == 1
    assert stores.event_log.heads((two,)) == {}


def test_a_large_append(stores: Stores, names: Names) -> None:
    (one,) = alike(names, 1)
    append(stores, logged(LogHead(one), 1, 90))
    assert stores.event_log.ends(names.program)[3] == 90


# --- subscriptions -------------------------------------------------------------------------------


def subscription(names: Names, name: str = "1", **changes: object) -> Subscription:
    made = Subscription(
        id=f"wh_{names.number}_{name}",
        program_id=names.program,
        url="https://one.example/x?y=z",
        types=("payout.*", "tier.changed"),
        created_at=T0,
    )
    return made.changed(**changes) if changes else made


def test_a_subscription_is_found_as_it_was_stored(stores: Stores, names: Names) -> None:
    one, two = subscription(names), subscription(names, "2")
    cursor = tuple(range(SLOTS))
    for made in (two, one):
        stores.subscriptions.add(made, cursor)
    assert stores.subscriptions.subscription(names.program, one.id) == one
    assert stores.subscriptions.subscriptions(names.program) == (one, two)
    assert stores.subscriptions.lanes(one.id) == cursor
    assert {found.id for found in stores.subscriptions.enabled()} >= {one.id, two.id}
    with pytest.raises(AlreadyExistsError):
        stores.subscriptions.add(one, cursor)


def test_one_that_is_not_there(stores: Stores, names: Names) -> None:
    assert stores.subscriptions.subscription(names.program, "wh_none") is None
    assert stores.subscriptions.subscription(names.program, "wh#none") is None
    assert stores.subscriptions.subscriptions(names.program) == ()


def test_of_two_who_change_one_version_one_is_told(stores: Stores, names: Names) -> None:
    one = subscription(names)
    stores.subscriptions.add(one, FROM_THE_START)
    failed = one.failed(Answer(410), T0)
    stores.subscriptions.change(failed)
    assert stores.subscriptions.subscription(names.program, one.id) == failed
    assert one.id not in {found.id for found in stores.subscriptions.enabled()}
    with pytest.raises(SubscriptionMovedError):
        stores.subscriptions.change(one.arrived(T0))
    stores.subscriptions.change(failed.enabled())
    assert one.id in {found.id for found in stores.subscriptions.enabled()}


def test_what_was_removed_is_not_there(stores: Stores, names: Names) -> None:
    one = subscription(names)
    stores.subscriptions.add(one, FROM_THE_START)
    stores.subscriptions.change(one.changed(state=SubscriptionState.REMOVED))
    assert stores.subscriptions.subscription(names.program, one.id) is None
    assert stores.subscriptions.subscriptions(names.program) == ()


def test_a_lane_is_somebodys_for_a_while(stores: Stores, names: Names) -> None:
    one = subscription(names)
    stores.subscriptions.add(one, FROM_THE_START)
    lane = stores.subscriptions.take_lane(one.id, 2, T0, T0 + minutes(2))
    assert lane
    assert stores.subscriptions.take_lane(one.id, 2, T0 + minutes(1), T0 + minutes(9)) is None
    assert stores.subscriptions.take_lane(one.id, 3, T0 + minutes(1), T0 + minutes(9))
    kept = stores.subscriptions.keep_lane(lane, 7, lane.leased_until)
    assert stores.subscriptions.lanes(one.id) == (0, 0, 7, 0, 0, 0, 0, 0)
    stores.subscriptions.keep_lane(kept, 8, None)
    again = stores.subscriptions.take_lane(one.id, 2, T0 + minutes(1), T0 + minutes(9))
    assert again
    assert again.position == 8


def test_who_took_too_long_has_lost_the_lane(stores: Stores, names: Names) -> None:
    one = subscription(names)
    stores.subscriptions.add(one, FROM_THE_START)
    lane = stores.subscriptions.take_lane(one.id, 0, T0, T0 + minutes(2))
    assert lane
    assert stores.subscriptions.take_lane(one.id, 0, T0 + minutes(2), T0 + minutes(4))
    with pytest.raises(SubscriptionMovedError):
        stores.subscriptions.keep_lane(lane, 7, None)


def test_what_waits(stores: Stores, names: Names) -> None:
    one = subscription(names)
    stores.subscriptions.add(one, FROM_THE_START)
    first = Parked(one.id, 0, "order/sf/1", (3, 5), 1, T0, T0, "answered 500")
    second = Parked(one.id, 4, "payout/po_1", (9,), 2, T0 + minutes(1), T0)
    for parked in (second, first):
        stores.subscriptions.park(parked)
    assert stores.subscriptions.parked(one.id) == (first, second)
    assert stores.subscriptions.parked(one.id, 4) == (second,)
    later = first.behind(8)
    stores.subscriptions.park(later)
    assert stores.subscriptions.parked(one.id, 0) == (later,)
    for _ in range(2):
        stores.subscriptions.unpark(later)
    assert stores.subscriptions.parked(one.id, 0) == ()


def test_what_was_given_up(stores: Stores, names: Names) -> None:
    one = subscription(names)
    stores.subscriptions.add(one, FROM_THE_START)
    letters = [
        DeadLetter(
            subscription_id=one.id,
            slot=1,
            position=number,
            event_id=f"ev_{number}",
            type="payout.sent",
            error="answered 422",
            recorded_at=T0 + LONG + minutes(number),
        )
        for number in (1, 2, 3)
    ]
    for letter in (*letters, *letters):
        stores.subscriptions.bury(letter)
    assert stores.subscriptions.dead_letters(one.id, 2) == (letters[2], letters[1])
