"""The ledger's entries: balanced by construction, numbered per key, chained by hash."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from grapevine.domain.accounts import PROGRAM, Account, Leaf, Posting, net
from grapevine.domain.bindings import CustomerNote
from grapevine.domain.decisions import Candidate, Decision, Reason
from grapevine.domain.facts import OrderKey
from grapevine.domain.fx import Rate
from grapevine.domain.instants import from_text, to_text
from grapevine.domain.money import Money
from grapevine.domain.tiers import Sale, Shortfall, TierStanding, Volume

SCHEMA = 1


class EntryReason(StrEnum):
    """Why an entry was posted; where the money is now is the postings' affair."""

    ACCRUED = "accrued"
    REFUNDED = "refunded"
    EDITED = "edited"
    CANCELLED = "cancelled"
    UNPAID = "unpaid"
    REATTRIBUTED = "reattributed"
    TIERED = "tiered"
    RELEASED = "released"
    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"
    RECORDED = "recorded"
    RESERVED = "reserved"
    PAID = "paid"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class AccountKey:
    """A promoter's money in one program and currency, as settlement takes from it."""

    program_id: str
    promoter_id: str
    currency: str

    def __str__(self) -> str:
        return f"{self.program_id}/{self.promoter_id}/{self.currency}"


EntryKey = OrderKey | AccountKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One immutable record with all of its postings.

    `covers` is how many facts of the order stood behind it in all, `facts` the digests of those
    it was the first to cover. `decision` is there only when it is new. `sales` is what it changes
    in the volume of the attributed promoters. `due_at` is the next
    instant at which time alone may change something. `text` is the entry as it was stored, where
    it was: a newer writer's may say more than we read, and the hash is of what is stored.
    """

    key: EntryKey
    sequence: int
    program_id: str
    reason: EntryReason
    postings: tuple[Posting, ...]
    recorded_at: datetime
    covers: int = 0
    facts: tuple[str, ...] = ()
    decision: Decision | None = None
    sales: tuple[Sale, ...] = ()
    released: bool = False
    due_at: datetime | None = None
    payout_id: str | None = None
    previous_hash: str = ""
    text: str = field(default="", compare=False, repr=False)

    @property
    def id(self) -> str:
        """The entry's name in pages and in the API."""
        return f"{self.key}/{self.sequence}"

    @property
    def hash(self) -> str:
        """SHA-256 over the entry with the hash of the one before it under the same key."""
        return sha256((self.text or canonical(self)).encode()).hexdigest()


def standing(entries: Sequence[Entry]) -> dict[tuple[Account, str], int]:
    """Return what entries add up to, by account and currency, zero amounts left out."""
    changes = net(tuple(posting for entry in entries for posting in entry.postings))
    return {key: minor for key, minor in changes.items() if minor}


def decision_in_force(entries: Sequence[Entry]) -> Decision | None:
    """Return the decision that the last entry to hold one holds."""
    return next((entry.decision for entry in reversed(entries) if entry.decision), None)


def canonical(entry: Entry) -> str:
    """Return an entry's one text: what is stored, and what is hashed."""
    return json.dumps(entry_to_dict(entry), separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def entry_to_dict(entry: Entry) -> dict[str, Any]:
    """Return an entry as JSON values with short names; absent means none."""
    values: dict[str, Any] = {
        "v": SCHEMA,
        "k": str(entry.key),
        "n": entry.sequence,
        "p": entry.program_id,
        "r": entry.reason.value,
        "l": [_posting_to_list(posting) for posting in entry.postings],
        "at": to_text(entry.recorded_at),
        "c": entry.covers,
        "f": ",".join(entry.facts),
        "d": _decision_to_dict(entry.decision) if entry.decision else None,
        "s": [_sale_to_list(sale) for sale in entry.sales],
        "rel": int(entry.released),
        "due": to_text(entry.due_at) if entry.due_at else None,
        "pay": entry.payout_id,
        "prev": entry.previous_hash,
    }
    return {name: value for name, value in values.items() if value not in (None, "", 0, [])}


def entry_of_text(text: str, key: EntryKey) -> Entry:
    """Read back what `canonical` wrote; unknown names are ignored (a newer writer's)."""
    return replace(entry_from_dict(json.loads(text), key), text=text)


def entry_from_dict(values: dict[str, Any], key: EntryKey) -> Entry:
    """Read back what `entry_to_dict` wrote."""
    program_id = values["p"]
    return Entry(
        key=key,
        sequence=values["n"],
        program_id=program_id,
        reason=EntryReason(values["r"]),
        postings=tuple(_posting_from_list(leg, program_id) for leg in values.get("l", ())),
        recorded_at=from_text(values["at"]),
        covers=values.get("c", 0),
        facts=tuple(values["f"].split(",")) if "f" in values else (),
        decision=_decision_from_dict(values["d"]) if "d" in values else None,
        sales=tuple(_sale_from_list(item) for item in values.get("s", ())),
        released=bool(values.get("rel", 0)),
        due_at=from_text(values["due"]) if "due" in values else None,
        payout_id=values.get("pay"),
        previous_hash=values.get("prev", ""),
    )


def _posting_to_list(posting: Posting) -> list[Any]:
    return [
        _short(posting.source),
        _short(posting.destination),
        posting.amount.minor,
        posting.amount.currency,
    ]


def _posting_from_list(leg: list[Any], program_id: str) -> Posting:
    source, destination, minor, currency = leg
    return Posting(_account(source, program_id), _account(destination, program_id), Money(minor, currency))


def _sale_to_list(sale: Sale) -> list[Any]:
    return [sale.promoter_id, sale.month, sale.volume.net_minor, sale.volume.orders]


def _sale_from_list(item: list[Any]) -> Sale:
    promoter_id, month, net_minor, orders = item
    return Sale(promoter_id, month, Volume(net_minor, orders))


def _short(account: Account) -> str:
    return account.leaf.value if account.owner == PROGRAM else f"{account.owner}:{account.leaf}"


def _account(short: str, program_id: str) -> Account:
    owner, _, leaf = short.rpartition(":")
    return Account(program_id, owner or PROGRAM, Leaf(leaf))


def _decision_to_dict(decision: Decision) -> dict[str, Any]:
    return {
        "b": decision.basis,
        "r": decision.reason.value,
        "pv": decision.plan_version,
        "w": "|".join(",".join(claim) for claim in decision.claims),
        "t": [_candidate_to_list(candidate) for candidate in decision.candidates],
        **({"fx": _rate_to_list(decision.rate)} if decision.rate else {}),
        **({"cu": _note_to_list(decision.customer)} if decision.customer else {}),
        **({"ti": [_tier_to_list(tier) for tier in decision.tiers]} if decision.tiers else {}),
        **({"ga": [[s.promoter_id, s.month, s.net_minor] for s in decision.gated]} if decision.gated else {}),
        **({"pu": to_text(decision.provisional_until)} if decision.provisional_until else {}),
    }


def _decision_from_dict(values: dict[str, Any]) -> Decision:
    claims = tuple(tuple(claim.split(",")) for claim in values["w"].split("|")) if values["w"] else ()
    return Decision(
        basis=values["b"],
        reason=Reason(values["r"]),
        plan_version=values["pv"],
        promoter_ids=claims[0] if claims else (),
        further=claims[1:],
        candidates=tuple(_candidate_from_list(item) for item in values["t"]),
        rate=_rate_from_list(values["fx"]) if "fx" in values else None,
        customer=_note_from_list(values["cu"]) if "cu" in values else None,
        tiers=tuple(_tier_from_list(item) for item in values.get("ti", ())),
        gated=tuple(Shortfall(*item) for item in values.get("ga", ())),
        provisional_until=from_text(values["pu"]) if "pu" in values else None,
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
    return [
        candidate.click_id,
        candidate.promoter_id,
        to_text(candidate.occurred_at),
        to_text(candidate.recorded_at),
        candidate.reason.value,
        *((candidate.coupon_code or "",) if candidate.coupon_code or candidate.binding else ()),
        *((candidate.binding,) if candidate.binding else ()),
    ]


def _candidate_from_list(item: list[str]) -> Candidate:
    click_id, promoter_id, occurred_at, recorded_at, reason, *more = item
    return Candidate(
        click_id=click_id,
        promoter_id=promoter_id,
        occurred_at=from_text(occurred_at),
        recorded_at=from_text(recorded_at),
        reason=Reason(reason),
        coupon_code=(more[0] or None) if more else None,
        binding=more[1] if len(more) > 1 else None,
    )
