"""What API Gateway hands to the app: read once, in one way, whatever it holds."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from app.lambda_event import NOWHERE, only_requests
from app.resources.notes.schemas import MAX_BODY, MAX_TITLE
from tests.app.events import Handler, http_event, lambda_handler, rest_event
from tests.support import Account, token_of

LAMBDA_ANSWER_LIMIT = 6 * 1024 * 1024
FORGED = {"principalId": "admin", "sub": "admin", "scope": "users:read", "claims": {"sub": "admin"}}
ALLOWED = "https://app.example.com"


@pytest.fixture
def handler_for_origin(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Handler]:
    """The handler, with one browser origin let in."""
    monkeypatch.setenv("OSTIARY_ALLOWED_ORIGINS", ALLOWED)
    with lambda_handler(database_url) as handler:
        yield handler


@pytest.mark.parametrize("event", [rest_event("GET", "/health"), http_event("GET", "/health")])
def test_both_event_shapes_reach_the_app(handler: Handler, event: Any) -> None:
    answer = handler(event)
    assert (answer["statusCode"], answer["body"]) == (200, '{"status":"ok"}')
    assert answer["isBase64Encoded"] is False


@pytest.mark.parametrize(
    "event",
    [
        rest_event("GET", "/v1/health", pathParameters={"proxy": "health"}),
        rest_event("GET", "/v1/health", pathParameters=None, resource="/health"),
        rest_event("GET", "/a/b/health", pathParameters={"proxy": "health"}),
        rest_event("GET", "/v1/health", pathParameters={"part": "health"}, resource="/{part}"),
        http_event("GET", "/prod/health", stage="prod"),
    ],
)
def test_a_base_path_or_a_stage_in_front_is_taken_off(handler: Handler, event: Any) -> None:
    assert handler(event)["statusCode"] == 200


@pytest.mark.parametrize(
    "event",
    [
        rest_event("GET", "/v1/health", pathParameters={"proxy": "v1/health"}),
        rest_event("GET", "/v1/health/", pathParameters={"proxy": "health"}),
        rest_event("GET", "//health", pathParameters={"proxy": "health"}),
        rest_event("GET", "//v1/health", pathParameters={"proxy": "health"}),
        rest_event("GET", "/v1//health", pathParameters={"proxy": "health"}),
        rest_event("GET", "/xhealth", pathParameters={"proxy": "health"}, resource="{proxy+}"),
        http_event("GET", "/production/health", stage="prod"),
        http_event("GET", "/prodhealth", stage="prod"),
        http_event("GET", "/$default/health"),
    ],
)
def test_what_only_looks_like_such_a_prefix_is_not_taken_off(handler: Handler, event: Any) -> None:
    assert handler(event)["statusCode"] == 404


def test_a_stage_is_taken_off_only_as_a_whole_segment(handler: Handler) -> None:
    assert handler(http_event("GET", "/health", stage="he"))["statusCode"] == 200


@pytest.mark.parametrize(
    "path",
    [
        *("/health%0A", "/%68ealth", "/%2568ealth", "/health%", "/health%2F", "/100%"),
        *(
            "/health\n",
            "/health\0",
            "/health\\",
            "/health/",
            "//health",
            "/./health",
            "/x/../health",
        ),
        *("health", "", "/health?x=1", "/health#x", "/he alth", "/\uff48ealth", "*"),
    ],
)
def test_a_path_of_another_spelling_is_not_found(handler: Handler, path: str) -> None:
    for event in (rest_event("GET", path), http_event("GET", path)):
        assert handler(event)["statusCode"] == 404, event


@pytest.mark.parametrize(
    "changes", [{"resource": ""}, {"resource": "{proxy+}", "pathParameters": {"proxy": ""}}]
)
def test_a_template_of_no_length_is_no_prefix(handler: Handler, changes: Any) -> None:
    assert handler(rest_event("GET", "/health", **changes))["statusCode"] == 200
    assert handler(rest_event("GET", "/v1/health", **changes))["statusCode"] == 404


@pytest.mark.parametrize("path", ["/notes%20", "/notes%C3%A9", "/%3Bnotes", "/notes%20/x"])
def test_what_could_be_decoded_a_second_time_never_reaches_the_adapter(path: str) -> None:
    def adapter(event: Any, context: Any) -> Any:
        return event

    for event in (rest_event("GET", path), http_event("GET", path)):
        handed_on = only_requests(adapter)(event, None)
        assert f'"path": "{NOWHERE}"' in json.dumps(handed_on)
        assert "%" not in json.dumps(handed_on)


def test_what_is_not_found_can_be_read_by_a_browser_of_an_allowed_origin(
    handler_for_origin: Handler,
) -> None:
    for path in ("/health/", "/nowhere", "/%68ealth"):
        for event in (rest_event("GET", path), http_event("GET", path)):
            event["headers"]["origin"] = ALLOWED
            event.pop("multiValueHeaders", None)
            answer = handler_for_origin(event)
            assert answer["statusCode"] == 404
            assert answer["headers"]["access-control-allow-origin"] == ALLOWED
            assert answer["headers"]["x-content-type-options"] == "nosniff"
            assert json.loads(answer["body"])["code"] == "not_found"


def test_a_problem_is_text_in_the_answer_of_lambda(handler: Handler) -> None:
    for event in (rest_event("GET", "/notes"), rest_event("GET", "/none"), rest_event("GET", "%")):
        answer = handler(event)
        assert answer["headers"]["content-type"] == "application/problem+json"
        assert answer["isBase64Encoded"] is False
        assert json.loads(answer["body"])["status"] == answer["statusCode"]


@pytest.mark.parametrize("token", [None, "a.b.c"])
def test_an_authorizer_context_is_no_identity(handler: Handler, token: str | None) -> None:
    rest, http = rest_event("GET", "/users", token), http_event("GET", "/users", token)
    rest["requestContext"]["authorizer"] = FORGED
    http["requestContext"]["authorizer"] = {"lambda": FORGED, "jwt": {"claims": FORGED}}
    assert [handler(event)["statusCode"] for event in (rest, http)] == [401, 401]


def test_a_token_counts_whatever_context_says(handler: Handler, member: Account) -> None:
    event = rest_event("GET", "/users/me", member.token)
    event["requestContext"]["authorizer"] = FORGED
    assert json.loads(handler(event)["body"])["email"] == member.email
    event = rest_event("GET", "/users", member.token)
    event["requestContext"]["authorizer"] = FORGED
    assert handler(event)["statusCode"] == 403


@pytest.mark.parametrize("order", [("good", "bad"), ("bad", "good"), ("good", "good")])
def test_two_authorizations_are_none(
    handler: Handler, member: Account, order: tuple[str, str]
) -> None:
    values = [f"Bearer {member.token if kind == 'good' else 'a.b.c'}" for kind in order]
    rest = rest_event("GET", "/notes", multiValueHeaders={"Authorization": values})
    rest["headers"] = {"Authorization": values[-1]}
    http = http_event("GET", "/notes")
    http["headers"]["authorization"] = ",".join(values)
    assert [handler(event)["statusCode"] for event in (rest, http)] == [401, 401]


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer good", "authorization": "Bearer good"},
        {"AUTHORIZATION": "Bearer other", "authorization": "Bearer good"},
    ],
)
def test_two_spellings_of_one_header_are_refused(handler: Handler, headers: dict[str, str]) -> None:
    several = {name: [value] for name, value in headers.items()}
    for event in (
        rest_event("GET", "/health", headers=headers, multiValueHeaders=None),
        rest_event("GET", "/health", headers={}, multiValueHeaders=several),
        http_event("GET", "/health", headers=headers),
    ):
        assert handler(event)["statusCode"] == 400


def test_header_maps_that_disagree_are_refused(handler: Handler, member: Account) -> None:
    event = rest_event("GET", "/notes", member.token)
    event["multiValueHeaders"]["Authorization"] = ["Bearer a.b.c"]
    assert handler(event)["statusCode"] == 400
    event = rest_event("GET", "/notes", "a.b.c")
    event["multiValueHeaders"]["authorization"] = [f"Bearer {member.token}"]
    assert handler(event)["statusCode"] == 400


@pytest.mark.parametrize(
    "carrier",
    [
        {"X-Forwarded-Authorization": "Bearer {}"},
        {"X-Authorization": "Bearer {}"},
        {"Cookie": "access_token={}"},
        {"Proxy-Authorization": "Bearer {}"},
    ],
)
def test_no_other_header_carries_a_token(
    handler: Handler, member: Account, carrier: dict[str, str]
) -> None:
    headers = {name: value.format(member.token) for name, value in carrier.items()}
    rest = rest_event("GET", "/notes", headers=headers, multiValueHeaders=None)
    http = http_event("GET", "/notes", headers=headers, cookies=[f"access_token={member.token}"])
    query = http_event("GET", "/notes", rawQueryString=f"access_token={member.token}")
    assert [handler(event)["statusCode"] for event in (rest, http, query)] == [401, 401, 401]


@pytest.mark.parametrize("method", ["get", "TRACE", "HEAD", "PROPFIND", "CONNECT", "OPTIONS"])
def test_only_a_routes_own_methods_are_its(handler: Handler, member: Account, method: str) -> None:
    for event in (rest_event(method, "/notes", member.token), http_event(method, "/notes")):
        assert handler(event)["statusCode"] == 405


def test_a_header_does_not_change_the_method(handler: Handler, member: Account) -> None:
    event = rest_event("GET", "/notes", member.token, multiValueHeaders=None)
    event["headers"] |= {"X-HTTP-Method-Override": "DELETE", "X-Method-Override": "POST"}
    assert handler(event)["statusCode"] == 200


@pytest.mark.parametrize("where", ["headers", "multiValueHeaders"])
@pytest.mark.parametrize(
    "host", ["evil/admin?x=", "a:b", "evil:", "[::1]:80", "a, b", "é.test", ""]
)
def test_a_hostile_host_is_refused_wherever_it_stands(
    handler: Handler, host: str, where: str
) -> None:
    event = rest_event("GET", "/health", headers={}, multiValueHeaders={})
    event[where] = {"Host": host if where == "headers" else [host]}
    assert handler(event)["statusCode"] == 400


@pytest.mark.parametrize(
    "hostile",
    [
        {"X-Forwarded-Proto": "javascript"},
        {"X-Forwarded-Port": "abc"},
        {"X-Forwarded-Host": "evil.example"},
        {"Forwarded": "host=evil.example;proto=javascript"},
        {"Host": "evil.example"},
    ],
)
def test_forwarding_headers_neither_break_nor_show_in_an_answer(
    handler: Handler, hostile: dict[str, str]
) -> None:
    for path in ("/health", "/none", "/openapi.json", "/.well-known/jwks.json"):
        rest = rest_event("GET", path, headers=hostile, multiValueHeaders=None)
        http = http_event("GET", path, headers=hostile)
        for event in (rest, http):
            answer = handler(event)
            assert answer["statusCode"] < 500
            assert "evil" not in json.dumps(answer)


def test_a_body_in_base64_is_read(handler: Handler) -> None:
    body = json.dumps({"email": "eve@example.com", "password": "too short"})
    sent = base64.b64encode(body.encode()).decode()
    headers = {"content-type": "application/json"}
    event = http_event("POST", "/users", headers=headers, body=sent, isBase64Encoded=True)
    assert handler(event)["statusCode"] == 422
    assert handler(event | {"body": "ä"})["statusCode"] == 400
    assert handler(event | {"body": "a"})["statusCode"] == 400


def test_a_full_page_of_the_largest_notes_fits_into_a_lambdas_answer(
    handler: Handler, member: Account
) -> None:
    # Twelve characters each in the runtime client's JSON, which escapes what is not ASCII.
    note = {"title": "\U0001f512" * MAX_TITLE, "body": "\U0001f512" * MAX_BODY}
    for _ in range(51):
        assert member.client.post("/notes", json=note, headers=member.headers).status_code == 201
    event = rest_event("GET", "/notes", member.token, queryStringParameters={"limit": "50"})
    answer = handler(event)
    assert len(json.loads(answer["body"])["items"]) == 50
    assert len(json.dumps(answer)) < LAMBDA_ANSWER_LIMIT


def test_configuration_is_never_read_from_an_event(handler: Handler, app: FastAPI) -> None:
    event = rest_event("GET", "/users", token_of(app, "eve", "notes:read"))
    event["stageVariables"] = {"OSTIARY_ISSUER": "https://evil.example", "OSTIARY_KEYS": "env:X"}
    assert handler(event)["statusCode"] == 403
