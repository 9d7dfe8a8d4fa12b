"""The JSON API's bounties: how far a promoter has come, and why a bounty's entry says what it says."""

from __future__ import annotations

from urllib.parse import unquote

from grapevine.runtime import replies
from grapevine.runtime.caller import Caller
from grapevine.runtime.console import Json, sequence_of
from grapevine.usecases.explain_bounty import ExplainBounty, ExplainBountyPorts
from grapevine.usecases.explain_bounty import explain_bounty as explain_one
from grapevine.usecases.post_bounty import BountyPorts
from grapevine.usecases.read_bounties import read_bounties


def list_progress(caller: Caller, program_id: str, promoter_id: str) -> Json:
    """Return how far a promoter has come with the program's bounties, and which are held."""
    program, parts = caller.terms(program_id).program, caller.parts
    ports = BountyPorts(parts.ledger, parts.catalog, parts.pages)
    found = read_bounties(program_id, promoter_id, ports, parts.now())
    return caller.page_by_number("bounties", found, lambda one: replies.from_bounty_progress(one, program))


def explain_bounty(caller: Caller, program_id: str, promoter_id: str, name: str, sequence: str) -> Json:
    """Explain one entry of a bounty."""
    caller.terms(program_id)
    command = ExplainBounty(program_id, promoter_id, unquote(name), sequence_of(sequence), caller.language())
    parts = caller.parts
    ports = ExplainBountyPorts(parts.ledger, parts.pages, parts.catalog, parts.catalog)
    return explain_one(command, ports)
