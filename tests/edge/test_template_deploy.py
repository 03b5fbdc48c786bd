"""In which order a stack comes about: nothing waits for itself, and first it is made ready."""

import json
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import pytest

from local.command import PROJECT
from local.template import Document
from tests.edge.templates import IMAGE, Stack, lint, of_both, of_type, read, translated

FUNCTIONS = {"AppFunction", "AuthorizerFunction", "DeployFunction"}
GATEWAY_SECONDS = 29  # what API Gateway waits for an answer, at most
AUTHORIZER_SECONDS = 10  # what an HTTP API waits for its authorizer


@of_both
def test_cfn_lint_is_content_with_the_template(template: str) -> None:
    lint(PROJECT / template)


@of_both
def test_cfn_lint_is_content_with_its_translation(template: str, tmp_path: Path) -> None:
    path = tmp_path / "translated.json"
    path.write_text(json.dumps(translated(template)))

    lint(path)


def _needed(node: Any) -> Iterator[str]:
    """Logical ids that a resource names by its functions or its DependsOn."""
    match node:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::GetAtt": [name, _]}:
            yield name
        case {"Fn::Sub": [str(text), dict(names)]}:
            yield from re.findall(r"\$\{(\w+)", text)
            yield from _needed(names)
        case {"Fn::Sub": str(text)}:
            yield from re.findall(r"\$\{(\w+)", text)
        case dict():
            for child in node.values():
                yield from _needed(child)
        case list():
            for child in node:
                yield from _needed(child)


def _graph(document: Document) -> dict[str, set[str]]:
    """Resource → the resources that it waits for."""
    graph = {}
    for name, resource in document["Resources"].items():
        depends = resource.get("DependsOn", [])
        named = {*_needed(resource), *([depends] if isinstance(depends, str) else depends)}
        graph[name] = named & document["Resources"].keys()
    return graph


def _order(document: Document) -> list[str]:
    return list(TopologicalSorter(_graph(document)).static_order())


@of_both
def test_no_resource_waits_for_itself(template: str) -> None:
    assert _order(translated(template))


@of_both
def test_a_function_that_named_the_api_would_wait_for_itself(template: str) -> None:
    """So the issuer is a parameter."""
    document = translated(template)
    variables = document["Resources"]["AppFunction"]["Properties"]["Environment"]["Variables"]
    variables["OSTIARY_ISSUER"] = {"Fn::Sub": "https://${Api}.example.com"}

    with pytest.raises(CycleError):
        _order(document)


@of_both
def test_the_deployment_runs_before_new_code_of_either_function(template: str) -> None:
    document = translated(template)
    graph = _graph(document)

    assert "Deployment" in graph["AppFunction"]
    assert "Deployment" in graph["AuthorizerFunction"]
    assert document["Resources"]["AppFunction"]["DependsOn"] == "Deployment"
    order = _order(document)
    for needed in ("DeployFunction", "DeployRole", "KeysAndDatabase", "DeployLogs", "SigningKey"):
        assert order.index(needed) < order.index("Deployment")


@of_both
def test_the_deployment_is_run_again_for_each_new_image(template: str) -> None:
    stack = Stack(read(template))
    deployment = stack["Deployment"]

    assert (
        stack.document["Resources"]["Deployment"]["Type"] == "AWS::CloudFormation::CustomResource"
    )
    assert deployment["ServiceToken"] == "<DeployFunction.Arn>"
    assert deployment["Image"] == IMAGE == stack["DeployFunction"]["ImageUri"]
    assert stack["AppFunction"]["ImageUri"] == IMAGE
    assert set(deployment) == {
        "ServiceToken",
        "ServiceTimeout",
        "Image",
        "Issuer",
        "Audience",
        "Keys",
        "Database",
        "VerifyKeysGiven",
        "Occasion",
        "AdminEmail",
        "AdminPasswordSecret",
    }


@of_both
def test_whoever_waits_for_a_function_waits_longer_than_it_runs(template: str) -> None:
    resources = read(template)["Resources"]
    seconds = {name: resources[name]["Properties"]["Timeout"] for name in FUNCTIONS}

    assert resources["Deployment"]["Properties"]["ServiceTimeout"] == 120
    assert 60 < seconds["DeployFunction"] < 120
    assert seconds["AppFunction"] < GATEWAY_SECONDS
    assert seconds["AuthorizerFunction"] < AUTHORIZER_SECONDS


@of_both
def test_functions_are_images_of_one_build_that_log_in_json_for_a_while(template: str) -> None:
    stack = Stack(translated(template))

    assert set(of_type(stack.document, "AWS::Lambda::Function")) == FUNCTIONS
    for name in FUNCTIONS:
        function = stack[name]
        group = function["LoggingConfig"]["LogGroup"].strip("<>")
        assert function["PackageType"] == "Image"
        assert function["Architectures"] == ["arm64"]
        assert function["TracingConfig"] == {"Mode": "Active"}
        assert function["LoggingConfig"]["LogFormat"] == "JSON"
        assert stack[group]["RetentionInDays"] == 90
    assert stack["DeployFunction"]["ImageConfig"] == {"Command": ["app.deploy.handler"]}
    assert "ImageConfig" not in stack["AppFunction"]


@of_both
def test_sessions_that_are_over_are_removed_once_a_day_and_a_failure_is_noticed(
    template: str,
) -> None:
    stack = Stack(translated(template))
    (rule,) = of_type(stack.document, "AWS::Events::Rule")
    (target,) = stack[rule]["Targets"]

    assert stack[rule]["ScheduleExpression"] == "rate(1 day)"
    assert target["Arn"] == "<DeployFunction.Arn>"
    assert json.loads(target["Input"]) == {"argv": ["sessions", "prune"], "check": True}
    alarm = stack["OperationFailedAlarm"]
    assert (alarm["MetricName"], alarm["Threshold"]) == ("Errors", 1)
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": "<DeployFunction>"}]
