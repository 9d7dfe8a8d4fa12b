"""Where promoters are paid: in the one table that may name a person."""

from __future__ import annotations

from collections.abc import Sequence

from pynamodb.attributes import UnicodeAttribute

from grapevine.adapters.dynamo import keys
from grapevine.adapters.dynamo.rows import Instant, Item, Json, Row, row
from grapevine.adapters.dynamo.table import Database
from grapevine.domain.transfers import Payee, RailName


class PayeeRow(Row, discriminator="payee"):
    """`PAYEE#program#promoter` / `META`."""

    promoter_id = UnicodeAttribute()
    rail = UnicodeAttribute()
    details = Json()
    changed_at = Instant()


class DynamoPayees:
    """Payees by program and promoter."""

    def __init__(self, database: Database) -> None:
        self._private = database.private

    def payees(self, program_id: str, promoter_ids: Sequence[str]) -> dict[str, Payee]:
        """Return those that are known."""
        wanted = [keys.payee(program_id, name) for name in promoter_ids if keys.is_usable(name)]
        return dict(_payee(item) for item in self._private.get_all(wanted))

    def put_payee(self, program_id: str, promoter_id: str, payee: Payee | None) -> None:
        """Keep where somebody is paid in place of what was there; None forgets it."""
        key = keys.payee(program_id, promoter_id)
        if payee is None:
            self._private.delete(key)
            return
        details = dict(payee.details)
        self._private.put(
            PayeeRow(
                *key, promoter_id=promoter_id, rail=payee.rail, details=details, changed_at=payee.changed_at
            )
        )


def _payee(item: Item) -> tuple[str, Payee]:
    stored = row(PayeeRow, item)
    payee = Payee(rail=RailName(stored.rail), details=stored.details, changed_at=stored.changed_at)
    return stored.promoter_id, payee
