"""Products: which category and collections they are in, and whose they are, as of any instant.

How a product is shown stands beside that history and has none: nothing is counted from it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from grapevine.domain.listings import Listing


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductChange:
    """From an instant on, a product is in these groups and bound to this promoter, or to none."""

    effective_at: datetime
    category: str | None = None
    collections: tuple[str, ...] = ()
    promoter_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A product of a program with its history, oldest first, and its listing as it is now.

    `listed` counts the writes that changed the listing alone.
    """

    program_id: str
    id: str
    changes: tuple[ProductChange, ...] = ()
    listing: Listing | None = None
    listed: int = 0

    @property
    def revision(self) -> int:
        """How often the product was written; each write is on top of the one before."""
        return len(self.changes) + self.listed

    def at(self, instant: datetime) -> ProductChange | None:
        """Return what was known of it then, None before it was known at all."""
        known = [change for change in self.changes if change.effective_at <= instant]
        return known[-1] if known else None

    def changed(self, change: ProductChange) -> Product:
        """Return the product as it is from a change on; itself where nothing is different."""
        last = self.changes[-1] if self.changes else ProductChange(effective_at=change.effective_at)
        if self.changes and replace(change, effective_at=last.effective_at) == last:
            return self
        # Two clocks may disagree; a history never goes back.
        at = max(change.effective_at, last.effective_at)
        return replace(self, changes=(*self.changes, replace(change, effective_at=at)))

    def told(self, change: ProductChange, listing: Listing | None) -> Product:
        """Return the product with a change and a listing in one write; itself where neither is different."""
        changed = self.changed(change)
        if listing == self.listing:
            return changed
        return replace(changed, listing=listing, listed=self.listed + (changed is self))


@dataclass(frozen=True, slots=True, kw_only=True)
class SoldProduct:
    """What a decision takes from a product: the groups that its plan has rules for, and who is bound.

    `earners` is who is paid at each level for its lines: None where they belong to the order's
    winner like all others, empty where the product is bound and nobody may earn from it.
    """

    product_id: str
    category: str | None = None
    collections: tuple[str, ...] = ()
    earners: tuple[str, ...] | None = None
