"""The whole settlement as it is deployed, stopped at every call to AWS, or answered with an error."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib import import_module
from itertools import cycle

import pytest
from chalice.test import Client

from grapevine.domain.payouts import PayoutState
from grapevine.usecases.fold_entries import FoldEntries, fold_entries
from grapevine.usecases.verify_program import verify_program
from tests.adapters.contracts.stores import dynamo_stores
from tests.builders import BO, PROGRAM_ID
from tests.faults.books import books
from tests.faults.cloud import Cloud, Contents, opened
from tests.faults.driver import RUN, Driver
from tests.faults.plays import Plays
from tests.faults.town import COUNTS, DAY, DUE, UNREADABLE, prepare
from tests.faults.wire import How, writes

LEAST_POINTS = 100
EVERY = 19
"""One play in so many is followed to its very end."""


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    """A cloud with everything in it that a settlement finds."""
    with opened(DAY) as cloud:
        prepare(dynamo_stores(cloud.database))
        cloud.wire.out_of_order = UNREADABLE
        yield cloud


@pytest.fixture(scope="module")
def plays(cloud: Cloud) -> Iterator[Plays]:
    """The undisturbed play, and whatever is known of others."""
    with Client(import_module("functions.settle.app").app) as client:
        # What the functions log is of no use to anybody here, and there is much of it.
        logging.disable(logging.CRITICAL)
        yield Plays(Driver(cloud, client), cloud)
        logging.disable(logging.NOTSET)


def assert_right(cloud: Cloud) -> None:
    """Who is due was paid once, but for Bo whom the bank did not pay, and the books are proven."""
    stores = dynamo_stores(cloud.database)
    payouts = [payout for payout in stores.treasury.all_payouts(PROGRAM_ID) if payout.settlement_id == RUN]
    assert {payout.key.promoter_id: payout.amount_minor for payout in payouts} == DUE
    assert len(payouts) == len(DUE)
    unpaid = [payout.key.promoter_id for payout in payouts if payout.state is not PayoutState.COMPLETED]
    assert unpaid == [BO]
    run = stores.settlements.settlement(RUN)
    assert run
    assert (run.counts, run.closed_at) == (COUNTS, DAY)
    # What the ledger's stream brings to the balances, which is not settlement's doing.
    cloud.wire.out_of_order = ""
    fold_entries(FoldEntries(tuple(stores.ledger.scan(PROGRAM_ID))), stores.pages)
    assert verify_program(PROGRAM_ID, stores.ledger, stores.treasury).faults == ()
    cloud.wire.out_of_order = UNREADABLE


def differences(found: Contents, expected: Contents) -> list[str]:
    """Return what is not as it should be, by row and attribute."""
    both = books(found), books(expected)
    parts = sorted({(name, part) for one in both for name, row in one.items() for part in row})
    values = [(name, part, *(one.get(name, {}).get(part) for one in both)) for name, part in parts]
    return [f"{name} {part}: {is_now}, not {was}" for name, part, is_now, was in values if is_now != was]


def test_the_undisturbed_settlement_is_worth_disturbing(plays: Plays, cloud: Cloud) -> None:
    assert_right(cloud)
    assert plays.expected["dead"] == ()
    services = {call.partition(".")[0] for call in plays.calls}
    assert services == {"dynamodb", "s3", "secretsmanager", "sqs"}
    assert differences({**plays.expected, "dead": ("one",)}, plays.expected) == [
        "dead messages: ('one',), not ()"
    ]


def tried(plays: Plays, *kinds: How) -> list[How]:
    """Let every call go wrong in so many ways, each seen to end as it must; return the ways tried."""
    wrong: list[str] = []
    points = [
        (number, call, how)
        for number, call in enumerate(plays.calls, start=1)
        for how in kinds
        if how is not How.FAILED_AFTER or writes(call)
    ]
    for number, call, how in points:
        found = differences(plays.disturbed(number, how), plays.expected)
        wrong += [f"call {number}, {call}: {how.value}: {text}" for text in found]
    assert wrong == []
    return [how for _, _, how in points]


def told(capsys: pytest.CaptureFixture[str], plays: Plays, points: Sequence[How]) -> None:
    """Print how much was tried, and nothing else."""
    capsys.readouterr()
    print(f"{len(points)} fault points at {len(plays.calls)} calls to AWS")
    print(", ".join(f"{call} {number}" for call, number in Counter(plays.calls).most_common()))
    print("; ".join(f"{how.value}: {number}" for how, number in Counter(points).items()))


def test_edge_77_stopped_at_any_call_to_aws_it_ends_the_same(
    plays: Plays, capsys: pytest.CaptureFixture[str]
) -> None:
    points = tried(plays, How.STOPPED_BEFORE, How.STOPPED_AFTER)
    assert len(points) >= LEAST_POINTS
    told(capsys, plays, points)


def test_edge_77_answered_with_an_error_at_any_call_to_aws_it_ends_the_same(
    plays: Plays, capsys: pytest.CaptureFixture[str]
) -> None:
    points = tried(plays, How.THROTTLED, How.FAILED_AFTER)
    assert len(points) >= LEAST_POINTS
    told(capsys, plays, points)


def test_followed_to_their_very_end_plays_end_as_was_concluded(plays: Plays, cloud: Cloud) -> None:
    for number, how in zip(range(1, len(plays.calls) + 1, EVERY), cycle(How), strict=False):
        assert differences(plays.disturbed(number, how, to_the_end=True), plays.expected) == []
        assert_right(cloud)
