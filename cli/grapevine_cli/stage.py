"""Where the command line works: a deployed stage, and the parts that its functions are made of."""

from __future__ import annotations

import os

import click

from grapevine.runtime.settings import LOCAL_STAGE, read_settings
from grapevine.runtime.wiring import AwsParts
from infra.deploy import Deployment, Platform
from infra.house import InfraError, stack_name
from infra.site import LOCAL_KEY, Site
from infra.stacks import Stacks


def site_of(stage: str | None, endpoint_url: str | None) -> Site:
    """Return the site that the options name; with an endpoint alone, the local stack."""
    if endpoint_url:
        return Site.local(endpoint_url, stage or LOCAL_STAGE)
    if stage is None:
        raise click.UsageError("say --stage NAME for AWS, or --endpoint URL for the local stack")
    return Site(stage=stage)


def parts_at(site: Site) -> AwsParts:
    """Return the parts of a deployed stage, with the operator's own credentials.

    ClickException where there is no such stage.
    """
    try:
        outputs = Stacks(site.cloudformation(), site.poll_seconds).outputs(stack_name(site.stage, "platform"))
    except InfraError as error:
        raise click.ClickException(str(error)) from error
    return parts_of(Deployment(site, Platform.from_outputs(outputs, site.stage), {}))


def parts_of(deployment: Deployment) -> AwsParts:
    """Return the parts of a deployment that is at hand."""
    site = deployment.site
    if site.is_local:
        # PynamoDB takes credentials from the environment only; nothing meant for the local stack
        # may carry, or reach, a real account's.
        os.environ.update(AWS_ACCESS_KEY_ID=LOCAL_KEY, AWS_SECRET_ACCESS_KEY=LOCAL_KEY)
        os.environ.pop("AWS_PROFILE", None)
    where = {"AWS_REGION": site.region, "AWS_ENDPOINT_URL": site.endpoint_url or ""}
    return AwsParts(read_settings({**deployment.environment(), **where}), site.session)
