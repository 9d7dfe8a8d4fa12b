"""Screen an order: a promoter buying through their own link is found by customer hash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from grapevine.domain.facts import Fact, FactKind, Outcome, Snapshot, Verdict
from grapevine.ports import ClickReader, FactWriter, PromoterReader

SELF_REFERRAL = "self_referral"


@dataclass(frozen=True, slots=True)
class ScreenOrder:
    """Screen what one fact of an order tells."""

    fact: Fact


@dataclass(frozen=True, slots=True)
class ScreenOrderPorts:
    """What the screening reads, and the order's facts, where its verdict goes."""

    clicks: ClickReader
    promoters: PromoterReader
    facts: FactWriter


def screen_order(command: ScreenOrder, ports: ScreenOrderPorts, now: datetime) -> Fact | None:
    """Append a verdict where one can be given and is new; return it, or None.

    The verdict's version is the order's own instant and its digest its content, so that screening
    each of the order's facts, or one of them twice, appends one verdict.
    """
    snapshot = command.fact.snapshot
    if snapshot is None or snapshot.placed_at is None or snapshot.click_id is None:
        return None
    verdict = _verdict(command.fact.program_id, snapshot, snapshot.click_id, ports)
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


def _verdict(program_id: str, snapshot: Snapshot, click_id: str, ports: ScreenOrderPorts) -> Verdict | None:
    click = ports.clicks.click(click_id)
    if click is None:
        return None
    promoter = ports.promoters.promoters(program_id, (click.promoter_id,)).get(click.promoter_id)
    if promoter is None:
        return None
    is_same = snapshot.customer_key is not None and snapshot.customer_key == promoter.customer_key
    outcome = Outcome.BLOCK if is_same else Outcome.ALLOW
    return Verdict(outcome=outcome, rule=SELF_REFERRAL, evidence=f"{promoter.id} {click_id}")


def _digest(verdict: Verdict) -> str:
    text = f"{verdict.outcome}|{verdict.rule}|{verdict.evidence}"
    return blake2b(text.encode(), digest_size=8).hexdigest()
