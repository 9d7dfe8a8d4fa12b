"""Settlement runs and how far the sweep of what is due has come."""

from __future__ import annotations

from datetime import datetime

from pynamodb.attributes import UnicodeAttribute, UnicodeSetAttribute

from grapevine.adapters.dynamo import keys
from grapevine.adapters.dynamo.failures import ConditionFailedError
from grapevine.adapters.dynamo.rows import ABSENT, Instant, Item, Row, WholeNumber, row
from grapevine.adapters.dynamo.table import Database
from grapevine.domain.errors import NotFoundError
from grapevine.ports import Settlement


class SettlementRow(Row, discriminator="settlement"):
    """`SET#id` / `META`."""

    program_id = UnicodeAttribute()
    started_at = Instant()
    batches = WholeNumber()
    finished = UnicodeSetAttribute(null=True)


class SweepRow(Row, discriminator="sweep"):
    """`SWEEP` / `MARK`."""

    swept_until = Instant()


class DynamoSettlements:
    """Settlement runs, and the sweep's mark."""

    def __init__(self, database: Database) -> None:
        self._state = database.state

    def start(self, settlement: Settlement) -> bool:
        """Store a run if absent; return whether it was new."""
        return self._state.put_new(_row(settlement))

    def settlement(self, settlement_id: str) -> Settlement | None:
        """Return a run, or None."""
        item = self._state.get(keys.settlement(settlement_id)) if keys.is_usable(settlement_id) else None
        return _settlement(item) if item else None

    def finish_batch(self, settlement_id: str, number: int) -> Settlement:
        """Mark a batch done (again changes nothing) and return the run as it is then."""
        done, exists = SettlementRow.finished.add({str(number)}), SettlementRow.pk.exists()
        try:
            return _settlement(self._state.updated(keys.settlement(settlement_id), [done], exists))
        except ConditionFailedError as error:
            raise NotFoundError("settlement", settlement_id) from error

    def swept_until(self) -> datetime | None:
        """Return the instant up to which everything due was handled."""
        item = self._state.get(keys.sweep_mark())
        return row(SweepRow, item).swept_until if item else None

    def set_swept_until(self, instant: datetime) -> None:
        """Remember it, unless a later instant is stored."""
        try:
            self._state.put(
                SweepRow(*keys.sweep_mark(), swept_until=instant), ABSENT | (SweepRow.swept_until < instant)
            )
        except ConditionFailedError:
            return


def _row(settlement: Settlement) -> SettlementRow:
    return SettlementRow(
        *keys.settlement(settlement.id),
        program_id=settlement.program_id,
        started_at=settlement.started_at,
        batches=settlement.batches,
        finished=set(settlement.finished) or None,
    )


def _settlement(item: Item) -> Settlement:
    stored = row(SettlementRow, item)
    return Settlement(
        id=keys.last_part(stored.pk),
        program_id=stored.program_id,
        started_at=stored.started_at,
        batches=stored.batches,
        finished=frozenset(stored.finished or ()),
    )
