"""template-http.yaml: who may call what without a token, and how like template.yaml the rest is."""

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from app.access.routes import PUBLIC
from local import gateway
from local.command import PROJECT
from local.http_api import HttpApi
from local.template import Document, read_template, resolved, to_cloudformation
from tests.edge.test_template import FUNCTIONS, TEMPLATE, VERBS, _lint
from tests.edge.test_template import PARAMETERS as OF_BOTH

TEMPLATE_HTTP = PROJECT / "template-http.yaml"
PARAMETERS = {name: value for name, value in OF_BOTH.items() if name != "StageName"}


@pytest.fixture(scope="module")
def sam() -> Document:
    return read_template(TEMPLATE_HTTP)


@pytest.fixture(scope="module")
def rest() -> Document:
    """template.yaml, whose own tests say what its functions, roles and parameters must be."""
    return read_template(TEMPLATE)


@pytest.fixture(scope="module")
def translated(sam: Document) -> Document:
    """What CloudFormation gets, once `sam build` has given each function its image."""
    built = copy.deepcopy(sam)
    for name in FUNCTIONS:
        built["Resources"][name]["Properties"]["ImageUri"] = (
            f"{'0' * 12}.dkr.ecr.eu-central-1.amazonaws.com/ostiary:{name.lower()}"
        )
    return to_cloudformation(built, PARAMETERS)


@pytest.fixture(scope="module")
def body(translated: Document) -> Document:
    """The OpenAPI document of the API."""
    api: Document = translated["Resources"]["Api"]["Properties"]["Body"]
    return api


def test_cfn_lint_is_content_with_the_template() -> None:
    _lint(TEMPLATE_HTTP)


def test_cfn_lint_is_content_with_its_translation(translated: Document, tmp_path: Path) -> None:
    path = tmp_path / "translated.json"
    path.write_text(json.dumps(translated))

    _lint(path)


def test_what_the_emulator_gets_is_a_template_that_aws_would_take_too(
    translated: Document, tmp_path: Path
) -> None:
    fitting = copy.deepcopy(translated)
    HttpApi().fit(fitting)
    # What CORS alone uses, which is put by a call afterwards.
    del fitting["Conditions"], fitting["Parameters"]["AllowedOrigin"]
    path = tmp_path / "fitting.json"
    path.write_text(json.dumps(fitting))

    _lint(path)


def test_what_needs_no_token_is_the_apps_own_public_list(body: Document) -> None:
    guarded = gateway.guarded(body)

    assert {(v, p) for p, v, _ in gateway.methods(body) if (p, v) not in guarded} == PUBLIC


def test_verbs_are_listed_one_by_one_and_everything_else_is_under_the_authorizer(
    body: Document,
) -> None:
    """No $default route and no ANY: neither would leave preflights to API Gateway."""
    assert {verb for _, verb, _ in gateway.methods(body)} == VERBS
    assert all(path.startswith("/") for path, _, _ in gateway.methods(body))
    assert {("/{proxy+}", verb) for verb in VERBS} <= gateway.guarded(body)


def test_a_guarded_verb_on_a_public_path_is_written_out(body: Document) -> None:
    table = json.loads((PROJECT / "authorizer" / "routes.json").read_text())["routes"]
    public_paths = {path for _, path in PUBLIC}

    needed = {(r["path"], r["method"]) for r in table if r["path"] in public_paths}
    assert needed <= gateway.guarded(body)


def test_the_authorizer_answers_policies_that_are_kept_for_the_header_alone(
    sam: Document, body: Document
) -> None:
    """A simple answer would open every route to whoever may call one of them."""
    (scheme,) = body["components"]["securitySchemes"].values()
    authorizer = scheme["x-amazon-apigateway-authorizer"]

    assert authorizer.pop("authorizerUri")
    assert authorizer == {
        "type": "request",
        "authorizerPayloadFormatVersion": "2.0",
        "identitySource": ["$request.header.Authorization"],
        "authorizerResultTtlInSeconds": 60,
    }
    (written,) = sam["Resources"]["Api"]["Properties"]["Auth"]["Authorizers"].values()
    assert written["EnableSimpleResponses"] is False


def test_requests_reach_the_app_as_payload_2(body: Document) -> None:
    for _, _, method in gateway.methods(body):
        integration = method["x-amazon-apigateway-integration"]
        assert integration["payloadFormatVersion"] == "2.0"
        assert "${AppFunction.Arn}" in integration["uri"]["Fn::Sub"]


def test_api_gateway_may_call_the_authorizer_as_an_authorizer_alone(translated: Document) -> None:
    (permission,) = (
        resource["Properties"]
        for resource in translated["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Permission"
        and resource["Properties"]["FunctionName"] != {"Ref": "AppFunction"}
    )
    arn, names = permission["SourceArn"]["Fn::Sub"]

    assert permission["FunctionName"] == {"Fn::GetAtt": ["AuthorizerFunction", "Arn"]}
    assert permission["Principal"] == "apigateway.amazonaws.com"
    assert arn.endswith(":${__ApiId__}/authorizers/*")
    assert names == {"__ApiId__": {"Ref": "Api"}}


def test_a_route_that_cannot_be_imported_fails_the_deployment(translated: Document) -> None:
    assert translated["Resources"]["Api"]["Properties"]["FailOnWarnings"] is True


@pytest.fixture(scope="module")
def stage(translated: Document) -> Document:
    (stage,) = (
        resource["Properties"]
        for resource in translated["Resources"].values()
        if resource["Type"] == "AWS::ApiGatewayV2::Stage"
    )
    properties: Document = stage
    return properties


def test_the_one_stage_has_no_name_that_would_stand_in_paths(
    sam: Document, stage: Document
) -> None:
    assert stage["StageName"] == "$default"
    assert sam["Outputs"]["ApiUrl"]["Value"]["Fn::Sub"].endswith("${AWS::URLSuffix}")


def test_the_access_log_tells_why_a_request_was_denied(
    translated: Document, stage: Document
) -> None:
    settings = stage["AccessLogSettings"]
    line = json.loads(settings["Format"])

    assert settings["DestinationArn"] == {"Fn::GetAtt": ["ApiLogs", "Arn"]}
    assert translated["Resources"]["ApiLogs"]["Properties"]["RetentionInDays"] > 0
    assert line["code"] == "$context.authorizer.code"
    assert line["authorizerError"] == "$context.authorizer.error"
    assert line["status"] == "$context.status"


def test_the_access_log_holds_nothing_that_a_client_writes(stage: Document) -> None:
    """A quote in it would end the member, and write the next one."""
    named = set(re.findall(r"\$context\.([\w.]+)", stage["AccessLogSettings"]["Format"]))

    assert not named & {"path", "protocol", "identity.userAgent", "httpMethod", "domainName"}
    assert not [name for name in named if name.startswith("authorizer.claims")]


def _cors(body: Document, translated: Document, origin: str) -> Any:
    given: dict[str, Any] = {**PARAMETERS, "AllowedOrigin": origin, "AWS::NoValue": None}
    return resolved(body["x-amazon-apigateway-cors"], translated, given)


def test_cors_lets_one_origin_read_what_the_app_would_let_it_read(
    app: FastAPI, body: Document, translated: Document
) -> None:
    """API Gateway puts these headers in place of the app's."""
    (cors,) = (m.kwargs for m in app.user_middleware if "allow_origins" in m.kwargs)

    assert _cors(body, translated, "https://app.example.com") == {
        "allowOrigins": ["https://app.example.com"],
        "allowMethods": cors["allow_methods"],
        "allowHeaders": cors["allow_headers"],
        "exposeHeaders": cors["expose_headers"],
        "allowCredentials": cors["allow_credentials"],
        "maxAge": 600,
    }


def test_without_an_origin_there_is_no_cors(body: Document, translated: Document) -> None:
    assert _cors(body, translated, "") is None


def test_functions_roles_logs_and_conditions_are_those_of_the_rest_api(
    sam: Document, rest: Document
) -> None:
    ours, theirs = copy.deepcopy(sam["Resources"]), copy.deepcopy(rest["Resources"])
    for resources in (ours, theirs):
        del resources["Api"]
        del resources["AppFunction"]["Properties"]["Events"]

    assert ours.pop("ApiLogs")["Type"] == "AWS::Logs::LogGroup"
    assert ours == theirs
    assert sam["Conditions"] == rest["Conditions"]
    assert sam["Globals"]["Function"] == rest["Globals"]["Function"]


def test_parameters_are_those_of_the_rest_api_but_for_its_stage(
    sam: Document, rest: Document
) -> None:
    theirs = {name: p for name, p in rest["Parameters"].items() if name != "StageName"}

    assert sam["Parameters"] == theirs
