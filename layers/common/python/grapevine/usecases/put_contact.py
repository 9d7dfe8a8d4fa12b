"""Say how a promoter is written to."""

from __future__ import annotations

import re
from dataclasses import dataclass

from grapevine.domain.errors import InvalidInputError, NotFoundError
from grapevine.domain.messages import Channel, Contact
from grapevine.domain.people import EMAIL
from grapevine.domain.programs import is_zone
from grapevine.ports import ContactStore, PromoterReader

_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_OPENID = re.compile(r"[A-Za-z0-9_-]{16,64}")
ADDRESSES = {
    Channel.EMAIL: (EMAIL, "is not an e-mail address"),
    Channel.SMS: (_PHONE, "is not a phone number with its country, such as +8613800138000"),
    Channel.WECHAT: (_OPENID, "is not an openid"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PutContact:
    """A promoter's contact in place of the one before; None forgets it."""

    program_id: str
    promoter_id: str
    contact: Contact | None


def put_contact(command: PutContact, people: PromoterReader, contacts: ContactStore) -> Contact | None:
    """Keep a promoter's contact; NotFoundError without the promoter, InvalidInputError says what is wrong."""
    if command.promoter_id not in people.promoters(command.program_id, (command.promoter_id,)):
        raise NotFoundError("promoter", command.promoter_id)
    if command.contact:
        _refuse_wrong(command.contact)
    contacts.put_contact(command.program_id, command.promoter_id, command.contact)
    return command.contact


def _refuse_wrong(contact: Contact) -> None:
    pattern, what = ADDRESSES[contact.channel]
    if contact.address and pattern.fullmatch(contact.address) is None:
        raise InvalidInputError(what, "address")
    for name, hour in (
        ("quiet_from_hour", contact.quiet_from_hour),
        ("quiet_until_hour", contact.quiet_until_hour),
    ):
        if not 0 <= hour <= 23:
            raise InvalidInputError("must be 0 to 23", name)
    if contact.time_zone and not is_zone(contact.time_zone):
        raise InvalidInputError(f"unknown time zone {contact.time_zone!r}", "time_zone")
