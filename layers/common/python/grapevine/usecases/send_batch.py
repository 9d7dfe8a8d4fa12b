"""Hand a batch to its rail: ask first what is known of it, send what the rail never saw, take the answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from grapevine.domain.payout_results import Applied, Told
from grapevine.domain.payouts import Payout, PayoutState, leg_named
from grapevine.domain.transfers import TransferBatch, TransferResult
from grapevine.ports import Rail, RailRefusedError, RailUnavailableError
from grapevine.usecases.apply_results import ResultPorts, apply_results
from grapevine.usecases.choose_payouts import SendPorts

CONCLUDED = (Applied.COMPLETED, Applied.FAILED, Applied.RETURNED)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSent:
    """What came of a look at a batch: what was told of its transfers, and how many are not known yet.

    `unavailable` is why its rail could not be asked; then it is looked at again later.
    """

    batch_id: str
    told: tuple[Told, ...] = ()
    unknown: int = 0
    unavailable: str = ""


def send_batch(batch: TransferBatch, ports: SendPorts, now: datetime) -> BatchSent:
    """Bring a batch that is written down as far as it goes; doing it again moves no money twice.

    Only those transfers are asked about, and sent, that are claimed for this very batch and have no
    outcome. ResultsNotAppliedError where some answers could not be taken, NotFoundError where the
    program has lost the rail: the batch stays open.
    """
    out = _out(batch, ports)
    told, unavailable = _told(batch, out, ports, now) if out else ((), "")
    concluded = {one.transfer_id for one in told if one.applied in CONCLUDED}
    unknown = len(out.keys() - concluded)
    if not unknown:
        ports.batches.close(batch.program_id, batch.id)
    return BatchSent(batch_id=batch.id, told=told, unknown=unknown, unavailable=unavailable)


def _out(batch: TransferBatch, ports: SendPorts) -> dict[str, Payout]:
    """Return the payouts, by transfer, of what is claimed for the batch and has no outcome."""
    out = {}
    for transfer in batch.transfers:
        payout, name = (
            ports.treasury.payout(transfer.settlement_id, transfer.payout_id),
            leg_named(transfer.id),
        )
        leg = payout.leg(name[1]) if payout and name else None
        if payout and leg and leg.state is PayoutState.SENT and leg.batch_id == batch.id:
            out[transfer.id] = payout
    return out


def _told(
    batch: TransferBatch, out: Mapping[str, Payout], ports: SendPorts, now: datetime
) -> tuple[tuple[Told, ...], str]:
    """Return what became of the rail's answers, and why it gave none if it did not."""
    rail = ports.rails.rail(batch.program_id, batch.rail)
    asked = replace(batch, transfers=tuple(one for one in batch.transfers if one.id in out))
    known = {payout.id: payout for payout in out.values()}
    taking = ResultPorts(ports.catalog, ports.treasury)
    told: tuple[Told, ...] = ()
    try:
        for results in _answers(asked, rail):
            told += apply_results(batch.program_id, results, taking, now, known)
    except RailUnavailableError as error:
        return told, str(error) or "no answer"
    return told, ""


def _answers(batch: TransferBatch, rail: Rail) -> Iterator[Sequence[TransferResult]]:
    """Yield what the rail knows of a batch, then what it says of what it never saw, and is sent now."""
    known = rail.query(batch)
    yield known
    names = {result.transfer_id for result in known}
    unseen = tuple(transfer for transfer in batch.transfers if transfer.id not in names)
    if unseen:
        yield _sent(replace(batch, transfers=unseen), rail)


def _sent(batch: TransferBatch, rail: Rail) -> Sequence[TransferResult]:
    try:
        return rail.send(batch)
    except RailRefusedError as error:
        failed, why = PayoutState.FAILED, str(error)
        return [TransferResult(transfer_id=one.id, state=failed, detail=why) for one in batch.transfers]
