"""Publish an exchange rate of a program."""

from __future__ import annotations

from dataclasses import dataclass

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.fx import Rate
from grapevine.ports import PeopleCatalog

MAX_SOURCE = 100


@dataclass(frozen=True, slots=True)
class PublishRate:
    """What one unit of a currency is worth in the program's, with who says so."""

    program_id: str
    rate: Rate


def publish_rate(command: PublishRate, catalog: PeopleCatalog) -> Rate:
    """Store a rate; orders that waited for it are decided when they are looked at next.

    A decision that was made keeps its rate. AlreadyExistsError when the pair has one from that
    instant on: a rate that was used is not rewritten.
    """
    program, rate = catalog.terms(command.program_id).program, command.rate
    if rate.quote != program.currency:
        raise InvalidInputError(f"must be the program's currency, {program.currency}", "quote")
    if not rate.source.strip() or len(rate.source) > MAX_SOURCE:
        raise InvalidInputError(f"must have 1 to {MAX_SOURCE} characters", "source")
    catalog.add_rate(program.id, rate)
    return rate
