"""A person's request to see or erase what is kept of them, and what stays as evidence of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b

from grapevine.domain.errors import RefusedError
from grapevine.domain.payouts import Payout

ERASED = "erased"
"""What stands where a person's name, or words about them, stood."""


class PrivacyAct(StrEnum):
    """What is asked for."""

    EXPORT = "export"
    """Everything that is kept, as one document."""
    ERASE = "erase"


class Whose(StrEnum):
    """Whose data."""

    CUSTOMER = "customer"
    PROMOTER = "promoter"
    SHOP = "shop"
    """Of all customers of a storefront that has left."""


class RecordState(StrEnum):
    """How far a request is."""

    OPEN = "open"
    """Begun, and not known to have ended: asking again goes on with it."""
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyRecord:
    """That somebody asked, and what was done: evidence that names nobody.

    `subject` is a customer's keyed hash, a promoter's id, a storefront's, or a hash of the orders that
    were named. `counts` says how much was found or erased, by kind, but by a run that broke off.
    """

    id: str
    program_id: str
    act: PrivacyAct
    whose: Whose
    subject: str
    asked_by: str
    asked_at: datetime
    state: RecordState = RecordState.OPEN
    done_at: datetime | None = None
    counts: Mapping[str, int] = field(default_factory=dict)

    def summed(self, counts: Mapping[str, int]) -> dict[str, int]:
        """Return what was counted before with what was counted now."""
        return {name: self.counts.get(name, 0) + counts.get(name, 0) for name in {*self.counts, *counts}}

    def counted(self, counts: Mapping[str, int]) -> PrivacyRecord:
        """Return the record of a request that goes on, with what was done by now."""
        told = {name: number for name, number in sorted(self.summed(counts).items()) if number}
        return replace(self, counts=told)

    def done(self, counts: Mapping[str, int], now: datetime) -> PrivacyRecord:
        """Return the record of a request that is done; what counted nothing is left out."""
        told = {name: number for name, number in sorted(counts.items()) if number}
        return replace(self, state=RecordState.DONE, done_at=now, counts=told)


class OwedError(RefusedError):
    """A promoter's data is needed as long as money is on its way to them, or owed."""

    def __init__(self, why: str, owed: Mapping[str, int]) -> None:
        amounts = ", ".join(f"{minor} {currency}" for currency, minor in sorted(owed.items()))
        super().__init__(f"{why}: {amounts}, in minor units")
        self.owed = dict(owed)

    @property
    def told(self) -> dict[str, object]:
        """What is owed, by currency, in minor units."""
        return {"owed": self.owed}


class BatchOpenError(RefusedError):
    """What a promoter was paid with is not concluded for everybody: its file must stay until it is."""

    def __init__(self, batch_id: str) -> None:
        super().__init__(f"batch {batch_id} has a payout of theirs and is still open")


def record_id(*parts: str) -> str:
    """Return the one id of a request that is named by these parts."""
    return "pq_" + blake2b("\x00".join(parts).encode(), digest_size=12).hexdigest()


def export_folder(program_id: str) -> str:
    """Return where a program's collected documents are in the bucket."""
    return f"privacy/{program_id}/"


def export_file(program_id: str, record: str) -> str:
    """Return where the document of a request is in the bucket, until it expires there."""
    return f"{export_folder(program_id)}{record}.json"


def silenced(payout: Payout) -> Payout:
    """Return a payout without the reasons that rails and people gave: they may name its promoter."""
    legs = tuple(replace(leg, detail=ERASED if leg.detail else "") for leg in payout.legs)
    silent = replace(payout, legs=legs, detail=ERASED if payout.detail else "")
    return payout if silent == payout else replace(silent, version=payout.version + 1)
