"""Publish the next version of a program's plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from grapevine.domain.campaign_faults import outlived_faults
from grapevine.domain.errors import InvalidInputError
from grapevine.domain.plan_faults import plan_faults, with_default_tiers
from grapevine.domain.plans import Plan
from grapevine.domain.profiles import plan_rule_faults
from grapevine.domain.programs import InvalidProgramError
from grapevine.ports import PlanCatalog

LEAD_TIME = timedelta(minutes=2)
"""Every warm function keeps terms for a minute; after two, all of them know the new version, so that
an order is decided by the same plan whoever decides it, and whenever."""


@dataclass(frozen=True, slots=True)
class PublishPlan:
    """New terms from `plan.effective_at` on; its version number is the next one, whatever it says."""

    program_id: str
    plan: Plan


def publish_plan(command: PublishPlan, catalog: PlanCatalog, now: datetime) -> Plan:
    """Store the next version and return it; orders paid before it takes effect keep theirs.

    InvalidProgramError with every fault; AlreadyExistsError when somebody published at the same
    time: read the plan again, and publish on top of theirs.
    """
    terms = catalog.terms(command.program_id)
    number = max(known.version for known in terms.plans) + 1
    plan = with_default_tiers(replace(command.plan, version=number), terms.program.currency)
    faults = (
        *plan_faults(plan),
        *plan_rule_faults(terms.program.profile, plan),
        *_faults(command.program_id, plan, catalog, now),
        *outlived_faults(plan, terms),
    )
    if faults:
        raise InvalidProgramError(faults)
    catalog.add_plan(command.program_id, plan)
    return plan


def _faults(program_id: str, plan: Plan, catalog: PlanCatalog, now: datetime) -> list[InvalidInputError]:
    faults = []
    if plan.effective_at < now + LEAD_TIME:
        faults.append(InvalidInputError(f"must be at least {LEAD_TIME} from now", "effective_at"))
    sponsor_id = plan.default_sponsor_id
    if sponsor_id is not None and not catalog.promoters(program_id, (sponsor_id,)):
        faults.append(InvalidInputError(f"no promoter {sponsor_id!r} in this program", "default_sponsor_id"))
    return faults
