"""A fact as compact JSON: what its key does not say already, under short names, absent means none.

Kept small on purpose: a small order's fact is one write unit, and every posting reads them all.
Names are never used again for something else; readers ignore those they do not know.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from grapevine.domain.facts import (
    Component,
    Fact,
    FactKind,
    Line,
    OrderKey,
    Outcome,
    Payment,
    Refund,
    RefundLine,
    Ruling,
    Snapshot,
    Tender,
    TenderKind,
    Verdict,
)
from grapevine.domain.instants import from_text, to_text

Body = dict[str, Any]


def fact_to_body(fact: Fact) -> Body:
    """Return a fact as JSON values, without what its key says."""
    return _present(
        {
            "p": fact.program_id,
            "at": to_text(fact.recorded_at),
            "s": _snapshot_to_body(fact.snapshot) if fact.snapshot else None,
            "r": [_refund_to_list(refund) for refund in fact.refunds] or None,
            "v": [fact.verdict.outcome.value, fact.verdict.rule, fact.verdict.evidence]
            if fact.verdict
            else None,
            "x": fact.problem,
            "j": [fact.ruling.fact, fact.ruling.by, fact.ruling.why] if fact.ruling else None,
        }
    )


def fact_from_body(body: Body, order: OrderKey, kind: FactKind, version: datetime, digest: str) -> Fact:
    """Read back what `fact_to_body` wrote, with what the key says."""
    return Fact(
        order=order,
        program_id=body["p"],
        kind=kind,
        version=version,
        digest=digest,
        recorded_at=from_text(body["at"]),
        snapshot=_snapshot_from_body(body["s"]) if "s" in body else None,
        refunds=tuple(_refund_from_list(refund) for refund in body.get("r", ())),
        verdict=_verdict_from_list(body["v"]) if "v" in body else None,
        problem=body.get("x"),
        ruling=_ruling_from_list(body["j"], kind) if "j" in body else None,
    )


def _present(values: Body) -> Body:
    return {name: value for name, value in values.items() if value is not None}


def _text(instant: datetime | None) -> str | None:
    return to_text(instant) if instant else None


def _instant(body: Body, name: str) -> datetime | None:
    return from_text(body[name]) if name in body else None


def _snapshot_to_body(snapshot: Snapshot) -> Body:
    return _present(
        {
            "o": _text(snapshot.placed_at),
            "pay": snapshot.payment.value if snapshot.payment else None,
            "cur": snapshot.currency,
            "l": None if snapshot.lines is None else [_line_to_list(line) for line in snapshot.lines],
            "can": _text(snapshot.cancelled_at),
            "rec": _text(snapshot.received_at),
            "cus": snapshot.customer_key,
            "clk": snapshot.click_id,
            "cou": list(snapshot.coupon_codes) if snapshot.coupon_codes else None,
            "t": 1 if snapshot.test else None,
            "ch": None if snapshot.charges is None else [_line_to_list(line) for line in snapshot.charges],
            "ten": None
            if snapshot.tenders is None
            else [[tender.kind.value, tender.minor] for tender in snapshot.tenders],
            "ref": snapshot.referrer,
        }
    )


def _snapshot_from_body(body: Body) -> Snapshot:
    return Snapshot(
        placed_at=_instant(body, "o"),
        payment=Payment(body["pay"]) if "pay" in body else None,
        currency=body.get("cur"),
        lines=tuple(_line_from_list(line) for line in body["l"]) if "l" in body else None,
        cancelled_at=_instant(body, "can"),
        received_at=_instant(body, "rec"),
        customer_key=body.get("cus"),
        click_id=body.get("clk"),
        coupon_codes=tuple(body["cou"]) if "cou" in body else None,
        test=bool(body.get("t", 0)),
        charges=tuple(_line_from_list(line) for line in body["ch"]) if "ch" in body else None,
        tenders=_tenders_from_list(body["ten"]) if "ten" in body else None,
        referrer=body.get("ref"),
    )


def _tenders_from_list(values: list[Any]) -> tuple[Tender, ...]:
    return tuple(Tender(kind=TenderKind(kind), minor=minor) for kind, minor in values)


def _line_to_list(line: Line) -> list[Any]:
    """Return a line as a list; what most lines do not have comes last, and only where one has it."""
    more: list[int | str] = [line.added_tax_minor] if line.added_tax_minor else []
    if line.component is not Component.ITEM:
        more = [line.added_tax_minor, line.component.value]
    return [
        line.id,
        line.product_id,
        line.sku,
        line.quantity_milli,
        line.gross_minor,
        line.discount_minor,
        line.tax_minor,
        int(line.gift_card),
        *more,
    ]


def _line_from_list(values: list[Any]) -> Line:
    line_id, product_id, sku, quantity, gross, discount, tax, gift_card, *more = values
    return Line(
        id=line_id,
        product_id=product_id,
        sku=sku,
        quantity_milli=quantity,
        gross_minor=gross,
        discount_minor=discount,
        tax_minor=tax,
        gift_card=bool(gift_card),
        added_tax_minor=more[0] if more else 0,
        component=Component(more[1]) if len(more) > 1 else Component.ITEM,
    )


def _refund_to_list(refund: Refund) -> list[Any]:
    return [refund.id, to_text(refund.created_at), [_part_to_list(part) for part in refund.lines]]


def _part_to_list(part: RefundLine) -> list[Any]:
    told = [part.line_id, part.quantity_milli, part.subtotal_minor]
    return [*told, part.tax_minor] if part.tax_minor else told


def _refund_from_list(values: list[Any]) -> Refund:
    refund_id, created_at, lines = values
    return Refund(
        id=refund_id,
        created_at=from_text(created_at),
        lines=tuple(
            RefundLine(line_id=line_id, quantity_milli=quantity, subtotal_minor=subtotal, tax_minor=sum(tax))
            for line_id, quantity, subtotal, *tax in lines
        ),
    )


def _verdict_from_list(values: list[Any]) -> Verdict:
    outcome, rule, evidence = values
    return Verdict(outcome=Outcome(outcome), rule=rule, evidence=evidence)


def _ruling_from_list(values: list[Any], kind: FactKind) -> Ruling:
    fact, by, why = values
    return Ruling(fact=fact, accepted=kind is FactKind.ACCEPTED, by=by, why=why)
