"""The route table: refused where the edge could not be told the truth, and true where it is."""

import json
from typing import Annotated, Any
from uuid import UUID

import pytest
from fastapi import APIRouter, Depends, FastAPI

from app.access.guards import guarded_by
from app.access.guards import router as guarded_router
from app.access.routes import (
    COMPILED_TABLE,
    MAX_POLICY_BYTES,
    MAX_RESOURCE_CHARACTERS,
    PUBLIC,
    RouteTable,
    TableError,
)
from app.access.scopes import Scope
from app.main import unwired_app
from app.tokens.claims import AccessClaims

READ, WRITE = Scope("things:read", "Read."), Scope("things:write", "Write.")
Reader = Annotated[AccessClaims, guarded_by(READ)]
Writer = Annotated[AccessClaims, guarded_by(WRITE)]
LONGEST_STAGE_ARN = (
    "arn:aws-us-gov:execute-api:us-gov-northwest-1:123456789012:abcdefghij/" + "s" * 100 + "/"
)


def table_of(*routers: APIRouter) -> RouteTable:
    app = FastAPI(openapi_url=None)
    for router in routers:
        app.include_router(router)
    return RouteTable.of(app)


def things(path: str = "", method: str = "GET", guard: Any = Reader) -> APIRouter:
    """A router with one route, of a guard and no parameters that matter."""
    router = guarded_router(prefix="/things")

    def endpoint(claims: guard) -> None: ...

    router.add_api_route(path, endpoint, methods=[method])
    return router


@pytest.fixture(scope="module")
def table() -> RouteTable:
    built: RouteTable = unwired_app().state.routes
    return built


def test_a_route_without_a_guard_is_refused_by_its_name() -> None:
    router = guarded_router(prefix="/things")

    @router.get("/open")
    def unguarded() -> None: ...

    with pytest.raises(TableError, match=r"^GET /things/open wears no guard"):
        table_of(router)


def test_one_unguarded_verb_among_several_is_refused() -> None:
    router = guarded_router()

    @router.api_route("/health", methods=["GET", "DELETE"])
    def half_public() -> None: ...

    with pytest.raises(TableError, match=r"^DELETE /health wears no guard"):
        table_of(router)


def test_two_guards_are_refused() -> None:
    router = guarded_router()

    @router.get("/things")
    def doubly(reader: Reader, writer: Writer) -> None: ...

    with pytest.raises(TableError, match=r"^GET /things wears 2 guards"):
        table_of(router)


def test_a_second_guard_within_a_dependency_is_found() -> None:
    def inner(claims: Writer) -> AccessClaims:
        return claims

    router = guarded_router()

    @router.get("/things")
    def doubly(reader: Reader, writer: Annotated[AccessClaims, Depends(inner)]) -> None: ...

    with pytest.raises(TableError, match=r"^GET /things wears 2 guards"):
        table_of(router)


def test_a_guard_within_a_dependency_counts() -> None:
    def inner(claims: Writer) -> AccessClaims:
        return claims

    router = guarded_router()

    @router.get("/things")
    def guarded(writer: Annotated[AccessClaims, Depends(inner)]) -> None: ...

    assert [entry.scope for entry in table_of(router).entries] == [WRITE]


def test_a_guarded_route_on_the_public_list_is_refused() -> None:
    router = guarded_router()

    @router.get("/health")
    def health(claims: Reader) -> None: ...

    with pytest.raises(TableError, match=r"^GET /health wears a guard and stands on the public"):
        table_of(router)


@pytest.mark.parametrize("kind", ["mount", "route", "websocket", "plain router"])
def test_a_route_whose_guard_could_not_decide_first_is_refused(kind: str) -> None:
    app = FastAPI(openapi_url=None)
    match kind:
        case "mount":
            app.mount("/health", FastAPI())
        case "route":
            app.add_route("/health", lambda request: None)  # type: ignore[arg-type, return-value]
        case "websocket":
            app.add_api_websocket_route("/health", lambda socket: None)
        case _:

            def endpoint(claims: Reader) -> None: ...

            app.add_api_route("/things", endpoint)
    with pytest.raises(TableError, match=r"only routes made with app.access.guards.router"):
        RouteTable.of(app)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/{thing_id:id}", "/" + "a" * 8 + "-" + "-".join(["bbbb"] * 3) + "-" + "c" * 12),
        ("/{thing_id:id}", "/{other_id:id}"),
        ("/{thing_id:id}/x", "/{thing_id:id}/x"),
        ("/x", "/x"),
    ],
)
def test_two_routes_that_a_path_can_be_both_of_need_one_scope(one: str, other: str) -> None:
    for first, second in ((one, other), (other, one)):
        with pytest.raises(TableError) as refused:
            table_of(things(first), things(second, guard=Writer))
        for path in (one, other):
            assert f"GET /things{path.replace(':id', '')}" in str(refused.value)
    assert len(table_of(things(one), things(other)).entries) == 2


@pytest.mark.parametrize(
    ("one", "other"), [("/{thing_id:id}", "/x"), ("/x", "/xy"), ("/{thing_id:id}", "/{t:id}/x")]
)
def test_routes_that_no_path_is_both_of_may_differ(one: str, other: str) -> None:
    assert len(table_of(things(one), things(other, guard=Writer)).entries) == 2


def test_the_same_path_with_another_verb_may_differ() -> None:
    assert len(table_of(things("/x"), things("/x", "POST", Writer)).entries) == 2


@pytest.mark.parametrize(
    "parameter", ["{thing_id}", "{thing_id:uuid}", "{thing_id:path}", "{thing_id:int}", "{t:str}"]
)
def test_a_parameter_of_several_spellings_is_refused(parameter: str) -> None:
    with pytest.raises(TableError, match=r"needs the convertor `id`, as in `\{t(hing_id)?:id\}`"):
        table_of(things(f"/{parameter}"))


def test_a_path_too_long_for_a_resource_is_refused() -> None:
    room = MAX_RESOURCE_CHARACTERS - len(LONGEST_STAGE_ARN)
    with pytest.raises(TableError, match=r"^GET /things/a+ makes a Resource of 5"):
        table_of(things("/" + "a" * room))


def test_more_routes_than_a_policy_holds_are_refused() -> None:
    def many(count: int) -> RouteTable:
        return table_of(*(things(f"/{number:04}") for number in range(count)))

    assert len(many(20).entries) == 20
    with pytest.raises(TableError, match=r"^the 60 guarded routes make a policy of 1"):
        many(60)


def test_what_is_not_refused_fits_a_policy_of_the_longest_arn(table: RouteTable) -> None:
    resources = [LONGEST_STAGE_ARN + entry.resource for entry in table.guarded]
    assert max(map(len, resources)) <= MAX_RESOURCE_CHARACTERS
    assert len(json.dumps(resources)) < MAX_POLICY_BYTES - 512


def test_the_compiled_table_is_the_authorizers(table: RouteTable) -> None:
    assert table.compiled() == COMPILED_TABLE.read_text("utf-8"), "run `ostiary routes --write`"


def test_the_compiled_table_is_json_of_the_guarded_routes_alone(table: RouteTable) -> None:
    rows = json.loads(table.compiled())["routes"]
    written = {(row["method"], row["path"]): row for row in rows}
    assert set(written) == {(entry.method, entry.path) for entry in table.guarded}
    assert not PUBLIC.intersection(written)
    note = written["GET", "/notes/{note_id}"]
    assert note["scope"] == "notes:read"
    assert note["resource"] == f"GET/notes/{'-'.join('?' * n for n in (8, 4, 4, 4, 12))}"
    assert len(str(UUID(int=0))) == note["resource"].count("?") + 4


def test_every_route_is_either_guarded_or_public_and_every_public_one_exists(
    table: RouteTable,
) -> None:
    unguarded = {(entry.method, entry.path) for entry in table.entries if not entry.scope}
    assert unguarded == PUBLIC
    assert len({entry.name for entry in table.entries}) == len(table.entries)


def test_a_folders_word_is_the_first_half_of_its_scopes(table: RouteTable) -> None:
    notes = [entry for entry in table.guarded if entry.path.startswith("/notes")]
    assert len(notes) == 5
    for entry in notes:
        assert entry.scope
        assert entry.scope.name == f"notes:{'read' if entry.method == 'GET' else 'write'}"
