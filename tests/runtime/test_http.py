"""Errors become answers in one place: each of ours on purpose, the others without a word."""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from types import SimpleNamespace
from typing import Any, cast

import pytest
from chalice.app import Chalice, Response

import grapevine
from grapevine.domain import errors
from grapevine.domain.errors import GrapevineError, InvalidInputError
from grapevine.domain.payout_requests import RefusedReason
from grapevine.domain.programs import InvalidProgramError
from grapevine.runtime.http import answering, html_response, incoming, json_response, refusal
from tests.problems import told
from tests.runtime.observed import Line, collected, invocations

ANSWERS = {
    "GrapevineError": (500, "internal"),
    "InvalidInputError": (400, "invalid_input"),
    "MalformedBodyError": (400, "invalid_input"),
    "InvalidProgramError": (400, "invalid_input"),
    "UnauthenticatedError": (401, "unauthenticated"),
    "ForbiddenError": (403, "forbidden"),
    "NotFoundError": (404, "not_found"),
    "AlreadyExistsError": (409, "already_exists"),
    "RefusedError": (409, "refused"),
    "PayoutRefusedError": (409, "refused"),
    "PayoutStateError": (409, "refused"),
    "ConcurrencyError": (409, "try_again"),
    "EntryExistsError": (409, "try_again"),
    "GrantMovedError": (409, "try_again"),
    "HeadMovedError": (409, "try_again"),
    "NetworkMovedError": (409, "try_again"),
    "StaleReadError": (409, "try_again"),
    "TooLargeError": (413, "too_large"),
    "RequestInProgressError": (409, "in_progress"),
    "RequestDiffersError": (422, "other_request"),
    "TooManyRequestsError": (429, "too_many_requests"),
    "RequestError": (500, "internal"),
    "MediaTypeError": (415, "unsupported_media_type"),
    "UnavailableError": (503, "unavailable"),
    # Nothing that a request can cause, so nothing that a caller could mend.
    "MoneyError": (500, "internal"),
    "OrderUnprocessableError": (500, "internal"),
    "PayoutsNotSentError": (500, "internal"),
    "PointsNotTendedError": (500, "internal"),
    "MessageRefusedError": (500, "internal"),
    "MessengerUnavailableError": (503, "unavailable"),
    "RailRefusedError": (500, "internal"),
    "RailUnavailableError": (503, "unavailable"),
    "ResultsNotAppliedError": (500, "internal"),
    "ShopRefusedError": (409, "refused"),
    "ShopUnavailableError": (503, "unavailable"),
    "BatchOpenError": (409, "refused"),
    "OwedError": (409, "refused"),
    "ForbiddenTargetError": (500, "internal"),
    "LaneBusyError": (409, "try_again"),
    "LogMovedError": (409, "try_again"),
    "SubscriptionMovedError": (409, "try_again"),
    "SubscriptionRefusedError": (409, "refused"),
    "SettingsError": (500, "internal"),
    "SettlementIncompleteError": (500, "internal"),
    "SettlementsNotStartedError": (500, "internal"),
    "StatementUnsoundError": (500, "internal"),
    "TransferRefusedError": (500, "internal"),
}


@pytest.fixture
def lines() -> Iterator[list[Line]]:
    with collected() as found:
        yield found


def kinds(kind: type[GrapevineError] = GrapevineError) -> set[type[GrapevineError]]:
    """Return the whole tree, with what any module of ours adds to it."""
    for module in pkgutil.walk_packages(grapevine.__path__, "grapevine."):
        if not module.name.startswith("grapevine.science"):
            import_module(module.name)
    return {kind}.union(*(kinds(child) for child in kind.__subclasses__()))


def raised(kind: type[GrapevineError]) -> GrapevineError:
    """Make an error without its constructor: they take different things."""
    error = kind.__new__(kind)
    Exception.__init__(error, "an internal detail")
    known = {"what": "is off", "where": "a.b", "faults": (), "reason": RefusedReason.NOT_OFFERED}
    vars(error).update(known, missing=None, names=(), owed={})
    return error


OURS = sorted(
    (kind for kind in kinds() if kind.__module__.startswith("grapevine.")), key=lambda k: k.__name__
)


def test_every_error_of_ours_has_a_deliberate_answer() -> None:
    assert {kind.__name__ for kind in OURS} == set(ANSWERS)


@pytest.mark.parametrize("kind", OURS)
def test_the_answer_is_that_of_the_table(kind: type[GrapevineError]) -> None:
    response = refusal(raised(kind))
    error = told(json.loads(response.body))
    assert (response.status_code, error["code"]) == ANSWERS[kind.__name__]
    says_more = response.status_code < 500 and response.status_code != 401
    assert ("detail" in error) == says_more
    assert ("an internal detail" in response.body) == says_more


def test_bad_input_says_what_and_where() -> None:
    error = told(json.loads(refusal(InvalidInputError("must be a string", "plan.name")).body))
    assert error == {"code": "invalid_input", "detail": "plan.name: must be a string", "where": "plan.name"}


def test_a_problem_is_what_rfc_9457_says(lines: list[Line]) -> None:
    response = call(errors.NotFoundError("link", "abc"))
    problem = json.loads(response.body)
    assert response.headers["Content-Type"] == "application/problem+json"
    assert {name: problem[name] for name in ("type", "title", "status", "detail")} == {
        "type": "/docs#problem-not_found",
        "title": "Not there",
        "status": 404,
        "detail": "no link 'abc'",
    }
    (line,) = lines
    assert problem["instance"] == line["instance"]
    assert problem["instance"] != json.loads(call(errors.NotFoundError("link", "abc")).body)["instance"]


def test_all_faults_are_said_at_once() -> None:
    faults = (InvalidInputError("is off", "a"), InvalidInputError("too", "b"))
    error = told(json.loads(refusal(InvalidProgramError(faults)).body))
    assert error["faults"] == [{"where": "a", "what": "is off"}, {"where": "b", "what": "too"}]


# --- the decorator -------------------------------------------------------------------------------


def call(error: BaseException | None = None) -> Response:
    @answering("view")
    def view(name: str) -> Response:
        """Say what it is given."""
        if error:
            raise error
        return json_response({"name": name})

    assert (view.__name__, view.__doc__) == ("view", "Say what it is given.")
    return view("x")


def test_a_good_answer_goes_through(lines: list[Line]) -> None:
    response = call()
    assert (response.status_code, response.body) == (200, '{"name":"x"}')
    (line,) = lines
    assert (line["handler"], line["outcome"], line["status"]) == ("view", "ok", 200)


def test_what_the_caller_did_wrong_is_one_line(lines: list[Line]) -> None:
    assert call(errors.NotFoundError("link", "abc")).status_code == 404
    (line,) = lines
    assert (line["outcome"], line["status"]) == ("refused", 404)
    assert line["error"] == "NotFoundError: no link 'abc'"


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (KeyError("body"), 500, {"code": "internal"}),
        (errors.MoneyError("lost a cent"), 500, {"code": "internal"}),
        (errors.UnavailableError("table/state"), 503, {"code": "unavailable"}),
    ],
)
def test_what_we_did_wrong_leaves_a_trace_and_no_word(
    lines: list[Line], error: Exception, status: int, body: dict[str, str]
) -> None:
    response = call(error)
    assert (response.status_code, told(json.loads(response.body))) == (status, body)
    assert response.headers["Content-Type"] == "application/problem+json"
    trace, line = lines
    assert (trace["level"], trace["exception_name"]) == ("ERROR", type(error).__name__)
    assert (line["outcome"], line["status"]) == ("error", status)
    assert line["error"].startswith(type(error).__name__)


def test_the_end_of_the_process_is_no_answer(lines: list[Line]) -> None:
    with pytest.raises(SystemExit):
        call(SystemExit(1))
    assert len(invocations(lines)) == 1


# --- responses and requests ----------------------------------------------------------------------


def test_json_that_no_cache_keeps() -> None:
    response = json_response({"name": "茶"}, 201, {"X-More": "1"})
    assert (response.status_code, response.body) == (201, '{"name":"茶"}')
    assert response.headers == {
        "Content-Type": "application/json; charset=utf-8",
        "Cache-Control": "no-store",
        "X-More": "1",
    }


def test_a_page_that_nobody_lists() -> None:
    response = html_response("<p>", 404)
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert response.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("headers", [{"X-Shopify-Topic": "a", "COOKIE": "b"}, {}, None])
def test_a_request_as_use_cases_want_it(headers: dict[str, str] | None) -> None:
    query = {"language": "zh"} if headers else None
    request: Any = SimpleNamespace(method="POST", headers=headers, raw_body=b"\xff", query_params=query)
    found = incoming(cast("Chalice", SimpleNamespace(current_request=request)))
    assert (found.method, found.body) == ("POST", b"\xff")
    assert found.query == (query or {})
    assert found.headers == {name.lower(): value for name, value in (headers or {}).items()}
