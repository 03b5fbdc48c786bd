"""Clients made, changed and deleted, also while they get a token."""

import re
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.clients import service
from app.clients.service import KnownClient, is_unchanged
from app.clock import Clock
from app.database import Database
from app.errors import NotFound
from app.parts import find
from app.sessions import beginning
from app.sessions.access_tokens import AccessTokens
from app.sessions.models import AuthSession
from tests.app.clients.machine import Machine, refused
from tests.support import bearer, on_postgresql

Change = Callable[[Session, str], Any]
CHANGES: dict[str, Change] = {
    "deleted": lambda session, found: service.delete_client(session, found, Clock().now()),
    "rotated": lambda session, found: service.rotate_secret(session, found, Clock().now()),
    "narrowed": lambda session, found: service.set_scope(
        session, found, ["notes:read"], Clock().now()
    ),
}
by_each = pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))


def living(app: FastAPI) -> int:
    with find(app, Database).transaction() as session:
        return len(
            session.scalars(select(AuthSession.id).where(AuthSession.ended_at.is_(None))).all()
        )


def do(app: FastAPI, change: Change, machine: Machine) -> Any:
    with find(app, Database).transaction() as session:
        return change(session, machine.id)


def test_ids_and_secrets_are_of_one_form_and_never_the_same(
    app: FastAPI, client: TestClient
) -> None:
    made = [Machine.make(app, client, "notes:read") for _ in range(20)]
    assert all(re.fullmatch(r"client_[0-9a-f]{32}", one.id) for one in made)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", one.secret) for one in made)
    assert len({one.id for one in made} | {one.secret for one in made}) == 40


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "a\nb", "\x1b[2J", "\0", "\u202e", "\ud800"])
def test_a_name_that_cannot_be_shown_is_refused(app: FastAPI, name: str) -> None:
    with (
        find(app, Database).transaction() as session,
        pytest.raises(ValueError, match="1 to 100 printable characters"),
    ):
        service.create_client(session, name=name, scopes=["notes:read"], now=Clock().now())


@by_each
def test_what_a_client_had_ends_with_each_change_and_nobody_elses(
    app: FastAPI, machine: Machine, change: Change
) -> None:
    other = Machine.make(app, machine.client, "users:read")
    tokens = [machine.token(), machine.token(), other.token()]
    do(app, change, machine)
    answers = [machine.client.get("/users", headers=bearer(token)) for token in tokens]
    assert [answer.status_code for answer in answers] == [401, 401, 200]
    assert living(app) == 1


def test_a_new_secret_is_worth_something_and_the_old_one_nothing(
    app: FastAPI, machine: Machine
) -> None:
    secret = do(app, CHANGES["rotated"], machine)
    assert refused(machine.ask()) == (401, "invalid_client")
    assert Machine(machine.client, machine.id, secret).token()


def test_a_client_that_was_narrowed_gets_no_more_than_that(app: FastAPI, machine: Machine) -> None:
    do(app, CHANGES["narrowed"], machine)
    assert machine.ask().json()["scope"] == "notes:read"
    assert refused(machine.ask(scope="users:read")) == (400, "invalid_scope")


@by_each
def test_where_there_is_no_such_client_nothing_changes(app: FastAPI, change: Change) -> None:
    nobody = Machine(TestClient(app), "client_" + "0" * 32, "")
    with pytest.raises(NotFound):
        do(app, change, nobody)


@by_each
def test_a_change_while_a_token_is_signed_leaves_no_session(
    app: FastAPI, machine: Machine, monkeypatch: pytest.MonkeyPatch, change: Change
) -> None:
    tokens = find(app, AccessTokens)
    sign = AccessTokens.sign

    def changing(*given: Any) -> Any:
        do(app, change, machine)
        return sign(tokens, *given)

    monkeypatch.setattr(AccessTokens, "sign", lambda _, *given: changing(*given))
    assert refused(machine.ask()) == (401, "invalid_client")
    assert living(app) == 0


@on_postgresql
@by_each
def test_a_change_that_is_under_way_is_waited_for(
    app: FastAPI, machine: Machine, database_url: str, change: Change
) -> None:
    """On PostgreSQL, which lets the session be written beside it: the client's row is locked."""
    with closing(Database(database_url)) as other:
        with other.transaction() as session:
            change(session, machine.id)
            # It waits for its lock as long as it may, and then gives up: nothing was decided.
            assert machine.ask().status_code == 503
        assert refused(machine.ask(scope="users:read")) in (
            (401, "invalid_client"),
            (400, "invalid_scope"),
        )
    assert living(app) == 0


@on_postgresql
@by_each
def test_a_token_that_is_under_way_is_waited_for(
    app: FastAPI, machine: Machine, monkeypatch: pytest.MonkeyPatch, change: Change
) -> None:
    tried: list[str] = []

    def look_and_let_others_try(session: Session, client: KnownClient) -> bool:
        found = is_unchanged(session, client)
        with pytest.raises(OperationalError, match="lock timeout"):
            do(app, change, machine)
        tried.append(client.id)
        return found

    monkeypatch.setattr(beginning, "is_unchanged", look_and_let_others_try)
    assert machine.ask().status_code == 200
    assert (tried, living(app)) == ([machine.id], 1)
    do(app, change, machine)
    assert living(app) == 0


@by_each
def test_a_change_writes_the_clients_row_before_it_looks_for_sessions(
    app: FastAPI, machine: Machine, change: Change
) -> None:
    """Else it would miss the session of a token that is under way, and that it then waits for."""
    statements: list[str] = []
    engine = find(app, Database).engine
    event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    do(app, change, machine)
    changing = [s.replace("DELETE FROM", "UPDATE") for s in statements if "set_config" not in s]
    written = [statement.split()[1] for statement in changing]
    assert written == ["clients", "sessions"]
