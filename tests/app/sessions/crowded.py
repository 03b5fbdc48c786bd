"""Many users, sessions and refresh tokens at once, put into either kind of database."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert

from app.accounts.models import User, UserRole
from app.sessions.models import AuthSession, RefreshToken, StatusList

USERS_SESSIONS = 2


def fill(connection: Connection, sessions: int, now: float) -> None:
    """So many sessions of half as many users, each with one token spent long ago and one unused."""
    at = datetime.fromtimestamp(now, UTC) - timedelta(days=1)
    status_list = {"id": _id(3, 0), "key": bytes(32), "size": sessions, "taken": sessions}
    status_list |= {"created_at": at, "last_taken_at": at}
    connection.execute(insert(StatusList), [status_list])
    users = range(sessions // USERS_SESSIONS)
    connection.execute(insert(User), [_user(number, at) for number in users])
    connection.execute(
        insert(UserRole), [{"user_id": _id(1, number), "name": "member"} for number in users]
    )
    numbers = range(sessions)
    connection.execute(insert(AuthSession), [_session(number, at) for number in numbers])
    for used_at in (at, None):
        connection.execute(
            insert(RefreshToken), [_token(number, at, used_at) for number in numbers]
        )


def _id(kind: int, number: int) -> UUID:
    return UUID(bytes=hashlib.sha256(f"{kind} {number}".encode()).digest()[:16])


def _user(number: int, at: datetime) -> dict[str, Any]:
    email = f"{number}@crowd.example.com"
    return {"id": _id(1, number), "email": email, "password_hash": "", "created_at": at}


def _session(number: int, at: datetime) -> dict[str, Any]:
    return {
        "id": _id(2, number),
        "user_id": _id(1, number // USERS_SESSIONS),
        "client_id": "ostiary",
        "scope": "notes:read notes:write",
        "status_list_id": _id(3, 0),
        "status_index": number,
        "created_at": at,
        "last_used_at": at,
        "expires_at": at + timedelta(days=7),
        "first_address": "192.0.2.1",
    }


def _token(number: int, at: datetime, used_at: datetime | None) -> dict[str, Any]:
    text = f"{number} {used_at}"
    return {
        "hash": hashlib.sha256(text.encode()).digest(),
        "session_id": _id(2, number),
        "created_at": at,
        "used_at": used_at,
        "salt": None,
    }
