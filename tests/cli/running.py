"""Commands run on a world's parts instead of a stage's."""

from __future__ import annotations

from collections.abc import Callable

import click
from click.testing import CliRunner

from grapevine.runtime.wiring import AwsParts
from grapevine_cli.commands import Group
from tests.repo.documents import blocks_of, named
from tests.worlds import World

STAGE = ("test", "http://127.0.0.1:9")
"""Where the world would be; nobody answers there."""


def run(command: click.Command, world: World, *arguments: str) -> tuple[int, list[str]]:
    """Run a command on a world's parts; return its exit code and what it says."""

    @click.group(cls=Group)
    def group() -> None:
        """Stand for the stage."""

    bare = click.Command("bare", params=command.params, callback=_on(command, world))
    group.add_command(bare, command.name)
    done = CliRunner().invoke(group, [str(command.name), *arguments], obj=STAGE)
    return done.exit_code, done.output.splitlines()


def _on(command: click.Command, world: World) -> Callable[..., object]:
    callback = command.callback
    assert callback
    inner = callback.__wrapped__  # type: ignore[attr-defined]
    parts: AwsParts = world  # type: ignore[assignment]  # the same names, in memory
    return lambda **options: inner(parts, **options)


def printed(said: list[str]) -> bool:
    """Return whether the operations page shows what a command says."""
    shown = [
        block.text.rstrip("\n") for block in blocks_of(named("docs/operations.md")) if not block.language
    ]
    return "\n".join(said) in shown
