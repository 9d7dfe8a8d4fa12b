"""The Lambda side of what rails say by themselves."""

from __future__ import annotations

from collections import Counter

from chalice.app import Response

from grapevine.runtime import observe
from grapevine.runtime.http import Incoming, json_response
from grapevine.runtime.parts import Parts
from grapevine.usecases.apply_results import ResultPorts, rejected
from grapevine.usecases.receive_results import ReceiveResults, ReceiveResultsPorts, receive_results


def hear(rail: str, program_id: str, request: Incoming, parts: Parts) -> Response:
    """Return 200 once what the webhook says is durable, or is about nothing of ours.

    What cannot be is counted and logged for a person, and answered 200 too: that it comes again
    would change nothing.
    """
    ports = ReceiveResultsPorts(parts.rails, ResultPorts(parts.catalog, parts.treasury))
    command = ReceiveResults(program_id=program_id, rail=rail, raw=request.body, headers=request.headers)
    observe.note(program=program_id, rail=rail)
    told = receive_results(command, ports, parts.now())
    if not told:
        observe.count(observe.TOPIC_IGNORED)
    if odd := rejected(told):
        observe.count(observe.RESULT_REJECTED, len(odd))
        observe.note(rejected=odd)
    counts = Counter(one.applied.value for one in told)
    observe.note(results=dict(counts))
    return json_response({"results": counts})
