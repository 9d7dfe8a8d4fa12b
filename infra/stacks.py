"""CloudFormation stacks by change set, and an error that says which resource failed and why."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from infra.house import InfraError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.literals import CapabilityType, ChangeSetTypeType
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef, StackEventTypeDef, StackTypeDef

_CAPABILITIES: tuple[CapabilityType, ...] = ("CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND")
#: A stack in these states was never there: it can only be deleted.
_STILLBORN = frozenset({"REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"})
_PROPOSED = frozenset({"CREATE_COMPLETE", "FAILED"})
_NOTHING_TO_DO = ("didn't contain changes", "no updates are to be performed")
#: What was stopped because something else failed is not the reason.
_CONSEQUENCE = "cancelled"
_PATIENCE_SECONDS = 1800.0


class DeployError(InfraError):
    """A stack could not be created or updated; the message names each resource that failed and the reason."""


@dataclass(frozen=True, slots=True)
class Stacks:
    """Creates and updates stacks, and waits for them."""

    client: CloudFormationClient
    poll_seconds: float

    def deploy(self, name: str, template_url: str, parameters: Mapping[str, str]) -> dict[str, str]:
        """Bring a stack to a template, and return its outputs.

        Raises:
            DeployError: with the resources that failed, their reasons, and nothing that merely followed.
        """
        self._clear_stillborn(name)
        kind: ChangeSetTypeType = "CREATE" if self.describe(name) is None else "UPDATE"
        change_set = self._propose(name, kind, template_url, parameters)
        if change_set is not None:
            self._execute(name, change_set)
        return self.outputs(name)

    def outputs(self, name: str) -> dict[str, str]:
        """The outputs of a stack."""
        stack = self.describe(name)
        if stack is None:
            raise InfraError(f"there is no stack {name}")
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def describe(self, name: str) -> StackTypeDef | None:
        """What CloudFormation knows about a stack, if it knows it."""
        try:
            return self.client.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise

    def update_parameter(self, name: str, key: str, value: str) -> None:
        """Change one parameter of a stack and nothing else."""
        stack = self.describe(name)
        if stack is None:
            raise InfraError(f"there is no stack {name}")
        keys = [parameter["ParameterKey"] for parameter in stack.get("Parameters", [])]
        parameters: list[ParameterTypeDef] = [
            {"ParameterKey": key, "ParameterValue": value}
            if known == key
            else {"ParameterKey": known, "UsePreviousValue": True}
            for known in keys
        ]
        started = self._latest_event(name)
        try:
            self.client.update_stack(
                StackName=name, UsePreviousTemplate=True, Parameters=parameters, Capabilities=_CAPABILITIES
            )
        except ClientError as error:
            if not _nothing_to_do(str(error)):
                raise
        else:
            self._wait_until_done(name, started)

    def _clear_stillborn(self, name: str) -> None:
        stack = self.describe(name)
        if stack is not None and stack["StackStatus"] in _STILLBORN:
            self.client.delete_stack(StackName=name)
            self._until(lambda: self.describe(name) is None, f"{name} to be deleted")

    def _propose(
        self, name: str, kind: ChangeSetTypeType, template_url: str, parameters: Mapping[str, str]
    ) -> str | None:
        """Make a change set and return its name; none if it would change nothing."""
        change_set = f"grapevine-{uuid.uuid4()}"
        try:
            self.client.create_change_set(
                StackName=name,
                ChangeSetName=change_set,
                ChangeSetType=kind,
                TemplateURL=template_url,
                Parameters=[{"ParameterKey": key, "ParameterValue": it} for key, it in parameters.items()],
                Capabilities=_CAPABILITIES,
            )
        except ClientError as error:
            raise DeployError(f"{name}: {error}") from error
        return change_set if self._has_changes(name, change_set) else None

    def _has_changes(self, name: str, change_set: str) -> bool:
        self._until(lambda: self._status_of(name, change_set)[0] in _PROPOSED, f"the changes of {name}")
        status, reason = self._status_of(name, change_set)
        if status == "CREATE_COMPLETE":
            return True
        self.client.delete_change_set(StackName=name, ChangeSetName=change_set)
        if _nothing_to_do(reason):
            return False
        raise DeployError(f"{name}: {reason}")

    def _status_of(self, name: str, change_set: str) -> tuple[str, str]:
        found = self.client.describe_change_set(StackName=name, ChangeSetName=change_set)
        return found["Status"], found.get("StatusReason", "")

    def _execute(self, name: str, change_set: str) -> None:
        started = self._latest_event(name)
        self.client.execute_change_set(StackName=name, ChangeSetName=change_set)
        self._wait_until_done(name, started)

    def _wait_until_done(self, name: str, started: datetime | None) -> None:
        self._until(lambda: self._is_settled(name, started), f"{name} to settle")
        stack = self.describe(name)
        if stack is None or stack["StackStatus"] not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            raise DeployError(self._explain(name, started))

    def _is_settled(self, name: str, started: datetime | None) -> bool:
        """Only what happened after we began counts: right after, the stack may still show its old state."""
        stack = self.describe(name)
        status = stack["StackStatus"] if stack else "DELETE_COMPLETE"
        return (
            status != "REVIEW_IN_PROGRESS"
            and not status.endswith("_IN_PROGRESS")
            and bool(self._since(name, started))
        )

    def _latest_event(self, name: str) -> datetime | None:
        events = self._events(name)
        return max((event["Timestamp"] for event in events), default=None)

    def _since(self, name: str, started: datetime | None) -> list[StackEventTypeDef]:
        events = self._events(name)
        return [event for event in events if started is None or event["Timestamp"] > started]

    def _events(self, name: str) -> list[StackEventTypeDef]:
        return self.client.describe_stack_events(StackName=name)["StackEvents"]

    def _explain(self, name: str, started: datetime | None) -> str:
        failed = [
            event
            for event in self._since(name, started)
            if event.get("ResourceStatus", "").endswith("_FAILED")
        ]
        causes = [
            event for event in failed if _CONSEQUENCE not in event.get("ResourceStatusReason", "").lower()
        ]
        lines = [_line(event) for event in sorted(causes or failed, key=lambda event: event["Timestamp"])]
        return "\n".join([f"{name} could not be deployed:", *(lines or ["  CloudFormation gives no reason"])])

    def _until(self, done: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not done():
            if time.monotonic() > deadline:
                raise DeployError(f"waited {_PATIENCE_SECONDS:.0f} s for {what}")
            time.sleep(self.poll_seconds)


def _line(event: StackEventTypeDef) -> str:
    reason = event.get("ResourceStatusReason", "no reason given")
    return f"  {event.get('LogicalResourceId', '?')} ({event.get('ResourceType', '?')}): {reason}"


def _nothing_to_do(reason: str) -> bool:
    return any(phrase in reason.lower() for phrase in _NOTHING_TO_DO)
