"""template-http.yaml deployed: the seven steps through an HTTP API, and what it refuses."""

import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from app.doctor.examination import examine
from app.doctor.report import Verdict
from local import tokens
from local.cloud import Edge
from local.command import PROJECT
from local.demo import walk
from local.image import Image, as_zip, read_image
from local.story import Story
from local.template import API_ID
from tests.edge.answers import AUTHORIZER_LOGS, invocations
from tests.edge.conftest import Headers, registered
from tests.edge.test_cached_policy import SCOPES, TABLE, _ask

HOUR = 3600
# MiniStack's functions write no log of their own below WARNING; Lambda's, by the template, INFO.
LOUD = """\
import logging
import sys

from authorizer.handler import handler

logging.basicConfig(level=logging.INFO, stream=sys.stdout, force=True)
"""


def _bearer(token: str) -> Headers:
    return {"Authorization": f"Bearer {token}"}


def _token(headers: Headers) -> str:
    return headers["Authorization"].removeprefix("Bearer ")


def refused(answer: httpx.Response, status: int, message: str) -> bool:
    """API Gateway refused by itself, with one static word: no problem+json, no code."""
    is_json = answer.headers.get("content-type") == "application/json"
    if not (is_json and answer.content) or (answer.status_code, answer.json()) != (
        status,
        {"message": message},
    ):
        return False
    assert "www-authenticate" not in answer.headers
    return True


@pytest.mark.tells_secrets("the demo shows what a login answers")
def test_the_seven_steps_are_as_expected(http_edge: Edge, http_api: httpx.Client) -> None:
    story = Story()

    walk(http_edge, http_api, story)

    assert story.failures == 0


def test_a_login_form_arrives_though_an_http_api_sends_it_as_base64(http_api: httpx.Client) -> None:
    """The app's own answer to a wrong password shows that it has read both fields."""
    form = {"username": "nobody@example.com", "password": "not the right passphrase"}

    answer = http_api.post("/auth/login", data=form)

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_token_is_issued_by_the_api_itself_whose_url_has_no_stage(
    http_api: httpx.Client, http_edge: Edge, http_member: Headers
) -> None:
    _, claims = tokens.read(_token(http_member))

    assert claims["iss"] == http_edge.url == f"{http_edge.cloud.endpoint}/_aws/execute-api/{API_ID}"
    assert http_api.get("/users/me", headers=http_member).json()["id"] == claims["sub"]


def test_the_deployment_is_what_native_authorizers_ask_for(
    http_api: httpx.Client, http_edge: Edge, http_member: Headers
) -> None:
    http_api.get("/.well-known/openid-configuration")  # a cold start is not what is looked at here
    token = _token(http_member)

    checks = examine(http_edge.url, token, address="127.0.0.1")

    assert [f"{c.name}: {c.found}" for c in checks if c.verdict is Verdict.WRONG] == []


def test_a_member_gets_200_on_notes_then_right_answers_everywhere_else(
    http_api: httpx.Client,
) -> None:
    """One who is nobody else's: on the way he logs out, and deletes his account."""
    member = registered(http_api)
    mine = set(tokens.read(_token(member))[1]["scope"].split())
    assert "users:read" not in mine
    assert http_api.get("/notes", headers=member).status_code == 200

    for route in TABLE:
        answer = _ask(http_api, route, member)
        assert refused(answer, 403, "Forbidden") == (route["scope"] not in mine)


def test_the_authorizer_is_asked_once_for_a_token(http_api: httpx.Client, http_edge: Edge) -> None:
    headers = _bearer(tokens.issued(http_edge, *SCOPES))
    before = invocations(http_edge)

    for route in TABLE:
        assert not refused(_ask(http_api, route, headers), 403, "Forbidden")

    assert invocations(http_edge) == before + 1


def test_no_token_is_401_and_costs_no_invocation(http_api: httpx.Client, http_edge: Edge) -> None:
    before = invocations(http_edge)

    for headers in ({}, {"Authorization": ""}):
        assert refused(http_api.get("/notes", headers=headers), 401, "Unauthorized")

    assert invocations(http_edge) == before


def _spoilt(token: str, http_edge: Edge) -> dict[str, str]:
    """Code of the reason → a value of the header that is refused for it."""
    expired = tokens.issued(http_edge, "notes:read", seconds_ago=HOUR)
    return {
        "bad_signature": f"Bearer {tokens.tampered(token, scope='notes:read users:read')}",
        "token_expired": f"Bearer {expired}",
        "malformed_token": f"Bearer {token}.{token}",
        "missing_token": f"Basic {token}",
    }


@pytest.fixture
def reasons(http_edge: Edge, tmp_path: Path) -> Callable[[], list[str]]:
    """The codes of all refusals in the authorizer's log, in their order."""
    (tmp_path / "loud.py").write_text(LOUD)
    image = read_image(PROJECT / "Dockerfile", "authorizer")
    loud = as_zip(Image({**image.files, "loud.py": tmp_path / "loud.py"}, "loud.handler"))
    name = http_edge.cloud.physical_id("AuthorizerFunction")
    with closing(http_edge.cloud.client("lambda")) as functions:
        functions.update_function_code(FunctionName=name, ZipFile=loud)
        functions.update_function_configuration(FunctionName=name, Handler="loud.handler")

    def reasons() -> list[str]:
        with closing(http_edge.cloud.client("logs")) as logs:
            events = logs.filter_log_events(logGroupName=AUTHORIZER_LOGS)["events"]
        return [code for e in events for code in re.findall(r"refused: (\w+):", e["message"])]

    return reasons


def test_a_bad_token_is_403_and_the_authorizers_log_says_why(
    http_api: httpx.Client,
    http_edge: Edge,
    http_member: Headers,
    reasons: Callable[[], list[str]],
) -> None:
    """Unlike a missing one: an HTTP API knows no way to make a 401 of an authorizer's answer."""
    spoilt = _spoilt(_token(http_member), http_edge)

    for credentials in spoilt.values():
        answer = http_api.get("/notes", headers={"Authorization": credentials})
        assert refused(answer, 403, "Forbidden")

    assert reasons() == list(spoilt)


def test_a_refusal_is_kept_like_a_policy(http_api: httpx.Client, http_edge: Edge) -> None:
    expired = _bearer(tokens.issued(http_edge, "notes:write", seconds_ago=HOUR))
    before = invocations(http_edge)

    for path in ("/notes", "/users", "/users/me"):
        assert refused(http_api.get(path, headers=expired), 403, "Forbidden")

    assert invocations(http_edge) == before + 1


def test_two_authorization_headers_open_nothing(
    http_api: httpx.Client, http_member: Headers
) -> None:
    both = [("Authorization", http_member["Authorization"]), ("Authorization", "Bearer a.b.c")]

    for headers in (both, both[::-1]):
        assert refused(http_api.get("/notes", headers=headers), 403, "Forbidden")


def test_an_authorizer_that_cannot_decide_lets_nobody_in_and_is_asked_again(
    http_api: httpx.Client, http_edge: Edge, http_member: Headers
) -> None:
    """As it cannot where the API would keep its answer by something else than the token."""
    headers = http_member | {"X-Other": "1"}
    header, other = "$request.header.Authorization", "$request.header.X-Other"
    before = invocations(http_edge)
    with closing(http_edge.cloud.client("apigatewayv2")) as client:
        (authorizer,) = client.get_authorizers(ApiId=API_ID)["Items"]
        this = {"ApiId": API_ID, "AuthorizerId": authorizer["AuthorizerId"]}
        client.update_authorizer(**this, IdentitySource=[other])
        try:
            undecided = [http_api.get("/notes", headers=headers) for _ in range(2)]
        finally:
            client.update_authorizer(**this, IdentitySource=[header])

    assert [answer.status_code for answer in undecided] == [500, 500]
    assert invocations(http_edge) == before + 2
    assert http_api.get("/notes", headers=headers).status_code == 200


def test_public_routes_ask_for_no_token_and_take_no_notice_of_a_bad_one(
    http_api: httpx.Client, http_edge: Edge
) -> None:
    before = invocations(http_edge)

    for path in ("/health", "/docs", "/openapi.json", "/.well-known/jwks.json"):
        for headers in ({}, _bearer("a.b.c")):
            assert http_api.get(path, headers=headers).status_code == 200

    assert invocations(http_edge) == before
