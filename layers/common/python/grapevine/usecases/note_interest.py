"""Note which product a click's visitor saw, or put into the cart."""

from __future__ import annotations

from dataclasses import dataclass

from grapevine.domain.clicks import InterestKind
from grapevine.domain.errors import InvalidInputError
from grapevine.domain.ids import checked_id, visitor_of
from grapevine.ports import InterestWriter


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteInterest:
    """One product of one click, as the shop's page says."""

    click_id: str
    kind: InterestKind
    product_id: str


def note_interest(command: NoteInterest, clicks: InterestWriter) -> bool:
    """Note a product with its click, and return whether it was; a repeat changes nothing.

    It is not where there is no such click, or where it has as many products as are kept: anybody
    may report here. InvalidInputError for what cannot be an id.
    """
    if visitor_of(command.click_id) is None:
        raise InvalidInputError("not a click id", "click")
    product_id = checked_id(command.product_id, "product")
    return clicks.note_interest(command.click_id, command.kind, product_id)
