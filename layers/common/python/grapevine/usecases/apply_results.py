"""Take what a rail says of transfers: paid, or back to payable; what cannot be is told, never guessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from grapevine.domain.errors import GrapevineError, HeadMovedError, reason_of
from grapevine.domain.money import Rounding
from grapevine.domain.payout_results import Applied, Told, judged
from grapevine.domain.payouts import (
    LegOutcome,
    Payout,
    PayoutStateError,
    conclude,
    leg_named,
    noted,
)
from grapevine.domain.transfers import TransferResult
from grapevine.ports import TermsReader, Treasury
from grapevine.usecases.starting_over import ATTEMPTS

NOTHING: Mapping[str, Payout] = MappingProxyType({})


class ResultsNotAppliedError(GrapevineError):
    """Some results could not be taken; taking all of them again is safe."""


@dataclass(frozen=True, slots=True)
class ResultPorts:
    """How a program rounds, and its payouts and accounts."""

    catalog: TermsReader
    treasury: Treasury


def apply_results(
    program_id: str,
    results: Iterable[TransferResult],
    ports: ResultPorts,
    now: datetime,
    known: Mapping[str, Payout] = NOTHING,
) -> tuple[Told, ...]:
    """Take each result once, however often it comes; return what became of each.

    `known` are payouts by id that the caller has just read; the others are found by their ids.
    One that fails does not stop the others; then ResultsNotAppliedError names which and why.
    """
    rounding = ports.catalog.terms(program_id).program.rounding
    told: list[Told] = []
    faults: list[str] = []
    for result in results:
        try:
            told.append(_apply(_Taking(program_id, result, rounding, ports.treasury), known, now))
        except Exception as error:  # noqa: BLE001 - whatever it is, the other legs get their outcome
            faults.append(f"{result.transfer_id}: {reason_of(error)}")
    if faults:
        raise ResultsNotAppliedError("; ".join(faults))
    return tuple(told)


def rejected(told: Sequence[Told]) -> tuple[str, ...]:
    """Return, for whoever must look, which results could not be taken and why."""
    return tuple(f"{one.transfer_id}: {one.why}" for one in told if one.applied is Applied.REJECTED)


@dataclass(frozen=True, slots=True)
class _Taking:
    program_id: str
    result: TransferResult
    rounding: Rounding
    treasury: Treasury

    def named(self, payout_id: str) -> Payout | None:
        """Return a payout as it is: by its id alone it may be an older state of it."""
        found = self.treasury.payout_named(self.program_id, payout_id)
        return found and self.current(found)

    def current(self, payout: Payout) -> Payout:
        """Return a payout as it is."""
        return self.treasury.payout(payout.settlement_id, payout.id) or payout

    def told(self, applied: Applied, why: str = "") -> Told:
        return Told(transfer_id=self.result.transfer_id, applied=applied, why=why)


def _apply(taking: _Taking, known: Mapping[str, Payout], now: datetime) -> Told:
    name = leg_named(taking.result.transfer_id)
    payout = known.get(name[0]) or taking.named(name[0]) if name else None
    if name is None or payout is None:
        return taking.told(Applied.REJECTED, "no such transfer")
    for _ in range(ATTEMPTS):
        try:
            return _apply_once(taking, payout, name[1], now)
        except HeadMovedError:
            payout = taking.current(payout)
    raise HeadMovedError(f"{payout.key} moved {ATTEMPTS} times")


def _apply_once(taking: _Taking, payout: Payout, number: int, now: datetime) -> Told:
    """Take a result of a payout as it was read; HeadMovedError where that is not there any more."""
    try:
        told = judged(payout.leg(number), taking.result)
    except PayoutStateError as error:
        return taking.told(Applied.REJECTED, str(error))
    if told.applied is Applied.NOTED:
        taking.treasury.change(noted(payout, number, taking.result.reference, taking.result.detail))
    elif told.applied not in (Applied.UNCHANGED, Applied.REJECTED):
        _conclude(taking, payout, number, now)
    return told


def _conclude(taking: _Taking, payout: Payout, number: int, now: datetime) -> None:
    result = taking.result
    outcome = LegOutcome(number=number, state=result.state, reference=result.reference, detail=result.detail)
    _, head = taking.treasury.account(payout.key)
    taking.treasury.move(conclude(head, payout, outcome, taking.rounding, now), head)
