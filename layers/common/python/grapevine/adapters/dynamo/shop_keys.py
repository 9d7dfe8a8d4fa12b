"""The keys of what is remembered of shops, in the state table."""

from __future__ import annotations

from grapevine.adapters.dynamo.keys import META, Key, joined


def reconcile_mark(storefront_id: str) -> Key:
    """Return the row that says how far a storefront has been reconciled."""
    return Key(joined("RECON", storefront_id), META)
