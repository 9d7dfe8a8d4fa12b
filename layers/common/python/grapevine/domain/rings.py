"""Rings: accounts that look like one person's who invites themselves, so that caps and bonuses count twice.

Accounts that are paid to one place, or would be one customer, are taken for one person. A person who
invited themselves, or two who are each above the other, close a circle that an honest network, a tree,
has not. Each such link would also come about honestly now and then; the score is how unlikely it is
that all of a ring's do. It is for a person to look at; nobody loses anything by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from grapevine.domain.people import Promoter

LONGEST_CIRCLE = 4
"""Persons in a circle of invitations; longer ones come about when sponsors change."""


class LinkReason(StrEnum):
    """What ties accounts to one another."""

    SHARED_CUSTOMER = "shared_customer"
    SHARED_PAYEE = "shared_payee"
    INVITED_THEMSELVES = "invited_themselves"
    INVITE_CIRCLE = "invite_circle"


HONEST_PERCENT: Mapping[LinkReason, int] = {
    LinkReason.SHARED_CUSTOMER: 2,
    LinkReason.SHARED_PAYEE: 15,
    LinkReason.INVITED_THEMSELVES: 50,
    LinkReason.INVITE_CIRCLE: 30,
}
"""How often such a link is honest: couples share a bank account, hardly a mailbox, and invite each other."""


@dataclass(frozen=True, slots=True, order=True)
class RingLink:
    """One thing that ties these accounts together; an invitation has the inviter first."""

    reason: LinkReason
    promoter_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ring:
    """Accounts that hang together, with the links it rests on; `score` is 0 to 100."""

    score: int
    promoter_ids: tuple[str, ...]
    links: tuple[RingLink, ...]


@dataclass(slots=True)
class _Groups:
    """Names that belong together, each group by one of its names."""

    parents: dict[str, str] = field(default_factory=dict)

    def of(self, name: str) -> str:
        while (parent := self.parents.get(name, name)) != name:
            self.parents[name] = self.parents.get(parent, parent)
            name = parent
        return name

    def join(self, names: Sequence[str]) -> None:
        for one, other in pairwise(names):
            first, second = sorted((self.of(one), self.of(other)))
            self.parents[second] = first


def rings(promoters: Iterable[Promoter]) -> tuple[Ring, ...]:
    """Return the rings among a program's promoters, the surest first.

    Accounts that were merged are one by their own word, and no ring.
    """
    known = {promoter.id: promoter for promoter in promoters}
    shared = [*_shared(known)]
    persons = _Groups()
    for link in shared:
        persons.join(link.promoter_ids)
    invites = sorted(_invites(known))
    own = [RingLink(LinkReason.INVITED_THEMSELVES, pair) for pair in invites if _is_own(pair, persons)]
    links = [*shared, *own, *_circles(invites, persons)]
    clusters = _Groups(dict(persons.parents))
    for link in links:
        clusters.join(link.promoter_ids)
    found: dict[str, list[RingLink]] = {}
    for link in links:
        found.setdefault(clusters.of(link.promoter_ids[0]), []).append(link)
    return tuple(sorted(map(_ring, found.values()), key=lambda ring: (-ring.score, ring.promoter_ids)))


def _ring(links: Sequence[RingLink]) -> Ring:
    names = sorted({name for link in links for name in link.promoter_ids})
    return Ring(ring_score(links), tuple(names), tuple(sorted(links)))


def ring_score(links: Iterable[RingLink]) -> int:
    """Return 100 less the percentage of such rings that would be honest.

    >>> ring_score([RingLink(LinkReason.SHARED_PAYEE, ("a", "b"))])
    85
    >>> ring_score([RingLink(LinkReason.SHARED_PAYEE, ("a", "b", "c"))])
    97
    """
    honest = 1.0
    for link in links:
        coincidences = len(link.promoter_ids) - 1 if link.reason in _SHARED else 1
        honest *= (HONEST_PERCENT[link.reason] / 100) ** coincidences
    return int(100 - 100 * honest)


_SHARED = (LinkReason.SHARED_CUSTOMER, LinkReason.SHARED_PAYEE)


def _account(name: str, known: Mapping[str, Promoter]) -> str:
    """Return whose account it is by now: a duplicate's is its promoter's."""
    met = {name}
    while (promoter := known.get(name)) and promoter.alias and promoter.alias.promoter_id not in met:
        name = promoter.alias.promoter_id
        met.add(name)
    return name


def _shared(known: Mapping[str, Promoter]) -> Iterator[RingLink]:
    holders: dict[tuple[LinkReason, str], set[str]] = {}
    for promoter in known.values():
        account = _account(promoter.id, known)
        keys = [(LinkReason.SHARED_PAYEE, change.payee_key) for change in promoter.payee_changes]
        for reason, key in ((LinkReason.SHARED_CUSTOMER, promoter.customer_key), *keys):
            if key is not None:
                holders.setdefault((reason, key), set()).add(account)
    for (reason, _), accounts in holders.items():
        if len(accounts) > 1:
            yield RingLink(reason, tuple(sorted(accounts)))


def _invites(known: Mapping[str, Promoter]) -> set[tuple[str, str]]:
    """Return inviter and invited of every time, accounts that were merged being one."""
    told = (
        (sponsor, promoter.id)
        for promoter in known.values()
        for sponsor in (promoter.sponsor_id, *(change.sponsor_id for change in promoter.sponsor_changes))
        if sponsor is not None
    )
    pairs = {(_account(sponsor, known), _account(name, known)) for sponsor, name in told}
    return {(sponsor, name) for sponsor, name in pairs if sponsor != name}


def _is_own(pair: tuple[str, str], persons: _Groups) -> bool:
    return persons.of(pair[0]) == persons.of(pair[1])


def _circles(invites: Iterable[tuple[str, str]], persons: _Groups) -> Iterator[RingLink]:
    """Yield each short circle of persons once: from every invitation up to whoever was invited."""
    above: dict[str, set[str]] = {}
    for sponsor, name in ((persons.of(one), persons.of(other)) for one, other in invites):
        if sponsor != name:
            above.setdefault(name, set()).add(sponsor)
    met: set[frozenset[str]] = set()
    for name in sorted(above):
        for way in _ways_round(name, above):
            if frozenset(way) not in met:
                met.add(frozenset(way))
                yield RingLink(LinkReason.INVITE_CIRCLE, tuple(reversed(way)))


def _ways_round(name: str, above: Mapping[str, set[str]]) -> Iterator[tuple[str, ...]]:
    ways: list[tuple[str, ...]] = [(name,)]
    while ways:
        way = ways.pop()
        for sponsor in sorted(above.get(way[-1], ())):
            if sponsor == name:
                yield way
            elif sponsor not in way and len(way) < LONGEST_CIRCLE:
                ways.append((*way, sponsor))
