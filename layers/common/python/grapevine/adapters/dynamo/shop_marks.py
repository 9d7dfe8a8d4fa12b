"""How far each storefront has been reconciled."""

from __future__ import annotations

from grapevine.adapters.dynamo import shop_keys
from grapevine.adapters.dynamo.rows import Json, Row, row
from grapevine.adapters.dynamo.table import Database
from grapevine.domain.plain import from_plain, to_plain
from grapevine.domain.reconciling import ReconcileMark


class ReconcileMarkRow(Row, discriminator="reconcile_mark"):
    """`RECON#storefront` / `META`."""

    body = Json()


class DynamoReconcileMarks:
    """Marks by storefront."""

    def __init__(self, database: Database) -> None:
        self._state = database.state

    def reconcile_mark(self, storefront_id: str) -> ReconcileMark | None:
        """Return how far a storefront has been reconciled, or None."""
        item = self._state.get(shop_keys.reconcile_mark(storefront_id))
        return from_plain(ReconcileMark, row(ReconcileMarkRow, item).body) if item else None

    def keep_reconcile_mark(self, mark: ReconcileMark) -> None:
        """Keep a mark in place of the one before."""
        key = shop_keys.reconcile_mark(mark.storefront_id)
        self._state.put(ReconcileMarkRow(*key, body=to_plain(mark)))
