"""The port of how far shops have been reconciled."""

from __future__ import annotations

from dataclasses import replace

from grapevine.domain.reconciling import ReconcileMark
from tests.adapters.contracts.stores import Names, Stores
from tests.builders import T0, minutes


def test_the_mark_that_was_kept_last_stands(stores: Stores, names: Names) -> None:
    marks = stores.reconcile_marks
    assert marks.reconcile_mark(names.storefront) is None
    mark = ReconcileMark(
        storefront_id=names.storefront, until=T0, window_seconds=3600, ran_at=T0 + minutes(1)
    )
    marks.keep_reconcile_mark(mark)
    assert marks.reconcile_mark(names.storefront) == mark
    failed = replace(mark, until=T0 - minutes(5), window_seconds=1, fault="Shopify says 503: 漢字")
    marks.keep_reconcile_mark(failed)
    assert marks.reconcile_mark(names.storefront) == failed
    assert marks.reconcile_mark(f"{names.storefront}-2") is None
