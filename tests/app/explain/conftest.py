"""An app, an authorizer with its keys, and the house that explains both."""

import json
from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI

from app.access.routes import COMPILED_TABLE
from app.explain.explanation import House
from app.parts import find
from app.tokens.key_ring import KeyRing
from app.tokens.statements import CompiledRoutes
from authorizer import handler
from tests.conftest import AppMaker
from tests.support import AUDIENCE, ISSUER

HouseMaker = Callable[[str], tuple[FastAPI, House]]


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
