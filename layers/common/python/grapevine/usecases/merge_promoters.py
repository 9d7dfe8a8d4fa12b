"""Merge two accounts of one person: from now on the one is a duplicate of the other, for good."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from grapevine.domain.errors import InvalidInputError, NotFoundError
from grapevine.domain.people import AFTER_ALL, Merge, Promoter, PromoterStatus, person_of
from grapevine.ports import NetworkCatalog
from grapevine.usecases.change_promoter import retried, ways_up
from grapevine.usecases.find_people import with_persons

MOST_DUPLICATES = 20
"""Accounts of one person; whoever has more is no person, and settlement visits each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergePromoters:
    """Make one account (`duplicate_id`) a duplicate of the other; both are of one program."""

    program_id: str
    duplicate_id: str
    promoter_id: str


def merge_promoters(command: MergePromoters, catalog: NetworkCatalog, now: datetime) -> Promoter:
    """Store the merge and return the promoter who stays; again changes nothing.

    Entries are never rewritten: what the duplicate earned stays in its account, and settlement
    moves it. Where the promoter's own sponsor is the duplicate, the duplicate's sponsor becomes
    theirs. InvalidInputError where a circle would close otherwise, and where either is not active.
    """
    return retried(lambda: _merge_once(command, catalog, now))


def _merge_once(command: MergePromoters, catalog: NetworkCatalog, now: datetime) -> Promoter:
    version = catalog.network_version(command.program_id)
    duplicate, promoter = _both(command, catalog)
    if duplicate.alias_at(AFTER_ALL) == promoter.id:
        return promoter
    _refuse(duplicate, promoter)
    _refuse_circle(duplicate, promoter, catalog, now)
    merged = replace(promoter, duplicates=(*promoter.duplicates, *_merges(duplicate, now)))
    payee = duplicate.payee_at(AFTER_ALL)
    if payee and promoter.payee_at(AFTER_ALL) is None:
        merged = merged.with_payee(payee, now)
    if _names(duplicate).intersection(promoter.sponsors_since(now)):
        merged = merged.with_sponsor(duplicate.sponsor_at(AFTER_ALL), now)
    catalog.change_promoter(replace(duplicate, alias=Merge(now, promoter.id)), version, merged)
    return merged


def _both(command: MergePromoters, catalog: NetworkCatalog) -> tuple[Promoter, Promoter]:
    """Return both, the one who stays at the end of whatever they were merged into before."""
    names = (command.duplicate_id, command.promoter_id)
    read = partial(catalog.promoters, command.program_id)
    known = with_persons(read(names), AFTER_ALL, read)
    if command.duplicate_id not in known:
        raise NotFoundError("promoter", command.duplicate_id)
    promoter = known.get(person_of(command.promoter_id, known, AFTER_ALL))
    if promoter is None:
        raise InvalidInputError(f"no promoter {command.promoter_id!r} in this program", "promoter_id")
    return known[command.duplicate_id], promoter


def _refuse(duplicate: Promoter, promoter: Promoter) -> None:
    if duplicate.id == promoter.id:
        raise InvalidInputError("is that promoter already", "promoter_id")
    if duplicate.alias is not None:
        raise InvalidInputError(
            f"{duplicate.id} is a duplicate of {duplicate.alias.promoter_id}", "promoter_id"
        )
    for one in (duplicate, promoter):
        if one.status_at(AFTER_ALL) is not PromoterStatus.ACTIVE:
            raise InvalidInputError(f"{one.id} is {one.status_at(AFTER_ALL)}", "promoter_id")
    if len(promoter.duplicates) + len(duplicate.duplicates) >= MOST_DUPLICATES:
        raise InvalidInputError(f"would have more than {MOST_DUPLICATES} duplicates", "promoter_id")


def _refuse_circle(duplicate: Promoter, promoter: Promoter, catalog: NetworkCatalog, now: datetime) -> None:
    """Climb from the one who stays: the duplicate's downline becomes theirs, so nobody of it may be above."""
    sponsors = [name for name in promoter.sponsors_since(now) if name not in _names(duplicate)]
    for way in ways_up(promoter.program_id, sponsors, catalog, now):
        if way[-1] == duplicate.id:
            text = " < ".join((promoter.id, *way))
            raise InvalidInputError(f"would close a circle: {text}; merge the other way round", "promoter_id")


def _names(promoter: Promoter) -> set[str]:
    return {promoter.id, *(merge.promoter_id for merge in promoter.duplicates)}


def _merges(duplicate: Promoter, now: datetime) -> tuple[Merge, ...]:
    own = Merge(now, duplicate.id, duplicate.customer_key)
    return (own, *(replace(merge, effective_at=now) for merge in duplicate.duplicates))
