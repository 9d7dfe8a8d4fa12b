"""`grapevine webhooks …` and `grapevine events …`: who is told of what happens, and what did."""

from __future__ import annotations

import json

import click

from grapevine.domain.events import cursor_of, cursor_to_text, event_to_dict
from grapevine.domain.facts import OrderKey
from grapevine.domain.subscriptions import Subscription
from grapevine.runtime.console_events import ports_of
from grapevine.runtime.notifying import event_ports
from grapevine.runtime.wiring import AwsParts
from grapevine.usecases import subscribe as use
from grapevine.usecases.log_events import log_entries
from grapevine.usecases.read_events import read_events
from grapevine_cli.commands import pass_parts

PROGRAM = click.argument("program_id")
WEBHOOK = click.argument("webhook_id")


@click.group()
def webhooks() -> None:
    """Webhooks that events are sent to."""


@webhooks.command("list")
@PROGRAM
@pass_parts
def webhooks_list(parts: AwsParts, program_id: str) -> None:
    """List a program's webhooks."""
    for one in parts.subscriptions.subscriptions(program_id):
        click.echo(_line(one))


@webhooks.command("show")
@PROGRAM
@WEBHOOK
@pass_parts
def webhooks_show(parts: AwsParts, program_id: str, webhook_id: str) -> None:
    """Show how far a webhook has come and what waits for another try."""
    one = use.subscription_named(program_id, webhook_id, parts.subscriptions)
    ends, lanes = parts.event_log.ends(program_id), parts.subscriptions.lanes(webhook_id)
    click.echo(_line(one))
    click.echo(f"cursor   {cursor_to_text(lanes)}")
    click.echo(f"behind   {sum(end - lane for end, lane in zip(ends, lanes, strict=True))}")
    for parked in parts.subscriptions.parked(webhook_id):
        waits = f"{len(parked.pending)} from {parked.due_at.isoformat()}"
        click.echo(f"waiting  {parked.aggregate}: {waits}, tried {parked.attempts} times: {parked.error}")


@webhooks.command("create")
@PROGRAM
@click.argument("url")
@click.option("--type", "types", multiple=True, help="A type of event, or a family as payout.*; all if none.")
@click.option("--after", help="Begin behind this cursor; with what comes next if it is not said.")
@pass_parts
def webhooks_create(
    parts: AwsParts, program_id: str, url: str, types: tuple[str, ...], after: str | None
) -> None:
    """Send a program's events to a URL, and print the secret, this once."""
    cursor = None if after is None else cursor_of(after, "after")
    command = use.Subscribe(program_id=program_id, url=url, types=types, after=cursor)
    made, secret = use.subscribe(command, ports_of(parts), parts.random_bytes, parts.now())
    click.echo(_line(made))
    click.echo(f"secret   {secret}")


@webhooks.command("enable")
@PROGRAM
@WEBHOOK
@pass_parts
def webhooks_enable(parts: AwsParts, program_id: str, webhook_id: str) -> None:
    """Go on where a webhook stopped."""
    click.echo(_line(_switched(parts, program_id, webhook_id, is_enabled=True)))


@webhooks.command("disable")
@PROGRAM
@WEBHOOK
@pass_parts
def webhooks_disable(parts: AwsParts, program_id: str, webhook_id: str) -> None:
    """Send a webhook nothing more for now."""
    click.echo(_line(_switched(parts, program_id, webhook_id, is_enabled=False)))


@webhooks.command("rotate")
@PROGRAM
@WEBHOOK
@pass_parts
def webhooks_rotate(parts: AwsParts, program_id: str, webhook_id: str) -> None:
    """Make a new secret and print it, this once; for a day the one before it signs too."""
    _, secret = use.rotate_secret(program_id, webhook_id, ports_of(parts), parts.random_bytes, parts.now())
    click.echo(f"secret   {secret}")


@webhooks.command("ping")
@PROGRAM
@WEBHOOK
@pass_parts
def webhooks_ping(parts: AwsParts, program_id: str, webhook_id: str) -> None:
    """Send a webhook.ping now, and say what was answered."""
    answer = use.ping(program_id, webhook_id, ports_of(parts), parts.random_bytes, parts.now())
    click.echo(f"arrived: {answer.status}" if answer.is_success else f"did not arrive: {answer.told}")


@webhooks.command("replay")
@PROGRAM
@WEBHOOK
@click.option("--after", required=True, help="The cursor behind which everything is sent again.")
@pass_parts
def webhooks_replay(parts: AwsParts, program_id: str, webhook_id: str, after: str) -> None:
    """Send everything behind a cursor once more."""
    use.replay(program_id, webhook_id, cursor_of(after, "after"), ports_of(parts))
    click.echo("queued")


@webhooks.command("dead")
@PROGRAM
@WEBHOOK
@pass_parts
def webhooks_dead(parts: AwsParts, program_id: str, webhook_id: str) -> None:
    """List the events that were given up, the newest first."""
    use.subscription_named(program_id, webhook_id, parts.subscriptions)
    for letter in parts.subscriptions.dead_letters(webhook_id, 100):
        click.echo(f"{letter.event_id}  {letter.type}  {letter.recorded_at.isoformat()}  {letter.error}")


@webhooks.command("redeliver")
@PROGRAM
@WEBHOOK
@click.argument("event_ids", nargs=-1)
@pass_parts
def webhooks_redeliver(parts: AwsParts, program_id: str, webhook_id: str, event_ids: tuple[str, ...]) -> None:
    """Send events again that were given up: these, or all."""
    sent = use.redeliver(program_id, webhook_id, event_ids, ports_of(parts))
    click.echo(f"queued {len(sent)}")


@webhooks.command("remove")
@PROGRAM
@WEBHOOK
@pass_parts
def webhooks_remove(parts: AwsParts, program_id: str, webhook_id: str) -> None:
    """Remove a webhook."""
    click.echo(_line(use.remove_subscription(program_id, webhook_id, ports_of(parts))))


@click.group()
def events() -> None:
    """What happened, as the outside is told."""


@events.command("list")
@PROGRAM
@click.option("--after", default="", help="The cursor behind which events are listed; the start if none.")
@pass_parts
def events_list(parts: AwsParts, program_id: str, after: str) -> None:
    """List up to a hundred events, one to a line, then the cursor behind them."""
    found, following = read_events(program_id, cursor_of(after, "after"), parts.event_log)
    for event in found:
        click.echo(json.dumps(event_to_dict(event), ensure_ascii=False))
    click.echo(f"next {cursor_to_text(following)}", err=True)


@events.command("log")
@click.argument("order")
@pass_parts
def events_log(parts: AwsParts, order: str) -> None:
    """Log what is missing of an order's events, as after a dropped batch."""
    entries = parts.ledger.entries_of(OrderKey.parse(order))
    logged = log_entries(entries, parts.ledger, event_ports(parts), parts.now()) if entries else 0
    click.echo(f"logged {logged}")


def _switched(parts: AwsParts, program_id: str, webhook_id: str, *, is_enabled: bool) -> Subscription:
    command = use.ChangeSubscription(program_id=program_id, subscription_id=webhook_id, is_enabled=is_enabled)
    return use.change_subscription(command, ports_of(parts))


def _line(one: Subscription) -> str:
    """Return a webhook in a line: its name, state and why, URL, and what is wrong."""
    state = f"{one.state} ({one.reason})" if one.reason else one.state.value
    wrong = f"  {one.failures} failures: {one.last_error}" if one.failures else ""
    return f"{one.id}  {state}  {one.url}  {' '.join(one.types) or 'all types'}{wrong}"
