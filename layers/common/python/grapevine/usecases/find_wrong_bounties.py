"""Find bounties that are not what their evidence says: it is added up again from the orders' entries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from grapevine.domain.bounties import Bounty
from grapevine.domain.bounty_posting import currency_of, earned
from grapevine.domain.entries import BonusKey, BonusKind, Entry
from grapevine.domain.errors import GrapevineError, reason_of
from grapevine.domain.evidence import bounties_touched, evidence_of
from grapevine.domain.pages import Page, evidence_subject, merged, pages_of
from grapevine.domain.programs import Terms
from grapevine.domain.sales import NOTHING
from grapevine.domain.tiers import Volume
from grapevine.domain.verification import Books, Fault
from grapevine.ports import PageReader
from grapevine.usecases.find_unposted import Span
from grapevine.usecases.post_bounty import bounty_entry, bounty_ports
from grapevine.usecases.post_order import PostOrderPorts

CHECK = "bounty"


@dataclass(frozen=True, slots=True)
class Proven:
    """Pages of evidence as the orders' entries prove them; whatever else is asked for is read."""

    by_subject: Mapping[str, Sequence[Page]]
    stored: PageReader
    program_id: str

    def pages(self, subject: str) -> tuple[Page, ...]:
        """Return a subject's pages."""
        is_evidence = subject.split("/")[2:3] == ["bounty"]
        return tuple(self.by_subject.get(subject, ())) if is_evidence else self.stored.pages(subject)


def find_wrong_bounties(program_id: str, books: Books, orders: PostOrderPorts, span: Span) -> Iterator[Fault]:
    """Yield a fault for each bounty that should stand and does not, that stands and should not, or not yet.

    A target that is reached and a bounty that stands need no closer look. All others are decided
    once more by the very same code, which knows for whom a bounty is and who was banned: from the
    evidence that the orders' entries say there is, and from the bounty's entries as they are by now.
    """
    chains = {key: chain for key, chain in books.bonuses.items() if key.kind is BonusKind.BOUNTY}
    counted = [entry for chain in books.orders.values() for entry in chain if entry.evidence]
    if not (chains or counted):
        return
    terms, evidence = orders.catalog.terms(program_id), evidence_of(counted)
    proven = Proven(_by_subject(counted), orders.pages, program_id)
    quiet = replace(orders, pages=proven)
    moving = {key for entry in counted if books.is_moving(entry) for key in bounties_touched((entry,))}
    keys = dict.fromkeys((*chains, *bounties_touched(counted)))
    for key in keys:
        reached = evidence.get((key.promoter_id, key.name), NOTHING)
        fault = _fault(key, reached, chains.get(key, ()), terms, quiet, span) if key not in moving else None
        if fault:
            yield Fault(CHECK, str(key), fault)


def _by_subject(counted: Sequence[Entry]) -> dict[str, list[Page]]:
    subjects = {
        evidence_subject(key.program_id, key.promoter_id, key.name) for key in bounties_touched(counted)
    }
    found: dict[str, list[Page]] = {}
    for page in merged(page for entry in counted for page in pages_of(entry)):
        if page.key.subject in subjects:
            found.setdefault(page.key.subject, []).append(page)
    return found


def _fault(
    key: BonusKey, reached: Volume, chain: Sequence[Entry], terms: Terms, orders: PostOrderPorts, span: Span
) -> str | None:
    try:
        bounty, period = terms.bounty_period(key.name)
        early = [entry for entry in chain if entry.released and entry.recorded_at < period.held_until]
        if early:
            return f"{early[0].id} released it before its hold ended"
        if _is_plain(key, bounty, reached, chain, terms, span):
            return None
        entries = orders.ledger.entries_of(key)
        _, missing = bounty_entry(key, bounty_ports(orders), span.now)
    except GrapevineError as error:
        return f"cannot be looked at: {reason_of(error)}"
    if missing is None or (entries and entries[-1].recorded_at > span.until):
        return None
    moves = [f"{posting.amount} to {posting.destination}" for posting in missing.postings]
    said = ", ".join(moves) or "no amounts"
    return f"entry {missing.sequence} was never posted: {missing.reason}, {said}, of {_told(reached)}"


def _is_plain(
    key: BonusKey,
    bounty: Bounty,
    reached: Volume,
    chain: Sequence[Entry],
    terms: Terms,
    span: Span,
) -> bool:
    """Say whether what stands is what the evidence alone says, and whoever had to look at it has."""
    due_at = chain[-1].due_at if chain else None
    if due_at is not None and due_at <= span.overdue:
        return False
    amounts: dict[tuple[str, str], int] = {}
    for (account, currency), minor in earned(chain).items():
        amounts[account.owner, currency] = amounts.get((account.owner, currency), 0) + minor
    due = {(key.promoter_id, currency_of(bounty, terms.program)): bounty.amount}
    return amounts == (due if bounty.is_reached(reached) else {})


def _told(reached: Volume) -> str:
    return f"{reached.orders} orders with {reached.net_minor} net"
