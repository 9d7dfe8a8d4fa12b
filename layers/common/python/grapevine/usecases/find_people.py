"""Find whose accounts promoters are: a duplicate stands for somebody else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

from grapevine.domain.accrual import NOBODY, releases_at
from grapevine.domain.bars import Bar, bars_of, kept_bars, open_names, was_barred
from grapevine.domain.decisions import Decision
from grapevine.domain.entries import Entry
from grapevine.domain.orders import Order
from grapevine.domain.people import Promoter, person_of
from grapevine.domain.plans import Plan
from grapevine.domain.programs import Terms
from grapevine.domain.sales import closes_at, months_of
from grapevine.ports import PromoterReader


def with_persons(
    known: Mapping[str, Promoter], instant: datetime, read: Callable[[Sequence[str]], dict[str, Promoter]]
) -> dict[str, Promoter]:
    """Return these promoters and those whose duplicates they were at an instant.

    No request where nobody is a duplicate; else one for each step, of which there is hardly ever
    a second.
    """
    people = dict(known)
    while missing := {person_of(name, people, instant) for name in people} - people.keys():
        found = read(tuple(sorted(missing)))
        if not found:
            break
        people.update(found)
    return people


def find_bars(
    order: Order,
    decision: Decision,
    entries: Sequence[Entry],
    terms: Terms,
    known: Mapping[str, Promoter] | None,
    catalog: PromoterReader,
    now: datetime,
) -> Mapping[str, Bar]:
    """Return whose part of an order is barred; one request where it may be released now, else none.

    `known` are promoters who were just read, None where nobody was and nobody needs to be: between
    the decision and the release a status changes nothing, until somebody looks.
    """
    if not decision.chains:
        return NOBODY
    if order.placed_at is None:
        return kept_bars(entries)
    if known and not any(promoter.alias or promoter.status_changes for promoter in known.values()):
        return NOBODY
    ends = _free_from(order, terms.plan_version(decision.plan_version), terms)
    is_over = ends is not None and now >= ends
    if known is None and not (is_over or was_barred(entries)):
        return NOBODY
    names, read = open_names(decision, entries), partial(catalog.promoters, terms.program.id)
    people = dict(known or {})
    missing = tuple(name for name in names if name not in people)
    if missing:
        people.update(read(missing))
    return bars_of(names, with_persons(people, now, read), order.placed_at, ends, now)


def _free_from(order: Order, plan: Plan, terms: Terms) -> datetime | None:
    """Return when nothing but a promoter's own status keeps an order from being released."""
    ends = releases_at(order, plan)
    if ends is None or order.paid_at is None:
        return ends
    months = months_of(order.paid_at, plan, terms.program)
    return max((ends, *(closes_at(month, terms.program) for month in months)))
