"""What a rail is given and what it answers: a transfer per leg of a payout, in batches that never change."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from hashlib import blake2b

from grapevine.domain.money import Money
from grapevine.domain.payouts import PayoutState


class RailName(StrEnum):
    """The way money goes; each is one adapter."""

    CSV = "csv"
    """A file that a person pays from."""
    SEPA = "sepa"
    """An ISO 20022 file for a bank."""
    PAYPAL = "paypal"
    STRIPE = "stripe"
    WECHAT = "wechat"


@dataclass(frozen=True, slots=True, kw_only=True)
class RailLimits:
    """What a rail takes: transfers in a batch, and per transfer, person and day; None: no limit.

    `minimum_minor` is the least that it transfers. Its days are those of `zone`'s calendar.
    """

    batch: int
    transfer_minor: int | None = None
    person_day_minor: int | None = None
    person_day_transfers: int | None = None
    minimum_minor: int = 1
    zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class RailSecrets:
    """What a program needs to use a rail; names and meanings are the rail's."""

    values: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payee:
    """Where a promoter is paid: a rail, and what it must know, by name. Personal data, kept apart.

    `changed_at` is when a person last said so.
    """

    rail: RailName
    details: Mapping[str, str] = field(repr=False)
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One leg of a payout, as a rail sends it; `id` is the same whenever it is sent."""

    id: str
    payout_id: str
    settlement_id: str
    promoter_id: str
    amount: Money
    details: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferBatch:
    """What is sent at once: it is written down before anything is sent, and never changes.

    But for the details of a promoter who is erased.
    `id` is at most 35 letters and digits, a rail's idempotency key. `created_at` is told to the rail, so
    that the same batch is the same bytes whenever it is written.
    """

    id: str
    program_id: str
    rail: RailName
    currency: str
    created_at: datetime
    execution_day: date
    transfers: tuple[Transfer, ...]

    @property
    def total_minor(self) -> int:
        """What all transfers come to."""
        return sum(transfer.amount.minor for transfer in self.transfers)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferResult:
    """What a rail says of a transfer: SENT while it does not know, COMPLETED, FAILED or RETURNED.

    `reference` is the rail's own name for it, `detail` its reason in words.
    """

    transfer_id: str
    state: PayoutState
    reference: str = ""
    detail: str = ""


def without_details(batch: TransferBatch, promoter_ids: Collection[str]) -> TransferBatch:
    """Return the batch without where these promoters were paid."""
    transfers = (
        replace(one, details={}) if one.promoter_id in promoter_ids else one for one in batch.transfers
    )
    return replace(batch, transfers=tuple(transfers))


def batch_id(program_id: str, rail: RailName, transfer_ids: Sequence[str]) -> str:
    """Return the one id that a batch of these transfers can have, each named with its payout's version.

    So that transfers that a batch was to have, and had not, can be in another one together.
    """
    named = "|".join((program_id, rail, *sorted(transfer_ids)))
    return "pb" + blake2b(named.encode(), digest_size=14).hexdigest()
