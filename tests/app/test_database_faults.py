"""What a client and the log are told where the database or another request gets in the way."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import delete, event, insert
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from app.accounts.models import User
from app.database import Database
from app.parts import find
from app.problems import problem_from
from app.resources.notes import service
from app.resources.notes.schemas import NoteContent
from tests.support import PASSWORD, Account


class RefusedByPostgres(Exception):
    """As psycopg's errors are: with a code of PostgreSQL's."""

    def __init__(self, sqlstate: str) -> None:
        self.sqlstate = sqlstate


@pytest.mark.parametrize(("sqlstate", "status"), [("42P01", 503), ("25006", 503), ("42601", 500)])
def test_a_database_that_is_not_ready_is_503_and_a_fault_of_ours_500(
    sqlstate: str, status: int
) -> None:
    error = ProgrammingError("SELECT", {}, RefusedByPostgres(sqlstate))
    assert problem_from(error).status_code == status


def test_what_a_statement_carried_stays_out_of_its_error(app: FastAPI, member: Account) -> None:
    database = find(app, Database)
    with database.transaction() as session:
        session.add(User(email=member.email, password_hash="$argon2id$secret"))
        with pytest.raises(IntegrityError) as failed:
            session.flush()
        session.rollback()
    assert "$argon2id$secret" not in str(failed.value)
    assert member.email not in str(failed.value)


def test_what_a_row_holds_stays_out_of_the_error_of_one_that_is_not_taken(app: FastAPI) -> None:
    half = insert(User).values(password_hash="$argon2id$secret", email=None)
    with (
        pytest.raises(IntegrityError, match=r"(?i)not.null") as failed,
        find(app, Database).transaction() as session,
    ):
        session.execute(half)
    assert "$argon2id$secret" not in f"{failed.value} {failed.value.orig!r}"


def test_a_note_that_is_deleted_while_it_is_changed_is_404(
    app: FastAPI, client: TestClient, member: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = client.post("/notes", json={"title": "1", "body": ""}, headers=member.headers).json()
    found = service.get_note

    def found_and_then_deleted(session: Session, *which: object) -> object:
        note = found(session, *which)  # type: ignore[arg-type]
        with find(app, Database).transaction() as another:
            another.delete(another.get_one(type(note), note.id))
        return note

    monkeypatch.setattr(service, "get_note", found_and_then_deleted)
    content = NoteContent(title="2", body="").model_dump()
    answer = client.put(f"/notes/{note['id']}", json=content, headers=member.headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_note_of_somebody_who_is_deleted_meanwhile_is_404(
    app: FastAPI, client: TestClient, member: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = service.create_note

    def deleted_and_then_created(session: Session, owner: User, content: NoteContent) -> object:
        with find(app, Database).transaction() as another:
            another.execute(delete(User).where(User.id == owner.id))
        return create(session, owner, content)

    monkeypatch.setattr(service, "create_note", deleted_and_then_created)
    answer = client.post("/notes", json={"title": "1", "body": ""}, headers=member.headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_of_postgresql_too_a_reference_to_what_is_gone_is_404() -> None:
    for sqlstate, status in (("23503", 404), ("23505", 500)):
        error = IntegrityError("INSERT", {}, RefusedByPostgres(sqlstate))
        assert problem_from(error).status_code == status


@pytest.fixture
def statements(app: FastAPI) -> Iterator[list[str]]:
    """Every statement that the database is asked."""
    asked: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        asked.append(statement)

    engine = find(app, Database).engine
    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


def test_a_failed_login_asks_the_same_for_a_known_and_an_unknown_user(
    client: TestClient, member: Account, statements: list[str]
) -> None:
    asked = []
    for username in (member.email, "nobody@example.com", "no address"):
        statements.clear()
        form = {"username": username, "password": f"not {PASSWORD}"}
        assert client.post("/auth/login", data=form).status_code == 401
        asked.append(list(statements))
    assert any("FROM users" in statement for statement in asked[0])
    assert asked[0] == asked[1] == asked[2]
