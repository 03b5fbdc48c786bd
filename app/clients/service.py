"""What can be done with clients. Whatever narrows what one may do ends the sessions it has.

A change writes the client's row first: a grant that is under way waits for it, and then finds that
the client is not what it was, or was there before and its session is seen here.
"""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.clients.models import MAX_NAME, Client
from app.database import rows_changed
from app.errors import NotFound
from app.sessions.ending import Because, end_sessions_of_client
from app.tokens.encoding import base64url_encode

SECRET_BYTES = 32


@dataclass(frozen=True)
class KnownClient:
    """What the database knew of a client when it authenticated."""

    id: str
    secret_hash: bytes = field(repr=False)
    scope: str


@dataclass(frozen=True)
class NewClient:
    """A client that was made just now, and its secret, which is nowhere else."""

    id: str
    secret: str = field(repr=False)


def hash_of_secret(secret: str) -> bytes:
    """What a secret is known by, 32 bytes."""
    return hashlib.sha256(secret.encode()).digest()


def create_client(
    session: Session, *, name: str, scopes: Iterable[str], now: datetime
) -> NewClient:
    """A new client that may ask for these scopes; ValueError for a name that cannot be shown."""
    if not (0 < len(name) <= MAX_NAME and name.isprintable() and not name.isspace()):
        raise ValueError(f"a client's name has 1 to {MAX_NAME} printable characters")
    # No user has such an id, whatever he is called: those are UUIDs.
    new = NewClient(f"client_{secrets.token_hex(16)}", _new_secret())
    session.add(
        Client(
            id=new.id,
            name=name,
            secret_hash=hash_of_secret(new.secret),
            scope=" ".join(sorted(set(scopes))),
            created_at=now,
        )
    )
    return new


def list_clients(session: Session) -> Sequence[Client]:
    """All clients, oldest first."""
    return session.scalars(select(Client).order_by(Client.created_at, Client.id)).all()


def find_client(session: Session, client_id: str) -> KnownClient | None:
    """The client with this id: one query, whether it is there or not."""
    query = select(Client.id, Client.secret_hash, Client.scope).where(Client.id == client_id)
    row = session.execute(query).first()
    return None if row is None else KnownClient(*row)


def is_unchanged(session: Session, client: KnownClient) -> bool:
    """Whether a client still is what it was when it authenticated; its row is locked from here."""
    row = session.execute(
        select(Client.secret_hash, Client.scope)
        .where(Client.id == client.id)
        .with_for_update(read=True)
    ).first()
    return row is not None and row == (client.secret_hash, client.scope)


def rotate_secret(session: Session, client_id: str, now: datetime) -> str:
    """A new secret; the old one is worth nothing from here on, nor is what was got with it."""
    secret = _new_secret()
    _change(session, client_id, now, secret_hash=hash_of_secret(secret))
    return secret


def set_scope(session: Session, client_id: str, scopes: Iterable[str], now: datetime) -> None:
    """What the client may ask for from here on."""
    _change(session, client_id, now, scope=" ".join(sorted(set(scopes))))


def delete_client(session: Session, client_id: str, now: datetime) -> None:
    """Delete a client, and end all that it has; NotFound where there is none."""
    _check_found(rows_changed(session, delete(Client).where(Client.id == client_id)))
    end_sessions_of_client(session, client_id, Because.CLIENT_CHANGED, now)


def _change(session: Session, client_id: str, now: datetime, **values: object) -> None:
    change = update(Client).where(Client.id == client_id).values(values)
    _check_found(rows_changed(session, change))
    end_sessions_of_client(session, client_id, Because.CLIENT_CHANGED, now)


def _check_found(changed: int) -> None:
    if changed != 1:
        raise NotFound("There is no client with this id.")


def _new_secret() -> str:
    return base64url_encode(secrets.token_bytes(SECRET_BYTES))
