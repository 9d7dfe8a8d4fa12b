"""Where the files of batches are, as their rails say."""

from __future__ import annotations

from importlib import import_module

from grapevine.domain.transfers import RailName, TransferBatch
from grapevine.runtime.wiring import RAIL_MODULES

WITH_FILES = (RailName.CSV, RailName.SEPA)
"""Rails whose batches are files in the bucket, for a person to hand on."""


def file_of(batch: TransferBatch) -> str | None:
    """Return where a batch's file is in the bucket, None where its rail writes none."""
    if batch.rail not in WITH_FILES:
        return None
    name: str = import_module(f"grapevine.adapters.rails.{RAIL_MODULES[batch.rail]}").file_of(batch)
    return name
