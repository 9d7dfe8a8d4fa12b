"""`python -m infra …`: what the Makefile calls."""

from __future__ import annotations

import signal
import sys
from contextlib import suppress

import click
from botocore.exceptions import BotoCoreError, ClientError

from infra.deploy import Deployment, deploy
from infra.house import InfraError
from infra.local import leave_on_signals, local_stack
from infra.site import Site


@click.group()
def infra() -> None:
    """Package and deploy Grapevine."""


@infra.command("deploy")
@click.option("--stage", required=True, help="The stage to create or update, for example dev or prod.")
def deploy_command(stage: str) -> None:
    """Deploy everything that changed to AWS, as your credentials and region say."""
    _show(deploy(Site(stage=stage), click.echo))


@infra.command("local")
@click.option("--port", type=int, default=None, help="The port on loopback; a free one if left out.")
def local_command(port: int | None) -> None:
    """Run the whole system on this machine until Ctrl-C."""
    leave_on_signals()
    with local_stack(port) as url:
        _show(deploy(Site.local(url), click.echo))
        click.echo(f"\n{url} until Ctrl-C")
        with suppress(SystemExit):
            signal.pause()


def _show(deployment: Deployment) -> None:
    for app in deployment.apps.values():
        click.echo(f"{app.name}: {app.url or ', '.join(app.functions.values())}")


def main() -> None:
    """Run a command; an error is its message, not a traceback."""
    try:
        infra()
    except (InfraError, BotoCoreError, ClientError) as error:
        click.echo(str(error), err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
