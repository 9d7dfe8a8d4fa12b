"""Statements of a world, and what must be true of every one of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from grapevine.domain.people import Promoter
from grapevine.domain.statement_lines import NOTHING, Amounts, LineKind
from grapevine.domain.statement_spans import Span
from grapevine.domain.statements import Statement
from grapevine.usecases.make_statement import StatementBooks, make_statement
from tests.builders import PROGRAM_ID
from tests.worlds import World


def person(world: World, promoter_id: str) -> Promoter:
    return world.catalog.promoters(PROGRAM_ID, (promoter_id,))[promoter_id]


def ports(world: World) -> StatementBooks:
    return StatementBooks(world.pages, world.ledger, world.settlements)


def state(
    world: World,
    promoter_id: str,
    starts_at: datetime,
    ends_at: datetime,
    currency: str = "USD",
) -> Statement:
    """Make a statement, long after."""
    span = Span(starts_at=starts_at, ends_at=ends_at)
    now = datetime.max.replace(tzinfo=ends_at.tzinfo)
    return make_statement(person(world, promoter_id), currency, span, ports(world), now)


def stated(
    world: World, promoter_id: str, cuts: Sequence[datetime], currency: str = "USD"
) -> list[Statement]:
    """Return the statements between cuts of the time line: each adds up and goes on from the last."""
    found = [state(world, promoter_id, *span, currency) for span in pairwise(cuts)]
    for statement in found:
        assert adds_up(statement)
    for one, following in pairwise(found):
        assert one.closing == following.opening
    return found


def adds_up(statement: Statement) -> bool:
    """Say whether opening and every line come to the closing, by line, by kind, in each place and in all."""
    by_line = sum((line.changes for line in statement.lines), statement.opening)
    by_kind = sum(statement.totals.values(), statement.opening)
    payouts = statement.totals.get(LineKind.PAYOUT, NOTHING)
    return (
        by_line == by_kind == statement.closing
        and payouts.total_minor == statement.totals.get(LineKind.MOVE, NOTHING).total_minor == 0
        and statement.closing.total_minor
        == statement.opening.total_minor + sum(line.changes.total_minor for line in statement.lines)
        and all(statement.span.starts_at <= line.at < statement.span.ends_at for line in statement.lines)
    )


def balance_of(world: World, names: Sequence[str], currency: str = "USD") -> Amounts:
    """Return what accounts have now, by the balances that the console shows."""
    found = NOTHING
    for name in names:
        has = world.balance(name, currency)
        places = (has.held_minor, has.payable_minor, has.blocked_minor, has.reserved_minor, has.paid_minor)
        found += Amounts(places)
    return found
