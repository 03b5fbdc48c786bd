"""One house for each family of keys, all its doors open at once, and one user who lives there."""

import time
from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from app import main
from app.accounts.service import create_user
from app.database import Database
from app.parts import find
from app.settings import load_settings
from app.tokens.verify import Verifier
from authorizer import handler as authorizer
from tests.app.events import own_event_loop
from tests.app.serving import served
from tests.doors.doors import Doors
from tests.doors.forge import Forge
from tests.doors.row import FAMILIES
from tests.postgres import PostgresServer
from tests.support import AUDIENCE, ISSUER, key_set_document


@pytest.fixture(scope="module", params=FAMILIES)
def doors(
    request: pytest.FixtureRequest,
    postgres_server: PostgresServer,
) -> Iterator[Doors]:
    """The doors of a house whose one key is of this family, on PostgreSQL."""
    alg: str = request.param
    with postgres_server.database() as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOORS_KEY_SET", key_set_document(alg))
        patch.setenv("OSTIARY_KEYS", "env:DOORS_KEY_SET")
        patch.setenv("OSTIARY_ISSUER", ISSUER)
        patch.setenv("OSTIARY_AUDIENCE", AUDIENCE)
        patch.setenv("OSTIARY_DATABASE_URL", url)
        app = main.create_app(load_settings())
        # Both homes of the app share this one, so that its connections can be closed at the end.
        patch.setattr(main, "create_app", lambda _: app)
        authorizer._verifier.cache_clear()
        authorizer._verifier()
        with served(app) as port, own_event_loop():
            yield Doors(alg, inhabitant(app), find(app, Verifier), port, main._handler())
        authorizer._verifier.cache_clear()
        find(app, Database).close()


@pytest.fixture
def forge(doors: Doors) -> Forge:
    """Makes tokens for the user of the house, by its key."""
    return Forge(doors.alg, doors.sub, int(time.time()))


def inhabitant(app: FastAPI) -> str:
    """The id of a new user, who has no password."""
    with find(app, Database).transaction() as session:
        return str(create_user(session, email="a@b.example", password_hash="", roles=[]).id)
