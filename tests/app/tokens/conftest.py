"""A KeyRing, the shelf that it reads from, and the clock that it goes by."""

import pytest

from app.tokens.key_ring import KeyRing
from tests.app.tokens.ringing import OLD, Clock, Shelf


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shelf() -> Shelf:
    return Shelf(OLD)


@pytest.fixture
def ring(shelf: Shelf, clock: Clock) -> KeyRing:
    """A ring of a source that is asked for unknown kids."""
    return KeyRing(shelf.source(asked_for_unknown=True), clock=clock)
