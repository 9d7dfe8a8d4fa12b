"""What a bank says of a file: its ISO 20022 status report `pain.002`, of any version.

Only what the report says is believed: a transfer that it does not name is where it was. A rejection of
a whole file, or of its payments, is one of each transfer in it. Money that comes back after the bank
had paid it is not in such a report; the payout is returned by import.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element, ParseError, XMLParser, fromstring
from xml.parsers import expat

from grapevine.domain.errors import InvalidInputError, MalformedBodyError
from grapevine.domain.payouts import PayoutState
from grapevine.domain.transfers import TransferBatch, TransferResult

STATES = {
    "RJCT": PayoutState.FAILED,
    "CANC": PayoutState.FAILED,
    "ACSC": PayoutState.COMPLETED,
    "ACCC": PayoutState.COMPLETED,
}
"""Settled on the debtor's account, and on the creditor's; every other word means that it is on its way."""
_NAMESPACE = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:pain\.002\.001\.[0-9]{2}\}Document")
_LONGEST_WORDS = 400
BatchOf = Callable[[str], TransferBatch | None]


def read_status_report(raw: bytes, batch_of: BatchOf) -> tuple[TransferResult, ...]:
    """Return what a report says of transfers; `batch_of` finds a batch by its id.

    MalformedBodyError for what is no such report; InvalidInputError where it is about a file of
    somebody else.
    """
    report = _report(raw)
    message_id = _text(report, "OrgnlGrpInfAndSts/OrgnlMsgId")
    batch = batch_of(message_id)
    if batch is None:
        raise InvalidInputError("no batch of ours", "OrgnlMsgId")
    ours = {transfer.id for transfer in batch.transfers}
    told = {result.transfer_id: result for result in _told(report, batch)}
    return tuple(result for transfer_id, result in told.items() if transfer_id in ours)


def _told(report: Element, batch: TransferBatch) -> Iterator[TransferResult]:
    """Yield what is said of each, the most particular last."""
    yield from _of_all(report.find("{*}OrgnlGrpInfAndSts"), "GrpSts", batch)
    for payments in report.iterfind("{*}OrgnlPmtInfAndSts"):
        if _text(payments, "OrgnlPmtInfId") == batch.id:
            yield from _of_all(payments, "PmtInfSts", batch)
            yield from (_of_one(node) for node in payments.iterfind("{*}TxInfAndSts"))


def _of_all(node: Element | None, name: str, batch: TransferBatch) -> Iterator[TransferResult]:
    word = "" if node is None else _text(node, name)
    if node is not None and word and word != "PART":
        yield from (_result(transfer.id, word, node) for transfer in batch.transfers)


def _of_one(node: Element) -> TransferResult:
    return _result(_text(node, "OrgnlEndToEndId"), _text(node, "TxSts"), node)


def _result(transfer_id: str, word: str, node: Element) -> TransferResult:
    state = STATES.get(word, PayoutState.SENT)
    reference = _text(node, "AcctSvcrRef")
    detail = " ".join((word, *_reasons(node)))[:_LONGEST_WORDS]
    return TransferResult(transfer_id=transfer_id, state=state, reference=reference, detail=detail)


def _reasons(node: Element) -> Iterator[str]:
    for reason in node.iterfind("{*}StsRsnInf"):
        words = (_text(reason, "Rsn/Cd"), _text(reason, "Rsn/Prtry"))
        added = (" ".join((one.text or "").split()) for one in reason.iterfind("{*}AddtlInf"))
        yield from (text for text in (*words, *added) if text)


def _text(node: Element, path: str) -> str:
    found = node.find("/".join(f"{{*}}{name}" for name in path.split("/")))
    return "" if found is None else " ".join((found.text or "").split())


def _report(raw: bytes) -> Element:
    try:
        _refuse_declarations(raw)
        root = fromstring(raw, XMLParser())  # noqa: S314 - nothing declares an entity in it, see above
    except (ParseError, expat.ExpatError, ValueError) as error:
        raise MalformedBodyError("not an XML document") from error
    report = root.find("{*}CstmrPmtStsRpt")
    if not _NAMESPACE.fullmatch(root.tag) or report is None:
        raise MalformedBodyError("not a pain.002 status report")
    return report


def _refuse_declarations(raw: bytes) -> None:
    """Refuse a document that declares anything: entities that grow, or that read files, come that way."""

    def refuse(*_: object) -> None:
        raise MalformedBodyError("an XML document that declares types")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.Parse(raw, True)  # noqa: FBT003 - expat takes no names
