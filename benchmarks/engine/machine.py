"""What a figure is worth nothing without: the machine and the versions."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

from benchmarks.engine import postgres

PACKAGES = ("SQLAlchemy", "psycopg", "beancount")


def facts() -> tuple[str, ...]:
    """Return a few lines about where this runs and against what."""
    load = ", ".join(f"{number:.1f}" for number in os.getloadavg())
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{_processor()}, {os.cpu_count()} cores, load {load}",
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        f"PostgreSQL {postgres.version()}, {packages}",
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())
