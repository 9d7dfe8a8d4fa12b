"""Explain a bounty's entry: the target, what counted then, the entries that count now, and in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from grapevine.domain.bounties import Bounty, Period
from grapevine.domain.bounty_posting import currency_of, earned
from grapevine.domain.bounty_wordings import bounty_sentence
from grapevine.domain.entries import BonusKey, BonusKind, Entry
from grapevine.domain.errors import NotFoundError
from grapevine.domain.instants import to_text
from grapevine.domain.money import format_minor
from grapevine.domain.pages import evidence_subject
from grapevine.domain.programs import Program
from grapevine.domain.tiers import TierMeasure, Volume
from grapevine.domain.wording import Language
from grapevine.ports import EntryLists, PageReader, PromoterReader, TermsReader


@dataclass(frozen=True, slots=True)
class ExplainBounty:
    """A bounty's entry by promoter, name of the period and number, in a program that the caller may see."""

    program_id: str
    promoter_id: str
    name: str
    sequence: int
    language: Language = Language.EN

    @property
    def key(self) -> BonusKey:
        """The key of its entries."""
        return BonusKey(self.program_id, self.promoter_id, BonusKind.BOUNTY, self.name)


@dataclass(frozen=True, slots=True)
class ExplainBountyPorts:
    """The ledger, the pages of evidence, the terms and the people."""

    ledger: EntryLists
    pages: PageReader
    terms: TermsReader
    people: PromoterReader


def explain_bounty(command: ExplainBounty, ports: ExplainBountyPorts) -> dict[str, Any]:
    """Return the explanation as JSON values; NotFoundError when the promoter has no such entry."""
    terms = ports.terms.terms(command.program_id)
    bounty, period = terms.bounty_period(command.name)
    entries = ports.ledger.entries_of(command.key)[: command.sequence]
    if len(entries) < command.sequence or command.sequence < 1:
        raise NotFoundError("entry", f"{command.key}/{command.sequence}")
    said = bounty_sentence(entries, bounty, period, terms.program, command.language)
    return {
        **_explanation(entries, bounty, period, terms.program),
        "counts_now": list(_counted(command, ports, terms.program.currency)),
        "sentences": {command.promoter_id: [said]},
    }


def _explanation(
    entries: Sequence[Entry], bounty: Bounty, period: Period, program: Program
) -> dict[str, Any]:
    entry, reached = entries[-1], entries[-1].reached or Volume()
    counts_orders, currency = bounty.measure is TierMeasure.ORDERS, currency_of(bounty, program)
    return {
        "entry": entry.id,
        "reason": entry.reason.value,
        "recorded_at": to_text(entry.recorded_at),
        "bounty": bounty.id,
        "name": bounty.name,
        "period": period.name.partition(":")[2],
        "starts_at": to_text(period.starts_at),
        "ends_at": to_text(period.ends_at),
        "measure": bounty.measure.value,
        "target": bounty.target if counts_orders else format_minor(bounty.target, program.currency),
        "reached": {
            "orders": reached.orders,
            "net_sales": format_minor(reached.net_minor, program.currency),
            "is_enough": bounty.is_reached(reached),
        },
        "currency": currency,
        "amount": format_minor(bounty.amount, currency),
        "hold_ends_at": to_text(period.held_until),
        "released": entry.released,
        "waits": list(entry.waits),
        "voided": list(entry.voided),
        "postings": [
            {
                "source": str(posting.source),
                "destination": str(posting.destination),
                "amount": format_minor(posting.amount.minor, posting.amount.currency),
            }
            for posting in entry.postings
        ],
        "standing": {account.leaf.value: format_minor(m, of) for (account, of), m in earned(entries).items()},
    }


def _counted(command: ExplainBounty, ports: ExplainBountyPorts, currency: str) -> Iterator[dict[str, Any]]:
    """Yield the orders' entries that are in the evidence by now, with what each adds to it or takes."""
    promoter = ports.people.promoters(command.program_id, (command.promoter_id,)).get(command.promoter_id)
    duplicates = [merge.promoter_id for merge in promoter.duplicates] if promoter else []
    owners = {command.promoter_id, *duplicates}
    subjects = (evidence_subject(command.program_id, name, command.name) for name in sorted(owners))
    marks = {mark for subject in subjects for page in ports.pages.pages(subject) for mark in page.marks}
    for entry in sorted(ports.ledger.entries_named(sorted(marks)), key=lambda one: (one.recorded_at, one.id)):
        for sale in entry.evidence:
            if sale.promoter_id in owners and sale.month == command.name:
                net = format_minor(sale.volume.net_minor, currency)
                yield {"entry": entry.id, "orders": sale.volume.orders, "net_sales": net}
