"""A live rail in memory with books of its own: it moves money once per transfer, and may not say so.

It accepts a batch, or refuses it; it loses answers, before or after it acted; what became of a transfer
it tells when it is asked, once the test has decided.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.payouts import PayoutState
from grapevine.domain.transfers import RailLimits, RailName, Transfer, TransferBatch, TransferResult
from grapevine.ports import Rail, RailRefusedError, Rails, RailUnavailableError

KEPT_OUT = (PayoutState.FAILED, PayoutState.RETURNED)
"""Outcomes in which the money is with the merchant again."""


@dataclass
class FakeRail:
    """The rail and its books.

    `away` is how many more requests get no answer, `after` whether what they ask happens all the same.
    """

    name: RailName = RailName.PAYPAL
    limits: RailLimits = field(default_factory=lambda: RailLimits(batch=100))
    away: int = 0
    after: bool = False
    refusal: str = ""
    outcome: PayoutState = PayoutState.SENT
    seen: dict[str, TransferResult] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    moved: Counter[str] = field(default_factory=Counter)
    batches: list[TransferBatch] = field(default_factory=list)

    def faults(self, details: Mapping[str, str], currency: str) -> tuple[InvalidInputError, ...]:
        is_there = "receiver" in details
        return () if is_there and currency != "PTS" else (InvalidInputError("is missing", "receiver"),)

    def send(self, batch: TransferBatch) -> Sequence[TransferResult]:
        self.asked.append(f"send {batch.id}")
        if self.refusal:
            raise RailRefusedError(self.refusal)
        self._storm(is_act=False)
        self.batches.append(batch)
        for transfer in batch.transfers:
            self.take(transfer)
        self._storm(is_act=True)
        return self._known(batch)

    def query(self, batch: TransferBatch) -> Sequence[TransferResult]:
        self.asked.append(f"query {batch.id}")
        self._storm(is_act=False)
        return self._known(batch)

    def received(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Sequence[TransferResult]:
        return tuple(self.seen[name] for name in body.decode().split() if name in self.seen)

    def decide(self, name: str, state: PayoutState, detail: str = "") -> TransferResult:
        """Let a transfer that was seen come to an outcome."""
        self.seen[name] = TransferResult(transfer_id=name, state=state, reference=f"r{name}", detail=detail)
        return self.seen[name]

    @property
    def gone(self) -> int:
        """Return what has left the merchant's account, and not come back, minor units."""
        return sum(minor for name, minor in self.moved.items() if self.seen[name].state not in KEPT_OUT)

    def take(self, transfer: Transfer) -> None:
        if transfer.id not in self.seen:
            self.moved[transfer.id] += transfer.amount.minor
            self.decide(transfer.id, self.outcome)

    def _known(self, batch: TransferBatch) -> Sequence[TransferResult]:
        return [self.seen[transfer.id] for transfer in batch.transfers if transfer.id in self.seen]

    def _storm(self, *, is_act: bool) -> None:
        if self.away and self.after == is_act:
            self.away -= 1
            raise RailUnavailableError("503: come again")


@dataclass
class FakeRails:
    """The rails that a test gives its programs, and behind them the real ones."""

    given: dict[RailName, Rail]
    others: Rails

    def rail(self, program_id: str, name: RailName) -> Rail:
        return self.given[name] if name in self.given else self.others.rail(program_id, name)
