"""What we send to PayPal as its payouts API wants it, and what its answers mean in our words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from grapevine.adapters.rails.details import Faults, missing, unknown, unlike
from grapevine.adapters.rails.http_json import Answer, bounded
from grapevine.adapters.rails.paypal_api import Found, details_of
from grapevine.domain.errors import InvalidInputError
from grapevine.domain.money import format_minor
from grapevine.domain.payouts import PayoutState
from grapevine.domain.transfers import Transfer, TransferBatch, TransferResult

_PAID = "AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD ILS JPY MXN MYR NOK NZD PHP PLN SEK SGD THB USD"
CURRENCIES = frozenset(_PAID.split())
"""What PayPal pays and we can: HUF and TWD are missing, because PayPal takes no decimals of them and
our books have them."""
RECEIVERS = {
    "EMAIL": (re.compile(r"[!-?A-~]{1,64}@[!-\-/-?A-~]+(\.[!-\-/-?A-~]+)+"), "must be an e-mail address"),
    "PHONE": (re.compile(r"\+?[0-9](-?[0-9]){6,14}"), "must be a phone number with its country code"),
    "PAYPAL_ID": (re.compile(r"[A-Z0-9]{13}"), "must be a PayPal account number: 13 capitals and digits"),
}
MOST_RECEIVER = 127
ASCII = re.compile(r"[\x21-\x7e]+")
NAMES = ("recipient_type", "receiver")

_STATES = {
    "SUCCESS": PayoutState.COMPLETED,
    "FAILED": PayoutState.FAILED,
    "BLOCKED": PayoutState.FAILED,
    "DENIED": PayoutState.FAILED,
    "CANCELED": PayoutState.FAILED,
    "RETURNED": PayoutState.RETURNED,
    "REFUNDED": PayoutState.RETURNED,
    "REVERSED": PayoutState.RETURNED,
    "PENDING": PayoutState.SENT,
    "UNCLAIMED": PayoutState.SENT,
    "ONHOLD": PayoutState.SENT,
}
"""UNCLAIMED is money out that nobody has received yet: PayPal returns it after 30 days. A state that is
not here is one that PayPal made later: it is known to be with PayPal, and nothing else is guessed."""
_EVENTS = {"SUCCEEDED": "SUCCESS", "HELD": "ONHOLD", "CANCELED": "RETURNED"}
"""Events whose name is not the item's state; cancelled is what nobody claimed, and the sender has it back."""
NEVER_PAID = ("DENIED", "CANCELED")
"""Batches that PayPal did not process."""
_WAITING = ("PENDING", "ONHOLD", "")
DUPLICATE = "SENDER_BATCH_ID"
_ITEM = re.compile(r"items[\[./]([0-9]{1,5})\b")
_REFERENCE = re.compile(r"[A-Za-z0-9_-]{1,64}")


def request_body(batch: TransferBatch, transfers: Sequence[Transfer], words: Mapping[str, str]) -> bytes:
    """Return the body that asks for a batch: the same bytes whenever it is asked for."""
    header = {"sender_batch_id": batch.id, "email_subject": words.get("email_subject", "You have a payout")}
    if message := words.get("email_message"):
        header["email_message"] = message
    items = [_item(transfer) for transfer in transfers]
    return json.dumps({"sender_batch_header": header, "items": items}, ensure_ascii=False).encode()


def _item(transfer: Transfer) -> dict[str, Any]:
    currency = transfer.amount.currency
    return {
        "recipient_type": transfer.details["recipient_type"],
        "receiver": transfer.details["receiver"],
        "amount": {"value": format_minor(transfer.amount.minor, currency), "currency": currency},
        "note": f"Payout {transfer.payout_id}",
        "sender_item_id": transfer.id,
    }


def faults_of(details: Mapping[str, str], currency: str) -> Faults:
    """Return everything wrong with where somebody is paid, and with a currency that PayPal does not pay."""
    return (
        *missing(details, *NAMES),
        *unknown(details, *NAMES),
        *_receiver_faults(details),
        *(
            ()
            if currency in CURRENCIES
            else (InvalidInputError(f"PayPal does not pay {currency}", "currency"),)
        ),
    )


def _receiver_faults(details: Mapping[str, str]) -> Faults:
    kind, receiver = details.get("recipient_type", ""), details.get("receiver", "")
    is_known = kind in RECEIVERS or not kind.strip()
    kinds = (
        () if is_known else (InvalidInputError(f"must be one of {', '.join(RECEIVERS)}", "recipient_type"),)
    )
    too_long = len(receiver) > MOST_RECEIVER
    long = (InvalidInputError(f"is longer than {MOST_RECEIVER} characters", "receiver"),) if too_long else ()
    shape = RECEIVERS.get(kind, (ASCII, "must be of plain letters, digits and signs"))
    return (*kinds, *(long or unlike(details, "receiver", *shape)))


def results_of(batch: TransferBatch, found: Found, reference: str) -> tuple[TransferResult, ...]:
    """Return what a batch as PayPal shows it says of each of our transfers, and of nobody else's.

    A transfer that PayPal does not list was not in what PayPal accepted, once all is listed and
    processed; and nothing of a batch that was never processed was paid.
    """
    listed = {_sender_item_id(item): item for item in found.items}
    ended = found.status in NEVER_PAID or (found.status == "SUCCESS" and found.complete)
    absent = TransferResult(
        transfer_id="",
        state=PayoutState.FAILED if ended else PayoutState.SENT,
        reference=reference,
        detail=_batch_words(found.status),
    )
    return tuple(
        item_result(item, found.status)
        if (item := listed.get(transfer.id)) is not None
        else TransferResult(
            transfer_id=transfer.id, state=absent.state, reference=reference, detail=absent.detail
        )
        for transfer in batch.transfers
    )


def _batch_words(status: str) -> str:
    if status in NEVER_PAID:
        return f"PayPal: the batch was {status}"
    return "PayPal: not in the batch that was accepted" if status == "SUCCESS" else ""


def item_result(item: Mapping[str, Any], batch_status: str = "", event: str = "") -> TransferResult:
    """Return what PayPal says of one item; an item without our id is named by PayPal's."""
    status = str(item.get("transaction_status") or _EVENTS.get(event, event))
    if batch_status in NEVER_PAID and status in _WAITING:
        status = batch_status
    state = _STATES.get(status, PayoutState.SENT)
    names = (str(item.get("payout_batch_id", "")), str(item.get("payout_item_id", "")))
    return TransferResult(
        transfer_id=_sender_item_id(item) or names[1],
        state=state,
        reference="/".join(name for name in names if name),
        detail="" if state is PayoutState.COMPLETED else _item_words(status, item),
    )


def _item_words(status: str, item: Mapping[str, Any]) -> str:
    errors = item.get("errors")
    told = errors if isinstance(errors, dict) else {}
    words = [str(told[key]) for key in ("name", "message") if told.get(key)]
    return bounded(": ".join([status or "not processed yet", *words]))


def _sender_item_id(item: Mapping[str, Any]) -> str:
    sent = item.get("payout_item")
    return str(sent.get("sender_item_id") or "") if isinstance(sent, dict) else ""


def event_results(event: Mapping[str, Any]) -> tuple[TransferResult, ...]:
    """Return what an event about one item says; nothing for any other event."""
    family, _, name = str(event.get("event_type", "")).rpartition(".")
    resource = event.get("resource")
    is_item = family == "PAYMENT.PAYOUTS-ITEM" and isinstance(resource, dict)
    return (item_result(resource, event=name),) if is_item and isinstance(resource, dict) else ()


def ended_batch(event: Mapping[str, Any]) -> str | None:
    """Return PayPal's name of the batch that an event says has ended; None for any other event."""
    family, _, name = str(event.get("event_type", "")).rpartition(".")
    resource = event.get("resource")
    header = resource.get("batch_header") if isinstance(resource, dict) else None
    if (
        family != "PAYMENT.PAYOUTSBATCH"
        or name not in ("SUCCESS", *NEVER_PAID)
        or not isinstance(header, dict)
    ):
        return None
    return checked_reference(str(header.get("payout_batch_id", "")))


def first_batch(answer: Answer) -> str | None:
    """Return the batch that had this sender_batch_id before, from the link in PayPal's refusal; else None.

    Only its name is taken: a link that somebody sends us is not one to follow.
    """
    for detail in filter(_is_about_the_name, details_of(answer)):
        links = detail.get("link") or detail.get("links") or answer.values.get("links") or ()
        hrefs = [str(link.get("href", "")) for link in links if isinstance(link, dict)]
        return next(filter(None, map(_name_in, hrefs)), None)
    return None


def is_duplicate(answer: Answer) -> bool:
    """Return whether PayPal says anything about our name of the batch: it may know it already."""
    return any(map(_is_about_the_name, details_of(answer)))


def _is_about_the_name(detail: Mapping[str, Any]) -> bool:
    return str(detail.get("field", "")).upper().endswith(DUPLICATE)


def _name_in(href: str) -> str | None:
    path, _, name = href.partition("?")[0].rpartition("/")
    return checked_reference(name) if path.endswith("/v1/payments/payouts") else None


def checked_reference(name: str) -> str | None:
    """Return PayPal's name of a batch where it can be one, and put into a path; else None."""
    return name if _REFERENCE.fullmatch(name) else None


def faulty_items(answer: Answer) -> Mapping[int, str]:
    """Return the places of the items that PayPal refuses a batch for, with its words for each.

    Nothing where it also refuses anything else of it: then no part of the batch can be sent.
    """
    found: dict[int, list[str]] = {}
    for detail in details_of(answer):
        match = _ITEM.search(str(detail.get("field", "")))
        if match is None:
            return {}
        words = (str(detail[key]) for key in ("issue", "description") if detail.get(key))
        found.setdefault(int(match.group(1)), []).append(": ".join(words))
    return {place: bounded(f"PayPal refuses it: {'; '.join(words)}") for place, words in found.items()}
