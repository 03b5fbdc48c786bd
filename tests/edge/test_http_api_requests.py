"""What reaches the app through an HTTP API, and what the app behind it believes."""

from typing import Any

import httpx
import pytest

from local import tokens
from local.cloud import Edge
from tests.edge.answers import invocations
from tests.edge.conftest import ORIGIN, Headers

NOTE = "/notes/8036a94c-9a7e-42e5-9898-db2ee0aae53e"


@pytest.mark.parametrize("path", ["/notes", NOTE, "/users", "/health", "/nowhere"])
def test_a_preflight_needs_no_token_and_allows_what_the_api_takes(
    http_api: httpx.Client, path: str
) -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "DELETE"}

    answer = http_api.options(path, headers=asked)

    assert (answer.status_code, answer.text) == (204, "")
    assert answer.headers.get_list("access-control-allow-origin") == [ORIGIN]
    assert (
        answer.headers["access-control-allow-headers"]
        == "Authorization,Content-Type,Ostiary-Transport"
    )
    assert answer.headers["access-control-allow-methods"] == "GET,POST,PUT,PATCH,DELETE"


def test_another_origin_is_allowed_nothing(http_api: httpx.Client, http_member: Headers) -> None:
    other = {"Origin": "https://evil.example.com"}
    asked = other | {"Access-Control-Request-Method": "DELETE"}

    for answer in (
        http_api.options("/notes", headers=asked),
        http_api.get("/notes", headers=http_member | other),
    ):
        assert "access-control-allow-origin" not in answer.headers


def test_answers_of_the_app_can_be_read_by_the_one_origin(
    http_api: httpx.Client, http_member: Headers
) -> None:
    answer = http_api.get("/notes", headers=http_member | {"Origin": ORIGIN})

    assert answer.headers.get_list("access-control-allow-origin") == [ORIGIN]
    assert "WWW-Authenticate" in answer.headers["access-control-expose-headers"]


@pytest.mark.parametrize("method", ["HEAD", "TRACE", "PROPFIND", "OPTIONS"])
def test_a_verb_that_is_not_listed_reaches_nothing(
    http_api: httpx.Client, http_edge: Edge, http_member: Headers, method: str
) -> None:
    before = invocations(http_edge)

    answer = http_api.request(method, "/users/me", headers=http_member)

    # MiniStack takes every OPTIONS for a preflight; AWS has no such route either.
    assert answer.status_code == (403 if method == "OPTIONS" else 404)
    assert "email" not in answer.text
    assert invocations(http_edge) == before


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 404),
        ("/nowhere", 403),
        ("/users/me/", 403),
        ("/users//me", 403),
        ("/users/%6d%65", 200),
        ("/%6eotes", 200),
        ("/%75sers", 403),
        ("/users%2Fme", 200),
        ("/users%252Fme", 403),
        ("/users/%256de", 403),
        ("/notes/%2e%2e/users", 403),
        ("/users/me%00", 403),
        ("/users/me%0a", 404),
    ],
)
def test_the_verdict_is_that_of_the_path_decoded_once(
    http_api: httpx.Client, http_edge: Edge, http_member: Headers, path: str, status: int
) -> None:
    url = httpx.URL(http_edge.url)
    exactly = url.copy_with(raw_path=f"{url.path}{path}".encode())

    assert http_api.get(exactly, headers=http_member).status_code == status


def _forged(identity: dict[str, Any], **headers: str) -> dict[str, Any]:
    """An event as an HTTP API sends one, by somebody who may call the function itself."""
    return {
        "version": "2.0",
        "routeKey": "GET /{proxy+}",
        "rawPath": "/users",
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {
            "stage": "$default",
            "http": {"method": "GET", "path": "/users", "sourceIp": "127.0.0.1"},
            "authorizer": identity,
        },
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize("kind", ["lambda", "jwt", "iam"])
def test_the_app_takes_no_identity_from_an_event(http_edge: Edge, kind: str) -> None:
    identity = {"sub": "somebody", "scope": "users:read", "code": "granted"}

    answer = http_edge.cloud.invoke("AppFunction", _forged({kind: identity | {"claims": identity}}))

    assert answer["statusCode"] == 401


def test_the_app_verifies_the_token_that_the_edge_let_through(http_edge: Edge) -> None:
    token = tokens.issued(http_edge, "users:read")
    good = http_edge.cloud.invoke("AppFunction", _forged({}, authorization=f"Bearer {token}"))
    bad = http_edge.cloud.invoke(
        "AppFunction", _forged({}, authorization=f"Bearer {token[:-4]}AAAA")
    )

    assert (good["statusCode"], bad["statusCode"]) == (200, 401)
