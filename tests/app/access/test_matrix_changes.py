"""What has changed between two access matrices, in words."""

from collections.abc import Callable
from typing import Annotated

import pytest
from fastapi import FastAPI

from app.access.guards import guarded_by, router
from app.access.matrix import Matrix, Row
from app.access.matrix_changes import changes
from app.access.routes import RouteTable
from app.access.scopes import Scope
from app.tokens.claims import AccessClaims

READ = Scope("things:read", "Read.", for_members=True)
WRITE = Scope("things:write", "Write.", for_members=True)
WIPE = Scope("things:wipe", "Wipe.")
PURGE = Scope("things:purge", "Purge.")
Route = tuple[str, str, Scope | None]


def matrix_of(*routes: Route) -> Matrix:
    """The matrix of an app with these routes: verb, path, and the scope of the guard if any."""
    app = FastAPI(openapi_url=None)
    for method, path, scope in routes:
        things = router()
        if scope:
            things.add_api_route(path, _guarded(scope), methods=[method])
        else:
            things.add_api_route(path, lambda: None, methods=[method])
        app.include_router(things)
    return Matrix.of(RouteTable.of(app))


def _guarded(scope: Scope) -> Callable[..., None]:
    claims = Annotated[AccessClaims, guarded_by(scope)]

    def endpoint(claims: claims) -> None: ...

    return endpoint


ONE = "/things/{thing_id:id}"


@pytest.mark.parametrize(
    ("before", "now", "sentences"),
    [
        (("DELETE", ONE, WIPE), ("DELETE", ONE, WIPE), []),
        (
            ("DELETE", ONE, WIPE),
            ("DELETE", ONE, WRITE),
            [
                "member may now DELETE /things/{thing_id}",
                "DELETE /things/{thing_id} now needs the scope things:write, no longer things:wipe",
            ],
        ),
        (
            ("DELETE", ONE, WRITE),
            ("DELETE", ONE, WIPE),
            [
                "member may no longer DELETE /things/{thing_id}",
                "DELETE /things/{thing_id} now needs the scope things:wipe, no longer things:write",
            ],
        ),
        (
            ("POST", "/things", READ),
            ("POST", "/things", WRITE),
            ["POST /things now needs the scope things:write, no longer things:read"],
        ),
        (
            ("POST", "/things", PURGE),
            ("POST", "/things", WIPE),
            ["POST /things now needs the scope things:wipe, no longer things:purge"],
        ),
        (
            None,
            ("POST", "/things", WRITE),
            ["member may now POST /things", "admin may now POST /things"],
        ),
        (None, ("POST", "/things", WIPE), ["admin may now POST /things"]),
        (
            ("POST", "/things", WRITE),
            None,
            ["member may no longer POST /things", "admin may no longer POST /things"],
        ),
        (None, ("GET", "/health", None), ["anybody may now GET /health"]),
        (("GET", "/health", None), None, ["anybody may no longer GET /health"]),
        (
            ("POST", "/things", READ),
            ("GET", "/things", READ),
            [
                "member may now GET /things",
                "admin may now GET /things",
                "member may no longer POST /things",
                "admin may no longer POST /things",
            ],
        ),
    ],
)
def test_each_change_is_one_sentence(
    before: Route | None, now: Route | None, sentences: list[str]
) -> None:
    stays = ("GET", "/ready", None)
    old, new = (matrix_of(stays, *([route] if route else [])) for route in (before, now))
    assert changes(old, new) == sentences


def _row(scope: Scope | None, *roles: str, path: str = "/things") -> Row:
    return Row(path, "GET", scope.name if scope else None, frozenset(roles))


BOTH = ("member", "admin")


@pytest.mark.parametrize(
    ("before", "now", "sentence"),
    [
        (_row(READ, *BOTH), _row(None, *BOTH), "anybody may now GET /things"),
        (_row(WIPE, "admin"), _row(None, *BOTH), "anybody may now GET /things"),
        (
            _row(None, *BOTH),
            _row(READ, *BOTH),
            "anybody may no longer GET /things: it now needs the scope things:read (member, admin)",
        ),
        (
            _row(None, *BOTH),
            _row(WIPE, "admin"),
            "anybody may no longer GET /things: it now needs the scope things:wipe (admin)",
        ),
        (_row(READ, "admin"), _row(READ, *BOTH), "member may now GET /things"),
        (_row(READ, *BOTH), _row(READ, "admin"), "member may no longer GET /things"),
    ],
)
def test_a_route_that_is_opened_or_closed_is_one_sentence(
    before: Row, now: Row, sentence: str
) -> None:
    assert changes(Matrix(BOTH, (before,)), Matrix(BOTH, (now,))) == [sentence]


def test_a_role_that_comes_or_goes_is_told_route_by_route() -> None:
    open_to_all = _row(None, "admin", path="/health")
    few = Matrix(("admin",), (open_to_all, _row(READ, "admin")))
    wider = _row(None, "auditor", "admin", path="/health")
    more = Matrix(("auditor", "admin"), (wider, _row(READ, "auditor", "admin")))
    assert changes(few, more) == ["auditor may now GET /things"]
    assert changes(more, few) == ["auditor may no longer GET /things"]


def test_the_sentences_stand_in_the_order_of_the_matrix() -> None:
    now = matrix_of(("PUT", ONE, WRITE), ("GET", "/health", None), ("GET", "/things", READ))
    assert changes(matrix_of(), now) == [
        "anybody may now GET /health",
        "member may now GET /things",
        "admin may now GET /things",
        "member may now PUT /things/{thing_id}",
        "admin may now PUT /things/{thing_id}",
    ]


def test_the_order_in_which_routes_are_made_does_not_matter() -> None:
    routes = [
        ("PUT", ONE, WRITE),
        ("GET", "/health", None),
        ("GET", ONE, READ),
        ("GET", "/a", READ),
    ]
    assert matrix_of(*routes).as_markdown() == matrix_of(*routes[::-1]).as_markdown()
    names = [row.name for row in matrix_of(*routes).rows]
    one = "/things/{thing_id}"
    assert names == ["GET /a", "GET /health", f"GET {one}", f"PUT {one}"]
