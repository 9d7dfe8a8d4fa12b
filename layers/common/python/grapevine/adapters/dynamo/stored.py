"""What the streams of the catalog and of the state table carry, of that which events are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from grapevine.adapters.dynamo import keys
from grapevine.adapters.dynamo.rows import Item, row
from grapevine.adapters.dynamo.rows_customers import (
    CustomerOrderRow,
    RegistrationRow,
    customer_order_of,
    registration_of,
)
from grapevine.adapters.dynamo.rows_people import PromoterRow, VolumeRow, promoter_of, volume_of
from grapevine.adapters.dynamo.rows_settlements import settlement_of
from grapevine.adapters.dynamo.rows_treasury import PayoutRow, payout_of
from grapevine.domain.event_rows import Stored
from grapevine.domain.events import ClosedMonth, CustomerTold


def stored_in(item: Item) -> Stored | None:
    """Return what an item tells that events are made of, None for any other."""
    read = READERS.get(item.get("kind", {}).get("S", ""))
    return read(item) if read else None


def _month(item: Item) -> ClosedMonth:
    stored = row(VolumeRow, item)
    (promoter_id, month), volume = volume_of(stored)
    program_id = stored.pk.split(keys.SEPARATOR)[1]
    return ClosedMonth(program_id=program_id, promoter_id=promoter_id, month=month, volume=volume)


def _order(item: Item) -> CustomerTold:
    told = customer_order_of(row(CustomerOrderRow, item))
    return CustomerTold(
        program_id=told.program_id,
        customer_key=told.note.customer_key,
        recorded_at=told.recorded_at,
        name=f"{told.order}/{told.sequence}",
    )


def _registration(item: Item) -> CustomerTold:
    told = registration_of(row(RegistrationRow, item))
    return CustomerTold(
        program_id=told.program_id,
        customer_key=told.customer_key,
        recorded_at=told.recorded_at,
        name="registration",
    )


READERS: Mapping[str, Callable[[Item], Stored]] = {
    "payout": lambda item: payout_of(row(PayoutRow, item)),
    "settlement": settlement_of,
    "promoter": lambda item: promoter_of(row(PromoterRow, item)),
    "volume": _month,
    "customer_order": _order,
    "registration": _registration,
}
