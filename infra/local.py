"""The local stack: MiniStack as a child process, on loopback only."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from infra.house import BUILD, InfraError
from infra.runtime import lambda_python
from infra.site import LOCAL_KEY, LOCAL_REGION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_HOST = "127.0.0.1"
_SERVICES = (
    "apigateway,cloudformation,cloudwatch,dynamodb,dynamodbstreams,events,iam,lambda,logs,"
    "s3,secretsmanager,sns,sqs,sts"
)
_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_POLL_SECONDS = 0.05
#: MiniStack starts workers with its own interpreter; ours has nothing but what Lambda has.
_LAUNCH = (
    "import runpy, sys; sys.executable = sys.argv.pop(1); runpy.run_module('ministack', run_name='__main__')"
)


def leave_on_signals() -> None:
    """Turn SIGINT and SIGTERM into an ordinary exit, so that the stack is stopped with its program."""

    def leave(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)


@contextmanager
def local_stack(port: int | None = None, log: Path | None = None) -> Iterator[str]:
    """Run MiniStack until the block ends, and give its URL. Nothing it holds outlives it but its log.

    Raises:
        InfraError: when it does not come up, with the end of its log.
    """
    port = port or _free_port()
    log = log or BUILD / "local" / f"ministack-{port}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="grapevine-local-"))
    with log.open("wb") as output:
        child = subprocess.Popen(
            [sys.executable, "-c", _LAUNCH, str(lambda_python())],
            env=_environment(port, scratch),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C is for us: we stop the child when we are done with it.
            start_new_session=True,
        )
    try:
        _wait_until_healthy(child, port, log)
        yield f"http://{_HOST}:{port}"
    finally:
        _stop(child)
        shutil.rmtree(scratch, ignore_errors=True)


def _environment(port: int, scratch: Path) -> dict[str, str]:
    """The builder's own AWS settings stay out: a worker must never find an account."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "PYTHON", "GRAPEVINE_"))
    }
    return inherited | {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": _HOST,
        "MINISTACK_HOST": _HOST,
        "MINISTACK_REGION": LOCAL_REGION,
        "AWS_ACCESS_KEY_ID": LOCAL_KEY,
        "AWS_SECRET_ACCESS_KEY": LOCAL_KEY,
        "AWS_DEFAULT_REGION": LOCAL_REGION,
        "SERVICES": _SERVICES,
        "IOT_MTLS_ENABLED": "0",
        "PERSIST_STATE": "0",
        "SFTP_ENABLED": "0",
        "AUTH": "true",
        "LOG_LEVEL": "INFO",
        "TMPDIR": str(scratch),
        # Bytecode is in the zips: the workers' disk is read-only in Lambda too.
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


def _wait_until_healthy(child: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not _is_healthy(port):
        if child.poll() is not None or time.monotonic() > deadline:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
            raise InfraError(f"the local stack did not come up on port {port}; its log ends with:\n{tail}")
        time.sleep(_POLL_SECONDS)


def _is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection(_HOST, port, timeout=5)
    try:
        connection.request("GET", "/_ministack/ready")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def _stop(child: subprocess.Popen[bytes]) -> None:
    """Stop the server; its workers end when their input does."""
    child.terminate()
    try:
        child.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
