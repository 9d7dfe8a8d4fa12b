"""Screen an order: a promoter who wins their own purchase is found by customer hash."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b

from grapevine.domain.facts import Fact, FactKind, Outcome, Snapshot, Verdict
from grapevine.domain.orders import fold
from grapevine.domain.plans import SelfPurchase
from grapevine.ports import ClickReader, DecisionCatalog, FactWriter
from grapevine.usecases.decide_order import winners_of
from grapevine.usecases.find_touches import TouchPorts

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
    verdict = _verdict(command.fact, snapshot, ports)
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


def _verdict(fact: Fact, snapshot: Snapshot, ports: ScreenOrderPorts) -> Verdict | None:
    """Return what is found about who would win the order; where nobody would there is nothing to say."""
    # One body does not tell when the order was paid first: a later one would be judged by a later plan.
    order, terms = replace(fold((fact,)), paid_at=None), ports.catalog.terms(fact.program_id)
    plan = terms.plan_at(order.placed_at) if order.placed_at else None
    if plan is None or not (snapshot.click_id or snapshot.coupon_codes or plan.product_bound):
        return None
    winners = winners_of(order, terms, TouchPorts(ports.clicks, ports.catalog))
    if not winners or order.placed_at is None:
        return None
    own = [w for w in winners if w.promoter.buys_as(snapshot.customer_key, order.placed_at)]
    outcome = Outcome.BLOCK if own and plan.self_purchase is SelfPurchase.BLOCK else Outcome.ALLOW
    evidence = " ".join(f"{winner.promoter.id} {winner.by}" for winner in own or winners)
    return Verdict(outcome=outcome, rule=SELF_REFERRAL, evidence=evidence)


def _digest(verdict: Verdict) -> str:
    text = f"{verdict.outcome}|{verdict.rule}|{verdict.evidence}"
    return blake2b(text.encode(), digest_size=8).hexdigest()
