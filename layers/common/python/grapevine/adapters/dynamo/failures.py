"""What DynamoDB says when it does not do what it was asked, in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.exceptions import HTTPClientError
from pynamodb.exceptions import PynamoDBException, TransactWriteError

from grapevine.domain.errors import UnavailableError

CONDITION_FAILED = "ConditionalCheckFailed"
CONFLICT = "TransactionConflict"
_PASSING = frozenset(
    {
        "InternalServerError",
        "ProvisionedThroughputExceeded",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "Throttling",
        "ThrottlingError",
        "TransactionInProgress",
        CONFLICT,
    }
)
"""Codes, without their ending `Exception`, after which asking again may help."""


def is_conflict(error: UnavailableError) -> bool:
    """Say whether nothing was done because somebody else's transaction was at it."""
    return isinstance(error.__cause__, PynamoDBException) and _code(error.__cause__) == CONFLICT


class ConditionFailedError(Exception):
    """A write's condition did not hold; the repository says what that means."""


class CancelledError(Exception):
    """A transaction did nothing; `reasons` has a code, or None, for each of its writes in their order."""

    def __init__(self, reasons: tuple[str | None, ...]) -> None:
        super().__init__(", ".join(reason or "-" for reason in reasons))
        self.reasons = reasons


@contextmanager
def answered() -> Iterator[None]:
    """Raise our error for DynamoDB's, the cause kept; a fault in our request or rights stays theirs."""
    try:
        yield
    except PynamoDBException as error:
        ours = _translated(error)
        if ours is None:
            raise
        raise ours from error


def _translated(error: PynamoDBException) -> Exception | None:
    code = _code(error)
    if code == CONDITION_FAILED:
        return ConditionFailedError(str(error))
    if isinstance(error, TransactWriteError) and code == "TransactionCanceled":
        return _cancelled(error)
    return _unavailable(error) if code in _PASSING or _is_lost(error) else None


def _code(error: PynamoDBException) -> str:
    """Return DynamoDB's code; PynamoDB's own property breaks where a connection ended without an answer."""
    response = getattr(error.cause, "response", None) or {}
    return str(response.get("Error", {}).get("Code", "")).removesuffix("Exception")


def _cancelled(error: TransactWriteError) -> Exception | None:
    reasons = tuple(reason.code if reason else None for reason in error.cancellation_reasons)
    if CONDITION_FAILED in reasons or CONFLICT in reasons:
        return CancelledError(reasons)
    return _unavailable(error) if _PASSING.intersection(reasons) else None


def _is_lost(error: PynamoDBException) -> bool:
    """Say whether the request or its answer was lost: nothing is known of its effect."""
    return isinstance(error.cause, BotoConnectionError | HTTPClientError)


def _unavailable(error: PynamoDBException) -> UnavailableError:
    return UnavailableError(f"DynamoDB: {error.cause}")
