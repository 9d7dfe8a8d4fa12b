"""The keys of settlement runs and their pages, in the state table."""

from __future__ import annotations

from datetime import datetime

from grapevine.adapters.dynamo.keys import Key, joined
from grapevine.domain.instants import to_text

PAGE, AFTER_PAGES = "PAGE#", "PAGE$"
"""How the sort keys of a run's pages begin, and what follows them all."""
OPEN_RUNS = "RUNS"
"""Where the index has every program's runs that are not closed; they are few."""


def page(settlement_id: str, after: str) -> Key:
    """Return the row of the page that follows a promoter in a run's chain."""
    return Key(joined("SET", settlement_id), f"{PAGE}{joined(after)}")


def listing(program_id: str, started_at: datetime, settlement_id: str) -> str:
    """Return where the listing of runs has one: by program, oldest first."""
    return joined(program_id, to_text(started_at), settlement_id)


def runs_begin(program_id: str) -> str:
    """Return how the places of a program's runs begin in the listing."""
    return joined(program_id, "")


def closed_runs(program_id: str) -> str:
    """Return where the index has a program's closed runs."""
    return joined("RUNS", program_id)
