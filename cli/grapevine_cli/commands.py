"""What every command shares: the stage's parts, files, how often to look, and errors of one line."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from pathlib import Path
from time import sleep
from typing import Concatenate, ParamSpec

import click
from botocore.exceptions import BotoCoreError, ClientError

from grapevine.domain.errors import GrapevineError
from grapevine.domain.wording import Language
from grapevine.runtime.wiring import AwsParts
from grapevine_cli.stage import parts_at, site_of

P = ParamSpec("P")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
LANGUAGE = click.Choice([name.value for name in Language])


def pass_parts(command: Callable[Concatenate[AwsParts, P], None]) -> Callable[P, None]:
    """Hand a command the stage's parts; found when it runs, so that `--help` needs no stage."""

    @wraps(command)
    def connected(*args: P.args, **kwargs: P.kwargs) -> None:
        stage, endpoint = click.get_current_context().find_root().obj
        command(parts_at(site_of(stage, endpoint)), *args, **kwargs)

    return connected


def pause() -> Callable[[], None]:
    """Return what waits until it is worth looking at the stage again."""
    stage, endpoint = click.get_current_context().find_root().obj
    return partial(sleep, site_of(stage, endpoint).poll_seconds)


class Group(click.Group):
    """A group whose commands say what is wrong in one line, without a trace, and exit 1."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; our own errors, and those of AWS, are the operator's to read."""
        try:
            return super().invoke(ctx)
        except GrapevineError as error:
            raise click.ClickException(str(error)) from error
        except (BotoCoreError, ClientError) as error:
            raise click.ClickException(" ".join(str(error).split())) from error
