"""Scopes and the roles that bundle them."""

import pytest

from app.access.printing import as_text
from app.access.routes import RouteTable
from app.access.scopes import Role, RoleBook, Scope
from app.main import unwired_app

READ = Scope("things:read", "Read.", for_members=True)
WIPE = Scope("things:wipe", "Wipe.")
BOOK = RoleBook([READ, WIPE])


@pytest.fixture(scope="module")
def table() -> RouteTable:
    built: RouteTable = unwired_app().state.routes
    return built


@pytest.mark.parametrize(
    "name",
    ["things", "things:", ":read", "Things:read", "things:read ", "a:b:c", "a b:c", "a:*", "a-:b"],
)
def test_a_scope_is_a_resource_and_an_action(name: str) -> None:
    with pytest.raises(ValueError, match="a scope is written `resource:action`"):
        Scope(name, "")


@pytest.mark.parametrize(
    ("roles", "scopes"),
    [
        (["member"], {"things:read"}),
        (["admin"], {"things:read", "things:wipe"}),
        (["member", "admin"], {"things:read", "things:wipe"}),
        ([], set()),
        (["root", "ADMIN", "", "admin "], set()),
        (["root", "member"], {"things:read"}),
    ],
)
def test_roles_hold_together_what_each_holds(roles: list[str], scopes: set[str]) -> None:
    assert BOOK.scopes_of(roles) == scopes


def test_an_administrator_holds_every_scope_and_a_member_his_own(table: RouteTable) -> None:
    assert table.roles.scopes_of([Role.ADMIN]) == set(table.scopes)
    his_own = {scope.name for scope in table.scopes.values() if scope.for_members}
    assert table.roles.scopes_of([Role.MEMBER]) == his_own
    assert his_own >= {"account:read", "notes:read", "notes:write"}
    assert "users:read" not in his_own


def test_the_printed_table_has_a_line_a_route_in_columns(table: RouteTable) -> None:
    head, *lines = as_text(table).splitlines()
    assert head.split() == ["VERB", "PATH", "SCOPE", "ROLES"]
    assert len(lines) == len(table.entries)
    starts = [head.index(word) for word in ("VERB", "PATH", "SCOPE", "ROLES")]
    for line in lines:
        assert all(line[start - 1] == " " != line[start] for start in starts[1:]), line
    assert [line.split()[1] for line in lines] == sorted(line.split()[1] for line in lines)
    assert not any(line.endswith(" ") for line in lines)
