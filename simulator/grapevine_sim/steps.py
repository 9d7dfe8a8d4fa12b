"""Steps of the demo as they are done, on the terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click as cli


class Progress:
    """Steps as they are done, with the seconds they took; a step under way is rewritten in place."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    @contextmanager
    def step(self, what: str) -> Iterator[list[str]]:
        """Announce a step; what is put into the list is said when it is done."""
        began, said = time.monotonic(), list[str]()
        self.update(what)
        yield said
        self._clear()
        result = f": {', '.join(said)}" if said else ""
        cli.echo(f"  ✓ {what}{result}  ({time.monotonic() - began:.1f} s)")

    def update(self, text: str) -> None:
        """Show what is under way, where somebody is looking."""
        if sys.stdout.isatty():
            self._clear()
            cli.echo(f"  … {text}", nl=False)

    def elapsed(self) -> float:
        """Return the seconds since the start."""
        return time.monotonic() - self._started

    @staticmethod
    def _clear() -> None:
        if sys.stdout.isatty():
            cli.echo("\r\033[2K", nl=False)
