"""What API Gateway refuses, in words that a client can read."""

import httpx
import pytest

from local import tokens
from local.cloud import Edge
from tests.edge.answers import check_problem, invocations
from tests.edge.conftest import ORIGIN, Headers

HOUR = 3600
GUARDED = [("GET", "/notes"), ("GET", "/users"), ("GET", "/users/me"), ("DELETE", "/notes/x")]


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_no_token_is_401_with_a_bare_challenge(http: httpx.Client, method: str, path: str) -> None:
    answer = http.request(method, path)

    check_problem(answer, 401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "credentials",
    ["", "Bearer", "Bearer a.b", "Basic YTpi", "Bearer a.b.c d", "Bearer  a.b.c"],
)
def test_what_is_no_bearer_jws_is_401_and_costs_no_invocation(
    http: httpx.Client, edge: Edge, credentials: str
) -> None:
    before = invocations(edge)

    answer = http.get("/notes", headers={"Authorization": credentials})

    check_problem(answer, 401, "unauthorized")
    assert invocations(edge) == before


def test_a_tampered_token_is_401(http: httpx.Client, member: Headers) -> None:
    good = member["Authorization"].removeprefix("Bearer ")
    bad = tokens.tampered(good, scope="notes:read users:read")

    answer = http.get("/users", headers={"Authorization": f"Bearer {bad}"})

    check_problem(answer, 401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_an_expired_token_is_401(http: httpx.Client, edge: Edge) -> None:
    expired = tokens.issued(edge, "notes:read", seconds_ago=HOUR)

    answer = http.get("/notes", headers={"Authorization": f"Bearer {expired}"})

    check_problem(answer, 401, "unauthorized")


def test_a_member_may_not_list_users(http: httpx.Client, member: Headers) -> None:
    answer = http.get("/users", headers=member)

    check_problem(answer, 403, "insufficient_scope")
    assert answer.headers["www-authenticate"] == 'Bearer error="insufficient_scope"'


def test_a_token_without_scopes_is_denied_everything_by_name(
    http: httpx.Client, edge: Edge
) -> None:
    headers = {"Authorization": f"Bearer {tokens.issued(edge)}"}

    for method, path in GUARDED:
        check_problem(http.request(method, path, headers=headers), 403, "insufficient_scope")


def test_a_path_without_route_is_404_without_saying_token(http: httpx.Client) -> None:
    check_problem(http.get("/"), 404, "not_found")


@pytest.mark.parametrize("method", ["HEAD", "TRACE", "PROPFIND"])
def test_a_verb_that_is_not_listed_reaches_nothing(http: httpx.Client, method: str) -> None:
    answer = http.request(method, "/notes")

    assert answer.status_code in {400, 404, 405}


def test_refusals_can_be_read_by_the_one_origin(http: httpx.Client, member: Headers) -> None:
    for refused in [
        http.get("/notes", headers={"Origin": ORIGIN}),
        http.get("/users", headers=member | {"Origin": ORIGIN}),
        http.get("/", headers={"Origin": ORIGIN}),
    ]:
        assert refused.status_code in {401, 403, 404}
        assert refused.headers.get_list("access-control-allow-origin") == [ORIGIN]


def test_answers_of_the_app_can_be_read_by_the_one_origin_and_by_no_other(
    http: httpx.Client, member: Headers
) -> None:
    ours = http.get("/notes", headers=member | {"Origin": ORIGIN})
    other = http.get("/notes", headers=member | {"Origin": "https://evil.example.com"})

    assert ours.headers.get_list("access-control-allow-origin") == [ORIGIN]
    assert "access-control-allow-origin" not in other.headers
