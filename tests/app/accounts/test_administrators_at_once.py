"""Administrators who end each other at the same instant."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import delete, select, text
from sqlalchemy.exc import OperationalError

from app.accounts.administration import ADMINISTRATION_LOCK, hold
from app.accounts.models import User, UserRole
from app.accounts.service import create_user
from app.database import MIGRATIONS, Database
from app.parts import find
from app.resources.notes.models import Note
from tests.support import ISSUER, bearer, on_postgresql, token_of

ROUNDS = 15
SCOPES = (
    *("account:read", "account:write", "users:read", "users:write"),
    *("notes:read", "notes:write", "sessions:read", "sessions:write", "audit:read"),
)
Acts = dict[str, tuple[str, str, Any]]
# What one does to another: verb, what follows his id, body.
ACTS: Acts = {
    "demote": ("PUT", "/roles", {"roles": ["member"]}),
    "disable": ("PATCH", "", {"disabled": True}),
    "delete": ("DELETE", "", None),
}


def new_administrators(app: FastAPI, count: int) -> list[UUID]:
    """Nobody but these is in the database then."""
    with find(app, Database).transaction() as session:
        session.execute(delete(User))
        return [
            create_user(
                session, email=f"{n}@example.com", password_hash="x", roles=["admin", "member"]
            ).id
            for n in range(count)
        ]


def administrators_left(app: FastAPI) -> int:
    with find(app, Database).transaction() as session:
        left = select(User.id).join(UserRole).where(UserRole.name == "admin")
        return len(session.scalars(left.where(User.disabled_at.is_(None))).all())


def at_once(*calls: Callable[[], tuple[int, str]]) -> list[tuple[int, str]]:
    """What each call answers, all begun together, each from a thread of its own."""
    together = Barrier(len(calls), timeout=30)

    def run(call: Callable[[], tuple[int, str]]) -> tuple[int, str]:
        together.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def asking(
    app: FastAPI, who: UUID, method: str, path: str, body: Any, tries: int = 10
) -> Callable[[], tuple[int, str]]:
    """A request with a token that no session stands behind: no login is needed in each round."""
    client = TestClient(app, base_url=ISSUER)
    headers = bearer(token_of(app, str(who), *SCOPES))

    def ask() -> tuple[int, str]:
        for _ in range(tries):  # as a client does who is told to come again: others held the lock
            answer = client.request(method, path, headers=headers, json=body)
            if answer.status_code != 503:
                break
        return answer.status_code, answer.json()["code"] if answer.is_client_error else ""

    return ask


REFUSED = {(409, "last_administrator"), (401, "invalid_token")}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("other_act", ACTS)
def test_one_of_two_who_end_each_other_is_left(app: FastAPI, act: str, other_act: str) -> None:
    for _ in range(ROUNDS):
        first, second = new_administrators(app, 2)
        method, rest, body = ACTS[act]
        other_method, other_rest, other_body = ACTS[other_act]
        answers = at_once(
            asking(app, first, method, f"/users/{second}{rest}", body),
            asking(app, second, other_method, f"/users/{first}{other_rest}", other_body),
        )
        done = [answer for answer in answers if answer[0] in (200, 204)]
        assert len(done) == 1, answers
        assert set(answers) - set(done) <= REFUSED
        assert administrators_left(app) == 1


@pytest.mark.parametrize("count", [2, 4])
def test_of_all_who_delete_themselves_one_is_left(app: FastAPI, count: int) -> None:
    for _ in range(ROUNDS):
        administrators = new_administrators(app, count)
        answers = at_once(
            *(asking(app, who, "DELETE", "/users/me", None) for who in administrators)
        )
        refused = [(409, "last_administrator")]
        assert sorted(answers) == [(204, "")] * (count - 1) + refused
        assert administrators_left(app) == 1


def test_who_was_disabled_while_he_waited_does_nothing_more(app: FastAPI) -> None:
    """Each of a ring of three shuts out the next."""
    for _ in range(ROUNDS):
        ring = new_administrators(app, 3)
        answers = at_once(
            *(
                asking(app, who, "PATCH", f"/users/{whom}", {"disabled": True})
                for who, whom in zip(ring, [*ring[1:], ring[0]], strict=True)
            )
        )
        # In whatever order: the first one's victim does nothing more, and the third one acts.
        assert sorted(answers) == [(200, ""), (200, ""), (401, "invalid_token")]
        assert administrators_left(app) == 1


def test_roles_that_are_given_at_once_are_given_one_after_the_other(app: FastAPI) -> None:
    for _ in range(ROUNDS):
        first, second = new_administrators(app, 2)
        path = f"/users/{second}/roles"
        with find(app, Database).transaction() as session:
            session.execute(delete(UserRole).where(UserRole.user_id == second))
        give = asking(app, first, "PUT", path, {"roles": ["admin", "member"]})
        give_less = asking(app, first, "PUT", path, {"roles": ["member"]})
        for answers in (at_once(give, give_less, give), at_once(give, give)):
            assert {status for status, _ in answers} == {200}
        assert administrators_left(app) == 2


def test_a_user_who_is_deleted_twice_at_once_is_gone(app: FastAPI) -> None:
    for _ in range(ROUNDS):
        first, second = new_administrators(app, 2)
        delete_him = asking(app, first, "DELETE", f"/users/{second}", None)
        himself = asking(app, second, "DELETE", "/users/me", None)
        answers = at_once(delete_him, delete_him, himself)
        assert [status for status, _ in answers].count(204) == 1
        assert {status for status, _ in answers} <= {204, 401, 404}


@on_postgresql
def test_a_deletion_waits_for_a_login_and_does_not_meet_it_half_way(app: FastAPI) -> None:
    """A login makes a row that refers to its user, and then locks him to see his epoch."""
    first, second = new_administrators(app, 2)
    delete_him = asking(app, first, "DELETE", f"/users/{second}", None, tries=1)
    database = find(app, Database)
    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as session:
            session.add(Note(owner_id=second, title="x", body="y"))
            session.flush()
            deleting = pool.submit(delete_him)
            while not session.scalar(text("SELECT 1 FROM pg_locks WHERE NOT granted LIMIT 1")):
                assert not deleting.done()
            assert session.scalar(
                select(User.id).where(User.id == second).with_for_update(read=True)
            )
        assert deleting.result(timeout=30) == (204, "")


WAITING = text("""
    SELECT waiting.locktype, held.relation::regclass::text
    FROM pg_locks waiting LEFT JOIN pg_locks held
        ON held.pid = waiting.pid AND held.granted AND held.mode = 'RowShareLock'
    WHERE NOT waiting.granted
""")


@on_postgresql
def test_who_waits_to_administrate_holds_nobody_meanwhile_and_not_for_ever(app: FastAPI) -> None:
    """Whoever held one and waited for another could meet somebody who does it the other way."""
    first, second = new_administrators(app, 2)
    database = find(app, Database)

    def hold_second() -> None:
        with database.transaction() as session:
            hold(session, second)

    with ThreadPoolExecutor(1) as pool, database.transaction() as session:
        hold(session, first)
        holding = pool.submit(hold_second)
        while not (seen := session.execute(WAITING).all()):
            assert not holding.done()
        assert [tuple(row) for row in seen] == [("advisory", None)]
        with pytest.raises(OperationalError, match="lock timeout"):
            holding.result(timeout=30)


def test_administration_does_not_wait_for_a_migration() -> None:
    (found,) = re.findall(
        r"^MIGRATION_LOCK = (\w+)", (MIGRATIONS / "env.py").read_text("utf-8"), re.MULTILINE
    )
    assert int(found, 0) != ADMINISTRATION_LOCK
