"""How long PostgreSQL is waited for. app/postgresql.py sets it; no driver is needed to know it."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.patience import wait_longer

CONNECT_SECONDS = 2
QUERY_SECONDS = 1.5
LOCK_SECONDS = 1
ANSWER_SECONDS = 2  # more than a query may take, or its refusal would never be read
# A Lambda instance may be frozen in the middle of a transaction, and its locks with it.
IDLE_SECONDS = 10


def allow_seconds(session: Session, seconds: int) -> None:
    """Let the statements of this transaction take longer, and who waits for it wait.

    Where it is not PostgreSQL, statements may take as long as they do.
    """
    wait_longer(seconds + 1)
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        return
    limit = {"limit": f"{seconds}s"}
    connection.execute(text("SELECT set_config('statement_timeout', :limit, true)"), limit)
    driver: Any = connection.connection.driver_connection
    if driver.answer_seconds is not None:
        driver.patience = seconds + driver.answer_seconds - QUERY_SECONDS
