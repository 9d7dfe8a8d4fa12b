"""The ledger's entries: balanced by construction, numbered per key, chained by hash."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from grapevine.domain.accounts import PROGRAM, Account, Leaf, Posting, net
from grapevine.domain.decision_texts import decision_from_dict, decision_to_dict
from grapevine.domain.decisions import Decision
from grapevine.domain.errors import InvalidInputError
from grapevine.domain.facts import OrderKey
from grapevine.domain.grants import NO_HOLDINGS, NOTHING_TAKEN, Grant, GrantKey, Holdings, holdings
from grapevine.domain.instants import from_text, to_text
from grapevine.domain.money import Money
from grapevine.domain.tiers import Sale, Volume

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
    VOIDED = "voided"
    RECORDED = "recorded"
    RESERVED = "reserved"
    PAID = "paid"
    RETURNED = "returned"
    MERGED = "merged"
    WRITTEN_OFF = "written_off"
    BONUS = "bonus"
    UNDONE = "undone"
    SPENT = "spent"
    EXPIRED = "expired"
    RESTORED = "restored"
    CHARGED = "charged"
    OPENED = "opened"


@dataclass(frozen=True, slots=True)
class AccountKey:
    """A promoter's money in one program and currency, as settlement takes from it."""

    program_id: str
    promoter_id: str
    currency: str

    def __str__(self) -> str:
        return f"{self.program_id}/{self.promoter_id}/{self.currency}"


class BonusKind(StrEnum):
    """What a bonus that is no order's commission is for."""

    BOUNTY = "bounty"
    """A target that was reached in a period; its name is the bounty's id, a colon and the period."""
    SHARE = "share"
    """A product's first share that brought a visitor; its name is the product's id."""


@dataclass(frozen=True, slots=True)
class BonusKey:
    """A bonus of a promoter that rests on more than one order, or on none."""

    program_id: str
    promoter_id: str
    kind: BonusKind
    name: str

    def __str__(self) -> str:
        return f"{self.program_id}/{self.promoter_id}/{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class PointsCoupon:
    """A code that gives a shopper money off, bought with points; minor units of the program's currency."""

    code: str
    off_minor: int


EntryKey = OrderKey | AccountKey | BonusKey
Postable = OrderKey | BonusKey
"""Whose entries one writer posts by looking at what they rest on: whenever, as often as one likes."""


def named_key(text: str) -> Postable:
    """Read back what `str` made of an order's or a bonus's key, which pages' marks begin with."""
    if text.count("/") < 3:
        return OrderKey.parse(text)
    program_id, promoter_id, kind, name = text.split("/", 3)
    if kind not in list(BonusKind):
        raise InvalidInputError(f"names neither an order nor a bonus: {text[:80]!r}")
    return BonusKey(program_id, promoter_id, BonusKind(kind), name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One immutable record with all of its postings.

    `covers` is how many facts of the order stood behind it in all, `facts` the digests of those
    it was the first to cover. `decision` is there only when it is new. `grants` has what changed of
    what is scarce, `sales` what it changes in the volume of the attributed promoters, `evidence` the
    same for the bounties that ran when the order was paid. `reached` is what a bounty's evidence came
    to. `due_at` is the next instant at which time alone may change something. `waits` are the promoters
    whose parts are not released with the others, `voided` those whose parts went back: somebody looked,
    and they were suspended, or banned. `purpose` is what an account's own entry is for, where its reason
    does not say it all; `note` is the evidence behind an opening balance, `coupon` what spent
    points bought, `tax_period` the one that a payout counts in, where tax is withheld. `text` is
    the entry as it was stored, where it was: a newer writer's may say more than we read, and the hash is of
    what is stored.
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
    grants: tuple[Grant, ...] = ()
    sales: tuple[Sale, ...] = ()
    evidence: tuple[Sale, ...] = ()
    reached: Volume | None = None
    released: bool = False
    waits: tuple[str, ...] = ()
    voided: tuple[str, ...] = ()
    due_at: datetime | None = None
    payout_id: str | None = None
    purpose: str | None = None
    note: str | None = None
    coupon: PointsCoupon | None = None
    tax_period: str | None = None
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


def grants_of(entries: Sequence[Entry]) -> tuple[Grant, ...]:
    """Return every grant that entries recorded, in their sequence."""
    return tuple([grant for entry in entries for grant in entry.grants])


def holdings_of(entries: Sequence[Entry], taken: Mapping[GrantKey, int] = NOTHING_TAKEN) -> Holdings:
    """Return what an order has of what is scarce, with what is taken of that by all."""
    return holdings(grants_of(entries), taken) if entries or taken else NO_HOLDINGS


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
        "d": decision_to_dict(entry.decision) if entry.decision else None,
        "g": [_grant_to_list(grant) for grant in entry.grants],
        "s": [_sale_to_list(sale) for sale in entry.sales],
        "ev": [_sale_to_list(sale) for sale in entry.evidence],
        "rv": [entry.reached.net_minor, entry.reached.orders] if entry.reached else None,
        "rel": int(entry.released),
        "wt": list(entry.waits),
        "vd": list(entry.voided),
        "due": to_text(entry.due_at) if entry.due_at else None,
        "pay": entry.payout_id,
        "for": entry.purpose,
        "nt": entry.note,
        "cp": [entry.coupon.code, entry.coupon.off_minor] if entry.coupon else None,
        "tp": entry.tax_period,
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
        decision=decision_from_dict(values["d"]) if "d" in values else None,
        grants=tuple(_grant_from_list(item, program_id) for item in values.get("g", ())),
        sales=tuple(_sale_from_list(item) for item in values.get("s", ())),
        evidence=tuple(_sale_from_list(item) for item in values.get("ev", ())),
        reached=Volume(*values["rv"]) if "rv" in values else None,
        released=bool(values.get("rel", 0)),
        waits=tuple(values.get("wt", ())),
        voided=tuple(values.get("vd", ())),
        due_at=from_text(values["due"]) if "due" in values else None,
        payout_id=values.get("pay"),
        purpose=values.get("for"),
        note=values.get("nt"),
        coupon=PointsCoupon(*values["cp"]) if "cp" in values else None,
        tax_period=values.get("tp"),
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


def _grant_to_list(grant: Grant) -> list[Any]:
    values = [str(grant.key), grant.wanted, grant.granted]
    return values if grant.offered is None else [*values, grant.offered]


def _grant_from_list(item: list[Any], program_id: str) -> Grant:
    text, wanted, granted, *offered = item
    return Grant(GrantKey.parse(program_id, text), wanted, granted, *offered)


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
