"""All sessions of everybody, ended at once: after a backup was restored, or its keys leaked."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, text

from app import cli
from app.accounts.models import User
from app.clock import Clock
from app.database import Database
from app.errors import InvalidCredentials
from app.sessions.ending import Because, end_all_sessions, end_sessions_of_client
from app.sessions.models import AuthSession
from tests.app.clients.machine import Machine
from tests.app.sessions.house import House, is_refused
from tests.support import ISSUER, Account, bearer, on_postgresql


def end_all(house: House, batch: int = 2) -> tuple[int, list[int]]:
    told: list[int] = []
    now = Clock(house.clock).now()
    return end_all_sessions(house.database, now, batch=batch, told=told.append), told


def test_all_are_ended_batch_by_batch_and_everybody_may_log_in_again(house: House) -> None:
    users = [house.user() for _ in range(5)]
    tokens = [house.token(user) for user in users for _ in range(2)]
    assert end_all(house) == (10, [4, 8, 10])
    assert all(is_refused(house.post(token)) for token in tokens)
    with house.database.transaction() as session:
        assert set(session.scalars(select(AuthSession.ended_because))) == {Because.ADMINISTRATOR}
    assert house.post(house.token(users[0])).status_code == 200


def test_a_login_under_way_finds_another_epoch(house: House) -> None:
    user = house.user()
    with house.database.transaction() as session:
        seen = session.scalars(select(User.session_epoch).where(User.id == user)).one()
    end_all(house)
    with pytest.raises(InvalidCredentials):
        house.begin(user, epoch=seen)


def test_what_ended_before_keeps_its_reason_and_a_second_time_ends_nothing(house: House) -> None:
    token = house.token()
    end_all(house)
    assert end_all(house)[0] == 0
    assert house.session_of(token).ended_because == Because.ADMINISTRATOR


def test_access_tokens_end_with_them_those_of_machines_too(
    client: TestClient, member: Account, machine: Machine, database_url: str
) -> None:
    asked = bearer(machine.token())
    assert client.get("/notes", headers=member.headers).status_code == 200
    assert client.get("/users", headers=asked).status_code == 200
    database = Database(database_url)
    assert end_all_sessions(database, Clock().now()) == 2
    database.close()
    assert client.get("/notes", headers=member.headers).status_code == 401
    assert client.get("/users", headers=asked).status_code == 401


def test_the_command_ends_them_and_says_how_many(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    token = house.token()
    monkeypatch.setenv("OSTIARY_DATABASE_URL", house.url)
    monkeypatch.setenv("OSTIARY_ISSUER", ISSUER)
    for argument in ("OSTIARY_AUDIENCE", "OSTIARY_KEYS"):
        monkeypatch.setenv(argument, "env:TEST_KEY_SET")
    monkeypatch.setattr("app.sessions.commands.Clock", lambda: Clock(house.clock))
    with pytest.raises(SystemExit) as ended:
        cli.main(["sessions", "revoke", "--everybody"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == "Ended 1 session. Everybody has to log in again.\n"
    assert is_refused(house.post(token))


@pytest.mark.parametrize("words", [[], ["--user", "a@example.com", "--everybody"]])
def test_one_way_of_naming_them_is_expected(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["sessions", "revoke", *words])
    assert ended.value.code == 2
    assert "--everybody" in capsys.readouterr().err


@on_postgresql
def test_a_client_may_have_so_many_that_it_takes_longer_than_a_statement_may(
    house: House,
) -> None:
    with house.database.transaction() as session:
        end_sessions_of_client(session, "client_x", Because.CLIENT_CHANGED, Clock().now())
        assert session.scalar(text("SHOW statement_timeout")) == "1min"
    with house.database.transaction() as session:
        assert session.scalar(text("SHOW statement_timeout")) == "1500ms"
