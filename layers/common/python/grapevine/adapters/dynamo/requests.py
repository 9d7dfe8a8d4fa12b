"""Requests to the API: those that may come twice, and how many there are of a minute."""

from __future__ import annotations

from datetime import datetime, timedelta

from pynamodb.attributes import BinaryAttribute, UnicodeAttribute
from pynamodb.expressions.operand import Path

from grapevine.adapters.dynamo import request_keys
from grapevine.adapters.dynamo.failures import ConditionFailedError
from grapevine.adapters.dynamo.rows import ABSENT, Instant, Row, WholeNumber, expiry, row
from grapevine.adapters.dynamo.table import Database
from grapevine.domain.requests import ANSWER_LIFE, WINDOW, Claim, KeptAnswer, RequestInProgressError

SLACK = timedelta(hours=1)
"""How much longer rows stay than they count."""


class ClaimRow(Row, discriminator="claim"):
    """`IK#key` / digest of the name: a request, and the sealed body of its answer."""

    name = UnicodeAttribute()
    fingerprint = UnicodeAttribute(null=True)
    begun_at = Instant()
    leased_until = Instant()
    revision = WholeNumber()
    status = WholeNumber(null=True)
    body = BinaryAttribute(legacy_encoding=False, null=True)
    expires_at = WholeNumber()


class CountRow(Row, discriminator="request_count"):
    """`RQ#key` / minute."""

    used = WholeNumber()
    expires_at = WholeNumber()


class DynamoRequests:
    """Claims and counts."""

    def __init__(self, database: Database) -> None:
        self._state = database.state

    def claim(self, key_id: str, name: str) -> Claim | None:
        """Return what is known of a request, or None."""
        item = self._state.get(request_keys.claim(key_id, name))
        return _claim_of(key_id, row(ClaimRow, item)) if item else None

    def keep_claim(self, claim: Claim) -> None:
        """Store a claim on top of the revision before it."""
        before = claim.revision - 1
        try:
            self._state.put(_claim_row(claim), ClaimRow.revision == before if before else ABSENT)
        except ConditionFailedError as error:
            raise RequestInProgressError from error

    def count_request(self, key_id: str, window: datetime) -> int:
        """Count one more in the minute that began then."""
        actions = [
            CountRow.kind.set(CountRow),
            CountRow.expires_at.set(expiry(window, WINDOW + SLACK)),
            Path(["used"]).add(1),
        ]
        return row(CountRow, self._state.updated(request_keys.request_count(key_id, window), actions)).used


def _claim_row(claim: Claim) -> ClaimRow:
    answer = claim.answer
    return ClaimRow(
        *request_keys.claim(claim.key_id, claim.name),
        name=claim.name,
        fingerprint=claim.fingerprint or None,
        begun_at=claim.begun_at,
        leased_until=claim.leased_until,
        revision=claim.revision,
        status=answer.status if answer else None,
        body=answer.sealed if answer else None,
        expires_at=expiry(claim.begun_at, ANSWER_LIFE + SLACK),
    )


def _claim_of(key_id: str, stored: ClaimRow) -> Claim:
    answer = KeptAnswer(stored.status, stored.body) if stored.status else None
    return Claim(
        key_id=key_id,
        name=stored.name,
        fingerprint=stored.fingerprint or "",
        begun_at=stored.begun_at,
        leased_until=stored.leased_until,
        revision=stored.revision,
        answer=answer,
    )
