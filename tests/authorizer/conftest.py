"""The authorizer's handler, ready to decide with keys of the tests."""

from collections.abc import Iterator

import pytest

from authorizer import handler
from tests.authorizer.decisions import ALGS
from tests.support import key_set_document


@pytest.fixture(autouse=True)
def _authorizer_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A laptop's settings, with one key pair and one secret; read anew by each test."""
    monkeypatch.setenv("TEST_KEY_SET", key_set_document(*ALGS))
    monkeypatch.setenv("OSTIARY_KEYS", "env:TEST_KEY_SET")
    handler._verifier.cache_clear()
    yield
    handler._verifier.cache_clear()
