"""The platform, then every app, to AWS or to the local stack with the same code."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from infra.artifacts import ArtifactStore
from infra.house import APPS, INFRA, LAYERS, RUNTIME, stack_name
from infra.layers import build_layer
from infra.package import PackagedApp, package_all
from infra.site import Site
from infra.stacks import Stacks
from infra.templates import (
    OFFSET_PARAMETER,
    for_local_stack,
    functions_of,
    handler_of,
    local_url,
    with_code,
)
from infra.wheels import Machine, local_machine

_PLATFORM = INFRA / "platform.yaml"
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DeployedApp:
    """One app as it runs: where its routes answer, and what Lambda calls its handlers."""

    name: str
    url: str | None
    functions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Platform:
    """What the apps stand on, by the names of `infra/platform.yaml`'s outputs."""

    tables: Mapping[str, str]
    bucket: str
    bus: str
    failures_queue_url: str
    dropped_queue_url: str
    settle_queue_url: str
    shop_queue_url: str
    webhook_queue_url: str
    secrets_prefix: str

    @classmethod
    def from_outputs(cls, outputs: Mapping[str, str], stage: str) -> Platform:
        """Read the platform stack's outputs."""
        suffix = "Table"
        tables = {
            key.removesuffix(suffix).lower(): name for key, name in outputs.items() if key.endswith(suffix)
        }
        return cls(
            tables=tables,
            bucket=outputs["BucketName"],
            bus=outputs["BusName"],
            failures_queue_url=outputs["FailuresQueueUrl"],
            dropped_queue_url=outputs["DroppedQueueUrl"],
            settle_queue_url=outputs["SettleQueueUrl"],
            shop_queue_url=outputs["ShopQueueUrl"],
            webhook_queue_url=outputs["WebhookQueueUrl"],
            secrets_prefix=f"grapevine/{stage}/",
        )


@dataclass(frozen=True, slots=True)
class Deployment:
    """A stage as it stands."""

    site: Site
    platform: Platform
    apps: Mapping[str, DeployedApp]

    def environment(self) -> dict[str, str]:
        """The variables under which our own code, outside Lambda, works on this stage."""
        platform = self.platform
        tables = {f"GRAPEVINE_TABLE_{name.upper()}": table for name, table in platform.tables.items()}
        return tables | {
            "GRAPEVINE_STAGE": self.site.stage,
            "GRAPEVINE_BUCKET": platform.bucket,
            "GRAPEVINE_BUS": platform.bus,
            "GRAPEVINE_FAILURES_QUEUE_URL": platform.failures_queue_url,
            "GRAPEVINE_SETTLE_QUEUE_URL": platform.settle_queue_url,
            "GRAPEVINE_SHOP_QUEUE_URL": platform.shop_queue_url,
            "GRAPEVINE_WEBHOOK_QUEUE_URL": platform.webhook_queue_url,
            "GRAPEVINE_SECRETS_PREFIX": platform.secrets_prefix,
        }


def deploy(site: Site, report: Report = lambda _: None, apps: Sequence[str] = APPS) -> Deployment:
    """Package and deploy everything that changed.

    Raises:
        InfraError: with the part that failed and why; what was deployed before it stays deployed.
    """
    report("packaging")
    machine = local_machine() if site.is_local else Machine.LAMBDA
    packaged = package_all(apps, machine)
    store, stacks = ArtifactStore.at(site), Stacks(site.cloudformation(), site.poll_seconds)
    report("layers and platform")
    outputs = _deploy_platform(site, store, stacks, machine)

    def deploy_one(app: PackagedApp) -> DeployedApp:
        deployed = _deploy_app(site, store, stacks, app, outputs)
        report(app.name)
        return deployed

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        deployed = {app.name: app for app in pool.map(deploy_one, packaged)}
    return Deployment(site, Platform.from_outputs(outputs, site.stage), deployed)


def _deploy_platform(site: Site, store: ArtifactStore, stacks: Stacks, machine: Machine) -> dict[str, str]:
    keys = {f"{name.capitalize()}LayerKey": store.put(build_layer(name, machine)) for name in LAYERS}
    parameters = {"Stage": site.stage, "ArtifactsBucket": store.bucket, "Runtime": RUNTIME, **keys}
    if site.is_local:
        parameters["OnlyEncryptedConnections"] = "false"
    url = store.put_template("platform", _PLATFORM.read_text())
    return stacks.deploy(stack_name(site.stage, "platform"), url, parameters)


def _deploy_app(
    site: Site, store: ArtifactStore, stacks: Stacks, app: PackagedApp, platform: Mapping[str, str]
) -> DeployedApp:
    template = with_code(app.template, store.bucket, store.put(app.code))
    if site.is_local:
        template = for_local_stack(template)
    known = {"Stage": site.stage, **platform}
    parameters = {key: known[key] for key in template["Parameters"] if key != OFFSET_PARAMETER}
    url = store.put_template(app.name, json.dumps(template))
    outputs = stacks.deploy(stack_name(site.stage, app.name), url, parameters)
    functions = {handler_of(part): outputs[f"{name}Name"] for name, part in functions_of(template).items()}
    return DeployedApp(name=app.name, url=_url(site, outputs), functions=functions)


def _url(site: Site, outputs: Mapping[str, str]) -> str | None:
    if site.endpoint_url is not None and "RestAPIId" in outputs:
        return local_url(site.endpoint_url, outputs["RestAPIId"])
    return outputs.get("EndpointURL", "").rstrip("/") or None


def move_clock(site: Site, offset_seconds: int, apps: Sequence[str] = APPS) -> None:
    """Move the time that the functions of some apps see, on the local stack only."""
    if not site.is_local:
        raise ValueError("time is moved on the local stack only")
    stacks = Stacks(site.cloudformation(), site.poll_seconds)

    def move(app: str) -> None:
        stacks.update_parameter(stack_name(site.stage, app), OFFSET_PARAMETER, str(offset_seconds))

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        list(pool.map(move, apps))
