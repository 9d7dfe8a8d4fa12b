"""The house on the local stack, deployed by the code that deploys to AWS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from infra.artifacts import ArtifactStore
from infra.deploy import deploy, move_clock
from infra.house import APPS, stack_name
from infra.site import Site
from infra.stacks import DeployError, Stacks
from infra.templates import OFFSET_VARIABLE

if TYPE_CHECKING:
    from infra.deploy import Deployment
    from tests.infra.plugin import Probe

BROKEN = {
    "Resources": {
        "Topic": {"Type": "AWS::SNS::Topic"},
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 999_999}},
    }
}


@pytest.fixture
def stacks(deployment: Deployment) -> Stacks:
    return Stacks(deployment.site.cloudformation(), deployment.site.poll_seconds)


def _offset(deployment: Deployment, app: str, handler: str) -> str:
    client = deployment.site.session.client("lambda", endpoint_url=deployment.site.endpoint_url)
    config = client.get_function_configuration(FunctionName=deployment.apps[app].functions[handler])
    return config["Environment"]["Variables"][OFFSET_VARIABLE]


def test_all_apps_are_there(deployment: Deployment) -> None:
    assert tuple(deployment.apps) == APPS
    assert {name for name, app in deployment.apps.items() if app.url} == {
        "track_click",
        "place_order",
        "settle",
        "console",
    }


def test_stack_listens_on_loopback_only(deployment: Deployment) -> None:
    assert str(deployment.site.endpoint_url).startswith("http://127.0.0.1:")


@pytest.mark.parametrize("app", ["accrue", "fraud"])
def test_our_package_comes_from_the_layer(deployment: Deployment, probe: Probe, app: str) -> None:
    """Not from the work tree, not from the development environment: neither is there in Lambda."""
    function = next(iter(deployment.apps[app].functions.values()))
    files = probe.find_modules(function, ["grapevine", "pynamodb", "boto3", "numpy", "moto", "infra"])
    assert "/layer_0/python/grapevine/" in str(files["grapevine"])
    assert "/layer_0/python/pynamodb/" in str(files["pynamodb"])
    assert "/site-packages/boto3/" in str(files["boto3"])
    assert (files["numpy"] is not None) == (app == "fraud")
    assert files["moto"] is None
    assert files["infra"] is None


def test_deploying_again_changes_nothing(deployment: Deployment, stacks: Stacks) -> None:
    before = [stacks.describe(stack_name("local", app)) for app in APPS]
    again = deploy(deployment.site)
    after = [stacks.describe(stack_name("local", app)) for app in APPS]
    assert again.apps == deployment.apps
    assert [stack and stack.get("LastUpdatedTime") for stack in after] == [
        stack and stack.get("LastUpdatedTime") for stack in before
    ]


def test_time_moves_for_the_chosen_apps(deployment: Deployment) -> None:
    move_clock(deployment.site, 86_400, ["settle"])
    moved = _offset(deployment, "settle", "sweep_due"), _offset(deployment, "accrue", "on_facts")
    move_clock(deployment.site, 0, ["settle"])
    assert moved == ("86400", "0")
    assert _offset(deployment, "settle", "sweep_due") == "0"


def test_time_is_not_moved_on_aws() -> None:
    with pytest.raises(ValueError, match="local stack only"):
        move_clock(Site(stage="prod"), 1)


def test_failure_names_the_resource_and_the_reason(deployment: Deployment, stacks: Stacks) -> None:
    url = ArtifactStore.at(deployment.site).put_template("broken", json.dumps(BROKEN))
    with pytest.raises(
        DeployError, match=r"grapevine-local-broken[^:]*:\n  Queue \(AWS::SQS::Queue\): .*VisibilityTimeout"
    ):
        stacks.deploy("grapevine-local-broken", url, {})


def test_refused_template_names_the_stack(deployment: Deployment, stacks: Stacks) -> None:
    template = json.dumps({"Resources": {"Odd": {"Type": "AWS::No::Such"}}})
    url = ArtifactStore.at(deployment.site).put_template("refused", template)
    with pytest.raises(DeployError, match=r"grapevine-local-refused.*AWS::No::Such"):
        stacks.deploy("grapevine-local-refused", url, {})


def test_failed_first_deploy_does_not_stand_in_the_way(deployment: Deployment, stacks: Stacks) -> None:
    store = ArtifactStore.at(deployment.site)
    with pytest.raises(DeployError):
        stacks.deploy("grapevine-local-retried", store.put_template("broken", json.dumps(BROKEN)), {})
    mended = {"Resources": {"Topic": BROKEN["Resources"]["Topic"]}}
    stacks.deploy("grapevine-local-retried", store.put_template("mended", json.dumps(mended)), {})
    stack = stacks.describe("grapevine-local-retried")
    assert stack is not None
    assert stack["StackStatus"] == "CREATE_COMPLETE"
