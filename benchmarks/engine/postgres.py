"""A PostgreSQL of our own: a fresh cluster in a temporary folder, on a socket that nobody else sees."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGINT
from tempfile import TemporaryDirectory

DEBIAN = Path("/usr/lib/postgresql")
ROLE = "bench"
PATIENCE = 30.0


class PostgresError(Exception):
    """There is no server to compare with; the message says what to do."""


def _binary(name: str) -> str:
    """Return the path of one of the server's programs, all of one version: the newest."""
    # Debian keeps them off the path.
    found = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parent.parent.name))
    initdb = shutil.which("initdb") or (found[-1] if found else None)
    if initdb is None:
        raise PostgresError("this needs PostgreSQL's server; on Debian: apt-get install postgresql")
    return str(Path(initdb).resolve().with_name(name))


def version() -> str:
    """Return the server's version."""
    said = subprocess.run([_binary("postgres"), "--version"], capture_output=True, text=True, check=True)
    return said.stdout.split()[2]


@contextmanager
def server() -> Iterator[str]:
    """Yield the URL of a server with its default settings; it is gone after the block."""
    with TemporaryDirectory(prefix="gv-pg-") as folder:
        user, group, groups = _unprivileged(Path(folder))
        data = str(Path(folder, "data"))
        # In a folder that only its user and root can enter, whoever connects is trusted.
        initdb = [_binary("initdb"), "-D", data, "-U", ROLE, "--auth=trust", "-E", "UTF8", "--no-locale"]
        subprocess.run(
            initdb, user=user, group=group, extra_groups=groups, cwd=folder, check=True, capture_output=True
        )
        command = [_binary("postgres"), "-D", data, "-k", folder, "-c", "listen_addresses="]
        with Path(folder, "log").open("wb") as log:
            process = subprocess.Popen(
                command, user=user, group=group, extra_groups=groups, cwd=folder, stdout=log, stderr=log
            )
        try:
            _wait(process, folder)
            yield f"postgresql+psycopg://{ROLE}@/postgres?host={folder}"
        finally:
            process.send_signal(SIGINT)
            process.wait(PATIENCE)


def _unprivileged(folder: Path) -> tuple[int, int, list[int]] | tuple[None, None, None]:
    """Give the folder to somebody other than root, for whom PostgreSQL does not start, and say whom."""
    if os.geteuid() != 0:
        return None, None, None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = names.get("postgres") or names["nobody"]
    os.chown(folder, user.pw_uid, user.pw_gid)
    return user.pw_uid, user.pw_gid, []


def _wait(process: subprocess.Popen[bytes], folder: str) -> None:
    """Return as soon as the server answers."""
    deadline = time.monotonic() + PATIENCE
    asking = [_binary("pg_isready"), "--quiet", "-h", folder]
    while subprocess.run(asking, check=False).returncode != 0:
        if process.poll() is not None or time.monotonic() > deadline:
            raise PostgresError(f"the server did not start: {Path(folder, 'log').read_text()[-500:]}")
        time.sleep(0.05)
