"""template-http.yaml: what an HTTP API does by itself, and what the emulator gets of it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from local import gateway
from local.http_api import HttpApi
from local.template import Document
from tests.edge.templates import HTTP, Stack, lint, of_type, read, translated


@pytest.fixture(scope="module")
def body() -> Document:
    """The OpenAPI document of the API."""
    api: Document = translated(HTTP)["Resources"]["Api"]["Properties"]["Body"]
    return api


def test_what_the_emulator_gets_is_a_template_that_aws_would_take_too(tmp_path: Path) -> None:
    fitting = translated(HTTP)
    HttpApi().fit(fitting)
    # What CORS alone uses, which is put by a call afterwards.
    del fitting["Conditions"]["HasOrigin"], fitting["Parameters"]["AllowedOrigin"]
    path = tmp_path / "fitting.json"
    path.write_text(json.dumps(fitting))

    lint(path)


def test_the_authorizer_answers_policies_that_are_kept_for_the_header_alone(
    body: Document,
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
    (written,) = read(HTTP)["Resources"]["Api"]["Properties"]["Auth"]["Authorizers"].values()
    assert written["EnableSimpleResponses"] is False


def test_requests_reach_the_app_as_payload_2(body: Document) -> None:
    for _, _, method in gateway.methods(body):
        integration = method["x-amazon-apigateway-integration"]
        assert integration["payloadFormatVersion"] == "2.0"
        assert "${AppFunction.Arn}" in integration["uri"]["Fn::Sub"]


@pytest.fixture(scope="module")
def stage() -> Document:
    stack = Stack(translated(HTTP))
    (name,) = of_type(stack.document, "AWS::ApiGatewayV2::Stage")
    return stack[name]


def test_the_one_stage_has_no_name_that_would_stand_in_paths(stage: Document) -> None:
    assert stage["StageName"] == "$default"


def test_what_is_imported_is_deployed_at_once(stage: Document) -> None:
    """CORS too, where its parameter alone has changed: there is no deployment to be forgotten."""
    assert stage["AutoDeploy"] is True
    assert "DeploymentId" not in stage
    assert of_type(translated(HTTP), "AWS::ApiGatewayV2::Deployment") == {}


def test_what_is_imported_may_bring_warnings(body: Document) -> None:
    """Of a server without `url`, which SAM writes, API Gateway warns."""
    assert "url" not in body["servers"][0]
    assert "FailOnWarnings" not in translated(HTTP)["Resources"]["Api"]["Properties"]


def test_the_access_log_tells_why_a_request_was_denied(stage: Document) -> None:
    settings = stage["AccessLogSettings"]
    line = json.loads(settings["Format"])

    assert settings["DestinationArn"] == "<ApiLogs.Arn>"
    assert line["code"] == "$context.authorizer.code"
    assert line["authorizerError"] == "$context.authorizer.error"
    assert line["requestId"] == "$context.requestId"
    assert line["appRequestId"] == "$context.integration.requestId"
    assert line["status"] == "$context.status"
    assert line["milliseconds"] == "$context.responseLatency"


def test_the_access_log_holds_nothing_that_a_client_writes(stage: Document) -> None:
    """A quote in it would end the member, and write the next one."""
    named = set(re.findall(r"\$context\.([\w.]+)", stage["AccessLogSettings"]["Format"]))

    assert not named & {"path", "protocol", "identity.userAgent", "httpMethod", "domainName"}
    assert not [name for name in named if name.startswith("authorizer.claims")]


def _cors(origin: str) -> Any:
    document = translated(HTTP, AllowedOrigin=origin)
    body = document["Resources"]["Api"]["Properties"]["Body"]
    return Stack(document, AllowedOrigin=origin).value(body["x-amazon-apigateway-cors"])


def test_cors_lets_one_origin_read_what_the_app_would_let_it_read(
    app: FastAPI,
) -> None:
    """API Gateway puts these headers in place of the app's."""
    (cors,) = (m.kwargs for m in app.user_middleware if "allow_origins" in m.kwargs)

    assert _cors("https://app.example.com") == {
        "allowOrigins": ["https://app.example.com"],
        "allowMethods": cors["allow_methods"],
        "allowHeaders": cors["allow_headers"],
        "exposeHeaders": cors["expose_headers"],
        "allowCredentials": cors["allow_credentials"],
        "maxAge": 600,
    }


def test_without_an_origin_there_is_no_cors() -> None:
    assert _cors("") is None
