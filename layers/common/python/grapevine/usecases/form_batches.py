"""Claim what may be sent, leg by leg, and write down what was claimed as batches.

The order makes a crash between any two calls harmless. A leg is claimed first: marked as sent in a
batch, by a conditional write, so that nobody else takes it. Then the batch is written down, once and
for good, with what was claimed for it. Only what is written down is ever handed to a rail. A leg whose
batch was never written down, or was written down without it, was handed to nobody: it waits again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from grapevine.domain.errors import HeadMovedError, reason_of
from grapevine.domain.payouts import PayoutState, sent
from grapevine.domain.transfers import RailName, batch_id
from grapevine.ports import Treasury
from grapevine.usecases.choose_payouts import Choice, Chosen, SendPorts

MOST = 1000
"""Legs that one run claims, and transfers in a batch at most: some seconds of work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Formed:
    """What a run did: batches by id, payouts stopped, legs that wait by what they wait for.

    `more` says that there may be more to send than one run does; `faults` what could not be done.
    """

    batches: tuple[str, ...] = ()
    stopped: tuple[str, ...] = ()
    waiting: dict[str, int] = field(default_factory=dict)
    more: bool = False
    faults: tuple[str, ...] = ()


def form_batches(program_id: str, ports: SendPorts, now: datetime, most: int = MOST) -> Formed:
    """Claim the legs that may be sent now, at most so many, and write them down in batches.

    One that fails stops no other; forming again forms what is left.
    """
    choice = Choice(ports.catalog.terms(program_id).program, ports, now)
    chosen = tuple(islice(choice.chosen(), most))
    formed = [name for piece in _pieces(chosen) if (name := _form(piece, choice))]
    return Formed(
        batches=tuple(formed),
        stopped=tuple(choice.stopped),
        waiting=dict(choice.waiting),
        more=bool(choice.recalled) or (bool(formed) and len(chosen) == most),
        faults=tuple(choice.faults),
    )


def _pieces(chosen: Sequence[Chosen]) -> Iterator[tuple[Chosen, ...]]:
    """Yield what goes together, by rail and currency, in pieces that the rail takes."""
    groups = defaultdict[tuple[RailName, str], list[Chosen]](list)
    for one in chosen:
        groups[one.rail, one.payout.key.currency].append(one)
    for _, members in sorted(groups.items()):
        rest = iter(members)
        while piece := tuple(islice(rest, min(members[0].limits.batch, MOST))):
            yield piece


def _form(piece: tuple[Chosen, ...], choice: Choice) -> str | None:
    """Claim a piece and write down what was claimed; return the batch, None where there is none of it."""
    rail, currency = piece[0].rail, piece[0].payout.key.currency
    marks = [f"{one.transfer.id}v{one.payout.version}" for one in piece]
    name = batch_id(choice.program.id, rail, marks)
    claimed = tuple(one.transfer for one in piece if _claimed(one, name, choice))
    if not claimed:
        return None
    try:
        # Where somebody wrote it down before, with less in it, the rest waits again at the next look.
        choice.ports.batches.keep(choice.batch(name, rail, currency, claimed))
    except Exception as error:  # noqa: BLE001 - whatever it is, the other batches are formed
        choice.faults.append(f"batch {name}: {reason_of(error)}")
        return None
    return name


def _claimed(one: Chosen, name: str, choice: Choice) -> bool:
    """Mark a leg as sent in a batch; return whether it is, also where another process did the same."""
    try:
        return _claim(one, name, choice.ports.treasury)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other legs are claimed
        choice.faults.append(f"{one.transfer.id}: {reason_of(error)}")
        return False


def _claim(one: Chosen, name: str, treasury: Treasury) -> bool:
    payout, number = one.payout, one.leg.number
    try:
        treasury.change(sent(payout, (number,), name, one.rail))
    except HeadMovedError:
        current = treasury.payout(payout.settlement_id, payout.id)
        leg = current.leg(number) if current else one.leg
        return leg.state is PayoutState.SENT and leg.batch_id == name
    return True
