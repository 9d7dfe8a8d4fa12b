"""What every rail must do, file or live: a rail's test inherits `RailContract` and says how to drive it.

class TestPayPal(RailContract):
    @pytest.fixture
    def driven(self) -> Iterator[Driven]: ...
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import pytest

from grapevine.domain.errors import UnauthenticatedError
from grapevine.domain.payouts import PayoutState
from grapevine.domain.transfers import TransferBatch, TransferResult
from grapevine.ports.rails import Rail
from tests import builders as make
from tests.rails.batches import batch, transfer

Moved = Mapping[str, int]
"""Minor units by transfer's id, each as often as it was moved: twice is twice the amount."""
ANSWERS = (PayoutState.SENT, PayoutState.COMPLETED, PayoutState.FAILED, PayoutState.RETURNED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Driven:
    """A rail and what its test knows: details of payees, and what money has really moved.

    `bad` are details with as many faults as `faults` names. `again` makes the rail anew, as another
    process would; `moved` is what the other side's books, or the file that was written, say.
    `needs_details` is False for a rail whose payees a person knows; `unpayable` None for one that pays
    any currency.
    """

    rail: Rail
    again: Callable[[], Rail]
    moved: Callable[[], Moved]
    good: Mapping[str, str]
    bad: Mapping[str, str]
    faults: frozenset[str]
    currency: str = "USD"
    unpayable: str | None = "PTS"
    needs_details: bool = True


class RailContract:
    """The suite."""

    @pytest.fixture
    def driven(self) -> Any:  # noqa: ANN401 - what a subclass gives is a Driven
        raise NotImplementedError

    def test_a_batch_within_its_limits_moves_every_transfer_once(self, driven: Driven) -> None:
        sent = a_batch(driven)
        named_once(sent, driven.rail.send(sent))
        assert driven.moved() == amounts(sent)

    def test_sending_twice_moves_money_once(self, driven: Driven) -> None:
        sent = a_batch(driven)
        driven.rail.send(sent)
        named_once(sent, driven.rail.send(sent))
        assert driven.moved() == amounts(sent)

    def test_sending_again_from_another_process_moves_money_once(self, driven: Driven) -> None:
        sent = a_batch(driven)
        driven.rail.send(sent)
        named_once(sent, driven.again().send(sent))
        assert driven.moved() == amounts(sent)

    def test_nothing_is_known_of_what_was_never_seen(self, driven: Driven) -> None:
        assert list(driven.rail.query(a_batch(driven))) == []
        assert driven.moved() == {}

    def test_a_query_moves_nothing_and_names_our_transfers_only(self, driven: Driven) -> None:
        sent, other = a_batch(driven), a_batch(driven, first=50)
        driven.rail.send(sent)
        driven.rail.send(other)
        found = driven.again().query(sent)
        assert {result.transfer_id for result in found} <= {one.id for one in sent.transfers}
        assert driven.moved() == amounts(sent) | amounts(other)

    def test_one_payee_of_whom_nothing_is_known_stops_nobody_else(self, driven: Driven) -> None:
        if not driven.needs_details:
            return
        sent = a_batch(driven, count=3)
        nowhere = replace(sent.transfers[1], details={})
        mixed = batch(driven.rail.name, sent.transfers[0], nowhere, sent.transfers[2])
        results = {result.transfer_id: result for result in driven.rail.send(mixed)}
        assert results[nowhere.id].state is PayoutState.FAILED
        assert results[nowhere.id].detail
        assert driven.moved() == {one.id: one.amount.minor for one in mixed.transfers if one != nowhere}

    def test_good_details_have_no_fault(self, driven: Driven) -> None:
        assert driven.rail.faults(driven.good, driven.currency) == ()

    def test_every_fault_is_told_at_once(self, driven: Driven) -> None:
        found = driven.rail.faults(driven.bad, driven.currency)
        assert {fault.where for fault in found} == driven.faults

    def test_details_that_are_not_there_are_faults(self, driven: Driven) -> None:
        found = {fault.where for fault in driven.rail.faults({}, driven.currency)}
        assert bool(found) == driven.needs_details
        assert found <= driven.good.keys()

    def test_a_detail_that_the_rail_does_not_know_is_a_fault(self, driven: Driven) -> None:
        if not driven.needs_details:
            return
        misspelt = {**driven.good, "reciever": "somebody"}
        assert [fault.where for fault in driven.rail.faults(misspelt, driven.currency)] == ["reciever"]

    def test_a_currency_that_it_does_not_pay_is_a_fault(self, driven: Driven) -> None:
        if driven.unpayable is None:
            return
        found = driven.rail.faults(driven.good, driven.unpayable)
        assert [fault.where for fault in found] == ["currency"]

    def test_a_body_that_nobody_signed_says_nothing(self, driven: Driven) -> None:
        with suppress(UnauthenticatedError):
            assert list(driven.rail.received({}, b'{"id": "evt_1"}', make.T0)) == []


def a_batch(driven: Driven, count: int = 2, first: int = 1) -> TransferBatch:
    """A batch of small transfers to good payees, each of another amount."""
    numbers = range(first, first + count)
    made = [transfer(number, driven.good, 1000 + number, driven.currency) for number in numbers]
    return batch(driven.rail.name, *made)


def amounts(sent: TransferBatch) -> dict[str, int]:
    return {one.id: one.amount.minor for one in sent.transfers}


def named_once(sent: TransferBatch, results: Sequence[TransferResult]) -> None:
    """One result for each transfer, in a state that a rail may tell."""
    assert sorted(result.transfer_id for result in results) == sorted(one.id for one in sent.transfers)
    assert {result.state for result in results} <= set(ANSWERS)
