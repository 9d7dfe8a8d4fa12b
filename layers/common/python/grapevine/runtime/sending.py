"""Paying out's Lambda side: the hourly start, batches formed and batches sent, as the queue says."""

from __future__ import annotations

from typing import Any

from grapevine.domain.errors import NotFoundError
from grapevine.runtime import observe
from grapevine.runtime.parts import Parts
from grapevine.usecases.apply_results import rejected
from grapevine.usecases.choose_payouts import SendPorts
from grapevine.usecases.form_batches import form_batches
from grapevine.usecases.send_batch import send_batch
from grapevine.usecases.send_payouts import PayoutsNotSentError


def start(parts: Parts) -> dict[str, Any]:
    """Queue every program's payouts; what is under way is looked at in the same run."""
    with observe.invocation("send_payouts") as fields:
        queued = [program.id for program in parts.catalog.programs()]
        for program_id in queued:
            parts.settlement_queue.send_payouts(program_id)
        fields["programs"] = len(queued)
        return {"programs": len(queued)}


def form(program_id: str, parts: Parts) -> None:
    """Form a program's batches; then queue what is left, or each batch of which not all is known."""
    observe.note_each(programs=program_id)
    formed = form_batches(program_id, send_ports(parts), parts.now())
    observe.note_each(**{f"waiting_{what}": str(number) for what, number in formed.waiting.items()})
    if formed.more and not formed.faults:
        parts.settlement_queue.send_payouts(program_id)
        return
    names = tuple(batch.id for batch in parts.batches.open_batches(program_id))
    parts.settlement_queue.send_transfers(program_id, names)
    if formed.faults:
        raise PayoutsNotSentError("; ".join(formed.faults))


def send(program_id: str, batch_id: str, parts: Parts) -> None:
    """Bring a batch as far as it goes; where its rail does not answer it is looked at in an hour."""
    observe.note_each(batches=f"{program_id}/{batch_id}")
    batch = parts.batches.batch(program_id, batch_id)
    if batch is None:
        raise NotFoundError("batch", batch_id)
    done = send_batch(batch, send_ports(parts), parts.now())
    wrong = rejected(done.told)
    for text in wrong:
        observe.note_each(rejected=text)
    observe.count(observe.RESULT_REJECTED, len(wrong))
    if done.unavailable:
        observe.note_each(unavailable=f"{batch.rail}: {done.unavailable}")
        observe.count(observe.RAIL_UNAVAILABLE)


def send_ports(parts: Parts) -> SendPorts:
    """Return what sending payouts needs."""
    return SendPorts(parts.catalog, parts.treasury, parts.payees, parts.batches, parts.rails)
