"""Both handlers under the runtime client that AWS's base images run, fed as Lambda feeds it."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from app.tokens.issue import Issuer
from app.tokens.jwk import parse_key_set
from tests.app.events import http_event, rest_event
from tests.authorizer.decisions import EVENTS, recorded
from tests.images.runtime import Environment, Function, Start
from tests.images.steps import ISSUER, JSON, body_of, event_with_body, log_in, register
from tests.support import private_jwk

APP, AUTHORIZER = "app.main.handler", "authorizer.handler.handler"
STRANGE: list[Any] = [
    None,
    [],
    "warm up",
    0,
    {},
    {"source": "aws.events"},
    {"Records": [{"body": "{}"}]},
]


@pytest.fixture
def token(app_environment: Environment) -> Callable[..., str]:
    """Signs a token such as the deployed app would."""
    keys = parse_key_set(app_environment["OSTIARY_SIGNING_KEYS"].encode())

    def signed(*scopes: str, seconds_ago: int = 0) -> str:
        issuer = Issuer(
            keys,
            issuer=ISSUER,
            audience="ostiary",
            lifetime=600,
            clock=lambda: time.time() - seconds_ago,
        )
        return issuer.issue(sub="somebody", client_id="ostiary", scopes=scopes)

    return signed


def test_the_app_logs_in_and_keeps_notes(app_environment: Environment, start: Start) -> None:
    with start(APP, app_environment) as function:
        email = register(function)
        token = log_in(function, email)
        note = json.dumps({"title": "First", "body": "…"})
        made = function.result(event_with_body("/notes", JSON, note, token))
        assert made["statusCode"] == 201, made
        listed = body_of(function.result(rest_event("GET", "/notes", token)))
        assert [item["title"] for item in listed["items"]] == ["First"]
        path = f"/notes/{body_of(made)['id']}"
        assert function.result(http_event("GET", path, token))["statusCode"] == 200
        assert function.result(rest_event("DELETE", path, token))["statusCode"] == 204
        refused = function.result(rest_event("GET", "/users", token))
        assert (refused["statusCode"], body_of(refused)["code"]) == (403, "insufficient_scope")
        missing = function.result(rest_event("GET", path))
        assert (missing["statusCode"], body_of(missing)["code"]) == (401, "unauthorized")


def test_problems_and_pages_travel_as_text(app_environment: Environment, start: Start) -> None:
    with start(APP, app_environment) as function:
        for path in ("/nowhere", "/health", "/docs", "/.well-known/jwks.json"):
            answer = function.result(rest_event("GET", path))
            assert answer["isBase64Encoded"] is False, path


@pytest.mark.parametrize("handler", [APP, AUTHORIZER])
def test_an_event_that_is_none_ends_no_instance(
    handler: str, app_environment: Environment, authorizer_environment: Environment, start: Start
) -> None:
    environment = app_environment if handler == APP else authorizer_environment
    authorizer_events = [json.loads(path.read_text()) for path in sorted(EVENTS.glob("*.json"))]
    with start(handler, environment) as function:
        for event in STRANGE if handler == AUTHORIZER else [*STRANGE, *authorizer_events[3:]]:
            report = function.invoke(event)
            if handler == APP:
                assert (report.kind, report.content["statusCode"]) == ("response", 400), event
                assert json.loads(report.content["body"])["code"] == "bad_request"
            else:
                assert (report.kind, report.content["errorType"]) == ("error", "UndecidedError")


def test_the_authorizer_answers_with_a_policy(
    authorizer_environment: Environment, start: Start, token: Callable[..., str]
) -> None:
    good = token("notes:read", "notes:write")
    with start(AUTHORIZER, authorizer_environment) as function:
        for name in ("rest_token", "rest_request"):
            answer = function.result(recorded(name, good))
            assert answer["principalId"] == "somebody"
            (statement,) = answer["policyDocument"]["Statement"]
            assert (statement["Effect"], len(statement["Resource"])) == ("Allow", 5)
        assert '"code": "granted"' in function.log()
        assert good.split(".")[2] not in function.log()


def test_the_authorizer_reports_a_bad_token_as_unauthorized(
    authorizer_environment: Environment, start: Start, token: Callable[..., str]
) -> None:
    expired = token("notes:read", seconds_ago=3600)
    with start(AUTHORIZER, authorizer_environment) as function:
        report = function.invoke(recorded("rest_token", expired))
        assert report.kind == "error"
        assert report.content["errorMessage"] == "Unauthorized"
        assert report.content["errorType"] == "Exception"
        assert '"code": "token_expired"' in function.log()
        for segment in expired.split("."):
            assert segment not in function.log() + json.dumps(report.content)
        assert function.result(recorded("rest_token", token("notes:read")))


@pytest.mark.parametrize(
    ("handler", "name"),
    [
        *((APP, f"OSTIARY_{name}") for name in ("ISSUER", "AUDIENCE", "KEYS", "DATABASE_URL")),
        *((AUTHORIZER, f"OSTIARY_{name}") for name in ("ISSUER", "AUDIENCE", "KEYS")),
        (AUTHORIZER, "OSTIARY_STATUS_LISTS"),
        (APP, "OSTIARY_SIGNING_KEYS"),
        (AUTHORIZER, "OSTIARY_VERIFY_KEYS"),
    ],
)
def test_an_absent_setting_ends_the_start_and_is_named(
    handler: str,
    name: str,
    app_environment: Environment,
    authorizer_environment: Environment,
    start: Start,
) -> None:
    environment = app_environment if handler == APP else authorizer_environment
    del environment[name]
    _check_refused(handler, environment, name, start)


@pytest.mark.parametrize(
    ("handler", "changes", "word"),
    [
        (APP, {"OSTIARY_DATABASE_URL": "sqlite:////tmp/ostiary.db"}, "SQLite on Lambda"),
        (APP, {"OSTIARY_ISSUER": "http://api.example.com"}, "the issuer must be an https URL"),
        (AUTHORIZER, {"OSTIARY_ISSUER": "http://api.example.com"}, "must be an https URL"),
        (AUTHORIZER, {"OSTIARY_KEYS": "env:PRIVATE"}, "the private halves of"),
    ],
)
def test_an_unsafe_setting_ends_the_start_and_is_explained(
    handler: str,
    changes: Environment,
    word: str,
    app_environment: Environment,
    authorizer_environment: Environment,
    start: Start,
) -> None:
    environment = app_environment if handler == APP else authorizer_environment
    environment |= changes | {"PRIVATE": json.dumps({"keys": [private_jwk("RS256")]})}
    _check_refused(handler, environment, word, start)


def _check_refused(handler: str, environment: Environment, words: str, start: Start) -> None:
    with start(handler, environment) as function:
        report = function.next_report()
        assert report.kind == "init-error", function.log()
        assert words in report.content["errorMessage"]
        _check_nothing_secret(function, environment)
        assert function.next_report().kind == "exit"


def _check_nothing_secret(function: Function, environment: Environment) -> None:
    private = private_jwk("RS256")["d"]
    assert private not in function.log()
    assert environment.get("OSTIARY_SIGNING_KEYS", private) not in function.log()
