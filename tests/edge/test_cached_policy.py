"""One token, one cached policy: the right answer on every other route, inside the TTL."""

import json
import re
from collections.abc import Callable
from uuid import uuid4

import httpx
import pytest

from local import tokens
from local.cloud import Edge
from local.command import PROJECT
from tests.edge.answers import by_api_gateway, check_problem, invocations
from tests.edge.conftest import Headers

TABLE = json.loads((PROJECT / "authorizer" / "routes.json").read_text())["routes"]
SCOPES = sorted({route["scope"] for route in TABLE})


def _ask(http: httpx.Client, route: dict[str, str], headers: Headers) -> httpx.Response:
    path = re.sub(r"\{[^}]*\}", str(uuid4()), route["path"])
    return http.request(route["method"], path, headers=headers)


@pytest.mark.parametrize(
    "scopes", [*[[scope] for scope in SCOPES], SCOPES], ids=lambda scopes: "+".join(scopes)
)
def test_every_route_is_open_to_its_scope_alone(
    http: httpx.Client, edge: Edge, scopes: list[str]
) -> None:
    headers = {"Authorization": f"Bearer {tokens.issued(edge, *scopes)}"}

    for route in TABLE:
        answer = _ask(http, route, headers)
        if route["scope"] in scopes:
            assert not by_api_gateway(answer), f"{route} is refused to {scopes}"
        else:
            check_problem(answer, 403, "insufficient_scope")


def test_a_member_gets_200_on_notes_then_right_answers_everywhere_else(
    http: httpx.Client, new_member: Callable[[], Headers]
) -> None:
    """One who is nobody else's: on the way he logs out, and deletes his account."""
    member = new_member()
    token = member["Authorization"].removeprefix("Bearer ")
    mine = set(tokens.read(token)[1]["scope"].split())
    assert "users:read" not in mine
    assert http.get("/notes", headers=member).status_code == 200

    for route in TABLE:
        assert by_api_gateway(_ask(http, route, member)) == (route["scope"] not in mine)


def test_the_authorizer_is_asked_once_for_a_token(http: httpx.Client, edge: Edge) -> None:
    headers = {"Authorization": f"Bearer {tokens.issued(edge, *SCOPES)}"}
    before = invocations(edge)

    for route in TABLE:
        _ask(http, route, headers)

    assert invocations(edge) == before + 1
