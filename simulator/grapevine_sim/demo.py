"""`make demo`: a day of a shop on the local stack, through the same templates that AWS gets.

Exits 1 when anything is off by one minor unit.
"""

from __future__ import annotations

import signal
from contextlib import suppress
from datetime import UTC, datetime

import click as cli

from grapevine.usecases.verify_program import Proof, verify_program
from grapevine_cli.books import proof_lines
from grapevine_cli.stage import parts_of
from grapevine_sim import day as play
from grapevine_sim.double_11_night import play_the_night
from grapevine_sim.double_11_table import night_table, told_by
from grapevine_sim.expected import Expected, expected
from grapevine_sim.market import SEED, world
from grapevine_sim.outcome import Outcome, differences, outcome_of, table
from grapevine_sim.plans import Run
from grapevine_sim.steps import Progress
from grapevine_sim.web import UnexpectedAnswerError, recent_errors, schedule_event
from infra.deploy import deploy
from infra.house import InfraError
from infra.local import leave_on_signals, local_stack
from infra.site import Site


@cli.command()
@cli.option("--exit", "exits", is_flag=True, help="Stop after the table, instead of at Ctrl-C.")
@cli.option("--port", type=int, default=None, help="The port on loopback; a free one if left out.")
@cli.option("--seed", type=int, default=SEED, show_default=True, help="Another seed is another day.")
def main(exits: bool, port: int | None, seed: int) -> None:
    """Play a day of a shop on the local stack and prove the books."""
    leave_on_signals()
    try:
        with local_stack(port) as url:
            is_right = _played(url, seed, exits=exits)
            cli.echo("\n  stopping the local stack")
    except InfraError as error:
        cli.echo(f"\n  ✗ {error}", err=True)
        is_right = False
    raise SystemExit(0 if is_right else 1)


def _played(url: str, seed: int, *, exits: bool) -> bool:
    """Play the day; what stops it is said with the newest errors of the functions' own logs."""
    try:
        return run(url, seed, exits=exits)
    except (UnexpectedAnswerError, play.NotReachedError) as error:
        cli.echo(f"\n  ✗ {error}", err=True)
        for line in recent_errors(Site.local(url)):
            cli.echo(f"    {line}", err=True)
        return False


def run(url: str, seed: int, *, exits: bool) -> bool:
    """Play a day and a Double 11 at a URL; return whether every amount is the expected one."""
    progress = Progress()
    cli.echo("Grapevine: a day of a shop, on this machine\n")
    with progress.step("eight apps packaged and deployed by CloudFormation"):
        deployment = deploy(Site.local(url), progress.update)
    day = play.Day(world(seed), deployment, parts_of(deployment))
    truth = expected(day.world)
    shop = _morning(day, truth, progress)
    proof = _settled(day, shop, progress)
    outcome = outcome_of(day, shop)
    cli.echo("")
    for line in table(outcome, day.world.shop.currency):
        cli.echo(f"  {line}")
    wrong = [*differences(outcome, truth), *(str(fault) for fault in proof.faults)]
    _say_proof(proof)
    wrong += _double_11(day, progress)
    _say_verdict(wrong, progress)
    if not exits:
        _stay(day, shop, outcome)
    return not wrong


def _morning(day: play.Day, truth: Expected, progress: Progress) -> play.Shop:
    """Set up, click, buy, return; until every commission is where it belongs."""
    with progress.step("program, storefront, promoters and links made through the API") as said:
        shop = play.set_up(day)
        said.append(f"{len(shop.promoter_ids)} promoters")
    with progress.step("links followed by phones, WeChat and preview robots") as said:
        run = play.click(day, shop)
        said.append(f"{len(day.world.clicks)} visits")
    with progress.step("signed webhooks, some twice, some late, a refund before its order") as said:
        sent = play.deliver(day, shop, run, lambda n, of: progress.update(f"webhooks {n} of {of}"))
        said.append(f"{sent} deliveries of {len(day.world.orders)} orders")
    with progress.step("streams: commissions accrued, refunds taken back, self-purchase blocked"):
        play.until(lambda: _is_held(shop, truth), "every commission to be held")
    offset = play.after_the_holds(day, run)
    with progress.step(f"time moved {offset.days} days on, past every hold"):
        play.pass_time(day, offset)
    with progress.step("the hourly sweep released what is due") as said:
        swept = day.invoke("settle", "sweep_due", schedule_event(datetime.now(UTC) + offset))
        said.append(f"{swept['posted']} orders")
        play.until(lambda: _is_payable(shop, truth), "everything to be payable")
    return shop


def _settled(day: play.Day, shop: play.Shop, progress: Progress) -> Proof:
    """Settle, pay, and do both again, which must change nothing; then prove the books."""
    now = datetime.now(UTC) + play.after_the_holds(day, Run(opened_at=datetime.now(UTC), click_ids={}))
    with progress.step("the settlement netted, carried the small one and reserved the rest") as said:
        name = play.settle(day, shop, now)
        rows = play.payout_rows(day, name)
        said.append(f"{len(rows)} payouts in the file")
    with progress.step("the bank's answer imported, then everything once more"):
        play.confirm(day, shop, name, rows)
        play.settle(day, shop, now)
        play.confirm(day, shop, name, rows)
    with progress.step("the books proven from the entries alone"):
        return verify_program(shop.program_id, day.parts.ledger, day.parts.treasury)


def _is_held(shop: play.Shop, truth: Expected) -> bool:
    return _shows(shop, "held", {name: e.net_minor for name, e in truth.earnings.items()}) and _shows(
        shop, "blocked", {name: e.blocked_minor for name, e in truth.earnings.items()}
    )


def _is_payable(shop: play.Shop, truth: Expected) -> bool:
    return _shows(shop, "payable", {name: e.net_minor for name, e in truth.earnings.items()})


def _shows(shop: play.Shop, account: str, minor: dict[str, int]) -> bool:
    return {name: balance[account] for name, balance in play.balances(shop).items()} == {
        name: f"{amount // 100}.{amount % 100:02d}" for name, amount in minor.items()
    }


def _double_11(day: play.Day, progress: Progress) -> list[str]:
    """Play the night of Double 11 in a second program; return everything that is not as it must be."""
    cli.echo("\nThe night of Double 11, in a shop in Shanghai\n")
    night = play_the_night(day, progress)
    told = told_by(night)
    with progress.step("the books proven from the entries alone"):
        proof = verify_program(night.shop.program_id, day.parts.ledger, day.parts.treasury)
    cli.echo("")
    for line in night_table(told):
        cli.echo(f"  {line}".rstrip())
    _say_proof(proof)
    return [*told.differences, *(str(fault) for fault in proof.faults)]


def _say_proof(proof: Proof) -> None:
    cli.echo("")
    for line in proof_lines(proof):
        cli.echo(f"  {line}")


def _say_verdict(wrong: list[str], progress: Progress) -> None:
    for difference in wrong:
        cli.echo(f"  ✗ {difference}", err=True)
    verdict = "NOT as expected" if wrong else "every amount is the expected one, to the cent"
    cli.echo(f"\n  {verdict} ({progress.elapsed():.0f} s)")


def _stay(day: play.Day, shop: play.Shop, outcome: Outcome) -> None:
    """Say what to try, and keep the stack up until Ctrl-C."""
    site, console = day.deployment.site, shop.console
    name, promoter_id = next(iter(shop.promoter_ids.items()))
    order = next(iter(outcome.last_entries))
    authorized = f"curl -s -H 'Authorization: Bearer {console.api_key}'"
    cli.echo(f"""
  The stack stays up at {site.endpoint_url} until Ctrl-C. Try:

  # follow {name.title()}'s link as a phone: where does it lead, with which click id?
  curl -si -A 'Mozilla/5.0 (iPhone) MicroMessenger/8.0' {day.url("track_click")}/{shop.link_codes[name]}
  # what did {name.title()} earn, and where is it?
  {authorized} {console.url}/programs/{shop.program_id}/promoters/{promoter_id}/balance
  {authorized} {console.url}/programs/{shop.program_id}/promoters/{promoter_id}/entries
  # why? every amount explains itself
  {authorized} {console.url}/programs/{shop.program_id}/entries/{order}/explain
  # prove the books again
  .venv/bin/grapevine --endpoint {site.endpoint_url} verify {shop.program_id}
""")
    with suppress(SystemExit):
        signal.pause()


if __name__ == "__main__":
    main()
