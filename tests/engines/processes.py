"""Servers as child processes on a free loopback port: started, awaited by condition, stopped by pid."""

from __future__ import annotations

import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

LOOPBACK = "127.0.0.1"

_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_POLL_SECONDS = 0.05
_LOG_TAIL_CHARS = 2_000


class ServerError(Exception):
    """A test server did not come up; the message ends with the last of its log."""


def free_port() -> int:
    """A port nobody listens on now; if somebody takes it before the caller does, the start fails loudly."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        port: int = listener.getsockname()[1]
    return port


@contextmanager
def server(command: Sequence[str], *, port: int, environment: Mapping[str, str], log: Path) -> Iterator[int]:
    """Runs ``command`` until the block ends; enters once the port answers, with the process id."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C is for pytest, which then stops the server in order.
            start_new_session=True,
        )
        try:
            _await(lambda: _listens(port), process, log)
            yield process.pid
        finally:
            _stop(process)


def _await(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not ready():
        if process.poll() is not None:
            raise ServerError(f"ended with {process.returncode} while starting: {_tail(log)}")
        if time.monotonic() > deadline:
            raise ServerError(f"not ready after {_START_SECONDS:.0f} s: {_tail(log)}")
        time.sleep(_POLL_SECONDS)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _tail(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-_LOG_TAIL_CHARS:]
