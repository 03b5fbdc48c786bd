"""An app on a database with so many users, and whoever calls it."""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import Engine, create_engine
from starlette.testclient import TestClient

from app.accounts.passwords import PasswordHasher
from app.clients.service import NewClient, create_client
from app.database import Database
from app.main import create_app
from app.migrate import migrate
from app.parts import find
from app.sessions.access_tokens import AccessTokens
from app.sessions.beginning import FIRST_PARTY_CLIENT
from app.sessions.models import AuthSession
from app.settings import LOCAL_ISSUER, Settings
from app.tokens.encoding import base64url_encode
from app.tokens.generate import generate_key
from benchmarks.scale_meter import Meter
from benchmarks.scale_rows import ENDED, NOTES_EACH, a_secret, an_id, fill

PASSWORD = "an agreed sentence for everybody"  # noqa: S105
KEYS = "BENCHMARK_KEYS"


@dataclass
class House:
    """An app with so many rows in each table, and an order in which its users come.

    `at` is when it was filled. Owners have 20 notes each, and stay; of the others each comes once,
    since much of what can be done to users is done for good.
    """

    app: FastAPI
    client: TestClient
    rows: int
    at: datetime
    meter: Meter
    machine: NewClient
    comes: dict[str, int] = field(default_factory=dict)

    @property
    def scopes(self) -> frozenset[str]:
        """All that there are."""
        return frozenset(self.app.state.routes.scopes)

    def count(self, what: str) -> int:
        """How often this was asked before."""
        self.comes[what] = self.comes.get(what, -1) + 1
        return self.comes[what]

    def owner(self) -> int:
        """The number of the next user who has notes and a session, from all over the table."""
        first, last = self.rows // ENDED + 1, self.rows // NOTES_EACH
        return first + self.count("owner") * 7919 % (last - first)

    def other(self) -> int:
        """The number of a user who has a session, no notes, and did not come before."""
        first = self.rows // NOTES_EACH
        count = self.count("other")
        assert count < self.rows - first, "there are not enough users for so many calls"
        return first + count * 7919 % (self.rows - first)

    def bearer(self, number: int, scopes: Iterable[str]) -> dict[str, str]:
        """The header with a token of this user's session, as it was signed for that."""
        session = self._session(number)
        token = find(self.app, AccessTokens).sign(session, scopes).access_token
        return {"Authorization": f"Bearer {token}"}

    def refresh_token(self, kind: str, number: int) -> str:
        """The spent or the unused one of a session."""
        return base64url_encode(a_secret(kind, number))

    def cursor(self, kind: str, number: int) -> str:
        """Where a list goes on behind this row."""
        made = self.at - timedelta(seconds=number)
        micros = (made - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)
        return base64url_encode(f"{micros}.{an_id(kind, number)}".encode())

    def moment(self, ago: int) -> str:
        """RFC 3339, so many seconds before the filling."""
        return (self.at - timedelta(seconds=ago)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _session(self, number: int) -> AuthSession:
        # The session of the one with all that ended is the first that did not.
        place = number or self.rows // ENDED
        return AuthSession(
            id=an_id("session", place),
            user_id=an_id("user", number),
            client_id=FIRST_PARTY_CLIENT,
            status_list_id=an_id("list", 0),
            status_index=place,
            created_at=self.at,
            expires_at=self.at + timedelta(days=7),
        )


def user_id(number: int) -> UUID:
    """Of the n-th user."""
    return an_id("user", number)


@contextmanager
def house(url: str, rows: int, meter: Meter) -> Iterator[House]:
    """The app on the empty database at this URL, once it is migrated and filled."""
    os.environ["OSTIARY_DATABASE_URL"], at = url, datetime.now(UTC)
    os.environ[KEYS] = json.dumps({"keys": [generate_key("ES256")]})
    settings = Settings(issuer=LOCAL_ISSUER, keys=f"env:{KEYS}", database_url=SecretStr(url))
    migrate(settings)
    with autocommit(url) as engine, engine.connect() as connection:
        fill(connection, rows, at, PasswordHasher().hash(PASSWORD))
        connection.invalidate()
    app = create_app(settings)
    with find(app, Database).transaction() as session:
        machine = create_client(session, name="a machine", scopes=["users:read"], now=at)
    with TestClient(app, base_url=LOCAL_ISSUER) as client:
        yield House(app, client, rows, at, meter, machine)


@contextmanager
def autocommit(url: str) -> Iterator[Engine]:
    """An engine for what is no transaction."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()
