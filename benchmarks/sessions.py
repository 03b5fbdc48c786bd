"""`python -m benchmarks.sessions`: what a login and a refresh cost as sessions grow in number.

Writes docs/benchmarks/sessions.md: both over a thousand and over a million sessions in PostgreSQL,
taking turns.
"""

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory

from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import Engine, create_engine, make_url, text

from app.accounts.service import find_login, roles_of
from app.caller import Caller
from app.database import Database
from app.main import create_app
from app.migrate import migrate
from app.parts import find
from app.sessions.beginning import Beginning
from app.sessions.refreshing import Refreshing
from app.settings import Settings
from app.tokens.generate import generate_key
from benchmarks.material import AUDIENCE, ISSUER, ROOT
from benchmarks.progress import progress, progress_ended
from benchmarks.tables import Table
from local.postgres import running_postgres

PAGE = ROOT / "docs" / "benchmarks" / "sessions.md"
FEW, MANY = 1_000, 1_000_000
ROUNDS, BATCH = 40, 20
_TEXT = Path(__file__).with_name("sessions.md")
_CALLER = Caller("192.0.2.1", "a browser")
_STRIDE = 7919  # a prime: users far from each other, one after the other

# One list, all of whose places are taken.
_ROWS = """
INSERT INTO status_lists (id, key, size, taken, created_at, last_taken_at)
SELECT md5('list')::uuid, '', :many, :many, now(), now();

INSERT INTO users (id, email, password_hash, created_at)
SELECT md5('u' || n)::uuid, n || '@example.com', '', now()
FROM generate_series(0, :many / 2 - 1) n;

INSERT INTO user_roles (user_id, name) SELECT id, 'member' FROM users;

INSERT INTO sessions (id, user_id, client_id, scope, status_list_id, status_index,
    created_at, last_used_at, expires_at)
SELECT md5('s' || n)::uuid, md5('u' || n / 2)::uuid, 'ostiary', 'notes:read', md5('list')::uuid, n,
    now() - n * interval '1 second', now(), now() + interval '7 days'
FROM generate_series(0, :many - 1) n;

INSERT INTO refresh_tokens (hash, session_id, created_at, used_at)
SELECT sha256(('spent' || n)::bytea), md5('s' || n)::uuid, now(), now()
FROM generate_series(0, :many - 1) n;

INSERT INTO refresh_tokens (hash, session_id, created_at)
SELECT sha256(('unused' || n)::bytea), md5('s' || n)::uuid, now()
FROM generate_series(0, :many - 1) n
"""


@dataclass
class House:
    """An app on a database with so many sessions in it."""

    app: FastAPI
    sessions: int
    user: int = 0
    logins: list[float] = field(default_factory=list)
    refreshes: list[float] = field(default_factory=list)

    def log_in(self) -> str:
        """The next user's, with everything but the hashing; the refresh token."""
        database = find(self.app, Database)
        self.user = (self.user + _STRIDE) % (self.sessions // 2)
        with database.transaction() as session:
            known = find_login(session, f"{self.user}@example.com")
            assert known is not None
        with database.transaction() as session:
            scopes = self.app.state.routes.roles.scopes_of(roles_of(session, known.user_id))
            place = find(self.app, Beginning).take_place(session)
        tokens = find(self.app, Beginning).for_user(known, scopes, place, _CALLER)
        assert tokens.refresh_token is not None
        return tokens.refresh_token

    def refresh(self, token: str) -> None:
        """Spend a token."""
        find(self.app, Refreshing)(token, client_id=None, scope=None, caller=_CALLER)

    def measure(self) -> None:
        """A round: logins, then a refresh with what each of them gave."""
        begun = time.perf_counter()
        tokens = [self.log_in() for _ in range(BATCH)]
        self.logins.append(_milliseconds(begun))
        begun = time.perf_counter()
        for token in tokens:
            self.refresh(token)
        self.refreshes.append(_milliseconds(begun))


def _milliseconds(begun: float) -> float:
    return (time.perf_counter() - begun) / BATCH * 1e3


@contextmanager
def house(server: str, sessions: int) -> Iterator[House]:
    """A database of its own on this server, filled; the app on it."""
    name = f"sessions_{sessions}"
    with _engine(server) as engine, engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    url = make_url(server).set(database=name).render_as_string(hide_password=False)
    os.environ["OSTIARY_DATABASE_URL"] = url
    migrate(Settings(keys="env:BENCHMARK_KEYS"))
    with _engine(url) as engine, engine.connect() as connection:
        # What refers to what is known here; to look each up would take longer than all the rest.
        connection.exec_driver_sql("SET session_replication_role = replica")
        statements = _ROWS.split(";")
        for number, rows in enumerate(statements):
            progress(f"filling {sessions:,}", number, len(statements))
            connection.execute(text(rows), {"many": sessions})
        connection.exec_driver_sql("VACUUM ANALYZE")
    settings = Settings(
        issuer=ISSUER,
        audience=AUDIENCE,
        keys="env:BENCHMARK_KEYS",
        database_url=SecretStr(url),
    )
    app = create_app(settings)
    yield House(app, sessions)
    find(app, Database).close()


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


def compared(few: House, many: House) -> Table:
    """Medians of both, side by side; the first two rounds warm up."""
    rows = []
    for name, *times in (
        ("a login without hashing", few.logins, many.logins),
        ("a refresh", few.refreshes, many.refreshes),
    ):
        one, other = (statistics.median(each[2:]) for each in times)
        rows.append((name, f"{one:.2f} ms", f"{other:.2f} ms", f"{other / one:.2f} ×"))
    columns = ("", f"{few.sessions:,} sessions", f"{many.sessions:,} sessions", "ratio")
    return Table("Sessions", columns, rows)


def main() -> None:
    """Measure, show, and write the page unless it was but a look."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sessions", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a look; writes nothing")
    quick = parser.parse_args().quick
    rounds, most = (5, MANY // 10) if quick else (ROUNDS, MANY)
    os.environ["BENCHMARK_KEYS"] = _keys()
    with TemporaryDirectory(prefix="ostiary-") as folder:
        table, gaps = _measured(Path(folder) / "postgres", rounds, most)
    progress_ended()
    print(f"\n{table.plain()}\nfilled in {gaps['filled']} s")
    if not quick:
        _write(gaps | {"sessions": table.markdown()})


def _keys() -> str:
    return json.dumps({"keys": [generate_key("ES256")]})


def _measured(folder: Path, rounds: int, most: int) -> tuple[Table, dict[str, str]]:
    with running_postgres(folder) as server, house(server, FEW) as few:
        begun = time.perf_counter()
        with house(server, most) as many:
            filled = f"{time.perf_counter() - begun:.0f}"
            for number in range(rounds + 2):
                progress("logging in and refreshing", number, rounds)
                for each in (few, many) if number % 2 else (many, few):
                    each.measure()
            with _engine(server) as engine, engine.connect() as connection:
                version = connection.exec_driver_sql("SHOW server_version").scalar_one()
            return compared(few, many), {"filled": filled, "postgres": version}


def _write(gaps: Mapping[str, str]) -> None:
    machine = f"{os.cpu_count()} CPUs, {platform.system()} {platform.machine()}, "
    machine += f"{platform.python_implementation()} {platform.python_version()}"
    sizes = {"few": f"{FEW:,}", "many": f"{MANY:,}", "rounds": str(ROUNDS), "batch": str(BATCH)}
    text = Template(_TEXT.read_text("utf-8"))
    PAGE.write_text(text.substitute(gaps, machine=machine, **sizes), "utf-8")


if __name__ == "__main__":
    main()
