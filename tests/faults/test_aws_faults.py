"""The whole settlement as it is deployed, stopped at every call to AWS, or answered with an error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from importlib import import_module

import pytest
from chalice.test import Client

from grapevine.domain.payouts import PayoutState
from grapevine.usecases.fold_entries import FoldEntries, fold_entries
from grapevine.usecases.verify_program import verify_program
from tests.adapters.contracts.stores import Stores, dynamo_stores
from tests.builders import BO, PROGRAM_ID
from tests.faults.cloud import Cloud, Contents, opened
from tests.faults.driver import Driver
from tests.faults.plays import Plays
from tests.faults.town import DAY, DUE, prepare
from tests.faults.wire import How

RUN = f"{PROGRAM_ID}.2027-01-10"
LEAST_POINTS = 100
EVERY = 23
"""One play in so many is followed to its very end."""


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    """A cloud with everything in it that a settlement finds."""
    with opened(DAY) as cloud:
        prepare(dynamo_stores(cloud.database))
        yield cloud


@pytest.fixture(scope="module")
def plays(cloud: Cloud) -> Iterator[Plays]:
    """The undisturbed play, and whatever is known of others."""
    with Client(import_module("functions.settle.app").app) as client:
        yield Plays(Driver(cloud, client), cloud)


@pytest.fixture
def stores(cloud: Cloud) -> Stores:
    return dynamo_stores(cloud.database)


def assert_right(stores: Stores) -> None:
    """Who is due was paid once, but for Bo whom the bank did not pay, and the books are proven."""
    payouts = [payout for payout in stores.treasury.all_payouts(PROGRAM_ID) if payout.settlement_id == RUN]
    assert {payout.key.promoter_id: payout.amount_minor for payout in payouts} == DUE
    assert len(payouts) == len(DUE)
    unpaid = [payout.key.promoter_id for payout in payouts if payout.state is not PayoutState.COMPLETED]
    assert unpaid == [BO]
    # What the ledger's stream brings to the balances, which is not settlement's doing.
    fold_entries(FoldEntries(tuple(stores.ledger.scan(PROGRAM_ID))), stores.pages)
    assert verify_program(PROGRAM_ID, stores.ledger, stores.treasury).faults == ()


def differences(found: Contents, expected: Contents) -> list[str]:
    """Return what is not as it should be: of a row the attributes, of everything else the whole."""
    both = [{name: in_parts(value) for name, value in one.items()} for one in (found, expected)]
    return [
        f"{name} {part}: {both[0].get(name, {}).get(part)}, not {both[1].get(name, {}).get(part)}"
        for name in sorted(both[0].keys() | both[1].keys())
        for part in sorted(both[0].get(name, {}).keys() | both[1].get(name, {}).keys())
        if both[0].get(name, {}).get(part) != both[1].get(name, {}).get(part)
    ]


def in_parts(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {"all": value}


def told(capsys: pytest.CaptureFixture[str], plays: Plays, kinds: Sequence[How]) -> None:
    """Print how much was tried; what the functions logged meanwhile is of no use to anybody."""
    capsys.readouterr()
    calls = plays.calls
    print(f"{len(calls) * len(kinds)} fault points: {len(calls)} calls to AWS, {len(kinds)} ways each")
    print(", ".join(f"{call} {number}" for call, number in Counter(calls).most_common()))


def test_the_undisturbed_settlement_is_worth_disturbing(plays: Plays, stores: Stores) -> None:
    assert_right(stores)
    assert plays.expected["dead"] == ()
    services = {call.partition(".")[0] for call in plays.calls}
    assert services == {"dynamodb", "s3", "sqs"}


def tried(plays: Plays, stores: Stores, kinds: Sequence[How]) -> int:
    """Let every call go wrong in so many ways, and look at the end; return how many."""
    points = [(number, how) for number in range(1, len(plays.calls) + 1) for how in kinds]
    for number, how in points:
        found = plays.disturbed(number, how)
        assert not differences(found, plays.expected), (
            f"call {number}, {plays.calls[number - 1]}: {how.value}"
        )
    return len(points)


def test_edge_77_stopped_at_any_call_to_aws_it_ends_the_same(
    plays: Plays, stores: Stores, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds = (How.STOPPED_BEFORE, How.STOPPED_AFTER)
    assert tried(plays, stores, kinds) >= LEAST_POINTS
    told(capsys, plays, kinds)


def test_edge_77_answered_with_an_error_at_any_call_to_aws_it_ends_the_same(
    plays: Plays, stores: Stores, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds = (How.THROTTLED, How.FAILED_AFTER)
    assert tried(plays, stores, kinds) >= LEAST_POINTS
    told(capsys, plays, kinds)


def test_followed_to_their_very_end_plays_end_as_was_concluded(plays: Plays, stores: Stores) -> None:
    for number in range(1, len(plays.calls) + 1, EVERY):
        for how in How:
            assert plays.disturbed(number, how, to_the_end=True) == plays.expected
            assert_right(stores)
