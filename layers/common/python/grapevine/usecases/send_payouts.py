"""Send a program's payouts: form batches of what may go, and bring every open batch as far as it goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from grapevine.domain.errors import GrapevineError, reason_of
from grapevine.usecases.choose_payouts import SendPorts
from grapevine.usecases.form_batches import Formed, form_batches
from grapevine.usecases.send_batch import BatchSent, send_batch

ROUNDS = 100
"""How often batches are formed at once; what is left waits for the next hour."""


class PayoutsNotSentError(GrapevineError):
    """Some payouts or batches could not be dealt with; sending again is safe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutsSent:
    """What was formed, the last look last, and what came of each open batch, oldest first."""

    formed: tuple[Formed, ...]
    batches: tuple[BatchSent, ...]


def send_payouts(program_id: str, ports: SendPorts, now: datetime) -> PayoutsSent:
    """Send what may go, by all of a program's rails; again sends only what nobody has.

    What fails stops nothing else; then PayoutsNotSentError names what and why.
    """
    formed = _formed(program_id, ports, now)
    faults = [fault for one in formed for fault in one.faults]
    sent: list[BatchSent] = []
    for batch in ports.batches.open_batches(program_id):
        try:
            sent.append(send_batch(batch, ports, now))
        except Exception as error:  # noqa: BLE001 - whatever it is, the other batches are sent
            faults.append(f"batch {batch.id}: {reason_of(error)}")
    if faults:
        raise PayoutsNotSentError("; ".join(faults))
    return PayoutsSent(formed=formed, batches=tuple(sent))


def _formed(program_id: str, ports: SendPorts, now: datetime) -> tuple[Formed, ...]:
    formed: list[Formed] = []
    while not formed or (formed[-1].more and len(formed) < ROUNDS):
        formed.append(form_batches(program_id, ports, now))
    return tuple(formed)
