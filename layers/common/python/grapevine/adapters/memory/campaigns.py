"""Campaigns and bounties, in memory."""

from __future__ import annotations

from threading import Lock
from typing import TypeVar

from grapevine.domain.bounties import Bounty
from grapevine.domain.campaigns import Campaign
from grapevine.domain.errors import NetworkMovedError

D = TypeVar("D", Campaign, Bounty)
ByProgram = dict[str, dict[str, D]]


class MemoryCampaigns:
    """Campaigns and bounties by program and id."""

    def __init__(self) -> None:
        self._dated_lock = Lock()
        self._campaigns: dict[str, dict[str, Campaign]] = {}
        self._bounties: dict[str, dict[str, Bounty]] = {}

    def add_campaign(self, program_id: str, campaign: Campaign, number: int) -> None:
        self._add_dated(self._campaigns, program_id, campaign, number)

    def change_campaign(self, program_id: str, campaign: Campaign, before: Campaign) -> None:
        self._change_dated(self._campaigns, program_id, campaign, before)

    def add_bounty(self, program_id: str, bounty: Bounty, number: int) -> None:
        self._add_dated(self._bounties, program_id, bounty, number)

    def change_bounty(self, program_id: str, bounty: Bounty, before: Bounty) -> None:
        self._change_dated(self._bounties, program_id, bounty, before)

    def _dated_of(self, program_id: str) -> tuple[tuple[Campaign, ...], tuple[Bounty, ...]]:
        return _ordered(self._campaigns, program_id), _ordered(self._bounties, program_id)

    def _add_dated(self, dated: ByProgram[D], program_id: str, one: D, number: int) -> None:
        with self._dated_lock:
            known = dated.setdefault(program_id, {})
            if number <= len(known) or one.id in known:
                raise NetworkMovedError(f"{program_id}/{one.id}")
            known[one.id] = one

    def _change_dated(self, dated: ByProgram[D], program_id: str, one: D, before: D) -> None:
        with self._dated_lock:
            known = dated.get(program_id, {})
            if known.get(one.id) != before:
                raise NetworkMovedError(f"{program_id}/{one.id}")
            known[one.id] = one


def _ordered(dated: ByProgram[D], program_id: str) -> tuple[D, ...]:
    found = dated.get(program_id, {}).values()
    return tuple(sorted(found, key=lambda one: (one.starts_at, one.id)))
