"""Rows by the million, in either kind of database: all are made of their numbers, inside it."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from app.database import Base
from benchmarks.progress import progress

# One owner, the administrator, has a tenth of all notes, others have 20; and every session that
# ended is his.
NOTES_EACH, OF_ONE, ENDED = 20, 10, 100
# What comes in fewer rows than these: lists of a million places, machines, steps of migration.
STEADY = {"status_lists", "clients"}
SPENT, UNUSED = "spent", "unused"

# `numbers` holds 0 to :rows - 1; below n of them is told what the n-th row is.
_ROWS: dict[str, str] = {
    "users": """
INSERT INTO users (id, email, password_hash, created_at, session_epoch)
SELECT an_id('user', n), 'user' || n || '@example.com', :password_hash, a_moment(n), 0
FROM numbers""",
    "user_roles": """
INSERT INTO user_roles (user_id, name)
SELECT an_id('user', n), 'member' FROM numbers
UNION ALL SELECT an_id('user', 0), 'admin'""",
    "notes": """
INSERT INTO notes (id, owner_id, title, body, created_at, updated_at)
SELECT an_id('note', n), an_id('user', CASE WHEN n < :rows / :of_one THEN 0 ELSE n / :each END),
    'Note ' || n, 'Some words that are worth being kept, and no more than that.',
    a_moment(n), a_moment(n)
FROM numbers""",
    "status_lists": """
INSERT INTO status_lists (id, key, size, taken, created_at, last_taken_at)
VALUES (an_id('list', 0), a_hash('list', 0), :rows, :rows, a_moment(0), a_moment(0))""",
    "sessions": """
INSERT INTO sessions (id, user_id, client_id, scope, status_list_id, status_index, created_at,
    last_used_at, expires_at, ended_at, ended_because, first_address, last_address,
    first_user_agent, last_user_agent)
SELECT an_id('session', n), an_id('user', CASE WHEN n <= :rows / :ended THEN 0 ELSE n END),
    'ostiary', 'account:read account:write notes:read notes:write', an_id('list', 0), n,
    a_moment(n), a_moment(0), a_moment(CASE WHEN n < :rows / :ended THEN 0 ELSE -604800 END),
    CASE WHEN n < :rows / :ended THEN a_moment(0) END,
    CASE WHEN n < :rows / :ended THEN 'logout' END,
    '192.0.2.1', '192.0.2.1', 'a browser', 'a browser'
FROM numbers""",
    "refresh_tokens": """
INSERT INTO refresh_tokens (hash, session_id, created_at, used_at, salt)
SELECT a_token_hash(kind, n), an_id('session', n), a_moment(n),
    CASE WHEN kind = 'spent' THEN a_moment(600) END,
    CASE WHEN kind = 'spent' AND n < :rows / 1000 THEN a_hash('salt', n) END
FROM numbers, (SELECT 'spent' AS kind UNION ALL SELECT 'unused') AS kinds""",
    "attempt_counters": """
INSERT INTO attempt_counters (key, tries, not_before, expires_at)
SELECT a_hash('counter', n), 1, :now_ms, :now_ms + 1000 * (n % 2592000 - 86400) FROM numbers""",
    # A year of them. Rare are one change of roles, the oldest of all, and a denial in ten thousand.
    "audit_events": """
INSERT INTO audit_events (id, created_at, action, outcome, code, actor, target, address,
    user_agent, request_id)
SELECT an_id('event', n), a_moment(n * (31000000.0 / :rows)),
    CASE WHEN n = :rows - 1 THEN 'user.roles' WHEN n % 50 = 2 THEN 'password.change'
        WHEN n % 10 = 5 THEN 'session.end' ELSE 'login' END,
    CASE WHEN n % 10 = 3 THEN 'failure' WHEN n % 10000 = 7 THEN 'denial' ELSE 'success' END,
    CASE WHEN n % 10 = 3 THEN 'wrong_password' END,
    CASE WHEN n % 10 = 4 THEN a_party('user', 0)
        WHEN n % 10 <> 3 THEN a_party('user', n % (:rows / 10)) END,
    CASE WHEN n % 10 = 4 THEN a_party('user', 0) ELSE a_party('session', n) END,
    '192.0.2.1', 'a browser', a_party('request', n)
FROM numbers""",
}

_POSTGRESQL = """
CREATE FUNCTION an_id(kind text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN md5(kind || n)::uuid;
CREATE FUNCTION a_party(kind text, n bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN md5(kind || n)::uuid::text;
CREATE FUNCTION a_hash(kind text, n bigint) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN sha256((kind || n)::bytea);
CREATE FUNCTION a_token_hash(kind text, n bigint) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN sha256(sha256((kind || n)::bytea));
CREATE FUNCTION a_moment(ago double precision) RETURNS timestamptz LANGUAGE sql STABLE
    RETURN now() - ago * interval '1 second';
SET session_replication_role = replica;
SET statement_timeout = 0;
SET synchronous_commit = off;
SET maintenance_work_mem = '512MB'
"""
_SQLITE = ("journal_mode = OFF", "synchronous = OFF", "foreign_keys = OFF", "cache_size = -1000000")
_NUMBERS = """
INSERT INTO numbers WITH RECURSIVE counted(n) AS
    (SELECT 0 UNION ALL SELECT n + 1 FROM counted WHERE n < :rows - 1) SELECT n FROM counted"""


def an_id(kind: str, number: int) -> UUID:
    """The id of the n-th row of a kind."""
    return UUID(hashlib.md5(f"{kind}{number}".encode(), usedforsecurity=False).hexdigest())


def a_secret(kind: str, number: int) -> bytes:
    """The bytes of the n-th refresh token, spent or unused."""
    return hashlib.sha256(f"{kind}{number}".encode()).digest()


def fill(connection: Connection, rows: int, now: datetime, password_hash: str) -> None:
    """So many rows into each table that grows; LookupError where it is not told with what.

    `connection` commits by itself, and is not to be used after. Nothing is checked that refers to
    something else.
    """
    if unknown := set(Base.metadata.tables) - set(_ROWS) - STEADY:
        raise LookupError(f"benchmarks/scale_rows.py says nothing of {sorted(unknown)}")
    _prepare(connection, now)
    indexes = [index for table in Base.metadata.sorted_tables for index in table.indexes]
    for index in indexes:
        index.drop(connection)
    connection.execute(text("CREATE TABLE numbers (n bigint)"))
    given: dict[str, Any] = {"rows": rows, "of_one": OF_ONE, "each": NOTES_EACH, "ended": ENDED}
    given |= {"password_hash": password_hash, "now_ms": int(now.timestamp() * 1000)}
    for number, statement in enumerate((_NUMBERS, *_ROWS.values())):
        progress(f"filling {rows:,}", number, len(_ROWS) + 1)
        words = statement.replace(":rows", str(rows))  # else half of them are of unknown type
        used = {name: value for name, value in given.items() if f":{name}" in words}
        connection.execute(text(words), used)
    connection.execute(text("DROP TABLE numbers"))
    for index in indexes:  # many times faster than row by row
        index.create(connection)
    for statement in _counting(connection.dialect.name):
        connection.exec_driver_sql(statement)


def growing() -> set[str]:
    """The tables that grow with users and what they do."""
    return set(_ROWS) - STEADY


def _counting(dialect: str) -> Iterator[str]:
    yield "VACUUM ANALYZE" if dialect == "postgresql" else "ANALYZE"
    if dialect == "postgresql":
        yield "CHECKPOINT"


def _prepare(connection: Connection, now: datetime) -> None:
    if connection.dialect.name == "postgresql":
        for statement in _POSTGRESQL.split(";\n"):
            connection.exec_driver_sql(statement)
        return
    for pragma in _SQLITE:
        connection.exec_driver_sql(f"PRAGMA {pragma}")
    driver: Any = connection.connection.driver_connection

    def a_moment(ago: float) -> str:
        return (now.astimezone(UTC) - timedelta(seconds=ago)).strftime("%Y-%m-%d %H:%M:%S.%f")

    for name, made in (
        ("an_id", lambda kind, n: an_id(kind, n).hex),
        ("a_party", lambda kind, n: str(an_id(kind, n))),
        ("a_hash", a_secret),
        ("a_token_hash", lambda kind, n: hashlib.sha256(a_secret(kind, n)).digest()),
    ):
        driver.create_function(name, 2, made, deterministic=True)
    driver.create_function("a_moment", 1, a_moment, deterministic=True)
