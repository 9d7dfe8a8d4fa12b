"""Transfers and batches for the rails' tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from grapevine.domain.money import Money
from grapevine.domain.transfers import RailName, Transfer, TransferBatch, batch_id
from tests import builders as make

PROGRAM = "pg_rails"


def transfer(number: int, details: Mapping[str, str], minor: int = 1250, currency: str = "USD") -> Transfer:
    """A transfer whose id is made of its number, as a leg's is."""
    return Transfer(
        id=f"po{number:024x}x1",
        payout_id=f"po_{number:024x}",
        settlement_id="st_1",
        promoter_id=f"pr_{number}",
        amount=Money(minor, currency),
        details=details,
    )


def batch(rail: RailName, *transfers: Transfer) -> TransferBatch:
    """A batch of transfers, made at T0, under the one id that it can have."""
    return TransferBatch(
        id=batch_id(PROGRAM, rail, [one.id for one in transfers]),
        program_id=PROGRAM,
        rail=rail,
        currency=transfers[0].amount.currency,
        created_at=make.T0,
        execution_day=date(2026, 3, 31),
        transfers=transfers,
    )
