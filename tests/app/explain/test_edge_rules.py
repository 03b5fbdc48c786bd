"""What `explain` knows of the edge by heart is what the templates and the authorizer say."""

import json
import random
from typing import Any

import pytest

from app.access.routes import COMPILED_TABLE
from app.explain.edge import BEARER_JWS, HTTP_API, REST_API, VERBS, matches, policy
from app.explain.refusal import Refusal
from app.tokens.claims import AccessClaims
from app.tokens.statements import CompiledRoutes
from authorizer.policy import policy_for
from local.template import read_template
from tests.app.explain.house import ROOT
from tests.authorizer import iam

TABLE = CompiledRoutes(json.loads(COMPILED_TABLE.read_text("utf-8")))
ARN = "arn:aws:execute-api:us-east-1:123456789012:abcdef123/" + "s" * 47  # 100 characters


@pytest.fixture(scope="module")
def api() -> dict[str, Any]:
    found: dict[str, Any] = read_template(ROOT / "template.yaml")["Resources"]
    return found


def test_the_headers_that_are_judged_are_those_of_the_template(api: dict[str, Any]) -> None:
    identity = api["Api"]["Properties"]["Auth"]["Authorizers"]["Ostiary"]["Identity"]
    assert identity["ValidationExpression"] == BEARER_JWS


@pytest.mark.parametrize("name", ["template.yaml", "template-http.yaml"])
def test_the_verbs_are_those_of_both_templates(name: str) -> None:
    function = read_template(ROOT / name)["Resources"]["AppFunction"]["Properties"]
    events = [event["Properties"] for event in function["Events"].values()]
    listed = {event["Method"] for event in events if event["Path"] == "/{proxy+}"}
    assert listed == set(VERBS)


@pytest.mark.parametrize(
    ("kind", "refusal"),
    [
        ("UNAUTHORIZED", REST_API.not_asked),
        ("UNAUTHORIZED", REST_API.bad_token),
        ("ACCESS_DENIED", REST_API.denied),
        ("MISSING_AUTHENTICATION_TOKEN", REST_API.no_route),
    ],
)
def test_the_answers_of_a_rest_api_are_those_of_the_template(
    api: dict[str, Any], kind: str, refusal: Refusal
) -> None:
    response = api["Api"]["Properties"]["GatewayResponses"][kind]
    body = json.loads(response["ResponseTemplates"]["application/json"])
    assert (response["StatusCode"], body["code"]) == refusal[:2]


def test_preflights_are_answered_by_a_rest_api_always_and_by_an_http_api_with_an_origin(
    api: dict[str, Any],
) -> None:
    cors = api["Api"]["Properties"]["Cors"]
    assert {"AllowOrigin", "AllowMethods"} <= set(cors), REST_API.preflight
    http = read_template(ROOT / "template-http.yaml")["Resources"]["Api"]["Properties"]
    condition, _, otherwise = http["CorsConfiguration"]["Fn::If"]
    assert (condition, otherwise) == ("HasOrigin", {"Ref": "AWS::NoValue"}), HTTP_API.preflight


def test_a_pattern_matches_what_iam_says_that_it_matches() -> None:
    chance = random.Random(11)  # noqa: S311 - not for secrets
    found = set()
    for _ in range(3000):
        pattern = "".join(chance.choices("a/*?.\n[", k=chance.randint(0, 6)))
        text = "".join(chance.choices("a/.\n[b", k=chance.randint(0, 6)))
        found.add(matches(pattern, text))
        assert matches(pattern, text) == iam.matches(pattern, text), (pattern, text)
    assert found == {True, False}


@pytest.mark.parametrize("scope", ["", "notes:read", "notes:read users:read", "other:x"])
@pytest.mark.parametrize("letter", ["a", "é", "\N{KEY}", '"'])
def test_the_policy_is_the_authorizers_to_the_byte_at_which_it_is_too_large(
    scope: str, letter: str
) -> None:
    assert len(ARN) == 100
    codes = set()
    for length in range(1, 256):
        claims = AccessClaims(
            *("http://127.0.0.1:8000", letter * length, "ostiary", 2, 1, letter * 255, "c" * 255),
            f"{scope} {'x' * 3000}".strip(),
            sid="s" * 100,
        )
        statements, code = policy(claims, TABLE)
        answer = policy_for(claims, ARN, TABLE)
        assert code == answer["context"]["code"], length
        both = [f"{ARN}/{resource}" for resource in (*statements.allow, *statements.deny)]
        assert both == iam.resources(answer)
        codes.add(code)
    assert ("policy_too_large" in codes) == (letter in "é\N{KEY}")
