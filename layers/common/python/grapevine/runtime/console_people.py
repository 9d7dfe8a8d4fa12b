"""The JSON API's routes that look at one promoter or one link, and at plans."""

from __future__ import annotations

from typing import Any

from grapevine.domain.errors import NotFoundError
from grapevine.runtime import replies
from grapevine.runtime.caller import Caller

Json = dict[str, Any]
LONGEST_VERSION = 6
"""Digits of a plan's version that are read."""


def read_promoter(caller: Caller, program_id: str, promoter_id: str) -> Json:
    """Return a promoter."""
    program, parts = caller.terms(program_id).program, caller.parts
    known = parts.catalog.promoters(program.id, (promoter_id,))
    if promoter_id not in known:
        raise NotFoundError("promoter", promoter_id)
    return replies.from_promoter(known[promoter_id], parts.now())


def list_links(caller: Caller, program_id: str, promoter_id: str) -> Json:
    """List a promoter's links by code."""
    program, parts = caller.terms(program_id).program, caller.parts
    if promoter_id not in parts.catalog.promoters(program.id, (promoter_id,)):
        raise NotFoundError("promoter", promoter_id)
    found = parts.catalog.links_of(program.id, promoter_id, caller.after())
    return caller.page("links", found, replies.from_link, lambda link: link.code)


def read_link(caller: Caller, program_id: str, code: str) -> Json:
    """Return a link."""
    program = caller.terms(program_id).program
    link = caller.parts.catalog.link(code)
    if link is None or link.program_id != program.id:
        raise NotFoundError("link", code)
    return replies.from_link(link)


def list_plans(caller: Caller, program_id: str) -> Json:
    """List the versions of a program's plan."""
    plans = sorted(caller.terms(program_id).plans, key=lambda plan: plan.version)
    return caller.page_of_all("plans", plans, replies.from_plan, lambda plan: f"{plan.version:09d}")


def read_plan(caller: Caller, program_id: str, version: str) -> Json:
    """Return a version of a program's plan."""
    for plan in caller.terms(program_id).plans:
        if version == str(plan.version):
            return replies.from_plan(plan)
    raise NotFoundError("plan version", version[:LONGEST_VERSION])
