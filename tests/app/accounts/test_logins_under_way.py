"""A login that is under way when its user's rights end begins no session."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.accounts.password_workers import PasswordWorkers
from app.database import Database
from app.parts import find
from app.sessions.login import Login
from app.sessions.models import AuthSession
from tests.app.accounts.test_administration import ask, id_of
from tests.support import PASSWORD, Account


@pytest.mark.parametrize(
    ("method", "rest", "body"),
    [
        ("PUT", "/roles", {"roles": []}),
        ("PATCH", "", {"disabled": True}),
        ("DELETE", "/sessions", None),
        ("DELETE", "", None),
    ],
)
def test_it_fails_where_all_sessions_ended_after_the_password_was_compared(
    app: FastAPI,
    client: TestClient,
    member: Account,
    admin: Account,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    rest: str,
    body: Any,
) -> None:
    app.state.parts[PasswordWorkers] = PasswordWorkers(4, patience=60)
    check, whose = Login.check, id_of(member)

    def then_all_ends(self: Login, *how: Any) -> Any:
        known = check(self, *how)
        assert ask(admin, method, f"{whose}{rest}", body).is_success
        return known

    monkeypatch.setattr(Login, "check", then_all_ends)
    credentials = {"username": member.email, "password": PASSWORD}
    answer = client.post("/auth/login", data=credentials)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")
    with find(app, Database).transaction() as session:
        alive = session.scalars(select(AuthSession).where(AuthSession.ended_at.is_(None))).all()
    assert [str(auth.user_id) for auth in alive] == [id_of(admin)]
