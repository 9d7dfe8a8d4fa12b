"""The JSON API's routes of how promoters are written to."""

from __future__ import annotations

from typing import Any

from grapevine.domain.errors import NotFoundError
from grapevine.domain.messages import Contact
from grapevine.domain.plain import from_plain, to_plain
from grapevine.runtime.caller import Caller
from grapevine.usecases.put_contact import PutContact, put_contact

Json = dict[str, Any]


def put_promoter_contact(caller: Caller, program_id: str, promoter_id: str) -> Json:
    """Say how a promoter is written to, in place of what was said before."""
    program_id = caller.terms(program_id).program.id
    contact = from_plain(Contact, dict(caller.body().values))
    command = PutContact(program_id=program_id, promoter_id=promoter_id, contact=contact)
    put_contact(command, caller.parts.catalog, caller.parts.contacts)
    return _reply(contact)


def read_contact(caller: Caller, program_id: str, promoter_id: str) -> Json:
    """Return how a promoter is written to, the address masked."""
    program_id = caller.terms(program_id).program.id
    if promoter_id not in caller.parts.catalog.promoters(program_id, (promoter_id,)):
        raise NotFoundError("promoter", promoter_id)
    return _reply(caller.parts.contacts.contact(program_id, promoter_id) or Contact())


def _reply(contact: Contact) -> Json:
    return {**to_plain(contact), "address": masked(contact.address)}


def masked(address: str) -> str:
    """Return enough of an address to know it again.

    >>> masked("ana@shop.example")
    'a…@shop.example'
    >>> masked("+8613800138000")
    '…8000'
    >>> masked("")
    ''
    """
    name, at, host = address.partition("@")
    if at:
        return f"{name[:1]}…@{host}"
    return f"…{address[-4:]}" if address else ""
