"""People's requests as a shop sends them, and what serving any such request needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from grapevine.domain.plain import from_plain
from grapevine.domain.privacy import PrivacyRecord, RecordState
from grapevine.domain.programs import Storefront
from grapevine.ports import PrivacyKind, PrivacyRequest
from grapevine.runtime import observe
from grapevine.runtime.parts import Parts
from grapevine.usecases.collect_person import CollectCustomer, collect_customer
from grapevine.usecases.erase_customer import EraseCustomer, EraseShop, erase_customer, erase_shop
from grapevine.usecases.find_customer import AskedCustomer, CustomerPrivacyPorts, Place
from grapevine.usecases.find_promoter import PromoterPrivacyPorts
from grapevine.usecases.known_storefront import known_storefront


def serve_privacy(values: Mapping[str, Any], parts: Parts) -> PrivacyRecord:
    """Serve a `{"privacy": …}` message of the shop queue; twice is harmless.

    It is about the one storefront that sent it. What is too much for one message is queued once more.
    NotFoundError for a storefront that there is not.
    """
    names = {field.name for field in fields(PrivacyRequest)}
    request = from_plain(PrivacyRequest, {name: values[name] for name in names & values.keys()}, "privacy")
    storefront = known_storefront(str(values["storefront_id"]), parts.catalog)
    record = _served(request, storefront, parts)
    observe.note_each(privacy=f"{record.program_id}/{record.id}")
    if record.state is RecordState.OPEN:
        parts.shop_queue.send_privacy(storefront.id, request)
    return record


def _served(request: PrivacyRequest, storefront: Storefront, parts: Parts) -> PrivacyRecord:
    ports, now = customer_ports(parts), parts.now()
    program_id, name = storefront.program_id, storefront.id
    asked_by = f"storefront {name}"
    if request.kind is PrivacyKind.ERASE_SHOP:
        shop = EraseShop(
            program_id=program_id, storefront_id=name, asked_by=asked_by, request_id=request.request_id
        )
        return erase_shop(shop, ports, now)
    asked = AskedCustomer(customers=request.emails, order_ids=request.order_ids)
    places = (Place(program_id=program_id, storefront_ids=(name,)),)
    if request.kind is PrivacyKind.DATA_REQUEST:
        seen = CollectCustomer(asked=asked, places=places, asked_by=asked_by, request_id=request.request_id)
        return collect_customer(seen, ports, now)
    erased = EraseCustomer(asked=asked, places=places, asked_by=asked_by, request_id=request.request_id)
    return erase_customer(erased, ports, now)


def customer_ports(parts: Parts) -> CustomerPrivacyPorts:
    """Return everywhere that something of a customer may be."""
    return CustomerPrivacyPorts(
        catalog=parts.catalog,
        secrets=parts.secrets,
        raw_bodies=parts.raw_bodies,
        facts=parts.facts,
        clicks=parts.clicks,
        personal_data=parts.personal_data,
        records=parts.privacy_records,
        files=parts.files,
    )


def promoter_ports(parts: Parts) -> PromoterPrivacyPorts:
    """Return everywhere that something of a promoter may be."""
    return PromoterPrivacyPorts(
        catalog=parts.catalog,
        treasury=parts.treasury,
        ledger=parts.ledger,
        pages=parts.pages,
        payees=parts.payees,
        contacts=parts.contacts,
        batches=parts.batches,
        personal_data=parts.personal_data,
        records=parts.privacy_records,
        files=parts.files,
    )
