"""The route table: refused where the edge could not be told the truth, and true where it is."""

import json
from pathlib import Path
from typing import Annotated
from uuid import UUID

import pytest
from fastapi import Depends, FastAPI

from app.access.guards import guarded_by
from app.access.guards import router as guarded_router
from app.access.routes import (
    COMPILED_TABLE,
    PUBLIC,
    STAGE_ARN_CHARACTERS,
    RouteTable,
    TableError,
)
from app.access.scopes import Role
from app.main import unwired_app
from app.tokens.claims import AccessClaims
from app.tokens.policy import MAX_ANSWER_BYTES, MAX_RESOURCE_CHARACTERS
from tests.app.access.making import WRITE, Reader, Writer, table_of, things

LONGEST_STAGE_ARN = (
    "arn:aws-us-gov:execute-api:us-gov-west-1:123456789012:abcdefghij/".ljust(99, "s") + "/"
)


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


def test_a_frontend_within_a_router_is_refused(tmp_path: Path) -> None:
    router = things()
    router.frontend("/ui", directory=tmp_path)
    with pytest.raises(TableError, match=r"only routes made with app.access.guards.router"):
        table_of(router)


def test_a_guard_that_would_not_be_asked_first_is_refused() -> None:
    """What is said where a router is included comes too late for GuardedRoute."""
    router = guarded_router()

    @router.get("/things")
    def unguarded() -> None: ...

    app = FastAPI(openapi_url=None)
    app.include_router(router, dependencies=[guarded_by(WRITE)])
    with pytest.raises(TableError, match=r"^/things: a guard stands in the signature of the rout"):
        RouteTable.of(app)


def test_a_guard_of_a_whole_router_counts() -> None:
    router = guarded_router(prefix="/things", dependencies=[guarded_by(WRITE)])

    @router.get("")
    def guarded() -> None: ...

    assert [entry.scope for entry in table_of(router).entries] == [WRITE]


def test_a_guarded_route_on_the_public_list_is_refused() -> None:
    router = guarded_router()

    @router.get("/health")
    def health(claims: Reader) -> None: ...

    with pytest.raises(TableError, match=r"^GET /health wears a guard and stands on the public"):
        table_of(router)


@pytest.mark.parametrize("kind", ["mount", "route", "websocket", "frontend", "plain router"])
def test_a_route_whose_guard_could_not_decide_first_is_refused(kind: str, tmp_path: Path) -> None:
    app = FastAPI(openapi_url=None)
    match kind:
        case "frontend":
            app.frontend("/ui", directory=tmp_path)
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


def test_the_same_path_with_another_verb_may_differ() -> None:
    assert len(table_of(things("/x"), things("/x", "POST", Writer)).entries) == 2


@pytest.mark.parametrize(
    "parameter", ["{thing_id}", "{thing_id:uuid}", "{thing_id:path}", "{thing_id:int}", "{t:str}"]
)
def test_a_parameter_of_several_spellings_is_refused(parameter: str) -> None:
    with pytest.raises(TableError, match=r"needs the convertor `id`, as in `\{t(hing_id)?:id\}`"):
        table_of(things(f"/{parameter}"))


@pytest.mark.parametrize(
    "path", ["/", "/x/", "//x", "/*", "/x?", "/$x", "/a b", "/é", "/%41", "/..", "/./x", "/x:y"]
)
def test_a_path_that_is_never_called_or_reads_as_a_wildcard_is_refused(path: str) -> None:
    with pytest.raises(TableError, match=r"^GET /things.* a path has segments of letters, digits"):
        table_of(things(path))


def test_a_tail_ends_a_path() -> None:
    with pytest.raises(TableError, match=r"a `tail` ends a path; nothing comes behind it"):
        table_of(things("/{rest:tail}/x"))


@pytest.mark.parametrize("verb", ["OPTIONS", "X-GET"])
def test_a_verb_that_a_policy_cannot_open_is_refused(verb: str) -> None:
    with pytest.raises(TableError, match=rf"^{verb} /things: a verb is written in capitals"):
        table_of(things("", verb))


def test_a_path_too_long_for_a_resource_is_refused() -> None:
    room = MAX_RESOURCE_CHARACTERS - STAGE_ARN_CHARACTERS - len("/GET/things/")
    assert table_of(things("/" + "a" * room)).compiled()
    with pytest.raises(TableError, match=r"^GET /things/a+ makes a Resource of 513"):
        table_of(things("/" + "a" * (room + 1))).compiled()


def test_what_is_not_refused_fits_a_policy_of_the_longest_arn(table: RouteTable) -> None:
    resources = [LONGEST_STAGE_ARN + entry.resource for entry in table.guarded]
    assert len(LONGEST_STAGE_ARN) == STAGE_ARN_CHARACTERS
    assert max(map(len, resources)) <= MAX_RESOURCE_CHARACTERS
    for role in Role:
        size = table.statements(role, STAGE_ARN_CHARACTERS).length(STAGE_ARN_CHARACTERS)
        assert size < MAX_ANSWER_BYTES - 1024


def test_the_compiled_table_is_the_authorizers(table: RouteTable) -> None:
    assert table.compiled() == COMPILED_TABLE.read_text("utf-8"), "run `ostiary routes --write`"


def test_the_compiled_table_says_who_is_guarded_and_who_is_not(table: RouteTable) -> None:
    document = json.loads(table.compiled())
    written = {(row["method"], row["path"]): row for row in document["routes"]}
    assert set(written) == {(entry.method, entry.path) for entry in table.guarded}
    assert not PUBLIC.intersection(written)
    public = {entry.resource for entry in table.entries if not entry.scope}
    assert set(document["unguarded"]) == public
    assert {f"{method}{path}" for method, path in PUBLIC if "{" not in path} < public
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
