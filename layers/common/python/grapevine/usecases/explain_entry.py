"""Explain an order's entry: touches, winner, plan, lines, rates, reversals, that it adds up, and in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from grapevine.domain.errors import NotFoundError
from grapevine.domain.explanation import explained, explanation
from grapevine.domain.facts import OrderKey
from grapevine.domain.sentences import sentences
from grapevine.domain.wording import Language
from grapevine.domain.wordings import WORDINGS
from grapevine.ports import EntryReader, FactReader, TermsReader


@dataclass(frozen=True, slots=True)
class ExplainEntry:
    """An entry by order and number, in a program that the caller may see.

    The sentences are in `language`, and for `promoter_id` alone where one is named.
    """

    program_id: str
    order: OrderKey
    sequence: int
    language: Language = Language.EN
    promoter_id: str | None = None


@dataclass(frozen=True, slots=True)
class ExplainPorts:
    """The ledger, the facts, the terms."""

    ledger: EntryReader
    facts: FactReader
    terms: TermsReader


def explain_entry(command: ExplainEntry, ports: ExplainPorts) -> dict[str, Any]:
    """Return the explanation as JSON values; NotFoundError when the program has no such entry."""
    entries = ports.ledger.entries_of(command.order)[: command.sequence]
    if len(entries) < command.sequence or command.sequence < 1 or entries[0].program_id != command.program_id:
        raise NotFoundError("entry", f"{command.order}/{command.sequence}")
    facts = ports.facts.facts_of(command.order)
    found = explained(entries, facts, ports.terms.terms(command.program_id))
    said = sentences(found, WORDINGS[command.language], command.promoter_id)
    return {**explanation(found), "sentences": said}
