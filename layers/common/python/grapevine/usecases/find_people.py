"""Find whose accounts promoters are: a duplicate stands for somebody else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from grapevine.domain.people import Promoter, person_of
from grapevine.ports import PromoterReader


def with_persons(
    program_id: str, known: Mapping[str, Promoter], instant: datetime, catalog: PromoterReader
) -> dict[str, Promoter]:
    """Return these promoters and those whose duplicates they were at an instant.

    No request where nobody is a duplicate; else one for each step, of which there is hardly ever
    a second.
    """
    people = dict(known)
    while missing := {person_of(name, people, instant) for name in people} - people.keys():
        found = catalog.promoters(program_id, tuple(sorted(missing)))
        if not found:
            break
        people.update(found)
    return people
