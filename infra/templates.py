"""What is done to a Chalice template beyond its merge file: pure functions from template to template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from infra.house import API_STAGE, InfraError

#: CloudFormation is JSON of any shape: this is the edge where `Any` is allowed.
Template: TypeAlias = dict[str, Any]

FUNCTION = "AWS::Serverless::Function"
OFFSET_PARAMETER = "ClockOffsetSeconds"
OFFSET_VARIABLE = "GRAPEVINE_CLOCK_OFFSET_SECONDS"
_READERS_MAY_LAG_MS = 10 * 60 * 1000


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> Template:
    """Merge maps deeply; everything else is replaced, exactly as Chalice merges."""
    return {**base, **{name: _merged_value(base.get(name), value) for name, value in over.items()}}


def _merged_value(base: object, over: object) -> object:
    if isinstance(base, Mapping) and isinstance(over, Mapping):
        return merged(base, over)
    return over


def functions_of(template: Template) -> Template:
    """The Lambda functions of a template by logical name."""
    return {name: part for name, part in template["Resources"].items() if part.get("Type") == FUNCTION}


def handler_of(function: Template) -> str:
    """The public name of a function: its handler's, and `api_handler` for the one behind the routes."""
    name = str(function["Properties"]["Handler"]).rpartition(".")[2]
    return "api_handler" if name == "app" else name


def completed(template: Template) -> Template:
    """Check a merged template and add what follows from it: an output per function, an alarm per stream."""
    check_whole(template)
    functions = functions_of(template)
    outputs = {f"{name}Name": {"Value": {"Ref": name}} for name in functions}
    alarms = {f"{name}Lags": _lag_alarm(name) for name, part in functions.items() if _reads_stream(part)}
    added: Template = {"Outputs": outputs, "Resources": alarms}
    if alarms:
        added["Parameters"] = {"AlarmTopic": {"Type": "String"}}
    return merged(template, added)


def check_whole(template: Template) -> None:
    """Refuse what a merge file adds to by mistake, where CloudFormation would take it or complain elsewhere.

    A mistyped name makes a new half-resource instead of failing, and a `Ref` laid over Chalice's `Fn::Sub`
    leaves both.
    """
    halves = [name for name, part in template["Resources"].items() if "Type" not in part]
    for name, function in functions_of(template).items():
        events = function["Properties"].get("Events", {})
        halves += [f"{name}.{event}" for event, part in events.items() if "Type" not in part]
    if halves:
        raise InfraError(f"merged into nothing that Chalice made (a mistyped name?): {', '.join(halves)}")
    if doubles := [" and ".join(keys) for keys in _doubled(template)]:
        raise InfraError(f"two functions where one value belongs: {', '.join(doubles)}")


def _doubled(part: object) -> Iterator[list[str]]:
    if isinstance(part, Mapping):
        if len(part) > 1 and any(_is_intrinsic(key) for key in part):
            yield [str(key) for key in part]
        for value in part.values():
            yield from _doubled(value)
    elif isinstance(part, list):
        for value in part:
            yield from _doubled(value)


def _is_intrinsic(key: str) -> bool:
    return key == "Ref" or key.startswith("Fn::")


def _reads_stream(function: Template) -> bool:
    events = function["Properties"].get("Events", {}).values()
    return any(event["Type"] == "DynamoDB" for event in events)


def _lag_alarm(function: str) -> Template:
    """Facts wait in the stream for 24 hours at most: somebody has to know long before."""
    properties = {
        "AlarmDescription": "A stream is read more than ten minutes late.",
        "Namespace": "AWS/Lambda",
        "MetricName": "IteratorAge",
        "Dimensions": [{"Name": "FunctionName", "Value": {"Ref": function}}],
        "Statistic": "Maximum",
        "Period": 60,
        "EvaluationPeriods": 5,
        "Threshold": _READERS_MAY_LAG_MS,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": [{"Ref": "AlarmTopic"}],
    }
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}


def with_code(template: Template, bucket: str, key: str) -> Template:
    """Point every function of an app at its uploaded zip."""
    code = {"Properties": {"CodeUri": {"Bucket": bucket, "Key": key}}}
    return merged(template, {"Resources": dict.fromkeys(functions_of(template), code)})


def for_local_stack(template: Template) -> Template:
    """Add the setting that moves time. It exists on the local stack only: no template for AWS has it."""
    variables = {OFFSET_VARIABLE: {"Ref": OFFSET_PARAMETER}}
    return merged(
        _with_batch_actions(template),
        {
            "Parameters": {OFFSET_PARAMETER: {"Type": "Number", "Default": 0}},
            "Globals": {"Function": {"Environment": {"Variables": variables}}},
        },
    )


def _with_batch_actions(part: Any) -> Any:  # noqa: ANN401 - any part of a template
    """Name the batch twin of `sqs:SendMessage` too: IAM has one permission for both, MiniStack two."""
    if isinstance(part, Mapping):
        return {key: _with_batch_actions(value) for key, value in part.items()}
    if isinstance(part, list):
        twins = [f"{action}Batch" for action in part if action == "sqs:SendMessage"]
        return [*(_with_batch_actions(value) for value in part), *twins]
    return part


def local_url(endpoint_url: str, api_id: str) -> str:
    """Where the local stack serves a REST API; on AWS it is the output `EndpointURL`."""
    return f"{endpoint_url}/restapis/{api_id}/{API_STAGE}/_user_request_"
