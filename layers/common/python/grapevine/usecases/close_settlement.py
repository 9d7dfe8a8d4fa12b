"""Close a settlement once everybody in it is settled; the payout file is written just before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from grapevine.ports import DecisionCatalog, Files, SettlementStore, Treasury
from grapevine.usecases.export_payouts import export_payouts


@dataclass(frozen=True, slots=True)
class ClosePorts:
    """The run, and what its payout file is made of."""

    settlements: SettlementStore
    catalog: DecisionCatalog
    treasury: Treasury
    files: Files


def close_settlement(settlement_id: str, ports: ClosePorts, now: datetime) -> bool:
    """Close a run whose every page is done; return whether this closed it.

    Whoever does the last page, or ends the list, asks: one of the two finds both done. Asking again
    writes the same file.
    """
    run = ports.settlements.settlement(settlement_id)
    if run is None or run.closed_at or not run.is_settled:
        return False
    export_payouts(run, ports.catalog, ports.treasury, ports.files, now)
    return ports.settlements.close(run, now)
