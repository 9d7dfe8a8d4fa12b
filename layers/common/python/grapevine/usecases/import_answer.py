"""Take what came back from a rail as a file: our own result file, or a bank's status report."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from grapevine.domain.payout_results import Applied
from grapevine.ports import BatchStore, StatusReader
from grapevine.usecases.apply_results import ResultPorts, apply_results
from grapevine.usecases.import_results import ImportResults, ResultReport, import_results

_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class AnswerPorts:
    """What taking results needs, and who reads a bank's reports."""

    results: ResultPorts
    batches: BatchStore
    read_report: StatusReader


def import_answer(command: ImportResults, ports: AnswerPorts, now: datetime) -> ResultReport:
    """Move the transfers that a file names; importing it again changes nothing.

    InvalidInputError where it is neither XML that is a status report on a batch of this program, nor
    CSV with our columns.
    """
    if not _is_xml(command.body):
        return import_results(command, ports.results, now)
    results = ports.read_report(command.body, lambda name: ports.batches.batch(command.program_id, name))
    outcomes: dict[str, list[str]] = defaultdict(list)
    for told in apply_results(command.program_id, results, ports.results, now):
        words = f"{told.transfer_id!r}: {told.why}" if told.applied is Applied.REJECTED else told.transfer_id
        outcomes[told.applied].append(words)
    return ResultReport(**{name: tuple(texts) for name, texts in outcomes.items()})


def _is_xml(body: bytes) -> bool:
    """Say whether the first character is the one that XML begins with and no CSV of ours does."""
    for mark in _MARKS:
        body = body.removeprefix(mark)
    return body.lstrip(b" \t\r\n\x00").startswith(b"<")
