"""How heads, payouts and counters look in the state table."""

from __future__ import annotations

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute

from grapevine.adapters.dynamo import keys
from grapevine.adapters.dynamo.rows import Instant, Json, Row, WholeNumber
from grapevine.domain.entries import AccountKey
from grapevine.domain.heads import Head
from grapevine.domain.payouts import Leg, Payout
from grapevine.domain.plain import from_plain, to_plain


class HeadRow(Row, discriminator="head"):
    """`A#program#promoter#currency` / `HEAD`."""

    sequence = WholeNumber()
    taken_minor = WholeNumber()
    reserved_minor = WholeNumber()
    paid_minor = WholeNumber()
    last_hash = UnicodeAttribute()
    last_payout_id = UnicodeAttribute(null=True)
    given_up = UnicodeAttribute(null=True)
    tax_period = UnicodeAttribute(null=True)
    tax_gross_minor = WholeNumber(null=True)
    tax_minor = WholeNumber(null=True)


class PayoutRow(Row, discriminator="payout"):
    """`SET#settlement` / `PAY#id`, in the index by program and state."""

    gpk = UnicodeAttribute()
    gsk = UnicodeAttribute()
    program_id = UnicodeAttribute()
    promoter_id = UnicodeAttribute()
    currency = UnicodeAttribute()
    amount_minor = WholeNumber()
    requested_at = Instant()
    legs = Json()
    fee_minor = WholeNumber(null=True)
    tax_minor = WholeNumber(null=True)
    tax_period = UnicodeAttribute(null=True)
    rail = UnicodeAttribute(null=True)
    review = BooleanAttribute(null=True)
    version = WholeNumber()
    detail = UnicodeAttribute(null=True)


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
        last_payout_id=head.last_payout_id or None,
        given_up=head.given_up or None,
        tax_period=head.tax_period or None,
        tax_gross_minor=head.tax_gross_minor or None,
        tax_minor=head.tax_minor or None,
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
        last_payout_id=stored.last_payout_id or "",
        given_up=stored.given_up or "",
        tax_period=stored.tax_period or "",
        tax_gross_minor=stored.tax_gross_minor or 0,
        tax_minor=stored.tax_minor or 0,
    )


def payout_row(payout: Payout) -> PayoutRow:
    """Return a payout as it is stored."""
    return PayoutRow(
        *keys.payout(payout.settlement_id, payout.id),
        gpk=keys.payouts_in(payout.key.program_id, payout.state),
        gsk=payout.id,
        program_id=payout.key.program_id,
        promoter_id=payout.key.promoter_id,
        currency=payout.key.currency,
        amount_minor=payout.amount_minor,
        requested_at=payout.requested_at,
        legs=to_plain(payout.legs),
        fee_minor=payout.fee_minor or None,
        tax_minor=payout.tax_minor or None,
        tax_period=payout.tax_period or None,
        rail=payout.rail or None,
        review=payout.review or None,
        version=payout.version,
        detail=payout.detail or None,
    )


def payout_of(stored: PayoutRow) -> Payout:
    """Read a payout back."""
    return Payout(
        id=keys.last_part(stored.sk),
        settlement_id=keys.last_part(stored.pk),
        key=AccountKey(stored.program_id, stored.promoter_id, stored.currency),
        amount_minor=stored.amount_minor,
        requested_at=stored.requested_at,
        legs=from_plain(tuple[Leg, ...], stored.legs),
        fee_minor=stored.fee_minor or 0,
        tax_minor=stored.tax_minor or 0,
        tax_period=stored.tax_period or "",
        rail=stored.rail or "",
        review=bool(stored.review),
        version=stored.version,
        detail=stored.detail or "",
    )
