"""What an issuer publishes comes from its keys and settings: one kind of database is enough."""

import pytest


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url
