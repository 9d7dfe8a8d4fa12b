"""Change how a program pays out: its schedule, minimum, details, tax, and payouts on demand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from grapevine.domain.payout_terms import PayoutTerms, payout_term_faults
from grapevine.domain.programs import InvalidProgramError, Program
from grapevine.ports import ProgramCatalog
from grapevine.usecases.change_promoter import retried


@dataclass(frozen=True, slots=True)
class ChangePayouts:
    """A program's payout terms from now on, in place of those before."""

    program_id: str
    payouts: PayoutTerms


def change_payouts(command: ChangePayouts, catalog: ProgramCatalog, now: datetime) -> Program:
    """Store the terms and return the program; the same again changes nothing.

    They are in force as of now, a minute later where a function keeps what it has read: what was
    reserved before keeps its fee and tax. Days that another schedule would have had before now are
    not made up for. InvalidProgramError with every fault.
    """
    if faults := payout_term_faults(command.payouts):
        raise InvalidProgramError(faults)

    def change_once() -> Program:
        program = catalog.terms_now(command.program_id).program
        if program.payouts == command.payouts:
            return program
        changed = program.with_payouts(command.payouts, now)
        catalog.change_program(changed)
        return changed

    return retried(change_once)
