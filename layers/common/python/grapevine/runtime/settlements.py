"""Settlements through the JSON API: runs and how far they are, runs on demand, and payout terms."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from grapevine.domain.instants import to_text
from grapevine.domain.money import format_minor
from grapevine.domain.payout_terms import PayoutTerms
from grapevine.domain.plain import from_plain, to_plain
from grapevine.domain.programs import Program
from grapevine.domain.schedules import next_settlement
from grapevine.domain.settlements import AccountOutcome, Settlement
from grapevine.domain.wording import Language
from grapevine.runtime.caller import Caller
from grapevine.usecases import change_payouts as payouts
from grapevine.usecases import read_settlements as settlements
from grapevine.usecases import start_settlements as starting

Json = dict[str, Any]


def list_settlements(caller: Caller, program_id: str) -> Json:
    """List a program's settlement runs, and say when the next one begins."""
    program = caller.terms(program_id).program
    found = settlements.list_settlements(program.id, caller.parts.settlements)
    begins = next_settlement(program, caller.parts.now())
    language = caller.language()
    page = caller.page_following(
        "settlements", found, lambda run: from_settlement(run, program, language), lambda run: run.id
    )
    return {**page, "next_at": to_text(begins) if begins else None}


def read_settlement(caller: Caller, program_id: str, settlement_id: str) -> Json:
    """Return a run; with `promoter_id` in the query also what became of that promoter."""
    program, runs = caller.terms(program_id).program, caller.parts.settlements
    found = settlements.read_settlement(program.id, unquote(settlement_id), runs)
    answer = from_settlement(found.run, program, caller.language())
    answer["not_settled"] = [from_outcome(told, program) for told in found.failed]
    if promoter_id := caller.query.get("promoter_id"):
        told = settlements.read_outcome(program, found.run.id, promoter_id, runs, caller.parts.treasury)
        answer["promoter"] = from_outcome(told, program) if told else None
    return answer


def start_settlement(caller: Caller, program_id: str) -> Json:
    """Start a run on demand; the same name again is the same run."""
    program, parts = caller.terms(program_id).program, caller.parts
    body = caller.body().refuse_unknown("name", "ignore_minimum")
    command = starting.DemandSettlement(program.id, body.text("name"), body.boolean("ignore_minimum"))
    ports = starting.StartSettlementsPorts(parts.catalog, parts.settlements, parts.settlement_queue)
    return from_settlement(
        starting.demand_settlement(command, ports, parts.now()), program, caller.language()
    )


def change_payouts(caller: Caller, program_id: str) -> Json:
    """Replace a program's payout terms; what is left out has its default."""
    program, parts = caller.terms(program_id).program, caller.parts
    terms = from_plain(PayoutTerms, dict(caller.body().values))
    changed = payouts.change_payouts(payouts.ChangePayouts(program.id, terms), parts.catalog, parts.now())
    answer: Json = to_plain(changed.payouts)
    return answer


def from_settlement(run: Settlement, program: Program, language: Language) -> Json:
    """Return a run, its amounts as decimal strings; totals are null until everybody is listed."""
    return {
        "id": run.id,
        "state": run.state.value,
        "progress": run.progress_in(language),
        "started_at": to_text(run.started_at),
        "closed_at": to_text(run.closed_at) if run.closed_at else None,
        "promoters": run.promoters if run.listed else None,
        "settled": run.settled,
        "outcomes": {settled.value: number for settled, number in run.counts.items()},
        "paid": format_minor(run.paid_minor, program.currency),
        "currency": program.currency,
        "ignore_minimum": run.ignores_minimum,
    }


def from_outcome(told: AccountOutcome, program: Program) -> Json:
    """Return what became of a promoter, without what does not apply."""
    amounts = {"amount": told.amount_minor, "missing": told.missing_minor}
    texts = {"reason": told.reason, "detail": told.detail}
    return {
        "promoter_id": told.promoter_id,
        "outcome": told.settled.value,
        **{name: format_minor(minor, program.currency) for name, minor in amounts.items() if minor},
        **{name: str(text) for name, text in texts.items() if text},
    }
