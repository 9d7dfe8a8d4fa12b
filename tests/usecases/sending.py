"""Worlds whose payouts go by a live rail, and what the rail's books and ours say."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from grapevine.domain.entries import AccountKey
from grapevine.domain.payouts import Leg, Payout, Reservation, reserve, transfer_id
from grapevine.domain.transfers import Payee, RailName
from tests.builders import ANA, BO, CY, PROGRAM_ID, T0, days
from tests.rails.fake import FakeRail
from tests.usecases.settling import DAY_ONE, RUN_ONE, payout_of, released, settled_world
from tests.worlds import World

HOUR = timedelta(hours=1)
LONG_AGO = T0


def paid_by(world: World, promoter_id: str, changed_at: datetime = LONG_AGO) -> None:
    """Let a promoter be paid by the fake rail."""
    details = {"receiver": f"{promoter_id}@example.com"}
    payee = Payee(rail=RailName.PAYPAL, details=details, changed_at=changed_at)
    world.payees.put_payee(PROGRAM_ID, promoter_id, payee)


def live_world(rail: FakeRail | None = None) -> tuple[World, FakeRail]:
    """Return a settled world in which Cy has 50.00 and Bo 15.00 to be sent by a live rail."""
    world, rail = settled_world(), rail or FakeRail()
    world.given_rails[RailName.PAYPAL] = rail
    for promoter_id in (CY, BO):
        paid_by(world, promoter_id)
    return world, rail


def reserved(
    world: World, promoter_id: str, *legs: tuple[int, datetime], review: bool = False, run: str = "run"
) -> Payout:
    """Reserve a payout in legs of so much from when on, whatever is payable; its money is another test's."""
    cut = tuple(Leg(number=n, amount_minor=minor, due_at=due) for n, (minor, due) in enumerate(legs, start=1))
    key = AccountKey(PROGRAM_ID, promoter_id, "USD")
    wanted = Reservation(amount_minor=sum(minor for minor, _ in legs), legs=cut, review=review)
    _, head = world.treasury.account(key)
    movement = reserve(head, wanted, run, DAY_ONE)
    world.treasury.move(movement, head)
    return movement.payout


def transfer_of(world: World, promoter_id: str, run: str = RUN_ONE) -> str:
    """Return what the rail knows a promoter's one leg by."""
    return transfer_id(payout_of(world, promoter_id, run), 1)


def paid(world: World) -> int:
    """Return what our books say was paid, minor units."""
    return sum(head.paid_minor for head in world.treasury.heads.values())


def in_batches(world: World) -> Counter[str]:
    """Return in how many batches each transfer is."""
    return Counter(one.id for batch in world.batches.stored.values() for one in batch.transfers)


def later(hours: float) -> datetime:
    return DAY_ONE + hours * HOUR


def well_later(number: float) -> datetime:
    return DAY_ONE + days(number)


def released_again(world: World, number: int) -> None:
    """Let one more order go to payable, and settle it on a day of its own."""
    released(world, 100 + number, 50_000)
    for promoter_id in (CY, BO, ANA):
        key = AccountKey(PROGRAM_ID, promoter_id, "USD")
        minor = world.balance(promoter_id).payable_minor
        _, head = world.treasury.account(key)
        run = f"{PROGRAM_ID}.week-{number}"
        if minor > 0:
            movement = reserve(head, Reservation(amount_minor=minor), run, later(24 * number))
            world.treasury.move(movement, head)
