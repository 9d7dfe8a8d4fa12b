"""A program's payouts by where they are, and why each that is not sent waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from grapevine.domain.payout_waits import PayoutWait, waiting_legs, waiting_reason
from grapevine.domain.payouts import Payout, PayoutState
from grapevine.domain.programs import Program
from grapevine.ports import PayeeStore, PayoutReader, Rails
from grapevine.usecases.current_payout import current_payout
from grapevine.usecases.find_ways import Ways

LIMIT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPayouts:
    """Payouts of a state, those after one by id, and how many at most."""

    state: PayoutState
    after: str = ""
    limit: int = LIMIT


@dataclass(frozen=True, slots=True)
class PayoutListPorts:
    """Payouts, where promoters are paid, and the rails that say whether they can be."""

    treasury: PayoutReader
    payees: PayeeStore
    rails: Rails


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPayout:
    """A payout, and why its next leg waits; None where nothing holds it up, or all legs are sent."""

    payout: Payout
    wait: PayoutWait | None


def list_payouts(
    command: ListPayouts, program: Program, ports: PayoutListPorts, now: datetime
) -> tuple[tuple[SeenPayout, ...], str | None]:
    """Return payouts by id, and after which the next ones are, None where there are none."""
    found = ports.treasury.payouts_in(program.id, command.state, command.after)
    payouts = tuple(islice(found, command.limit + 1))
    page = payouts[: command.limit]
    return _seen(page, program, ports, now), page[-1].id if len(payouts) > command.limit else None


def read_payout(payout_id: str, program: Program, ports: PayoutListPorts, now: datetime) -> SeenPayout:
    """Return a payout as it is; NotFoundError where the program has none of that id."""
    payout = current_payout(program.id, payout_id, ports.treasury)
    (seen,) = _seen((payout,), program, ports, now)
    return seen


def _seen(
    payouts: Sequence[Payout], program: Program, ports: PayoutListPorts, now: datetime
) -> tuple[SeenPayout, ...]:
    waiting = [payout.key.promoter_id for payout in payouts if waiting_legs(payout)]
    ways = Ways(program, ports.payees, ports.rails).of(waiting)
    seen = []
    for payout in payouts:
        legs, way = waiting_legs(payout), ways.get(payout.key.promoter_id)
        wait = waiting_reason(payout, legs[0], way, program.payouts, now) if legs and way else None
        seen.append(SeenPayout(payout=payout, wait=wait))
    return tuple(seen)
