"""The JSON API's routes of privacy: see or erase what is kept of a person, and the evidence of it."""

from __future__ import annotations

from typing import Any

from grapevine.domain.errors import NotFoundError
from grapevine.domain.ids import new_id
from grapevine.domain.instants import to_text
from grapevine.domain.privacy import PrivacyAct, PrivacyRecord, RecordState
from grapevine.runtime.caller import Caller
from grapevine.runtime.privacy import customer_ports, promoter_ports
from grapevine.usecases.documents import read_document
from grapevine.usecases.serve_person import ServePerson, known_record, list_records, serve_person

Json = dict[str, Any]


def create_privacy_request(caller: Caller, program_id: str) -> Json:
    """Show or erase a person; return the evidence of it."""
    program, parts = caller.terms(program_id).program, caller.parts
    body = caller.body().refuse_unknown("act", "customer", "promoter_id", "even_if_owed", "by")
    command = ServePerson(
        act=body.choice("act", PrivacyAct),
        asked_by=body.optional_text("by") or f"key {caller.key.id}",
        request_id=caller.idempotency_key or new_id("rq", parts.random_bytes),
        customer=body.optional_text("customer"),
        promoter_id=body.optional_text("promoter_id"),
        even_if_owed=body.boolean("even_if_owed"),
    )
    record = serve_person(command, program, customer_ports(parts), promoter_ports(parts), parts.now())
    return from_record(record)


def list_privacy_requests(caller: Caller, program_id: str) -> Json:
    """List who asked for what, the newest first."""
    program = caller.terms(program_id).program
    found = list_records(program.id, caller.parts.privacy_records)
    return caller.page_following("requests", found, from_record, lambda record: record.id)


def read_privacy_request(caller: Caller, program_id: str, request_id: str) -> Json:
    """Return what became of a request."""
    return from_record(_known(caller, program_id, request_id))


def read_privacy_document(caller: Caller, program_id: str, request_id: str) -> Json:
    """Return the collected document of a request; there is none once it has expired, or was erased."""
    record = _known(caller, program_id, request_id)
    if record.act is not PrivacyAct.EXPORT or record.state is not RecordState.DONE:
        raise NotFoundError("document of privacy request", request_id)
    return read_document(record.program_id, record.id, caller.parts.files)


def _known(caller: Caller, program_id: str, request_id: str) -> PrivacyRecord:
    program = caller.terms(program_id).program
    return known_record(program.id, request_id, caller.parts.privacy_records)


def from_record(record: PrivacyRecord) -> Json:
    """Return the evidence of a request; `subject` is a key, an id or a hash, never the data itself."""
    return {
        "id": record.id,
        "act": record.act.value,
        "whose": record.whose.value,
        "subject": record.subject,
        "asked_by": record.asked_by,
        "asked_at": to_text(record.asked_at),
        "state": record.state.value,
        "done_at": to_text(record.done_at) if record.done_at else None,
        "counts": dict(record.counts),
    }
