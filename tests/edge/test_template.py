"""template.yaml: who may call what without a token, and what is promised to the rest."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.access.routes import PUBLIC
from local import gateway
from local.command import PROJECT
from local.template import Document, read_template, resolved, to_cloudformation

TEMPLATE = PROJECT / "template.yaml"
VERBS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
FUNCTIONS = ["AppFunction", "AuthorizerFunction"]
PARAMETERS = {
    "Issuer": "https://api.example.com",
    "Audience": "ostiary",
    "SigningKeys": "{}",
    "VerifyKeys": "{}",
    "DatabaseUrl": "postgresql+psycopg://host/database",
    "AllowedOrigin": "https://app.example.com",
    "StageName": "prod",
}


@pytest.fixture(scope="module")
def sam() -> Document:
    return read_template(TEMPLATE)


@pytest.fixture(scope="module")
def translated(sam: Document) -> Document:
    """What CloudFormation gets, once `sam build` has given each function its image."""
    built = json.loads(json.dumps(sam))
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


def _lint(path: Path) -> None:
    cfn_lint = Path(sys.executable).parent / "cfn-lint"
    done = subprocess.run([cfn_lint, "--", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_cfn_lint_is_content_with_the_template() -> None:
    _lint(TEMPLATE)


def test_cfn_lint_is_content_with_its_translation(translated: Document, tmp_path: Path) -> None:
    path = tmp_path / "translated.json"
    path.write_text(json.dumps(translated))

    _lint(path)


def test_what_needs_no_token_is_the_apps_own_public_list(body: Document) -> None:
    guarded = gateway.guarded(body)
    methods = {(verb.upper(), path) for path, methods in body["paths"].items() for verb in methods}

    open_to_all = {(v, path) for v, path in methods if v in VERBS and (path, v) not in guarded}
    assert open_to_all == PUBLIC


def test_verbs_are_listed_one_by_one_and_everything_else_is_under_the_authorizer(
    body: Document,
) -> None:
    verbs = {verb.upper() for methods in body["paths"].values() for verb in methods}

    assert verbs == VERBS | {"OPTIONS"}
    assert {("/{proxy+}", verb) for verb in VERBS} <= gateway.guarded(body)


def test_a_guarded_verb_on_a_public_path_is_written_out(body: Document) -> None:
    table = json.loads((PROJECT / "authorizer" / "routes.json").read_text())["routes"]
    public_paths = {path for _, path in PUBLIC}

    needed = {(r["path"], r["method"]) for r in table if r["path"] in public_paths}
    assert needed <= gateway.guarded(body)


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


def test_there_is_one_stage(translated: Document) -> None:
    stages = [
        r["Properties"]["StageName"]
        for r in translated["Resources"].values()
        if r["Type"] == "AWS::ApiGateway::Stage"
    ]

    assert stages == [{"Ref": "StageName"}]


def _responses(body: Document, translated: Document, **parameters: str) -> Document:
    given = PARAMETERS | parameters
    answer: Document = resolved(gateway.gateway_responses(body), translated, given)
    return answer


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
    body: Document, translated: Document, name: str, status: int, code: str
) -> None:
    response = _responses(body, translated)[name]
    problem = json.loads(response["responseTemplates"]["application/json"])

    assert response["statusCode"] == str(status)
    assert (problem["type"], problem["status"], problem["code"]) == ("about:blank", status, code)
    assert problem["title"]
    assert problem["detail"]


def test_gateway_responses_know_four_codes_and_one_shape(
    body: Document, translated: Document
) -> None:
    problems = []
    for response in _responses(body, translated).values():
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


@pytest.mark.parametrize(
    ("origin", "header"), [("https://app.example.com", "'https://app.example.com'"), ("", "'none'")]
)
def test_static_answers_let_the_one_origin_in_or_none(
    body: Document, translated: Document, origin: str, header: str
) -> None:
    responses = _responses(body, translated, AllowedOrigin=origin)
    preflights = resolved(
        gateway.preflights(body), translated, PARAMETERS | {"AllowedOrigin": origin}
    )

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


@pytest.mark.parametrize("origin", ["*", "null", "https://a.example/path", "https://a'b", "a.b"])
def test_what_is_no_origin_is_refused_as_a_parameter(sam: Document, origin: str) -> None:
    assert not re.fullmatch(sam["Parameters"]["AllowedOrigin"]["AllowedPattern"], origin)


def test_secrets_are_not_echoed(sam: Document) -> None:
    hidden = {name for name, p in sam["Parameters"].items() if p.get("NoEcho")}

    assert hidden == {"SigningKeys", "VerifyKeys", "DatabaseUrl"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_an_image_that_may_write_its_own_log_and_nothing_else(
    translated: Document, name: str
) -> None:
    resources = translated["Resources"]
    function = resources[name]["Properties"]
    group = function["LoggingConfig"]["LogGroup"]["Ref"]
    role = resources[function["Role"]["Fn::GetAtt"][0]]["Properties"]
    statements = [s for p in role["Policies"] for s in p["PolicyDocument"]["Statement"]]

    assert function["PackageType"] == "Image"
    assert function["Architectures"] == ["arm64"]
    assert function["Timeout"] < 29
    assert function["LoggingConfig"]["LogFormat"] == "JSON"
    assert resources[group]["Properties"]["RetentionInDays"] > 0
    assert "ManagedPolicyArns" not in role
    assert statements == [
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": {"Fn::GetAtt": [group, "Arn"]},
        }
    ]


def test_the_authorizer_never_sees_signing_keys_or_the_database(sam: Document) -> None:
    function: dict[str, Any] = sam["Resources"]["AuthorizerFunction"]["Properties"]

    given = json.dumps(function["Environment"])
    assert "SigningKeys" not in given
    assert "DatabaseUrl" not in given
