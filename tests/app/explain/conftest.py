"""An app, an authorizer with its keys, and the house that explains both."""

import json
from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI

from app.access.routes import COMPILED_TABLE
from app.explain.house import House
from app.parts import find
from app.tokens.key_ring import KeyRing
from app.tokens.statements import CompiledRoutes
from authorizer import handler
from tests.conftest import AppMaker
from tests.support import AUDIENCE, ISSUER, key_set_document

HouseMaker = Callable[[str], tuple[FastAPI, House]]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """No explanation comes from a database."""
    return sqlite_url


@pytest.fixture
def make_house(make_app: AppMaker, monkeypatch: pytest.MonkeyPatch) -> Iterator[HouseMaker]:
    """An app with a key for this algorithm, and what explains it; the authorizer has that key."""

    def make(alg: str) -> tuple[FastAPI, House]:
        app = make_app(alg)
        monkeypatch.setenv("OSTIARY_KEYS", "env:TEST_KEY_SET")
        handler._verifier.cache_clear()
        compiled = CompiledRoutes(json.loads(COMPILED_TABLE.read_text("utf-8")))
        return app, House(app.state.routes, compiled, find(app, KeyRing), ISSUER, AUDIENCE)

    yield make
    handler._verifier.cache_clear()


@pytest.fixture
def keys_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings whose keys are those of the forges of three families."""
    monkeypatch.setenv("TEST_KEY_SET", key_set_document("ES256", "RS256", "HS256"))
    monkeypatch.setenv("OSTIARY_KEYS", "env:TEST_KEY_SET")
