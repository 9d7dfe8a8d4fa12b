"""Screen an order: a promoter buying through their own link is found by customer hash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from grapevine.domain.coupons import readable_codes
from grapevine.domain.facts import Fact, FactKind, Outcome, Snapshot, Verdict
from grapevine.domain.people import Promoter, person_of
from grapevine.domain.plans import SelfPurchase
from grapevine.ports import ClickReader, DecisionCatalog, FactWriter
from grapevine.usecases.find_people import with_persons

SELF_REFERRAL = "self_referral"


@dataclass(frozen=True, slots=True)
class ScreenOrder:
    """Screen what one fact of an order tells."""

    fact: Fact


@dataclass(frozen=True, slots=True)
class ScreenOrderPorts:
    """What the screening reads, and the order's facts, where its verdict goes."""

    clicks: ClickReader
    catalog: DecisionCatalog
    facts: FactWriter


def screen_order(command: ScreenOrder, ports: ScreenOrderPorts, now: datetime) -> Fact | None:
    """Append a verdict where one can be given and is new; return it, or None.

    The verdict's version is the order's own instant and its digest its content, so that screening
    each of the order's facts, or one of them twice, appends one verdict.
    """
    snapshot = command.fact.snapshot
    if snapshot is None or snapshot.placed_at is None:
        return None
    verdict = _verdict(command.fact.program_id, snapshot, snapshot.placed_at, ports)
    if verdict is None:
        return None
    fact = Fact(
        order=command.fact.order,
        program_id=command.fact.program_id,
        kind=FactKind.VERDICT,
        version=snapshot.placed_at,
        digest=_digest(verdict),
        recorded_at=now,
        verdict=verdict,
    )
    return fact if ports.facts.append(fact) else None


def _verdict(
    program_id: str, snapshot: Snapshot, placed_at: datetime, ports: ScreenOrderPorts
) -> Verdict | None:
    touched = _touched(program_id, snapshot, ports)
    known = ports.catalog.promoters(program_id, tuple(touched)) if touched else {}
    if not known:
        return None
    people = with_persons(program_id, known, placed_at, ports.catalog)
    plan = ports.catalog.terms(program_id).plan_at(placed_at)
    own = [name for name, promoter in known.items() if _is_own(snapshot, promoter, people, placed_at)]
    outcome = Outcome.BLOCK if own and plan.self_purchase is SelfPurchase.BLOCK else Outcome.ALLOW
    evidence = " ".join(f"{name} {touched[name]}" for name in own or known)
    return Verdict(outcome=outcome, rule=SELF_REFERRAL, evidence=evidence)


def _touched(program_id: str, snapshot: Snapshot, ports: ScreenOrderPorts) -> dict[str, str]:
    """Return the promoters whose coupon or click the order names, with what names them."""
    codes = readable_codes(snapshot.coupon_codes or ())
    coupons = ports.catalog.coupons(program_id, codes) if codes else {}
    click = ports.clicks.click(snapshot.click_id) if snapshot.click_id else None
    by_click = {click.promoter_id: click.id} if click else {}
    return {**by_click, **{coupon.promoter_id: code for code, coupon in coupons.items()}}


def _is_own(
    snapshot: Snapshot, promoter: Promoter, people: Mapping[str, Promoter], placed_at: datetime
) -> bool:
    """Say whether the customer is the promoter, or whoever's duplicate that account is."""
    person = people.get(person_of(promoter.id, people, placed_at), promoter)
    return any(one.buys_as(snapshot.customer_key, placed_at) for one in (promoter, person))


def _digest(verdict: Verdict) -> str:
    text = f"{verdict.outcome}|{verdict.rule}|{verdict.evidence}"
    return blake2b(text.encode(), digest_size=8).hexdigest()
