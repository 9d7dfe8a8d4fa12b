"""Promoters and who introduced whom."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class PromoterStatus(StrEnum):
    """Whether a promoter earns."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promoter:
    """Who shares and earns; `customer_key` is the keyed hash they would have as a customer."""

    id: str
    program_id: str
    name: str
    sponsor_id: str | None
    joined_at: datetime
    customer_key: str | None = None
    status: PromoterStatus = PromoterStatus.ACTIVE


def upline_of(promoter_id: str, levels: int, known: Mapping[str, Promoter]) -> tuple[str, ...]:
    """Return the promoter and the chain above, as far as `known` reaches, at most `levels` long.

    A repeated name ends the chain: cycles are refused when sponsors are set, and this loop must
    end also where that failed.
    """
    chain: list[str] = []
    current: str | None = promoter_id
    while current is not None and current in known and current not in chain and len(chain) < levels:
        chain.append(current)
        current = known[current].sponsor_id
    return tuple(chain)


def missing_above(chain: tuple[str, ...], levels: int, known: Mapping[str, Promoter]) -> str | None:
    """Return the sponsor that the chain needs next and `known` lacks, or None where it is complete."""
    if not chain or len(chain) >= levels:
        return None
    sponsor_id = known[chain[-1]].sponsor_id
    return sponsor_id if sponsor_id not in known else None


def subject_key(key: bytes, email: str) -> str:
    """Return the keyed hash that stands for a person everywhere but in `private`.

    A plain hash of an e-mail address is reversed with a list of addresses; this one needs the
    program's key.
    """
    return hmac.new(key, email.strip().casefold().encode(), "sha256").hexdigest()[:24]
