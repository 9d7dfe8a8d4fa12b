"""Campaigns and bounties, in memory."""

from __future__ import annotations

from threading import Lock
from typing import TypeVar

from grapevine.domain.bounties import Bounty
from grapevine.domain.campaigns import Campaign
from grapevine.domain.errors import NetworkMovedError

O = TypeVar("O", Campaign, Bounty)  # noqa: E741 - an offer
Offers = dict[str, dict[str, O]]


class MemoryCampaigns:
    """Campaigns and bounties by program and id."""

    def __init__(self) -> None:
        self._offers_lock = Lock()
        self._campaigns: dict[str, dict[str, Campaign]] = {}
        self._bounties: dict[str, dict[str, Bounty]] = {}

    def add_campaign(self, program_id: str, campaign: Campaign, number: int) -> None:
        self._add_offer(self._campaigns, program_id, campaign, number)

    def change_campaign(self, program_id: str, campaign: Campaign, before: Campaign) -> None:
        self._change_offer(self._campaigns, program_id, campaign, before)

    def add_bounty(self, program_id: str, bounty: Bounty, number: int) -> None:
        self._add_offer(self._bounties, program_id, bounty, number)

    def change_bounty(self, program_id: str, bounty: Bounty, before: Bounty) -> None:
        self._change_offer(self._bounties, program_id, bounty, before)

    def _offers_of(self, program_id: str) -> tuple[tuple[Campaign, ...], tuple[Bounty, ...]]:
        return _ordered(self._campaigns, program_id), _ordered(self._bounties, program_id)

    def _add_offer(self, offers: Offers[O], program_id: str, offer: O, number: int) -> None:
        with self._offers_lock:
            known = offers.setdefault(program_id, {})
            if number <= len(known) or offer.id in known:
                raise NetworkMovedError(f"{program_id}/{offer.id}")
            known[offer.id] = offer

    def _change_offer(self, offers: Offers[O], program_id: str, offer: O, before: O) -> None:
        with self._offers_lock:
            known = offers.get(program_id, {})
            if known.get(offer.id) != before:
                raise NetworkMovedError(f"{program_id}/{offer.id}")
            known[offer.id] = offer


def _ordered(offers: Offers[O], program_id: str) -> tuple[O, ...]:
    found = offers.get(program_id, {}).values()
    return tuple(sorted(found, key=lambda offer: (offer.starts_at, offer.id)))
