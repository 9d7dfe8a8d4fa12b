"""Events before anybody hears of them: what entries tell, numbers without gaps, cursors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.accounts import Leaf, Posting, commission_account, promoter_account
from grapevine.domain.entries import AccountKey, Entry, EntryReason
from grapevine.domain.errors import InvalidInputError
from grapevine.domain.event_entries import Stand, entry_change, moves
from grapevine.domain.events import (
    FROM_THE_START,
    SLOTS,
    Aggregate,
    AggregateKind,
    Event,
    LogHead,
    cursor_of,
    cursor_to_text,
    event_from_dict,
    event_to_dict,
    followed,
)
from grapevine.domain.heads import Head
from grapevine.domain.money import Money
from tests import builders as make
from tests.builders import BO, T0, minutes
from tests.paying import reserve

HELD, PAYABLE, BLOCKED = Leaf.HELD, Leaf.PAYABLE, Leaf.BLOCKED


def entry(sequence: int, reason: EntryReason, *legs: tuple[Leaf | None, Leaf | None, int]) -> Entry:
    def account(leaf: Leaf | None) -> Any:  # noqa: ANN401
        program = make.PROGRAM_ID
        return promoter_account(program, BO, leaf) if leaf else commission_account(program)

    postings = tuple(Posting(account(a), account(b), Money(minor, "USD")) for a, b, minor in legs)
    return Entry(
        key=make.ORDER,
        sequence=sequence,
        program_id=make.PROGRAM_ID,
        reason=reason,
        postings=postings,
        recorded_at=T0 + minutes(sequence),
    )


def logged(*entries: Entry) -> tuple[Event, ...]:
    changes = [entry_change(one) for one in entries]
    found = followed(LogHead(changes[0].aggregate), changes, T0)
    return found.events if found else ()


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (Stand(), Stand(held=100), [("commission.accrued", 100)]),
        (Stand(), Stand(payable=100), [("commission.accrued", 100)]),
        (Stand(held=100), Stand(held=130), [("commission.adjusted", 30)]),
        (Stand(held=100), Stand(held=60), [("commission.adjusted", -40)]),
        (Stand(held=100), Stand(), [("commission.voided", 100)]),
        (Stand(blocked=100), Stand(), [("commission.voided", 100)]),
        (Stand(payable=100), Stand(payable=40), [("commission.clawed_back", 60)]),
        (Stand(payable=100), Stand(), [("commission.clawed_back", 100)]),
        (Stand(held=100), Stand(payable=100), [("commission.released", 100)]),
        (Stand(blocked=100), Stand(payable=100), [("commission.released", 100)]),
        (Stand(held=100), Stand(blocked=100), [("commission.blocked", 100)]),
        (Stand(blocked=100), Stand(held=100), [("commission.unblocked", 100)]),
        (Stand(held=100), Stand(payable=80), [("commission.adjusted", -20), ("commission.released", 80)]),
        (Stand(held=100), Stand(payable=120), [("commission.adjusted", 20), ("commission.released", 100)]),
        (Stand(held=100), Stand(held=100), []),
    ],
)
def test_what_happened_between_two_standings(
    before: Stand, after: Stand, told: list[tuple[str, int]]
) -> None:
    assert list(moves(before, after)) == told


def test_an_orders_life_is_told_in_order_and_numbered_without_a_gap() -> None:
    events = logged(
        entry(1, EntryReason.ACCRUED, (None, HELD, 500)),
        entry(2, EntryReason.RECORDED),
        entry(3, EntryReason.REFUNDED, (HELD, None, 200)),
        entry(4, EntryReason.RELEASED, (HELD, PAYABLE, 300)),
        entry(5, EntryReason.REFUNDED, (PAYABLE, None, 300)),
    )
    assert [(event.sequence, event.type, event.data["amount"]) for event in events] == [
        (1, "commission.accrued", "5.00"),
        (2, "commission.adjusted", "-2.00"),
        (3, "commission.released", "3.00"),
        (4, "commission.clawed_back", "3.00"),
    ]
    assert [event.data["payable_minor"] for event in events] == [0, 0, 300, 0]
    assert events[0].aggregate == Aggregate(make.PROGRAM_ID, AggregateKind.ORDER, str(make.ORDER))


def test_a_payouts_entry_tells_nothing_and_other_money_of_an_account_does() -> None:
    reserved = reserve(Head(key=AccountKey(make.PROGRAM_ID, BO, "USD")), 100, "run", T0).entry
    assert logged(reserved) == ()
    written_off = replace(reserved, reason=EntryReason.WRITTEN_OFF, payout_id=None)
    (event,) = logged(written_off)
    assert (event.type, event.data["amount_minor"]) == ("balance.changed", -100)
    assert event.data["reason"] == "written_off"


def _chain() -> list[Entry]:
    return [
        entry(1, EntryReason.ACCRUED, (None, HELD, 500)),
        entry(2, EntryReason.BLOCKED, (HELD, BLOCKED, 500)),
        entry(3, EntryReason.UNBLOCKED, (BLOCKED, HELD, 500)),
        entry(4, EntryReason.RELEASED, (HELD, PAYABLE, 500)),
        entry(5, EntryReason.REFUNDED, (PAYABLE, None, 100)),
    ]


@given(st.lists(st.integers(0, 4), min_size=1, max_size=12), st.permutations(range(5)))
def test_the_same_events_whatever_comes_twice_or_late_within_a_batch(
    repeats: list[int], order: Sequence[int]
) -> None:
    chain = _chain()
    shuffled = [chain[number] for number in (*order, *repeats)]
    assert logged(*shuffled) == logged(*chain)


def test_what_is_logged_is_not_logged_again() -> None:
    chain = [entry_change(one) for one in _chain()]
    head = LogHead(chain[0].aggregate)
    first = followed(head, chain[:3], T0)
    assert first
    assert followed(first.after, chain[:3], T0) is None
    second = followed(first.after, chain, T0)
    assert second
    assert first.events + second.events == logged(*_chain())


def test_an_event_is_sent_and_read_back_and_its_name_has_no_dot() -> None:
    event = logged(*_chain())[1]
    assert event_from_dict(event_to_dict(event)) == event
    assert event.id == event_to_dict(event)["id"]
    assert event.id.startswith("ev_")
    assert "." not in event.id


def test_a_cursor_is_read_back() -> None:
    cursor = tuple(range(SLOTS))
    assert cursor_of(cursor_to_text(cursor), "after") == cursor
    assert cursor_of("", "after") == FROM_THE_START


@pytest.mark.parametrize(
    "text", ["1", "1-2", "a-0-0-0-0-0-0-0", "-".join("0" * 9), "1" * 20 + "-0" * 7, "٣-0-0-0-0-0-0-0"]
)
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="after"):
        cursor_of(text, "after")
