"""What DynamoDB's answers become: errors in our words, pages and leftovers asked for again."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException

from grapevine.adapters.dynamo.catalog import DynamoCatalog
from grapevine.adapters.dynamo.clicks import DynamoClicks
from grapevine.adapters.dynamo.facts import DynamoFacts
from grapevine.adapters.dynamo.ledger import DynamoLedger, entry_row
from grapevine.adapters.dynamo.pages import DynamoPages
from grapevine.adapters.dynamo.rows_people import promoter_row
from grapevine.adapters.dynamo.table import BATCH_GET_ROUNDS, Database
from grapevine.adapters.dynamo.treasury import DynamoTreasury
from grapevine.domain.errors import (
    AlreadyExistsError,
    EntryExistsError,
    GrapevineError,
    HeadMovedError,
    NetworkMovedError,
    NotFoundError,
    UnavailableError,
)
from grapevine.domain.heads import Head
from grapevine.domain.pages import Page, PageKey
from tests import builders as make
from tests.adapters.contracts.chains import chain
from tests.adapters.contracts.stores import Names
from tests.adapters.dynamo.scripted import LOST, Answer, Script, cancelled, database_at, error
from tests.builders import T0
from tests.engines.processes import LOOPBACK, free_port
from tests.paying import reserve

NAMES = Names("pg_1", "mc_1", "sf_1", "1")
HEAD = Head(key=NAMES.account())
STEP = reserve(HEAD, 100, "run", T0)
FAILED = error("ConditionalCheckFailedException")
PASSING = (
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
    "InternalServerError",
    "ServiceUnavailable",
    "TransactionConflictException",
)


@pytest.mark.parametrize("code", PASSING)
def test_what_is_refused_for_now_is_unavailable_with_its_cause(
    played: Database, script: Script, code: str
) -> None:
    script.play(error(code))
    with pytest.raises(UnavailableError, match=code) as raised:
        DynamoClicks(played).record(make.click())
    assert isinstance(raised.value.__cause__, PynamoDBException)
    assert isinstance(raised.value.__cause__.cause, ClientError)
    assert len(script.asked) == 1


def test_reads_are_refused_likewise(played: Database, script: Script) -> None:
    catalog, ledger = DynamoCatalog(played), DynamoLedger(played)
    for ask in (
        lambda: catalog.link("a"),
        lambda: catalog.promoters("pg_1", ("a",)),
        lambda: ledger.entries_of(NAMES.order()),
        lambda: list(ledger.scan("pg_1")),
    ):
        script.play(error("ThrottlingException"))
        with pytest.raises(UnavailableError):
            ask()


@pytest.mark.parametrize(
    "code", ["ResourceNotFoundException", "ValidationException", "AccessDeniedException"]
)
def test_a_fault_of_ours_is_not_mistaken_for_theirs(played: Database, script: Script, code: str) -> None:
    script.play(error(code))
    with pytest.raises(PynamoDBException) as raised:
        DynamoClicks(played).record(make.click())
    assert raised.value.cause_response_code == code


def test_nobody_listening_is_unavailable() -> None:
    clicks = DynamoClicks(database_at(f"http://{LOOPBACK}:{free_port()}"))
    with pytest.raises(UnavailableError) as raised:
        clicks.record(make.click())
    assert isinstance(raised.value.__cause__, PynamoDBException)
    assert isinstance(raised.value.__cause__.cause, BotoCoreError)


def test_an_answer_that_never_comes_is_unavailable() -> None:
    with socket.create_server((LOOPBACK, 0)) as silent:
        url = f"http://{LOOPBACK}:{silent.getsockname()[1]}"
        with pytest.raises(UnavailableError):
            DynamoClicks(database_at(url, read_timeout_seconds=0.1)).click(make.CLICK_ID)


def test_an_answer_that_was_lost_is_unavailable(played: Database, script: Script) -> None:
    script.play(LOST)
    with pytest.raises(UnavailableError):
        DynamoClicks(played).record(make.click())


def test_a_repeated_click_is_no_error_a_repeated_fact_not_new_and_a_taken_number_is_one(
    played: Database, script: Script
) -> None:
    script.play(FAILED, FAILED, FAILED)
    DynamoClicks(played).record(make.click())
    assert DynamoFacts(played).append(make.fact()) is False
    with pytest.raises(EntryExistsError):
        DynamoLedger(played).append(chain(NAMES, 1)[0])


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        (("ConditionalCheckFailed", "None", "None"), AlreadyExistsError),
        (("ConditionalCheckFailed", "ConditionalCheckFailed", "ConditionalCheckFailed"), AlreadyExistsError),
        (("None", "ConditionalCheckFailed", "None"), HeadMovedError),
        (("None", "None", "ConditionalCheckFailed"), HeadMovedError),
        (("None", "TransactionConflict", "None"), HeadMovedError),
        (("TransactionConflict", "None", "None"), HeadMovedError),
        (("None", "ThrottlingError", "None"), UnavailableError),
        (("None", "None", "ProvisionedThroughputExceeded"), UnavailableError),
        (("None", "ValidationError", "None"), PynamoDBException),
    ],
)
def test_a_cancelled_movement_says_why(
    played: Database,
    script: Script,
    reasons: tuple[str, ...],
    expected: type[GrapevineError | PynamoDBException],
) -> None:
    script.play(cancelled(*reasons))
    with pytest.raises(expected):
        DynamoTreasury(played).move(STEP, HEAD)


def test_adding_what_somebody_else_is_adding_may_be_tried_again(played: Database, script: Script) -> None:
    script.play(cancelled("TransactionConflict", "None"))
    with pytest.raises(UnavailableError):
        DynamoCatalog(played).add_program(make.program(), make.plan())


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        (("ConditionalCheckFailed", "None"), NotFoundError),
        (("None", "ConditionalCheckFailed"), NetworkMovedError),
        (("ConditionalCheckFailed", "ConditionalCheckFailed"), NetworkMovedError),
        (("ConditionalCheckFailed", "TransactionConflict"), NetworkMovedError),
        (("TransactionConflict", "None"), NetworkMovedError),
        (("None", "TransactionConflict"), NetworkMovedError),
        (("None", "ThrottlingError"), UnavailableError),
    ],
)
def test_a_change_of_the_network_that_was_cancelled_says_why(
    played: Database, script: Script, reasons: tuple[str, ...], expected: type[GrapevineError]
) -> None:
    script.play(cancelled(*reasons))
    with pytest.raises(expected):
        DynamoCatalog(played).change_promoter(make.promoter("pr_ana"), 3)


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        (("None", "ConditionalCheckFailed"), AlreadyExistsError),
        (("ConditionalCheckFailed", "None"), AlreadyExistsError),
        (("None", "TransactionConflict"), UnavailableError),
    ],
)
def test_a_plan_that_was_not_published_says_why(
    played: Database, script: Script, reasons: tuple[str, ...], expected: type[GrapevineError]
) -> None:
    script.play(cancelled(*reasons))
    with pytest.raises(expected):
        DynamoCatalog(played).add_plan("pg_1", make.plan(500, version=2))


def test_a_transaction_has_a_token_so_that_a_lost_answer_does_not_move_twice(
    played: Database, script: Script
) -> None:
    script.play(Answer())
    DynamoTreasury(played).move(STEP, HEAD)
    assert script.asked[0]["ClientRequestToken"]


def promoter_item(promoter_id: str) -> dict[str, Any]:
    return promoter_row(make.promoter(promoter_id)).serialize()


def left_over(*promoter_ids: str, read: tuple[str, ...] = ()) -> Answer:
    """Some promoters, and the keys of those that were not looked at."""
    items = [promoter_item(promoter_id) for promoter_id in promoter_ids]
    keys = [{name: item[name] for name in ("pk", "sk")} for item in items]
    return Answer(
        {
            "Responses": {"t-catalog": [promoter_item(promoter_id) for promoter_id in read]},
            "UnprocessedKeys": {"t-catalog": {"Keys": keys, "ConsistentRead": True}} if keys else {},
        }
    )


def test_what_was_left_unprocessed_is_asked_for_again(played: Database, script: Script) -> None:
    script.play(left_over("b", "c", read=("a",)), left_over("c", read=("b",)), left_over(read=("c",)))
    found = DynamoCatalog(played).promoters(make.PROGRAM_ID, ("a", "b", "c"))
    assert set(found) == {"a", "b", "c"}
    asked = [request["RequestItems"]["t-catalog"] for request in script.asked]
    assert [len(one["Keys"]) for one in asked] == [3, 2, 1]
    assert all(one["ConsistentRead"] for one in asked)


def test_asking_again_has_an_end(played: Database, script: Script) -> None:
    script.play(*[left_over("a")] * BATCH_GET_ROUNDS)
    with pytest.raises(UnavailableError):
        DynamoCatalog(played).promoters(make.PROGRAM_ID, ("a",))
    assert script.answers == []


def in_pages(items: list[dict[str, Any]]) -> list[Answer]:
    """Items over three pages, the second of which is empty."""
    more = {"LastEvaluatedKey": {name: items[0][name] for name in ("pk", "sk")}}
    return [
        Answer({"Items": items[:1], "Count": 1, **more}),
        Answer({"Items": [], "Count": 0, **more}),
        Answer({"Items": items[1:], "Count": len(items) - 1}),
    ]


def test_every_page_of_a_query_and_of_a_scan_is_read(played: Database, script: Script) -> None:
    items, ledger = [entry_row(entry).serialize() for entry in chain(NAMES, 3)], DynamoLedger(played)
    script.play(*in_pages(items), *in_pages(items))
    assert list(ledger.entries_of(NAMES.order())) == chain(NAMES, 3)
    assert list(ledger.scan(NAMES.program)) == chain(NAMES, 3)
    assert all(request["ConsistentRead"] for request in script.asked)
    assert script.asked[1]["ExclusiveStartKey"] == {"pk": items[0]["pk"], "sk": items[0]["sk"]}


def test_a_scan_out_of_order_is_put_in_order_and_a_gap_hides_nothing(
    played: Database, script: Script
) -> None:
    entries = chain(NAMES, 5)
    items = [entry_row(entries[number]).serialize() for number in (4, 1, 0, 2)]
    script.play(Answer({"Items": items, "Count": 4}))
    scanned = list(DynamoLedger(played).scan(NAMES.program))
    assert scanned == [entries[number] for number in (0, 1, 2, 4)]


def test_links_and_listings_are_eventually_consistent_and_cost_half(played: Database, script: Script) -> None:
    empty, catalog = Answer({"Items": [], "Count": 0}), DynamoCatalog(played)
    script.play(Answer(), empty, empty)
    catalog.link("a")
    assert not [*catalog.programs(), *catalog.promoters_of("pg_1")]
    assert not any(request.get("ConsistentRead") for request in script.asked)


def test_a_group_of_which_one_is_there_is_written_one_by_one(played: Database, script: Script) -> None:
    key = PageKey("p/a/USD", "2026-11-11", 0)
    additions = [Page(key, {"held": 1}, frozenset({f"sf/{number}/1"})) for number in range(3)]
    script.play(FAILED, Answer(), FAILED, Answer())
    assert DynamoPages(played).fold(additions) == 2
    assert len(script.asked) == 4


def test_the_largest_group_stays_within_dynamodbs_limits_of_an_expression(
    played: Database, script: Script
) -> None:
    key = PageKey("p/a/USD", "2026-11-11", 0)
    additions = [
        Page(key, {"held": 1, "commission": -1}, frozenset({f"sf/{number}/1"})) for number in range(200)
    ]
    script.play(*[Answer()] * 4)
    assert DynamoPages(played).fold(additions) == 200
    for request in script.asked:
        assert max(len(request["ConditionExpression"]), len(request["UpdateExpression"])) <= 4096
        assert request["ConditionExpression"].count("contains") * 2 <= 300
