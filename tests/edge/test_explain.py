"""`ostiary explain` says of each call what comes back through the deployed APIs."""

import json

import httpx

from app.access.routes import COMPILED_TABLE
from app.doctor.report import Verdict
from app.explain.explanation import Explanation, explained
from app.explain.house import House
from app.main import unwired_app
from app.tokens.statements import CompiledRoutes
from local import tokens
from local.cloud import AUDIENCE, Edge
from tests.app.explain.house import BEFORE_THE_ROUTE
from tests.app.explain.test_agreement import CALLS
from tests.edge.conftest import Headers

HOUR = 3600
# As API Gateway decodes them, they are paths like any other, or hostile.
ESCAPED = [("GET", path) for path in ("/users/%6d%65", "/notes%252F", "/%68ealth", "/users%2Fme")]


def _headers(edge: Edge, good: str) -> list[str]:
    token = good.removeprefix("Bearer ")
    made = [
        tokens.tampered(token, scope="users:read"),
        tokens.issued(edge, "notes:read", seconds_ago=HOUR),
        tokens.issued(edge),
        tokens.issued(edge, "users:read"),
    ]
    return [good, *(f"Bearer {token}" for token in made), "", "Basic YTpi", "Bearer a.b"]


def _answer(client: httpx.Client, header: str, method: str, path: str) -> tuple[int, str]:
    url = httpx.URL(client.base_url)
    exactly = url.copy_with(raw_path=f"{url.path.rstrip('/')}{path}".encode())
    headers = {"Authorization": header} if header else {}
    answer = client.request(method, exactly, headers=headers)
    is_json = "json" in answer.headers.get("content-type", "") and answer.content
    return answer.status_code, answer.json().get("code", "") if is_json else ""


def _house(edge: Edge) -> House:
    compiled = CompiledRoutes(json.loads(COMPILED_TABLE.read_text("utf-8")))
    keys = edge.signing_keys()
    return House(unwired_app().state.routes, compiled, keys, edge.url, AUDIENCE)


def _check(edge: Edge, client: httpx.Client, member: Headers, which: str) -> None:
    house = _house(edge)
    compared = 0
    for header in _headers(edge, member["Authorization"]):
        for method, path in (*CALLS, *ESCAPED):
            found: Explanation = explained(house, header, method, path)
            if not found.certain or method == "get":  # which the client writes in capitals
                continue
            compared += 1
            status, code = _answer(client, header, method, path)
            refusal = getattr(found, which)
            if refusal:
                expected = (refusal.status, "" if method == "HEAD" else refusal.code)
                assert (status, code) == expected, (header[:9], method, path)
            else:
                own = path.startswith("/notes/") and code == "not_found"  # no such note
                assert own or code not in BEFORE_THE_ROUTE, (header[:9], method, path)
                assert code or status < 400, (header[:9], method, path)
    assert compared > 200


def test_a_rest_api_answers_as_explained(edge: Edge, http: httpx.Client, member: Headers) -> None:
    _check(edge, http, member, "rest_api")


def test_an_http_api_answers_as_explained(
    http_edge: Edge, http_api: httpx.Client, http_member: Headers
) -> None:
    _check(http_edge, http_api, http_member, "http_api")


def test_options_is_a_static_preflight_at_each_path_of_a_rest_api(
    edge: Edge, http: httpx.Client
) -> None:
    for path in ("/notes", "/users", "/health", "/none"):
        found = explained(_house(edge), "", "OPTIONS", path)
        (row,) = [check.found for check in found.checks if check.name == "REST API"]
        assert row.startswith(f"{_answer(http, '', 'OPTIONS', path)[0]}, a static answer"), path


def test_what_an_http_api_makes_of_a_path_is_not_foretold(
    http_edge: Edge, http_api: httpx.Client
) -> None:
    """The emulator tidies it, and the app behind it answers 200."""
    assert _answer(http_api, "", "GET", "/health/") == (200, "")
    found = explained(_house(http_edge), "", "GET", "/health/")
    assert {c.verdict for c in found.checks if c.name.endswith("API")} == {Verdict.OPEN}
    assert found.sentence.endswith("it depends on what becomes of the path.")
