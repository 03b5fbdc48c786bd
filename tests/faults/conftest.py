"""What the tests of faults share."""

from collections.abc import Iterator

import pytest

from authorizer import handler
from tests.app.migrations.conftest import empty_url, folder, settings, url
from tests.app.sessions.conftest import house
from tests.authorizer.key_service import public, publishes
from tests.conftest import AppMaker
from tests.faults.site import Site, opened
from tests.web_server import WebServer

__all__ = ["empty_url", "folder", "house", "settings", "url"]


@pytest.fixture
def anew() -> Iterator[None]:
    """The next authorizer reads its settings, and knows no keys of this one."""
    yield
    handler._verifier.cache_clear()


@pytest.fixture
def server(anew: None) -> Iterator[WebServer]:
    """Publishes a key, until it is told otherwise."""
    with WebServer(publishes(public("ES256"))) as server:
        yield server


@pytest.fixture
def site(make_app: AppMaker, database_url: str) -> Iterator[Site]:
    """For tests that are marked `on_postgresql`."""
    with opened(make_app, database_url) as site:
        yield site
