"""`grapevine payouts export` and `retry`: batches out to their rails, and what the rails say of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from grapevine.domain.errors import NotFoundError, reason_of
from grapevine.domain.money import format_minor
from grapevine.domain.payouts import Payout, PayoutState
from grapevine.domain.transfers import TransferBatch
from grapevine.runtime.sending import send_ports
from grapevine.runtime.wiring import AwsParts
from grapevine.usecases.apply_results import rejected
from grapevine.usecases.form_batches import Formed
from grapevine.usecases.send_batch import BatchSent, send_batch
from grapevine.usecases.send_payouts import send_payouts
from grapevine_cli.commands import pass_parts
from grapevine_cli.files import file_of
from grapevine_cli.tables import show

BATCHES = ("batch", "rail", "transfers>", "sum>", "", "open>", "file", "said")
FOLDER = click.Path(file_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class Looked:
    """A batch and what came of a look at it: what its rail said, or what went wrong."""

    batch: TransferBatch
    sent: BatchSent | None = None
    fault: str = ""


@click.command("export")
@click.argument("program_id")
@click.option("--to", "folder", type=FOLDER, help="Copy the batches' files into this directory.")
@pass_parts
def payouts_export(parts: AwsParts, program_id: str, folder: Path | None) -> None:
    """Send what may be sent now, and bring every open batch as far as it goes.

    What goes by CSV or SEPA is a file per batch, for a person to hand on; it names people and where they
    are paid. Whoever does this again gets the same files: nothing is in two batches.
    """
    program = parts.catalog.terms(program_id).program
    done = send_payouts(program.id, send_ports(parts), parts.now())
    looks = {one.batch_id: one for one in done.batches}
    names = dict.fromkeys((*looks, *(name for formed in done.formed for name in formed.batches)))
    found = [Looked(_batch(program.id, name, parts), looks.get(name)) for name in names]
    _show(found)
    _tell_rest(done.formed)
    if folder:
        _copy((one.batch for one in found), folder, parts)
    _exit_if_wrong(found)


@click.command("retry")
@click.argument("program_id")
@click.argument("payout_id", required=False)
@pass_parts
def payouts_retry(parts: AwsParts, program_id: str, payout_id: str | None) -> None:
    """Ask the rails again about what is under way, and send what they never saw; all, or one PAYOUT.

    A rail is always asked before anything is sent to it again, under the same ids: no money moves twice.
    What failed, came back or was stopped is not sent again: its money is payable, and goes out with the next
    settlement or payout on demand.
    """
    program = parts.catalog.terms(program_id).program
    if payout_id:
        payout = _payout(program.id, payout_id, parts)
        batches: Sequence[TransferBatch] = [_batch(program.id, name, parts) for name in _batches_of(payout)]
    else:
        batches = parts.batches.open_batches(program.id)
    found = [_looked(batch, parts) for batch in batches]
    _show(found)
    _exit_if_wrong(found)


def _looked(batch: TransferBatch, parts: AwsParts) -> Looked:
    try:
        return Looked(batch, send_batch(batch, send_ports(parts), parts.now()))
    except Exception as error:  # noqa: BLE001 - whatever it is, the other batches are looked at
        return Looked(batch, fault=reason_of(error))


def _batches_of(payout: Payout) -> tuple[str, ...]:
    """Return the batches that a payout's legs are under way in; ClickException where none is."""
    names = dict.fromkeys(leg.batch_id for leg in payout.legs if leg.state is PayoutState.SENT)
    if names:
        return tuple(names)
    if payout.state is PayoutState.REQUESTED:
        raise click.ClickException(f"{payout.id} was not sent yet: `payouts list` says what it waits for")
    raise click.ClickException(f"{payout.id} is {payout.state}: nothing of it is under way")


def _payout(program_id: str, payout_id: str, parts: AwsParts) -> Payout:
    named = parts.treasury.payout_named(program_id, payout_id)
    found = named and parts.treasury.payout(named.settlement_id, named.id)
    if not found:
        raise NotFoundError("payout", payout_id)
    return found


def _batch(program_id: str, name: str, parts: AwsParts) -> TransferBatch:
    """Return a batch; one that was never written down was handed to nobody, and is formed anew by sending."""
    batch = parts.batches.batch(program_id, name)
    if batch is None:
        raise click.ClickException(f"batch {name} was never sent: `payouts export` takes up what was for it")
    return batch


def _show(found: Iterable[Looked]) -> None:
    rows = [_row(one) for one in found]
    if rows:
        show(BATCHES, rows)
    else:
        click.echo("no batch is open")


def _row(looked: Looked) -> tuple[str, ...]:
    batch, sent = looked.batch, looked.sent
    return (
        batch.id,
        batch.rail,
        f"{len(batch.transfers):,}",
        format_minor(batch.total_minor, batch.currency),
        batch.currency,
        f"{sent.unknown:,}" if sent else "?",
        file_of(batch) or "",
        _said(looked),
    )


def _said(looked: Looked) -> str:
    """Say what a rail told: how many of each outcome, or why it did not answer."""
    if looked.sent is None:
        return looked.fault
    counts = Counter(str(one.applied) for one in looked.sent.told)
    told = [f"{number:,} {name}" for name, number in counts.items()]
    return ", ".join([*told, *([looked.sent.unavailable] if looked.sent.unavailable else ())])


def _tell_rest(formed: Sequence[Formed]) -> None:
    """Say what was stopped, and what still waits after the last look."""
    if stopped := [name for one in formed for name in one.stopped]:
        click.echo(f"stopped: {', '.join(stopped)}")
    if waiting := formed[-1].waiting:
        click.echo("waiting: " + ", ".join(f"{number:,} for {what}" for what, number in waiting.items()))


def _copy(batches: Iterable[TransferBatch], folder: Path, parts: AwsParts) -> None:
    """Copy the batches' files byte for byte, to be read by nobody else.

    One that its rail could not write yet is said.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for batch in batches:
        name = file_of(batch)
        if name is None:
            continue
        copy = folder / Path(name).name
        try:
            body = parts.files.get(name)
        except NotFoundError:
            click.echo(f"{name}: not written")
            continue
        copy.touch(mode=0o600)
        copy.write_bytes(body)
        click.echo(f"{copy}: {len(body):,} bytes")


def _exit_if_wrong(found: Sequence[Looked]) -> None:
    """Say what could not be taken, and exit 1 where there is any."""
    wrong = [text for one in found if one.sent for text in rejected(one.sent.told)]
    for text in wrong:
        click.echo(f"REJECTED {text}")
    if wrong or any(one.sent is None for one in found):
        raise click.exceptions.Exit(1)
