"""What a fault of the database means, told by its kind alone: what it says may repeat a row."""

from sqlalchemy.exc import DBAPIError, IntegrityError

from app.database_address import AddressError
from app.first_line import first_line

# PostgreSQL: a table is not there yet; a standby takes no writes (Appendix A of its manual).
_NOT_READY = frozenset({"42P01", "25006"})


def is_not_ready(error: DBAPIError) -> bool:
    """Whether the database is there, and not yet what this app needs."""
    return getattr(error.orig, "sqlstate", None) in _NOT_READY


def refers_to_nothing(error: IntegrityError) -> bool:
    """Whether a row was to be written whose owner, say, was deleted at the same time."""
    sqlite = "FOREIGN KEY constraint failed" in str(error.orig)
    return getattr(error.orig, "sqlstate", None) == "23503" or sqlite


def told(error: Exception) -> str:
    """For the log: why no connection came about; of a fault in a statement its kind alone."""
    kind = type(error.__cause__ or error).__name__
    if isinstance(error, AddressError):
        return str(error)
    if isinstance(error, DBAPIError) and error.statement is None:
        return first_line(error) or kind
    return kind
