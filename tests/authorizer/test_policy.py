"""The edge opens to a token exactly what the app's guards open to it, judged as IAM judges."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain, combinations, product

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.main import unwired_app
from app.tokens.claims import AccessClaims
from authorizer.policy import Policy, load_routes, policy_for
from tests.app.events import lambda_handler, rest_event
from tests.authorizer.decisions import STAGE, issued
from tests.authorizer.iam import Verdict, allows, resources, verdict
from tests.support import bearer, token_of

ID = "0b9f5b1e-6c1d-4c8e-9f0a-3d2e1c0b9a87"
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND")
NO_ROUTE = (404, 405)
ROUTES = unwired_app().state.routes
PLACES = {entry: re.sub(r"\{\w+\}", ID, entry.path) for entry in ROUTES.entries}
PATHS = sorted(set(PLACES.values()))
WITH_IDS = ("/notes/", "/sessions/", "/users/")
HOSTILE_PATHS = [
    *("/", "//", "/*", "/?", "/notes/*", "/notes/?", f"/notes/{'?' * 36}", "/*/notes", "/**"),
    *("/notes/", "/users/", "/users/me/", f"/notes/{ID}/", "//notes", "/notes//", "/./notes"),
    *("/notes/..", "/notes/../users", "/users/../notes", "/Notes", "/NOTES", "/users/ME"),
    *(f"/notes/{ID.upper()}", f"/notes/{ID.replace('-', '')}", f"/notes/{{{ID}}}", f"/notes/{ID}x"),
    *(
        f"/notes/{ID}/notes",
        f"/notes/{ID}/share",
        f"/users/{ID.upper()}",
        "/users/me/x",
        "/users/you",
    ),
    *(f"/notes/{'/' * 36}", f"/notes/{'a/' * 18}", "/notes/x-x-x-x-x", f"/notes/{'z' * 8}{ID[8:]}"),
    *(f"/notes/{ID[:35]}\n", f"/notes/{ID}\n", "/notes\n", "/notes\0", "/notes ", "/notes;x=1"),
    *(f"/notes/{'＊' * 8}{ID[8:]}", "/no?es", "/notes/${aws:userid}", "/prod/notes", "/notes:"),
    *("/sessions/", f"/sessions/{ID.upper()}", f"/sessions/{ID}/", f"/users/{ID}/roles/"),
    *("/audit-event", "/auth/token/", "/admin", f"/users/{ID}/role", f"/status-lists/{ID}/"),
]


@dataclass(frozen=True)
class Cell:
    """One verb on one path: the scope that the app wants for it, or that it has no such route."""

    verb: str
    path: str
    scope: str | None
    is_route: bool

    @property
    def arn(self) -> str:
        return f"{STAGE}/{self.verb}{self.path}"


@cache
def _policy(*scopes: str) -> Policy:
    scope = " ".join(scopes)
    claims = AccessClaims("i", "user", "a", 2, 1, "one", "ostiary", scope)
    return policy_for(claims, STAGE, load_routes())


def _scope_sets() -> Iterator[tuple[str, ...]]:
    scopes = sorted(ROUTES.scopes)
    return chain.from_iterable(combinations(scopes, n) for n in range(len(scopes) + 1))


def _ask(app: FastAPI, client: TestClient, verb: str, path: str) -> Cell:
    """What the app itself says to a token that carries no scope at all."""
    headers = bearer(token_of(app, ID))
    answer = client.request(verb, f"http://127.0.0.1:8000{path}", headers=headers)
    found = re.search(r'scope="([^"]+)"', answer.headers.get("WWW-Authenticate", ""))
    return Cell(verb, path, found[1] if found else None, answer.status_code not in NO_ROUTE)


@pytest.fixture
def cells(app: FastAPI, client: TestClient) -> list[Cell]:
    return [_ask(app, client, verb, path) for path in PATHS for verb in VERBS]


def test_the_compiled_table_is_what_the_guards_say() -> None:
    wanted = {(entry.method, entry.path, entry.scope.name) for entry in ROUTES.guarded}
    assert {
        (route["method"], route["path"], route["scope"]) for route in load_routes().routes
    } == wanted
    assert len(load_routes().routes) == len(wanted)


def test_the_edge_allows_a_route_if_and_only_if_its_guard_does(cells: list[Cell]) -> None:
    guarded = [cell for cell in cells if cell.scope]
    assert {cell.scope for cell in guarded} == set(ROUTES.scopes)
    assert len(guarded) == len(ROUTES.guarded)
    for scopes in _scope_sets():
        for cell in guarded:
            assert allows(_policy(*scopes), cell.arn) is (cell.scope in scopes), (scopes, cell)


def test_no_policy_holds_a_public_route_nor_a_verb_without_one(cells: list[Cell]) -> None:
    unguarded = [cell for cell in cells if not cell.scope]
    public = {(entry.method, place) for entry, place in PLACES.items() if not entry.scope}
    a_list_that_is_not_there = ("GET", f"/status-lists/{ID}")
    routes = {(cell.verb, cell.path) for cell in unguarded if cell.is_route}
    assert routes == public - {a_list_that_is_not_there}
    for scopes in _scope_sets():
        for cell in unguarded:
            assert not allows(_policy(*scopes), cell.arn), (scopes, cell)


@pytest.mark.parametrize("path", HOSTILE_PATHS)
def test_a_hostile_path_opens_nothing_but_a_404(path: str) -> None:
    """Where a wildcard lets such a path by, the app has no route for it, and no guard either."""
    everything = _policy(*sorted(ROUTES.scopes))
    for verb in VERBS:
        if allows(everything, f"{STAGE}/{verb}{path}"):
            (folder,) = (name for name in WITH_IDS if path.startswith(name))
            assert len(path) == len(f"{folder}{ID}")
            assert path.count("-") >= ID.count("-")


def test_what_a_wildcard_lets_by_is_a_404_in_the_app(database_url: str) -> None:
    everything = _policy(*sorted(ROUTES.scopes))
    token = issued(*ROUTES.scopes)
    let_by = 0
    with lambda_handler(database_url) as handler:
        for verb, path in product(VERBS, HOSTILE_PATHS):
            status = handler(rest_event(verb, path, token))["statusCode"]
            assert status in (*NO_ROUTE, 400), (verb, path)
            let_by += allows(everything, f"{STAGE}/{verb}{path}")
    assert let_by


@pytest.mark.parametrize("stage", ["test", "test2", "tes", "Test", "prod", "$default"])
@pytest.mark.parametrize("api", ["abcdef123", "abcdef1234", "xabcdef123"])
def test_a_policy_is_for_its_own_api_and_stage(api: str, stage: str) -> None:
    arn = f"arn:aws:execute-api:us-east-1:123456789012:{api}/{stage}/GET/notes"
    same = arn == f"{STAGE}/GET/notes"
    assert allows(_policy("notes:read"), arn) is same


@pytest.mark.parametrize("scopes", [(), ("unknown:scope",), ("notes",), ("NOTES:READ", "read")])
def test_a_token_that_may_do_nothing_is_denied_by_name(scopes: tuple[str, ...]) -> None:
    policy = _policy(*scopes)
    for path in (*PATHS, *HOSTILE_PATHS):
        assert verdict(policy, f"{STAGE}/GET{path}") is Verdict.EXPLICIT_DENY
    assert policy["context"]["code"] == "insufficient_scope"


def test_allowing_is_done_by_listing_and_never_by_a_star() -> None:
    policy = _policy(*sorted(ROUTES.scopes))
    assert len(policy["policyDocument"]["Statement"]) == 1
    assert not [pattern for pattern in resources(policy) if "*" in pattern]
    assert policy["context"]["code"] == "granted"
