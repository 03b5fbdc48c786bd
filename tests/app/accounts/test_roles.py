"""Roles: nobody grants what he lacks, and somebody is left to administrate."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.app.accounts.test_administration import ask, id_of, is_out, reasons
from tests.support import Account, token_of

MEMBER_SCOPES = (
    *("account:read", "account:write", "notes:read", "notes:write"),
    *("sessions:read", "sessions:write"),
)


def give(who: Account, whose: str, *roles: Any) -> httpx.Response:
    return ask(who, "PUT", f"{whose}/roles", {"roles": list(roles)})


def check_refused(answer: httpx.Response, code: str, status: int) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_another_set_of_roles_ends_all_sessions(
    app: FastAPI, client: TestClient, member: Account, admin: Account
) -> None:
    whose = id_of(member)
    assert give(admin, whose, "admin", "member").json()["roles"] == ["admin", "member"]
    assert is_out(member)
    assert reasons(app) == ["roles_changed", None]
    promoted = Account.log_in(client, member.email)
    assert ask(promoted, "GET", whose).status_code == 200
    assert give(admin, whose, "member").json()["roles"] == ["member"]
    assert is_out(promoted)
    again = Account.log_in(client, member.email)
    assert ask(again, "GET", whose).status_code == 403


@pytest.mark.parametrize("roles", [["member"], ["member", "member", "member"]])
def test_the_same_set_changes_nothing_and_ends_nothing(
    app: FastAPI, member: Account, admin: Account, roles: list[str]
) -> None:
    assert give(admin, id_of(member), *roles).json()["roles"] == ["member"]
    assert not is_out(member)
    assert reasons(app) == [None, None]


def test_a_user_may_hold_no_role(client: TestClient, member: Account, admin: Account) -> None:
    whose = id_of(member)
    assert give(admin, whose).json()["roles"] == []
    assert is_out(member)
    assert give(admin, whose, "member").json()["roles"] == ["member"]
    assert not is_out(Account.log_in(client, member.email))


@pytest.mark.parametrize("role", ["root", "Admin", "admin ", "", None, 1, ["admin"], "x" * 999])
def test_a_role_that_is_not_built_in_is_refused_and_not_repeated(
    member: Account, admin: Account, role: Any
) -> None:
    answer = give(admin, id_of(member), "member", role)
    check_refused(answer, "invalid_request", 422)
    assert answer.json()["errors"] == {"body.roles.1": "Input should be 'member' or 'admin'"}
    assert not is_out(member)


@pytest.mark.parametrize("body", [{}, {"roles": None}, {"roles": "admin"}, {"roles": [], "x": 1}])
def test_what_is_no_set_of_roles_is_refused(member: Account, admin: Account, body: Any) -> None:
    answer = ask(admin, "PUT", f"{id_of(member)}/roles", body)
    check_refused(answer, "invalid_request", 422)


def test_nobody_grants_a_scope_that_his_token_lacks(
    app: FastAPI, client: TestClient, member: Account, caplog: pytest.LogCaptureFixture
) -> None:
    machine = Account(client, "", token_of(app, "client_1234", "users:write", *MEMBER_SCOPES))
    whose = id_of(member)
    with caplog.at_level("INFO", "ostiary.accounts"):
        refused = give(machine, whose, "member", "admin")
    check_refused(refused, "scope_not_held", 403)
    assert "users:read" in refused.json()["detail"]
    assert "users:write" not in refused.json()["detail"]
    assert [vars(record)["code"] for record in caplog.records] == ["scope_not_held"]
    assert not is_out(member)
    # What he holds he may give, and take, and what stays is not granted.
    assert give(machine, whose).status_code == 200
    assert give(machine, whose, "member").status_code == 200


def test_it_is_the_token_that_counts_and_not_the_roles_of_who_has_it(
    app: FastAPI, client: TestClient, member: Account, admin: Account
) -> None:
    narrowed = Account(client, "", token_of(app, id_of(admin), "users:write"))
    check_refused(give(narrowed, id_of(member), "member", "admin"), "scope_not_held", 403)
    check_refused(give(narrowed, id_of(member), "admin"), "scope_not_held", 403)


def test_who_may_write_users_does_not_promote_himself(
    app: FastAPI, client: TestClient, member: Account
) -> None:
    climber = Account(client, "", token_of(app, id_of(member), "users:write", *MEMBER_SCOPES))
    check_refused(give(climber, id_of(member), "member", "admin"), "scope_not_held", 403)


ENABLED = {"disabled": False}


def test_nobody_gives_back_a_scope_that_his_token_lacks(
    app: FastAPI, client: TestClient, member: Account, admin: Account
) -> None:
    second = Account.create(app, client, "second@example.com", ["admin"])
    whose = id_of(second)
    machine = Account(client, "", token_of(app, "client_1234", "users:write", *MEMBER_SCOPES))
    narrowed = Account(client, "", token_of(app, id_of(admin), "users:write"))
    assert ask(machine, "PATCH", whose, ENABLED).status_code == 200  # it is no change
    assert ask(admin, "PATCH", whose, {"disabled": True}).status_code == 200
    for who in (machine, narrowed):
        refused = ask(who, "PATCH", whose, ENABLED | {"name": "Ada"})
        check_refused(refused, "scope_not_held", 403)
        assert "users:read" in refused.json()["detail"]
        assert "users:write" not in refused.json()["detail"]
    left = ask(admin, "GET", whose).json()
    assert (left["disabled"], left["name"]) == (True, None)
    # To keep somebody out takes no more than before, nor to give back what one holds.
    his = id_of(member)
    for disabled in (True, False):
        assert ask(machine, "PATCH", his, {"disabled": disabled}).status_code == 200
    assert ask(admin, "PATCH", whose, ENABLED).json()["disabled"] is False


def test_who_holds_no_role_is_let_in_again_by_who_may_write_users(
    app: FastAPI, client: TestClient
) -> None:
    whose = id_of(Account.create(app, client, "nobody@example.com", ["member"]))
    writer = Account(client, "", token_of(app, "client_1234", "users:write"))
    assert give(writer, whose).status_code == 200
    for body in ({"disabled": True}, ENABLED):
        assert ask(writer, "PATCH", whose, body).status_code == 200


def test_the_last_administrator_stays_one(member: Account, admin: Account) -> None:
    whose = id_of(admin)
    for answer in (
        give(admin, whose),
        give(admin, whose, "member"),
        ask(admin, "PATCH", whose, {"disabled": True}),
        ask(admin, "PATCH", whose, {"disabled": True, "name": "Gone"}),
        ask(admin, "DELETE", whose),
    ):
        check_refused(answer, "last_administrator", 409)
    own = ask(admin, "GET", "me").json()
    assert (own["roles"], own["disabled"], own["name"]) == (["admin", "member"], False, None)
    assert give(admin, whose, "admin").status_code == 200  # he remains one


@pytest.mark.parametrize(
    ("method", "rest", "body"),
    [
        ("PUT", "/roles", {"roles": []}),
        ("PATCH", "", {"disabled": True}),
        ("DELETE", "", None),
    ],
)
def test_no_other_can_end_the_last_administrator_and_a_disabled_one_does_not_count(
    app: FastAPI, client: TestClient, admin: Account, method: str, rest: str, body: Any
) -> None:
    second = Account.create(app, client, "second@example.com", ["admin"])
    whose = id_of(second)
    assert ask(admin, "PATCH", whose, {"disabled": True}).status_code == 200
    machine = Account(client, "", token_of(app, "client_1234", "users:write"))
    check_refused(ask(machine, method, f"{id_of(admin)}{rest}", body), "last_administrator", 409)
    # The disabled one may go: he was none of those who count.
    assert ask(machine, method, f"{whose}{rest}", body).status_code in (200, 204)
    assert not is_out(admin)


@pytest.mark.parametrize(
    ("method", "rest", "body"),
    [
        ("PUT", "/roles", {"roles": []}),
        ("PATCH", "", {"disabled": True}),
        ("DELETE", "", None),
    ],
)
def test_of_two_administrators_one_may_end_the_other(
    app: FastAPI, client: TestClient, admin: Account, method: str, rest: str, body: Any
) -> None:
    second = Account.create(app, client, "second@example.com", ["admin"])
    answer = ask(admin, method, f"{id_of(second)}{rest}", body)
    assert answer.status_code in (200, 204)
    assert is_out(second)
