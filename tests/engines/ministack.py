"""MiniStack as a child process: the engine for everything that needs threads, transactions or streams."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.engines.processes import LOOPBACK, free_port, server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SERVICES = "dynamodb,dynamodbstreams"


@contextmanager
def running(directory: Path) -> Iterator[str]:
    """Runs a MiniStack with DynamoDB and its streams only; enters with its address."""
    port = free_port()
    with server(
        [sys.executable, "-m", "ministack"],
        port=port,
        environment=os.environ | _settings(port, directory),
        log=directory / "ministack.log",
    ):
        yield f"http://{LOOPBACK}:{port}"


def _settings(port: int, directory: Path) -> dict[str, str]:
    """Without BIND_HOST and IOT_MTLS_ENABLED it would listen on every interface, and for MQTT as well."""
    return {
        "BIND_HOST": LOOPBACK,
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        "PERSIST_STATE": "0",
        "SERVICES": _SERVICES,
        "SFTP_ENABLED": "0",
        # Its pid file and what it unpacks go away with the session's directory.
        "TMPDIR": str(directory),
    }
