"""Close a settlement once everybody in it is settled; that its payouts are sent is queued just before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from grapevine.ports import SettlementQueue, SettlementStore


@dataclass(frozen=True, slots=True)
class ClosePorts:
    """The run, and the queue that carries its payouts on."""

    settlements: SettlementStore
    queue: SettlementQueue


def close_settlement(settlement_id: str, ports: ClosePorts, now: datetime) -> bool:
    """Close a run whose every page is done; return whether this closed it.

    Whoever does the last page, or ends the list, asks: one of the two finds both done. Asking again
    queues the same message.
    """
    run = ports.settlements.settlement(settlement_id)
    if run is None or run.closed_at or not run.is_settled:
        return False
    ports.queue.send_payouts(run.program_id)
    return ports.settlements.close(run, now)
