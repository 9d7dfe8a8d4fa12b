"""Take a rail's webhook: what it says of our transfers, once the rail has said that it is its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from grapevine.domain.errors import NotFoundError, TooLargeError, UnavailableError
from grapevine.domain.payout_results import Told
from grapevine.domain.transfers import RailName
from grapevine.ports import Rail, Rails
from grapevine.usecases.apply_results import ResultPorts, ResultsNotAppliedError, apply_results

MAX_BODY = 1_000_000
"""Bytes; what a rail may send in one webhook."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveResults:
    """One webhook as it came, at a rail's address for a program; header names in lower case."""

    program_id: str
    rail: str
    raw: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ReceiveResultsPorts:
    """The rails, and what taking their results needs."""

    rails: Rails
    results: ResultPorts


def receive_results(command: ReceiveResults, ports: ReceiveResultsPorts, now: datetime) -> tuple[Told, ...]:
    """Return what became of each result in a webhook; none where it is about something else.

    Raises NotFoundError for a program or rail that is not there, TooLargeError, UnauthenticatedError,
    and UnavailableError where it is to come again: taking a result twice changes nothing.
    """
    if len(command.raw) > MAX_BODY:
        raise TooLargeError(len(command.raw), MAX_BODY)
    results = _rail(command, ports).received(command.headers, command.raw, now)
    try:
        return apply_results(command.program_id, results, ports.results, now)
    except ResultsNotAppliedError as error:
        raise UnavailableError(str(error)) from error


def _rail(command: ReceiveResults, ports: ReceiveResultsPorts) -> Rail:
    """Return the rail of a program that exists: a name that nobody made opens no secret."""
    program = ports.results.catalog.terms(command.program_id).program
    if command.rail not in set(RailName):
        raise NotFoundError("rail", command.rail)
    return ports.rails.rail(program.id, RailName(command.rail))
