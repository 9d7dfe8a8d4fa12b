"""How heads, payouts and counters look in the state table."""

from __future__ import annotations

from pynamodb.attributes import UnicodeAttribute

from grapevine.adapters.dynamo import keys
from grapevine.adapters.dynamo.rows import Instant, Row, WholeNumber
from grapevine.domain.entries import AccountKey
from grapevine.domain.payouts import Head, Payout, PayoutState


class HeadRow(Row, discriminator="head"):
    """`A#program#promoter#currency` / `HEAD`."""

    sequence = WholeNumber()
    taken_minor = WholeNumber()
    reserved_minor = WholeNumber()
    paid_minor = WholeNumber()
    last_hash = UnicodeAttribute()


class PayoutRow(Row, discriminator="payout"):
    """`SET#settlement` / `PAY#id`."""

    program_id = UnicodeAttribute()
    promoter_id = UnicodeAttribute()
    currency = UnicodeAttribute()
    amount_minor = WholeNumber()
    state = UnicodeAttribute()
    requested_at = Instant()
    detail = UnicodeAttribute()


class CounterRow(Row, discriminator="counter"):
    """`G#program#scarce#subject#period` / `META`: what orders have of something scarce."""

    taken = WholeNumber()


def head_row(head: Head) -> HeadRow:
    """Return a head as it is stored."""
    return HeadRow(
        *keys.head(head.key),
        sequence=head.sequence,
        taken_minor=head.taken_minor,
        reserved_minor=head.reserved_minor,
        paid_minor=head.paid_minor,
        last_hash=head.last_hash,
    )


def head_of(stored: HeadRow) -> Head:
    """Read a head back."""
    return Head(
        key=keys.account_of(stored.pk),
        sequence=stored.sequence,
        taken_minor=stored.taken_minor,
        reserved_minor=stored.reserved_minor,
        paid_minor=stored.paid_minor,
        last_hash=stored.last_hash,
    )


def payout_row(payout: Payout) -> PayoutRow:
    """Return a payout as it is stored."""
    return PayoutRow(
        *keys.payout(payout.settlement_id, payout.id),
        program_id=payout.key.program_id,
        promoter_id=payout.key.promoter_id,
        currency=payout.key.currency,
        amount_minor=payout.amount_minor,
        state=payout.state.value,
        requested_at=payout.requested_at,
        detail=payout.detail,
    )


def payout_of(stored: PayoutRow) -> Payout:
    """Read a payout back."""
    return Payout(
        id=keys.last_part(stored.sk),
        settlement_id=keys.last_part(stored.pk),
        key=AccountKey(stored.program_id, stored.promoter_id, stored.currency),
        amount_minor=stored.amount_minor,
        state=PayoutState(stored.state),
        requested_at=stored.requested_at,
        detail=stored.detail,
    )
