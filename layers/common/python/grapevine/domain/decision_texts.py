"""A decision as an entry keeps it: short names, since an entry holds a kilobyte."""

from __future__ import annotations

from typing import Any

from grapevine.domain.bindings import CustomerNote
from grapevine.domain.candidates import Candidate, Reason
from grapevine.domain.decisions import Decision
from grapevine.domain.fx import Rate
from grapevine.domain.instants import from_text, to_text
from grapevine.domain.products import SoldProduct
from grapevine.domain.tiers import WHOLE_BPS, Shortfall, TierStanding, Volume


def decision_to_dict(decision: Decision) -> dict[str, Any]:
    """Return a decision as JSON values with short names; absent means none."""
    return {
        "b": decision.basis,
        "r": decision.reason.value,
        "pv": decision.plan_version,
        "w": "|".join(",".join(claim) for claim in decision.claims),
        "t": [_candidate_to_list(candidate) for candidate in decision.candidates],
        **({"fx": _rate_to_list(decision.rate)} if decision.rate else {}),
        **({"rc": ",".join(decision.recruiters)} if decision.recruiters else {}),
        **({"pd": [_product_to_list(item) for item in decision.products]} if decision.products else {}),
        **({"cu": _note_to_list(decision.customer)} if decision.customer else {}),
        **({"ti": [_tier_to_list(tier) for tier in decision.tiers]} if decision.tiers else {}),
        **({"ga": [[s.promoter_id, s.month, s.net_minor] for s in decision.gated]} if decision.gated else {}),
        **({"pk": [list(pair) for pair in decision.payees]} if decision.payees else {}),
        **({"kb": decision.kept_bps} if decision.kept_bps != WHOLE_BPS else {}),
        **({"cm": "|".join(map(",".join, decision.campaigns))} if decision.campaigns else {}),
        **({"pu": to_text(decision.provisional_until)} if decision.provisional_until else {}),
    }


def decision_from_dict(values: dict[str, Any]) -> Decision:
    """Read back what `decision_to_dict` wrote."""
    claims = tuple(tuple(claim.split(",")) for claim in values["w"].split("|")) if values["w"] else ()
    return Decision(
        basis=values["b"],
        reason=Reason(values["r"]),
        plan_version=values["pv"],
        promoter_ids=claims[0] if claims else (),
        further=claims[1:],
        candidates=tuple(_candidate_from_list(item) for item in values["t"]),
        rate=_rate_from_list(values["fx"]) if "fx" in values else None,
        recruiters=tuple(values["rc"].split(",")) if "rc" in values else (),
        products=tuple(_product_from_list(item) for item in values.get("pd", ())),
        customer=_note_from_list(values["cu"]) if "cu" in values else None,
        tiers=tuple(_tier_from_list(item) for item in values.get("ti", ())),
        gated=tuple(Shortfall(*item) for item in values.get("ga", ())),
        payees=tuple((name, key) for name, key in values.get("pk", ())),
        kept_bps=values.get("kb", WHOLE_BPS),
        campaigns=_campaigns_from(values["cm"]) if "cm" in values else (),
        provisional_until=from_text(values["pu"]) if "pu" in values else None,
    )


def _campaigns_from(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(filter(None, ids.split(","))) for ids in text.split("|"))


def _product_to_list(product: SoldProduct) -> list[Any]:
    groups = [product.product_id, product.category, list(product.collections)]
    return groups if product.earners is None else [*groups, ",".join(product.earners)]


def _product_from_list(item: list[Any]) -> SoldProduct:
    product_id, category, collections, *earners = item
    bound = tuple(filter(None, earners[0].split(","))) if earners else None
    return SoldProduct(
        product_id=product_id, category=category, collections=tuple(collections), earners=bound
    )


def _tier_to_list(tier: TierStanding) -> list[Any]:
    return [
        tier.promoter_id,
        tier.month,
        tier.volume.net_minor,
        tier.volume.orders,
        tier.tier_id,
        *tier.uplift,
    ]


def _tier_from_list(item: list[Any]) -> TierStanding:
    promoter_id, month, net_minor, orders, tier_id, added, parts = item
    return TierStanding(
        promoter_id=promoter_id,
        month=month,
        volume=Volume(net_minor, orders),
        tier_id=tier_id,
        uplift=(added, parts),
    )


def _note_to_list(note: CustomerNote) -> list[Any]:
    return [note.customer_key, note.through_id, int(note.earned)]


def _note_from_list(item: list[Any]) -> CustomerNote:
    customer_key, through_id, earned, *_ = item
    return CustomerNote(customer_key, through_id, bool(earned))


def _rate_to_list(rate: Rate) -> list[str]:
    return [rate.base, rate.quote, rate.text, rate.source, to_text(rate.effective_at)]


def _rate_from_list(item: list[str]) -> Rate:
    base, quote, text, source, effective_at = item
    return Rate(base=base, quote=quote, text=text, source=source, effective_at=from_text(effective_at))


def _candidate_to_list(candidate: Candidate) -> list[str]:
    values = [
        candidate.click_id,
        candidate.promoter_id,
        to_text(candidate.occurred_at),
        to_text(candidate.recorded_at),
        candidate.reason.value,
        candidate.coupon_code or "",
        candidate.binding or "",
        candidate.channel,
        "1" if candidate.is_public else "",
        candidate.referrer,
    ]
    while not values[-1]:
        values.pop()
    return values


def _candidate_from_list(item: list[str]) -> Candidate:
    click_id, promoter_id, occurred_at, recorded_at, reason, *more = item
    return Candidate(
        click_id=click_id,
        promoter_id=promoter_id,
        occurred_at=from_text(occurred_at),
        recorded_at=from_text(recorded_at),
        reason=Reason(reason),
        coupon_code=(more[0] or None) if more else None,
        binding=(more[1] or None) if len(more) > 1 else None,
        channel=more[2] if len(more) > 2 else "",
        is_public=len(more) > 3 and more[3] == "1",
        referrer=more[4] if len(more) > 4 else "",
    )
