"""Whether somebody has an account cannot be told from what a login costs."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import argon2.low_level
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event, update

from app.accounts.models import User
from app.accounts.passwords import PasswordHasher, Verdict
from app.database import Database
from app.parts import find
from tests.support import PASSWORD, Account


@pytest.fixture
def counted(app: FastAPI, member: Account, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hashes that argon2 compares with, from here on."""
    seen: list[str] = []
    verify = argon2.low_level.verify_secret

    def counting(phc: bytes, secret: bytes, kind: argon2.low_level.Type) -> bool:
        seen.append(phc.decode())
        return verify(phc, secret, kind)

    monkeypatch.setattr(argon2.low_level, "verify_secret", counting)
    return seen


@contextmanager
def statements_of(database: Database, seen: list[str]) -> Iterator[None]:
    """Puts every statement that is executed meanwhile into `seen`."""

    def see(_: object, __: object, statement: str, *___: object) -> None:
        seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", see)
    yield
    event.remove(database.engine, "before_cursor_execute", see)


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("member@example.com", "an entirely wrong password"),
        ("member@example.com", "short"),
        ("member@example.com", "a" * 1000),
        ("nobody@example.com", PASSWORD),
        ("nobody@example.com", "short"),
        ("no address at all", PASSWORD),
        ("", ""),
    ],
)
def test_every_login_that_fails_costs_one_comparison(
    client: TestClient, counted: list[str], username: str, password: str
) -> None:
    credentials = {"username": username, "password": password}
    assert client.post("/auth/login", data=credentials).status_code == 401
    assert len(counted) == 1
    assert counted[0].startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_login_that_succeeds_costs_one_comparison_too(
    client: TestClient, counted: list[str], member: Account
) -> None:
    Account.log_in(client, member.email)
    assert len(counted) == 1


def table_in(statement: str) -> str:
    return str(re.findall(r"(?:FROM|INTO) (\w+)", statement)[0])


@pytest.mark.parametrize(
    "username", ["member@example.com", "nobody@example.com", "no address at all", "", "disabled"]
)
def test_every_login_that_fails_costs_the_same_statements(
    app: FastAPI, client: TestClient, member: Account, username: str
) -> None:
    if username == "disabled":
        username = member.email
        with find(app, Database).transaction() as session:
            session.execute(update(User).values(disabled_at=datetime.now(UTC)))
    statements: list[str] = []
    with statements_of(find(app, Database), statements):
        credentials = {"username": username, "password": "an entirely wrong password"}
        assert client.post("/auth/login", data=credentials).status_code == 401
    parts = [f"{text.split()[0]} {table_in(text)}" for text in statements]
    assert parts == [
        "SELECT attempt_counters",
        *["INSERT attempt_counters"] * 4,
        "SELECT users",
        "INSERT audit_events",
    ]


def test_nobodys_hash_lets_nobody_in(
    app: FastAPI, client: TestClient, member: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were the comparison hash ever that of a known password, an unknown user would be let in."""
    hasher = find(app, PasswordHasher)
    monkeypatch.setattr(hasher, "_nobodys_hash", hasher.hash(PASSWORD))
    credentials = {"username": "nobody@example.com", "password": PASSWORD}
    assert client.post("/auth/login", data=credentials).status_code == 401


def test_no_transaction_is_open_while_a_password_is_compared(
    app: FastAPI, client: TestClient, member: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, hasher = find(app, Database), find(app, PasswordHasher)
    compare, wrote = hasher.compare, []

    def writing_meanwhile(text: str, stored: str | None) -> Verdict:
        with database.transaction() as session:
            session.execute(update(User).values(created_at=User.created_at))
            wrote.append(database.engine.pool.status())
        return compare(text, stored)

    monkeypatch.setattr(hasher, "compare", writing_meanwhile)
    assert Account.log_in(client, member.email).token
    assert len(wrote) == 1
    assert "Current Checked out connections: 1" in wrote[0]
