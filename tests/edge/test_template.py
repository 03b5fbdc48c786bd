"""template.yaml: what a REST API answers by itself, without asking the app."""

import json
import re
from types import SimpleNamespace
from typing import Any

import pytest
from samtranslator.model import apigateway

from local import gateway
from local.template import Document, to_cloudformation
from tests.edge.templates import REQUIRED, REST, Stack, of_type, read, translated

ORIGIN = "https://app.example.com"


@pytest.fixture(scope="module")
def body() -> Document:
    """The OpenAPI document of the API."""
    api: Document = translated(REST)["Resources"]["Api"]["Properties"]["Body"]
    return api


def test_every_preflight_is_without_authorizer(body: Document) -> None:
    assert set(gateway.preflights(body)) == set(body["paths"])
    assert all("security" not in methods["options"] for methods in body["paths"].values())


@pytest.fixture(scope="module")
def scheme(body: Document) -> Document:
    schemes: Document = body["components"]["securitySchemes"]
    assert list(schemes) == ["Ostiary"]
    ostiary: Document = schemes["Ostiary"]
    return ostiary


def test_the_authorizer_is_asked_by_token_and_cached_for_a_minute(scheme: Document) -> None:
    authorizer = scheme["x-amazon-apigateway-authorizer"]

    assert (scheme["in"], scheme["name"]) == ("header", "Authorization")
    assert authorizer["type"] == "token"
    assert authorizer["authorizerResultTtlInSeconds"] == 60


def test_the_validation_expression_is_anchored(scheme: Document) -> None:
    expression = scheme["x-amazon-apigateway-authorizer"]["identityValidationExpression"]

    assert re.search(expression, "Bearer a-b.c_d.e0")
    assert re.search(expression, "bEARER a.b.c")
    for junk in ["xBearer a.b.c", "Bearer a.b.c x", "Bearer a.b", "Bearer a.b.c.d", "a.b.c"]:
        assert not re.search(expression, junk), junk


def _resolved(part: Document, origin: str = ORIGIN) -> Document:
    """A part of the body, with its functions worked out."""
    found: Document = Stack(translated(REST), AllowedOrigin=origin).value(part)
    return found


def _responses(body: Document, origin: str = ORIGIN) -> Document:
    return _resolved(gateway.gateway_responses(body), origin)


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("UNAUTHORIZED", 401, "unauthorized"),
        ("ACCESS_DENIED", 403, "insufficient_scope"),
        ("MISSING_AUTHENTICATION_TOKEN", 404, "not_found"),
        ("AUTHORIZER_FAILURE", 503, "unavailable"),
        ("AUTHORIZER_CONFIGURATION_ERROR", 503, "unavailable"),
        ("THROTTLED", 429, "unavailable"),
        ("QUOTA_EXCEEDED", 429, "unavailable"),
    ],
)
def test_a_gateway_response_has_its_status_and_code(
    body: Document, name: str, status: int, code: str
) -> None:
    response = _responses(body)[name]
    problem = json.loads(response["responseTemplates"]["application/json"])

    assert response["statusCode"] == str(status)
    assert (problem["type"], problem["status"], problem["code"]) == ("about:blank", status, code)
    assert problem["title"]
    assert problem["detail"]


def test_gateway_responses_know_four_codes_and_one_shape(body: Document) -> None:
    problems = []
    for response in _responses(body).values():
        headers = response["responseParameters"]
        assert headers["gatewayresponse.header.Content-Type"] == "'application/problem+json'"
        assert headers["gatewayresponse.header.Cache-Control"] == "'no-store'"
        (template,) = response["responseTemplates"].values()
        problems.append(json.loads(template))

    assert {problem["code"] for problem in problems} == {
        "unauthorized",
        "insufficient_scope",
        "not_found",
        "unavailable",
    }


@pytest.mark.parametrize(("origin", "header"), [(ORIGIN, f"'{ORIGIN}'"), ("", "'none'")])
def test_static_answers_let_the_one_origin_in_or_none(
    body: Document, origin: str, header: str
) -> None:
    responses = _responses(body, origin)
    preflights = _resolved(gateway.preflights(body), origin)

    seen = {
        *(r["responseParameters"][_ORIGIN_OF_RESPONSE] for r in responses.values()),
        *(
            p["responses"]["default"]["responseParameters"][_ORIGIN_OF_METHOD]
            for p in preflights.values()
        ),
    }
    assert seen == {header}


_ORIGIN_OF_RESPONSE = "gatewayresponse.header.Access-Control-Allow-Origin"
_ORIGIN_OF_METHOD = "method.response.header.Access-Control-Allow-Origin"


@pytest.fixture(scope="module")
def stage() -> Document:
    return Stack(translated(REST))["ApiStage"]


def _line(stage: Document) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(stage["AccessLogSetting"]["Format"])
    return line


def test_the_access_log_tells_who_was_denied_and_why(stage: Document) -> None:
    assert stage["AccessLogSetting"]["DestinationArn"] == "<ApiLogs.Arn>"
    assert _line(stage) == {
        "requestId": "$context.extendedRequestId",
        "requestTime": "$context.requestTime",
        "appRequestId": "$context.integration.requestId",
        "authorizerRequestId": "$context.authorizer.requestId",
        "sourceIp": "$context.identity.sourceIp",
        "method": "$context.httpMethod",
        "resource": "$context.resourcePath",
        "status": "$context.status",
        "sub": "$context.authorizer.principalId",
        "code": "$context.authorizer.code",
        "authorizerError": "$context.authorizer.error",
        "milliseconds": "$context.responseLatency",
    }


def test_the_access_log_holds_nothing_that_a_client_writes(stage: Document) -> None:
    """A quote in it would end the member, and write the next one."""
    written = {"$context.path", "$context.protocol", "$context.identity.userAgent"}
    chosen = "$context.requestId"

    assert not {*written, chosen} & set(_line(stage).values())


def test_an_account_without_a_role_for_logs_gets_one_or_does_without() -> None:
    none = Stack(translated(REST), AccountLogRole="none")
    makes = Stack(translated(REST), AccountLogRole="create")

    assert "AccessLogSetting" not in none["ApiStage"]
    assert not none.exists("AccountLogs")
    assert makes["AccountLogs"]["CloudWatchRoleArn"] == "<LogRole.Arn>"
    # A stage with access logs fails without the role: by naming it the API waits for it.
    assert "<AccountLogs>" in makes["Api"]["Description"]
    assert not Stack(translated(REST)).exists("AccountLogs")


def test_what_has_not_changed_is_deployed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage keeps what was deployed, and SAM sees no other origin: it knows but the parameter."""
    deployments: list[str] = []
    for seconds in (1, 2):
        monkeypatch.setattr(apigateway, "time", SimpleNamespace(time=lambda at=seconds: at))
        document = to_cloudformation(read(REST), REQUIRED)
        deployments += of_type(document, "AWS::ApiGateway::Deployment")

    assert len(set(deployments)) == 2
