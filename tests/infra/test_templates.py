"""The pure part: what is done to a template beyond Chalice's own merge."""

from __future__ import annotations

from typing import Any

import pytest

from infra.house import InfraError
from infra.templates import (
    OFFSET_PARAMETER,
    OFFSET_VARIABLE,
    check_whole,
    completed,
    for_local_stack,
    merged,
    with_code,
)


def _function(**properties: object) -> dict[str, Any]:
    return {"Type": "AWS::Serverless::Function", "Properties": {"Handler": "app.on_facts", **properties}}


def _template(**resources: object) -> dict[str, Any]:
    return {"Resources": resources}


def test_maps_merge_and_lists_are_replaced() -> None:
    assert merged({"a": {"b": 1, "c": [1]}}, {"a": {"c": [2], "d": 3}}) == {"a": {"b": 1, "c": [2], "d": 3}}


def test_merging_leaves_its_inputs_alone() -> None:
    base = {"a": {"b": 1}}
    merged(base, {"a": {"b": 2}})
    assert base == {"a": {"b": 1}}


def test_mistyped_resource_is_refused() -> None:
    half = _template(OnFacts=_function(), OnFact={"Properties": {"Timeout": 1}})
    with pytest.raises(InfraError, match=r"OnFact$"):
        check_whole(half)


def test_mistyped_event_is_refused() -> None:
    half = _template(OnFacts=_function(Events={"OnFactsDynamoDbEventSource": {"Properties": {}}}))
    with pytest.raises(InfraError, match=r"OnFacts\.OnFactsDynamoDbEventSource"):
        check_whole(half)


def test_value_with_two_functions_is_refused() -> None:
    doubled = _template(OnFacts=_function(Role={"Fn::Sub": "a", "Ref": "b"}))
    with pytest.raises(InfraError, match="Fn::Sub and Ref"):
        check_whole(doubled)


def test_every_stream_reader_gets_an_alarm() -> None:
    reader = _function(Events={"Source": {"Type": "DynamoDB", "Properties": {}}})
    template = completed(_template(OnFacts=reader, Redrive=_function()))
    alarms = {
        name for name, part in template["Resources"].items() if part["Type"] == "AWS::CloudWatch::Alarm"
    }
    assert alarms == {"OnFactsLags"}


def test_every_function_is_an_output() -> None:
    assert completed(_template(OnFacts=_function()))["Outputs"] == {
        "OnFactsName": {"Value": {"Ref": "OnFacts"}}
    }


def test_code_goes_to_every_function() -> None:
    template = with_code(_template(A=_function(CodeUri="./deployment.zip"), B=_function()), "bucket", "key")
    codes = [part["Properties"]["CodeUri"] for part in template["Resources"].values()]
    assert codes == [{"Bucket": "bucket", "Key": "key"}] * 2


def test_time_moves_only_where_it_is_asked_for() -> None:
    template = for_local_stack({"Parameters": {}, "Globals": {}, "Resources": {}})
    assert template["Globals"]["Function"]["Environment"]["Variables"] == {
        OFFSET_VARIABLE: {"Ref": OFFSET_PARAMETER}
    }
    assert template["Parameters"] == {OFFSET_PARAMETER: {"Type": "Number", "Default": 0}}
