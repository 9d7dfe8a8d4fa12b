"""What is asked of who remembers how far shops have been reconciled."""

from __future__ import annotations

from typing import Protocol

from grapevine.domain.reconciling import ReconcileMark


class ReconcileMarks(Protocol):
    """One mark for each storefront. Every mark is true by itself, so the one written last stands."""

    def reconcile_mark(self, storefront_id: str) -> ReconcileMark | None:
        """Return how far a storefront has been reconciled, or None."""

    def keep_reconcile_mark(self, mark: ReconcileMark) -> None:
        """Keep a mark in place of the one before."""
