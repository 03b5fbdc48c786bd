"""Routes that get in each other's way: refused with both names and a path, or kept apart."""

import re
from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

import pytest
from fastapi import APIRouter, FastAPI
from starlette.convertors import register_url_convertor

from app.access.convertors import HouseConvertor, IdConvertor
from app.access.guards import guarded_by
from app.access.guards import router as guarded_router
from app.access.routes import STAGE_ARN_CHARACTERS, RouteTable, TableError
from app.access.scopes import Role, Scope
from app.access.spelling import Spelling
from app.tokens.claims import AccessClaims
from tests.app.access.making import Reader, Writer, table_of, things

ID_TEXT = "-".join(digit * length for digit, length in zip("abbbc", (8, 4, 4, 4, 12), strict=True))


@pytest.mark.parametrize(
    ("first", "second", "path"),
    [
        ("/x", "/x", "/things/x"),
        ("/{thing_id:id}", "/{other_id:id}", "/things/00000000-0000-0000-0000-000000000000"),
        ("/{thing_id:id}", f"/{ID_TEXT}", f"/things/{ID_TEXT}"),
        ("/{thing_id:id}/x", "/{other_id:id}/x", "/things/00000000-0000-0000-0000-000000000000/x"),
        ("/{rest:tail}", "/x", "/things/x"),
        ("/{rest:tail}", "/x/{thing_id:id}", "/things/x/00000000-0000-0000-0000-000000000000"),
    ],
)
@pytest.mark.parametrize("guard", [Reader, Writer], ids=["one scope", "two scopes"])
def test_a_route_that_an_earlier_one_hides_is_refused(
    first: str, second: str, path: str, guard: Any
) -> None:
    with pytest.raises(TableError) as refused:
        table_of(things(first), things(second, guard=guard))
    one, other = (f"GET /things{p.replace(':id', '')}" for p in (first, second))
    assert f"{other} is never reached: {one} comes before it, and takes {path};" in str(
        refused.value
    )


def test_a_route_that_several_hide_together_is_refused() -> None:
    register_url_convertor("bit", _Bit())
    with pytest.raises(TableError, match=r"^GET /things/\{b:bit\} is never reached: GET /things/0"):
        table_of(things("/0"), things("/1"), things("/{b:bit}"))


class _Bit(HouseConvertor):
    spelling = Spelling(("01",))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (f"/{ID_TEXT}", "/{thing_id:id}"),
        ("/x", "/{rest:tail}"),
        ("/{thing_id:id}", "/x"),
        ("/x", "/xy"),
        ("/{thing_id:id}", "/{t:id}/x"),
        ("/x/{rest:tail}", "/y/{rest:tail}"),
    ],
)
@pytest.mark.parametrize("guard", [Reader, Writer], ids=["one scope", "two scopes"])
def test_a_narrower_route_may_come_first(first: str, second: str, guard: Any) -> None:
    assert len(table_of(things(first), things(second, guard=guard)).entries) == 2


@pytest.mark.parametrize(
    ("first", "second"),
    [("/{thing_id:id}", "/{rest:tail}"), ("/{thing_id:id}/x", "/{rest:tail}")],
)
def test_routes_that_the_edge_cannot_tell_apart_need_one_scope(first: str, second: str) -> None:
    """What looks like an id and is none is the tail's, and `?` cannot tell."""
    with pytest.raises(TableError, match="cannot be told apart at the edge") as refused:
        table_of(things(first), things(second, guard=Writer))
    names = [f"GET /things{p.replace(':id', '')}" for p in (first, second)]
    assert all(name in str(refused.value) for name in names)
    shown = re.search(r"(/things/\S+) is of the second", str(refused.value))
    assert shown
    assert re.fullmatch(r"/things/.{8}-.{4}-.{4}-.{4}-.{12}(/x)?", shown[1])
    assert not re.fullmatch(rf"/things/{IdConvertor.regex}(/x)?", shown[1])
    assert len(table_of(things(first), things(second)).entries) == 2


def test_a_public_route_that_takes_what_is_guarded_is_named_as_public() -> None:
    router = guarded_router()

    @router.get("/things/{rest:tail}")
    def public() -> None: ...

    app = FastAPI(openapi_url=None)
    for included in (things("/{thing_id:id}"), router):
        app.include_router(included)
    with pytest.raises(TableError, match=r"looks like the first, which is public; give one"):
        RouteTable.of(app, {("GET", "/things/{rest:tail}")})


def test_routes_that_overlap_beyond_measure_are_refused_before_minutes_pass() -> None:
    """Whether many routes together take all of another is a question without a short way."""
    depth = 16
    routers = []
    for literal in range(depth):
        segments = [f"{{p{at}:id}}" for at in range(depth)]
        segments[literal] = str(UUID(int=literal))
        routers.append(things("/" + "/".join(segments)))
    with pytest.raises(TableError, match=r"routes before it that share paths with it are too many"):
        table_of(*routers, things("/" + "/".join(f"{{p{at}:id}}" for at in range(depth))))


def _folders(count: int, guard_of: Callable[[int], Any]) -> list[APIRouter]:
    return [things(f"/{number:03}", "GET", guard_of(number)) for number in range(count)]


def test_three_hundred_routes_fit_a_policy_of_each_role() -> None:
    table = table_of(*_folders(300, lambda _: Reader))
    statements = table.statements(Role.ADMIN, STAGE_ARN_CHARACTERS)
    assert statements.length(STAGE_ARN_CHARACTERS) < 500
    assert table.compiled()


def test_routes_of_which_a_role_has_every_other_are_refused_when_they_are_too_many() -> None:
    member = Annotated[AccessClaims, guarded_by(Scope("things:take", "Take.", for_members=True))]
    few, many = (_folders(n, lambda at: member if at % 2 else Reader) for n in (100, 300))
    assert table_of(*few).compiled()
    with pytest.raises(
        TableError, match=r"^the policy for the role 'member' would take \d{5} byte"
    ):
        table_of(*many).compiled()
