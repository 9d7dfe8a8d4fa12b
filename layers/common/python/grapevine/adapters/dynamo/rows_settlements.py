"""How settlement runs and their pages look in the state table."""

from __future__ import annotations

from collections.abc import Sequence

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action

from grapevine.adapters.dynamo import keys, settlement_keys
from grapevine.adapters.dynamo.rows import Instant, Item, Json, Row, WholeNumber, row
from grapevine.domain.settlements import AccountOutcome, Settled, Settlement, SettlementPage


class SettlementRow(Row, discriminator="settlement"):
    """`SET#id` / `META`; in the index among the open runs, or its program's closed ones."""

    gpk = UnicodeAttribute()
    gsk = UnicodeAttribute()
    program_id = UnicodeAttribute()
    started_at = Instant()
    ignores_minimum = BooleanAttribute(null=True)
    listed = BooleanAttribute(null=True)
    pages = WholeNumber(null=True)
    promoters = WholeNumber(null=True)
    pages_done = WholeNumber(null=True)
    paid = WholeNumber(null=True)
    carried = WholeNumber(null=True)
    empty = WholeNumber(null=True)
    suspended = WholeNumber(null=True)
    merged = WholeNumber(null=True)
    voided = WholeNumber(null=True)
    written_off = WholeNumber(null=True)
    failed = WholeNumber(null=True)
    paid_minor = WholeNumber(null=True)
    closed_at = Instant(null=True)


class SettlementPageRow(Row, discriminator="settlement_page"):
    """`SET#id` / `PAGE#after`: a hundred promoters, and once it is done what became of them."""

    program_id = UnicodeAttribute()
    number = WholeNumber()
    before = WholeNumber()
    promoter_ids = Json()
    ignores_minimum = BooleanAttribute(null=True)
    done = BooleanAttribute(null=True)
    counts = Json(null=True)
    paid_minor = WholeNumber(null=True)
    outcomes = Json(null=True)


COUNTERS: dict[Settled, WholeNumber] = {settled: getattr(SettlementRow, settled.value) for settled in Settled}
"""The attribute that counts each outcome in a run's row."""


def settlement_row(run: Settlement) -> SettlementRow:
    """Return a run that has just begun as it is stored."""
    return SettlementRow(
        *keys.settlement(run.id),
        gpk=settlement_keys.OPEN_RUNS,
        gsk=settlement_keys.listing(run.program_id, run.started_at, run.id),
        program_id=run.program_id,
        started_at=run.started_at,
        ignores_minimum=run.ignores_minimum or None,
    )


def settlement_of(item: Item) -> Settlement:
    """Read a run back."""
    stored = row(SettlementRow, item)
    counts = {settled: getattr(stored, settled.value) for settled in Settled}
    return Settlement(
        id=keys.last_part(stored.pk),
        program_id=stored.program_id,
        started_at=stored.started_at,
        ignores_minimum=bool(stored.ignores_minimum),
        listed=bool(stored.listed),
        pages=stored.pages or 0,
        promoters=stored.promoters or 0,
        pages_done=stored.pages_done or 0,
        counts={settled: number for settled, number in counts.items() if number},
        paid_minor=stored.paid_minor or 0,
        closed_at=stored.closed_at,
    )


def counted(page: SettlementPage) -> Sequence[Action]:
    """Return what a page that is done adds to its run."""
    return [
        SettlementRow.pages_done.add(1),
        SettlementRow.paid_minor.add(page.paid_minor),
        *(COUNTERS[settled].add(number) for settled, number in page.counts.items()),
    ]


def page_row(page: SettlementPage) -> SettlementPageRow:
    """Return a page as it is stored; outcomes as lists, a third of the bytes that objects take."""
    outcomes = [
        [o.promoter_id, o.settled.value, o.amount_minor, o.missing_minor, o.reason, o.detail]
        for o in page.outcomes
    ]
    return SettlementPageRow(
        *settlement_keys.page(page.settlement_id, page.after),
        program_id=page.program_id,
        number=page.number,
        before=page.before,
        promoter_ids=list(page.promoter_ids),
        ignores_minimum=page.ignores_minimum or None,
        done=page.is_done or None,
        counts={settled.value: number for settled, number in page.counts.items()} or None,
        paid_minor=page.paid_minor or None,
        outcomes=outcomes or None,
    )


def page_of(stored: SettlementPageRow) -> SettlementPage:
    """Read a page back."""
    return SettlementPage(
        settlement_id=keys.last_part(stored.pk),
        program_id=stored.program_id,
        after=keys.last_part(stored.sk),
        number=stored.number,
        before=stored.before,
        promoter_ids=tuple(stored.promoter_ids),
        ignores_minimum=bool(stored.ignores_minimum),
        is_done=bool(stored.done),
        counts={Settled(name): number for name, number in (stored.counts or {}).items()},
        paid_minor=stored.paid_minor or 0,
        outcomes=tuple(map(_outcome, stored.outcomes or ())),
    )


def _outcome(stored: list[str | int]) -> AccountOutcome:
    promoter_id, settled, amount, missing, reason, detail = stored
    return AccountOutcome(
        promoter_id=str(promoter_id),
        settled=Settled(str(settled)),
        amount_minor=int(amount),
        missing_minor=int(missing),
        reason=str(reason),
        detail=str(detail),
    )
