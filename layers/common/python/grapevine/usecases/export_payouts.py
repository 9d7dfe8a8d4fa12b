"""Write a settlement's payout file, once everybody in it is settled: what is sent, and what is not."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime

from grapevine.domain.errors import HeadMovedError, NotFoundError
from grapevine.domain.money import Rounding, format_minor
from grapevine.domain.payouts import LegOutcome, Payout, PayoutState, conclude
from grapevine.domain.people import Promoter, PromoterStatus
from grapevine.domain.settlements import Settlement
from grapevine.ports import DecisionCatalog, Files, Treasury

ATTEMPTS = 5
AT_ONCE = 100
"""Promoters that one request brings."""
PAYOUT_COLUMNS = ("payout_id", "promoter_id", "amount", "currency", "settlement_id")
STOPPING = (PromoterStatus.SUSPENDED, PromoterStatus.BANNED)
"""Whose payouts are stopped, as long as they are not sent."""


def export_payouts(
    run: Settlement, catalog: DecisionCatalog, treasury: Treasury, files: Files, now: datetime
) -> str:
    """Write the run's payout file and return its name; writing it again gives the same bytes.

    Before it is written for the first time, the payouts of those who were suspended or banned
    meanwhile are stopped. From then on the file may be with the rail, and nothing is.
    """
    name = f"payouts/{run.program_id}/{run.id}.csv"
    payouts = tuple(treasury.payouts_of(run.id))
    if payouts and not _is_there(name, files):
        _stop_some(payouts, catalog, treasury, now)
        payouts = tuple(treasury.payouts_of(run.id))
    files.put(name, payout_file(payouts), "text/csv")
    return name


def payout_file(payouts: Iterable[Payout]) -> bytes:
    """Return payouts as CSV by id, amounts as decimal strings; those that were stopped are not in it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(PAYOUT_COLUMNS)
    for payout in sorted(payouts, key=lambda payout: payout.id):
        if payout.state is not PayoutState.STOPPED:
            amount = format_minor(payout.amount_minor, payout.key.currency)
            writer.writerow(
                (payout.id, payout.key.promoter_id, amount, payout.key.currency, payout.settlement_id)
            )
    return text.getvalue().encode()


def _is_there(name: str, files: Files) -> bool:
    try:
        files.get(name)
    except NotFoundError:
        return False
    return True


def _stop_some(
    payouts: Sequence[Payout], catalog: DecisionCatalog, treasury: Treasury, now: datetime
) -> None:
    """Stop the payouts of those who were suspended or banned when the run's last payout was asked for.

    That instant is the same for whoever writes the file again, so that of two writers neither
    stops what the other sends.
    """
    closed_at = max(payout.requested_at for payout in payouts)
    people = _people(payouts, catalog)
    for payout in payouts:
        status = _new_status(payout, people.get(payout.key.promoter_id), closed_at)
        if status in STOPPING and payout.state is PayoutState.REQUESTED:
            _stop(payout, f"not sent: {status}", treasury, now)


def _new_status(payout: Payout, promoter: Promoter | None, closed_at: datetime) -> PromoterStatus | None:
    """Return a status that came after the payout; what a banned one is paid for good, is paid."""
    if promoter is None:
        return None
    before, after = promoter.status_at(payout.requested_at), promoter.status_at(closed_at)
    return None if after is before else after


def _people(payouts: Sequence[Payout], catalog: DecisionCatalog) -> dict[str, Promoter]:
    program_id, names = payouts[0].key.program_id, [payout.key.promoter_id for payout in payouts]
    people: dict[str, Promoter] = {}
    for start in range(0, len(names), AT_ONCE):
        people.update(catalog.promoters(program_id, names[start : start + AT_ONCE]))
    return people


def _stop(payout: Payout, detail: str, treasury: Treasury, now: datetime) -> None:
    """Give back what a payout reserved; nothing where somebody else has done it."""
    outcome = LegOutcome(number=1, state=PayoutState.STOPPED, detail=detail)
    for _ in range(ATTEMPTS):
        _, head = treasury.account(payout.key)
        try:
            treasury.move(conclude(head, payout, outcome, Rounding.HALF_EVEN, now), head)
        except HeadMovedError:
            current = treasury.payout(payout.settlement_id, payout.id)
            if current and current.state is not PayoutState.REQUESTED:
                return
            continue
        return
    raise HeadMovedError(f"{payout.key} moved {ATTEMPTS} times")
