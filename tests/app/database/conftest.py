"""What the tests of the way to the database share."""

from tests.app.database.own_server import own_server

__all__ = ["own_server"]
