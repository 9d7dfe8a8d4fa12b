"""Where a promoter stands this month, and how much is missing to the next tier."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from grapevine.domain.errors import NotFoundError
from grapevine.domain.instants import month_of
from grapevine.domain.pages import sales_subject
from grapevine.domain.plans import Plan
from grapevine.domain.sales import Progress, progress_of, tier_month, volume_of
from grapevine.domain.tiers import Volume
from grapevine.ports import PageReader, TermsReader, VolumeStore


@dataclass(frozen=True, slots=True)
class ReadTier:
    """A promoter of a program that the caller may see."""

    program_id: str
    promoter_id: str


@dataclass(frozen=True, slots=True)
class ReadTierPorts:
    """Terms, promoters with their closed months, and the pages of open ones."""

    terms: TermsReader
    volumes: VolumeStore
    pages: PageReader


@dataclass(frozen=True, slots=True, kw_only=True)
class TierNow:
    """The tier that an order paid now is earned by, and how far the present month has come.

    With the running month the two are one; with the previous month `running` says the next month's.
    Both are as of the pages, which are some seconds behind the ledger.
    """

    plan: Plan
    in_force: Progress
    running: Progress


def read_tier(command: ReadTier, ports: ReadTierPorts, now: datetime) -> TierNow | None:
    """Return where a promoter stands, None where the plan in force has no tiers; nothing is stored.

    NotFoundError for a promoter whom the program does not have.
    """
    terms = ports.terms.terms(command.program_id)
    plan = terms.plan_at(now)
    in_force_month, running_month = (
        tier_month(now, plan, terms.program),
        month_of(now, ZoneInfo(terms.program.time_zone)),
    )
    people, stored = ports.volumes.promoters_with_volumes(
        command.program_id, (command.promoter_id,), (in_force_month,)
    )
    if command.promoter_id not in people:
        raise NotFoundError("promoter", command.promoter_id)
    if not plan.tiers:
        return None
    known = stored.get((command.promoter_id, in_force_month))
    in_force = known if known is not None else _so_far(command, in_force_month, ports)
    running = in_force if running_month == in_force_month else _so_far(command, running_month, ports)
    return TierNow(
        plan=plan,
        in_force=progress_of(in_force_month, in_force, plan.tiers, plan.tier_measure),
        running=progress_of(running_month, running, plan.tiers, plan.tier_measure),
    )


def _so_far(command: ReadTier, month: str, ports: ReadTierPorts) -> Volume:
    pages = ports.pages.pages(sales_subject(command.program_id, command.promoter_id, month))
    return volume_of(command.promoter_id, month, pages, ())
