"""Settlement's Lambda side: schedules, queue messages and result files."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.messages import notes_of_page
from grapevine.domain.settlements import PageName, Settled
from grapevine.runtime import observe, sending
from grapevine.runtime.accruing import order_ports
from grapevine.runtime.parts import Parts
from grapevine.runtime.streams import Answer, Record, answer_messages
from grapevine.usecases.apply_results import ResultPorts
from grapevine.usecases.close_settlement import ClosePorts
from grapevine.usecases.import_answer import AnswerPorts, import_answer
from grapevine.usecases.import_results import ImportResults
from grapevine.usecases.list_promoters import ListPorts, list_promoters
from grapevine.usecases.list_waiting import overdue_waits
from grapevine.usecases.prove_programs import ProvePorts, prove_programs
from grapevine.usecases.settle_page import SettlePage, SettlePorts, settle_page
from grapevine.usecases.start_settlements import StartSettlementsPorts, start_settlements
from grapevine.usecases.sweep_due import SweepPorts, sweep_due
from grapevine.usecases.tend_points import PointsPorts, TendPoints, start_points, tend_points
from grapevine.usecases.void_parts import VoidParts, VoidPorts, void_parts


def sweep(parts: Parts) -> dict[str, Any]:
    """Post what is due; the answer counts orders."""
    with observe.invocation("sweep_due") as fields:
        ports = SweepPorts(parts.ledger, parts.settlements, parts.catalog, order_ports(parts), parts.failures)
        swept = asdict(sweep_due(ports, parts.now()))
        fields.update(swept)
        if swept["failed"]:
            observe.count(observe.ORDER_QUEUED, swept["failed"])
        return swept


def start(parts: Parts) -> dict[str, Any]:
    """Start the settlements whose day has come; the answer names those under way."""
    with observe.invocation("start_settlements") as fields:
        ports = StartSettlementsPorts(parts.catalog, parts.settlements, parts.settlement_queue)
        runs = [run.id for run in start_settlements(ports, parts.now())]
        fields["settlements"] = runs
        return {"settlements": runs}


def start_tending(parts: Parts) -> dict[str, Any]:
    """Queue every promoter who may have points; the answer counts them."""
    with observe.invocation("start_points") as fields:
        queued = start_points(parts.catalog, parts.settlement_queue)
        fields["promoters"] = queued
        return {"promoters": queued}


def prove(parts: Parts) -> dict[str, Any]:
    """Prove the books of the programs whose turn it is; what is wrong is counted where alarms look."""
    with observe.invocation("verify_programs") as fields:
        ports = ProvePorts(
            parts.catalog, parts.ledger, parts.treasury, parts.facts, order_ports(parts), parts.proofs
        )
        done = asdict(prove_programs(ports, parts.now))
        fields.update(done)
        observe.count(observe.PROOF_FAULT, len(done["faults"]) + len(done["failed"]))
        observe.count(observe.PROOF_MISSED, len(done["overdue"]))
        return done


def report_waiting(parts: Parts) -> dict[str, Any]:
    """Count the orders that have waited too long for a person or for what is missing."""
    with observe.invocation("report_waiting") as fields:
        overdue = overdue_waits(parts.waits, parts.facts, parts.now())
        told = [f"{wait.order}: {wait.reason}: {wait.what}" for wait in overdue]
        fields.update(orders=told)
        observe.count(observe.ORDER_OVERDUE, len(told))
        return {"overdue": told}


def settle(event: Record, parts: Parts) -> Answer:
    """List, settle, send, tend points and void bans as the queue says; what is incomplete comes again."""

    def each(body: str, receives: int) -> None:
        values = json.loads(body)
        if "void" in values:
            _void(VoidParts(**values["void"]), parts)
        elif "points" in values:
            _tend(values["points"], parts)
        elif "send" in values:
            sending.form(values["send"], parts)
        elif "transfers" in values:
            sending.send(**values["transfers"], parts=parts)
        elif "list" in values:
            _list(PageName(**values["list"]), parts)
        else:
            _settle(SettlePage(PageName(**values["page"]), receives), parts)

    return answer_messages("settle_promoters", event, each)


def import_file(event: dict[str, Any], parts: Parts) -> dict[str, Any]:
    """Import a result file, or a bank's report, from the bucket: `{"program_id": …, "file": "results/…"}`."""
    with observe.invocation("import_results") as fields:
        program_id, name = _text(event, "program_id"), _text(event, "file")
        command = ImportResults(program_id, parts.files.get(name))
        report = asdict(import_answer(command, answer_ports(parts), parts.now()))
        fields.update({key: len(rows) for key, rows in report.items()}, program=program_id)
        observe.count(observe.RESULT_REJECTED, len(report["rejected"]))
        return report


def result_ports(parts: Parts) -> ResultPorts:
    """Return what taking a rail's results needs."""
    return ResultPorts(parts.catalog, parts.treasury)


def answer_ports(parts: Parts) -> AnswerPorts:
    """Return what taking a rail's answer from a file needs."""
    return AnswerPorts(result_ports(parts), parts.batches, parts.status_reader)


def _void(command: VoidParts, parts: Parts) -> None:
    observe.note_each(voided=f"{command.program_id}/{command.promoter_id}")
    void_parts(command, VoidPorts(parts.pages, order_ports(parts), parts.failures), parts.now())


def _tend(values: dict[str, Any], parts: Parts) -> None:
    command = TendPoints(values["program_id"], tuple(values["promoter_ids"]))
    observe.note_each(points=f"{command.program_id}/{command.promoter_ids[0]}")
    tend_points(command, PointsPorts(parts.catalog, parts.treasury, parts.ledger), parts.now())


def _list(name: PageName, parts: Parts) -> None:
    observe.note_each(lists=f"{name.settlement_id}/{name.after}")
    ports = ListPorts(
        parts.catalog, parts.settlements, parts.settlement_queue, _closing(parts), parts.list_sizes
    )
    list_promoters(name, ports, parts.now())


def _settle(command: SettlePage, parts: Parts) -> None:
    observe.note_each(pages=f"{command.name.settlement_id}/{command.name.after}")
    ports = SettlePorts(
        parts.catalog, parts.treasury, parts.settlements, _closing(parts), parts.payees, parts.rails
    )
    done = settle_page(command, ports, parts.now())
    if done:
        observe.count(observe.PROMOTER_SETTLED, len(done.promoter_ids))
        observe.count(observe.PAYOUT_RESERVED, done.counts.get(Settled.PAID, 0))
        observe.count(observe.PROMOTER_NOT_SETTLED, done.counts.get(Settled.FAILED, 0))
    _tell(command.name, parts)


def _tell(name: PageName, parts: Parts) -> None:
    """Note what a page asks of its promoters, also where the page was done by somebody who then stopped."""
    page = parts.settlements.page(name)
    if page and page.is_done and page.outcomes:
        currency = parts.catalog.terms(page.program_id).program.currency
        for told in notes_of_page(page, currency, parts.now()):
            parts.notes.add(told)


def _closing(parts: Parts) -> ClosePorts:
    return ClosePorts(parts.settlements, parts.settlement_queue)


def _text(event: dict[str, Any], name: str) -> str:
    value = event.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidInputError("must be a string", name)
    return value
