"""`grapevine what-if`: drafts from files, a replay of orders, and a report as a table or as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from os import cpu_count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from grapevine.domain.campaigns import CAMPAIGN_PREFIX, Campaign
from grapevine.domain.drafts import Draft
from grapevine.domain.errors import InvalidInputError
from grapevine.domain.instants import to_text
from grapevine.domain.money import format_minor
from grapevine.domain.plain import from_plain, text_of, typed
from grapevine.domain.plans import Plan
from grapevine.domain.programs import Program
from grapevine.domain.what_if import Difference, WhatIfReport
from grapevine.runtime.body import Body
from grapevine.runtime.campaigns import to_dated
from grapevine.runtime.wiring import AwsParts
from grapevine.usecases.replay_orders import Readers
from grapevine.usecases.what_if import AskWhatIf, WhatIfPorts, read_records, report_of
from grapevine_cli.commands import FILE, pass_parts
from grapevine_cli.forked import processes_for, replayed_in
from grapevine_cli.progress import shown
from grapevine_cli.stage import parts_at, site_of

ANY_INSTANT = "2000-01-01T00:00:00.000Z"
"""A draft is in force over the whole period, whatever instant its file says."""
NAME_WIDTH = 28
TOP = 20
"""Promoters in the table; JSON has them all."""


@click.command("what-if")
@click.option("--program", "program_id", required=True, help="The program.")
@click.option(
    "--from", "first", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The first day of payment."
)
@click.option("--to", "end", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The day after the last.")
@click.option("--plan", type=FILE, help="A draft of the plan, as it would be published (JSON).")
@click.option("--campaign", "campaigns", type=FILE, multiple=True, help="A draft of a campaign (JSON).")
@click.option("--until", type=click.DateTime(), help="Compare what stood then (UTC), not now.")
@click.option("--json", "in_json", is_flag=True, help="Every figure, in minor units.")
@pass_parts
def what_if(
    parts: AwsParts,
    program_id: str,
    first: datetime,
    end: datetime,
    plan: Path | None,
    campaigns: tuple[Path, ...],
    until: datetime | None,
    *,
    in_json: bool,
) -> None:
    """Say what a draft would have changed for the orders paid in some days; nothing is written."""
    command = AskWhatIf(
        program_id=program_id,
        first_day=first.date(),
        end_day=end.date(),
        draft=draft_of(plan, campaigns, parts.catalog.terms(program_id).program),
        until=until.replace(tzinfo=UTC) if until else None,
    )
    ports = WhatIfPorts(parts.ledger, parts.facts, parts.clicks, parts.catalog)
    with shown() as progress:
        records, terms = read_records(command, ports, parts.now(), progress)
        number = processes_for(records, cpu_count() or 1)
        connect = (lambda: ports.readers) if number == 1 else _connected_anew()
        outcome = replayed_in(number, records, terms, connect, progress)
    report = report_of(records, outcome.tally)
    zone = ZoneInfo(terms.program.time_zone)
    click.echo(as_json(report) if in_json else "\n".join(as_table(report, zone)))


def _connected_anew() -> Callable[[], Readers]:
    """Return what connects to the stage once more: no two processes may share a connection."""
    stage, endpoint = click.get_current_context().find_root().obj

    def connect() -> Readers:
        parts = parts_at(site_of(stage, endpoint))
        return Readers(parts.clicks, parts.catalog)

    return connect


def draft_of(plan: Path | None, campaigns: Iterable[Path], program: Program) -> Draft:
    """Read drafts from files; InvalidInputError with the first thing that cannot be read."""
    return Draft(
        plan=_plan(plan) if plan else None,
        campaigns=tuple(_campaign(path, program) for path in campaigns),
    )


def _campaign(path: Path, program: Program) -> Campaign:
    """Read a campaign as it is made; one of a known id takes its place, else it is named by its file."""
    values = _json(path)
    name = text_of(values.pop("id", CAMPAIGN_PREFIX + path.stem), f"{path.name}.id")
    values.pop("state", None)
    try:
        campaign = to_dated(Campaign, Body(values), program)
    except InvalidInputError as error:
        raise InvalidInputError(error.what, f"{path.name}.{error.where}") from None
    return replace(campaign, id=name, first_budget=campaign.budget)


def _plan(path: Path) -> Plan:
    """Read a plan as it is published, its instant said or not."""
    values = _json(path)
    if "version" in values:
        raise InvalidInputError("is given when the plan is published", f"{path.name}.version")
    return from_plain(Plan, {**values, "version": 1, "effective_at": ANY_INSTANT}, path.name)


def _json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_bytes())
    except ValueError as error:
        raise InvalidInputError(f"is not JSON: {error}", path.name) from None
    return typed(values, dict, "an object", path.name)


def as_json(report: WhatIfReport) -> str:
    """Return a report with every figure, amounts in minor units."""
    lists = ("totals", "promoters", "days", "states", "house", "budgets")
    return json.dumps(
        {
            "program_id": report.program_id,
            "from": to_text(report.starts_at),
            "to": to_text(report.ends_at),
            "until": to_text(report.until),
            "orders": report.orders,
            "orders_changed": report.changed,
            "orders_waiting": report.waiting,
            "winners": len(report.winners),
            "losers": len(report.losers),
            **{name: [_plain(one) for one in getattr(report, name)] for name in lists},
        },
        indent=2,
    )


def _plain(one: Difference) -> dict[str, str | int]:
    return {
        "name": one.name,
        "currency": one.currency,
        "posted_minor": one.posted,
        "drafted_minor": one.drafted,
        "difference_minor": one.minor,
    }


def as_table(report: WhatIfReport, zone: ZoneInfo) -> Iterator[str]:
    """Yield the lines of a report, with the promoters whose difference is largest."""
    first = report.starts_at.astimezone(zone).date()
    last = (report.ends_at - timedelta(milliseconds=1)).astimezone(zone).date()
    yield f"Orders paid {first} to {last} ({zone.key}), as they stand on {to_text(report.until)}"
    yield f"{report.orders:,} orders, {report.changed:,} would stand otherwise" + _waiting(report)
    yield ""
    yield _line("", "posted", "would be", "difference")
    yield from _rows("promoters", report.totals)
    yield from _rows("of it", report.states)
    yield from _rows("house", report.house)
    yield from _rows("campaign", report.budgets)
    moved = tuple(one for one in report.promoters if one.minor)
    if moved:
        shown = f", the first {TOP}" if len(moved) > TOP else ""
        yield ""
        yield f"{len(report.winners):,} would have more, {len(report.losers):,} less{shown}:"
        yield from _rows("", moved[:TOP])
    days = tuple(one for one in report.days if one.minor)
    if days:
        yield ""
        yield "By the day of payment:"
        yield from _rows("", days)


def _waiting(report: WhatIfReport) -> str:
    return f", {report.waiting:,} wait for a person" if report.waiting else ""


def _rows(kind: str, found: Iterable[Difference]) -> Iterator[str]:
    for one in found:
        posted, drafted = (f"{format_minor(minor, one.currency)}" for minor in (one.posted, one.drafted))
        sign = "+" if one.minor > 0 else ""
        name = " ".join(part for part in (kind, one.name, one.currency) if part)
        yield _line(name, posted, drafted, sign + format_minor(one.minor, one.currency))


def _line(name: str, *columns: str) -> str:
    return f"{name:<{NAME_WIDTH}}" + "".join(f"{column:>18}" for column in columns)
