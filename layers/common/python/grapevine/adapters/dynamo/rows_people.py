"""How promoters, the network's version, coupons and products look in the catalog table."""

from __future__ import annotations

from pynamodb.attributes import UnicodeAttribute

from grapevine.adapters.dynamo import catalog_keys, keys
from grapevine.adapters.dynamo.rows import Instant, Json, Row, WholeNumber
from grapevine.domain.coupons import Coupon, CouponChange, PublicChange, look_of
from grapevine.domain.instants import from_text, to_text
from grapevine.domain.listings import Listing
from grapevine.domain.people import Merge, PayeeChange, Promoter, PromoterStatus, SponsorChange, StatusChange
from grapevine.domain.plain import from_plain, to_plain
from grapevine.domain.products import Product, ProductChange
from grapevine.domain.tiers import Volume


class PromoterRow(Row, discriminator="promoter"):
    """`PR#program#promoter` / `META`: the promoter with its history, listed by program."""

    gpk = UnicodeAttribute()
    gsk = UnicodeAttribute()
    name = UnicodeAttribute()
    sponsor_id = UnicodeAttribute(null=True)
    joined_at = Instant()
    customer_key = UnicodeAttribute(null=True)
    sponsor_changes = Json(null=True)
    status_changes = Json(null=True)
    alias = Json(null=True)
    duplicates = Json(null=True)
    payee_changes = Json(null=True)


class VolumeRow(Row, discriminator="volume"):
    """`PR#program#promoter` / `TIER#month`: what was sold through the promoter in a closed month."""

    net_minor = WholeNumber()
    orders = WholeNumber()


class NetworkRow(Row, discriminator="network"):
    """`PG#program` / `NETWORK`: how often the network changed; sponsor changes serialise on it."""

    version = WholeNumber()


class CouponRow(Row, discriminator="coupon"):
    """`CP#program#code` / `META`: a coupon with its history, by promoter; `switched` counts the changes."""

    gpk = UnicodeAttribute()
    gsk = UnicodeAttribute()
    promoter_id = UnicodeAttribute()
    created_at = Instant()
    priority = WholeNumber()
    changes = Json()
    switched = WholeNumber()
    marks = Json(null=True)


class CouponLookRow(Row, discriminator="coupon_look"):
    """`CPL#program#look` / `META`: no other code of the program may look like this."""

    code = UnicodeAttribute()


class ProductRow(Row, discriminator="product"):
    """`PD#program#product` / `META`: a product with its history and listing; `changed` counts the writes.

    Rows from before products were listed have no place in the listing until they are written again.
    """

    gpk = UnicodeAttribute(null=True)
    gsk = UnicodeAttribute(null=True)
    changes = Json()
    changed = WholeNumber()
    listing = Json(null=True)


def promoter_row(promoter: Promoter) -> PromoterRow:
    """Return a promoter as it is stored, with everything that changed since it joined."""
    gpk, gsk = catalog_keys.promoter_listing(promoter.program_id, promoter.id)
    return PromoterRow(
        *catalog_keys.promoter(promoter.program_id, promoter.id),
        gpk=gpk,
        gsk=gsk,
        name=promoter.name,
        sponsor_id=promoter.sponsor_id,
        joined_at=promoter.joined_at,
        customer_key=promoter.customer_key,
        sponsor_changes=[[to_text(c.effective_at), c.sponsor_id] for c in promoter.sponsor_changes] or None,
        status_changes=[[to_text(c.effective_at), c.status.value, c.reason] for c in promoter.status_changes]
        or None,
        alias=_merge_to_list(promoter.alias) if promoter.alias else None,
        duplicates=[_merge_to_list(merge) for merge in promoter.duplicates] or None,
        payee_changes=[[to_text(c.effective_at), c.payee_key] for c in promoter.payee_changes] or None,
    )


def promoter_of(stored: PromoterRow) -> Promoter:
    """Read a promoter back."""
    return Promoter(
        id=keys.last_part(stored.pk),
        program_id=catalog_keys.program_in(stored.pk),
        name=stored.name,
        sponsor_id=stored.sponsor_id,
        joined_at=stored.joined_at,
        customer_key=stored.customer_key,
        sponsor_changes=tuple(
            SponsorChange(from_text(at), name) for at, name in stored.sponsor_changes or ()
        ),
        status_changes=tuple(
            StatusChange(from_text(at), PromoterStatus(status), reason)
            for at, status, reason in stored.status_changes or ()
        ),
        alias=_merge_from_list(stored.alias) if stored.alias else None,
        duplicates=tuple(_merge_from_list(item) for item in stored.duplicates or ()),
        payee_changes=tuple(PayeeChange(from_text(at), key) for at, key in stored.payee_changes or ()),
    )


def _merge_to_list(merge: Merge) -> list[str | None]:
    return [to_text(merge.effective_at), merge.promoter_id, merge.customer_key]


def _merge_from_list(item: list[str]) -> Merge:
    effective_at, promoter_id, customer_key = item
    return Merge(from_text(effective_at), promoter_id, customer_key)


def volume_row(program_id: str, promoter_id: str, month: str, volume: Volume) -> VolumeRow:
    """Return a closed month's volume as it is stored."""
    key = catalog_keys.volume(program_id, promoter_id, month)
    return VolumeRow(*key, net_minor=volume.net_minor, orders=volume.orders)


def volume_of(stored: VolumeRow) -> tuple[tuple[str, str], Volume]:
    """Read back whose volume of which month it is."""
    whose = (keys.last_part(stored.pk), keys.last_part(stored.sk))
    return whose, Volume(stored.net_minor, stored.orders)


def coupon_row(coupon: Coupon) -> CouponRow:
    """Return a coupon as it is stored."""
    gpk, gsk = catalog_keys.coupon_listing(coupon.program_id, coupon.promoter_id, coupon.code)
    return CouponRow(
        *catalog_keys.coupon(coupon.program_id, coupon.code),
        gpk=gpk,
        gsk=gsk,
        promoter_id=coupon.promoter_id,
        created_at=coupon.created_at,
        priority=coupon.priority,
        changes=[[to_text(change.effective_at), change.enabled] for change in coupon.changes],
        switched=coupon.revision,
        marks=[[to_text(mark.effective_at), mark.public, mark.reason, mark.by] for mark in coupon.marks]
        or None,
    )


def coupon_look_row(coupon: Coupon) -> CouponLookRow:
    """Return the claim of what a coupon's code looks like."""
    return CouponLookRow(*catalog_keys.coupon_look(coupon.program_id, look_of(coupon.code)), code=coupon.code)


def coupon_of(stored: CouponRow) -> Coupon:
    """Read a coupon back."""
    return Coupon(
        program_id=catalog_keys.program_in(stored.pk),
        code=keys.last_part(stored.pk),
        promoter_id=stored.promoter_id,
        created_at=stored.created_at,
        priority=stored.priority,
        changes=tuple(CouponChange(from_text(at), enabled) for at, enabled in stored.changes),
        marks=tuple(
            PublicChange(from_text(at), public, reason, by) for at, public, reason, by in stored.marks or ()
        ),
    )


def product_row(product: Product) -> ProductRow:
    """Return a product as it is stored."""
    gpk, gsk = catalog_keys.product_listing(product.program_id, product.id)
    return ProductRow(
        *catalog_keys.product(product.program_id, product.id),
        gpk=gpk,
        gsk=gsk,
        changes=[
            [to_text(change.effective_at), change.category, list(change.collections), change.promoter_id]
            for change in product.changes
        ],
        changed=product.revision,
        listing=to_plain(product.listing),
    )


def product_of(stored: ProductRow) -> Product:
    """Read a product back."""
    return Product(
        program_id=catalog_keys.program_in(stored.pk),
        id=keys.last_part(stored.pk),
        changes=tuple(
            ProductChange(
                effective_at=from_text(at),
                category=category,
                collections=tuple(collections),
                promoter_id=promoter_id,
            )
            for at, category, collections, promoter_id in stored.changes
        ),
        listing=from_plain(Listing, stored.listing) if stored.listing else None,
        listed=stored.changed - len(stored.changes),
    )
