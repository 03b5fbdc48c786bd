"""Who takes part in the app's benchmark, on which database, and how each is started."""

import json
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from sqlalchemy import make_url

from app.tokens.generate import generate_key
from benchmarks import field
from benchmarks.material import ROOT

VENV = ROOT / "build" / "bench-venv"
PYTHON = VENV / "bin" / "python"
LIFETIME_SECONDS = 3600  # longer than either database has its turn
_VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
_SECRET = "0123456789abcdef0123456789abcdef0123456789abcdef"  # noqa: S105 - of nobody
_KEYS = json.dumps({"keys": [generate_key("RS256")]})


class Database(Enum):
    """Which database all of them are on."""

    SQLITE = "SQLite"
    POSTGRESQL = "PostgreSQL"


class Work(Enum):
    """What is asked of them."""

    ME = "GET /users/me"
    NOTES = "GET /notes, 20 rows"
    LOGIN = "a login"


@dataclass(frozen=True)
class App:
    """One way to write the app: its module, and where in it the routes lie.

    `drivers` has for each database what its URL begins with.
    """

    name: str
    module: str
    login: str
    register: str
    drivers: Mapping[Database, str]
    me: str = "/users/me"
    notes: str = "/notes"

    @property
    def is_ours(self) -> bool:
        return self.module.startswith("app.")

    def url(self, plain: str) -> str:
        """The URL of a database, with this one's driver in it."""
        url = make_url(plain)
        kind = Database.SQLITE if url.get_backend_name() == "sqlite" else Database.POSTGRESQL
        return url.set(drivername=self.drivers[kind]).render_as_string(hide_password=False)

    def environment(self, plain: str) -> dict[str, str]:
        """Its settings."""
        if not self.is_ours:
            return {"DATABASE_URL": self.url(plain), "SECRET_KEY": _SECRET}
        return {
            "OSTIARY_DATABASE_URL": self.url(plain),
            "OSTIARY_KEYS": "env:SIGNING_KEYS",
            "SIGNING_KEYS": _KEYS,
            "OSTIARY_ISSUER": "http://127.0.0.1:8000",
            "OSTIARY_ACCESS_TOKEN_SECONDS": str(LIFETIME_SECONDS),
        }

    def serve(self, port: int) -> tuple[str, ...]:
        """The command that serves it with one worker, as its users would: with uvicorn's log."""
        if self.is_ours:
            return (sys.executable, "-m", "app.cli", "serve", "--port", str(port))
        return (str(PYTHON), "-m", "uvicorn", f"{self.module}:app", "--port", str(port))

    def packages(self) -> list[str]:
        """The folders of what it runs on."""
        if self.is_ours:
            return [*dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))]
        return [str(VENV / "lib" / _VERSION / "site-packages")]

    def once(self, program: str) -> field.Contender:
        """A fresh, bare interpreter that runs a program and ends: started as Lambda would."""
        start = f"import os, sys\nsys.path[:0] = {[str(ROOT), *self.packages()]!r}\n"
        side = field.Side.OURS if self.is_ours else field.Side.PYTHON
        return field.Contender(
            self.name, side, (sys.executable, "-I", "-S", "-c", start + program), module=self.module
        )


OURS = App(
    "Ostiary",
    "app.main",
    login="/auth/login",
    register="/users",
    drivers={Database.SQLITE: "sqlite", Database.POSTGRESQL: "postgresql+psycopg"},
)
TUTORIAL = App(
    "FastAPI's tutorial",
    "benchmarks.app_contenders.tutorial",
    login="/token",
    register="/users",
    drivers={Database.SQLITE: "sqlite", Database.POSTGRESQL: "postgresql+psycopg"},
)
FASTAPI_USERS = App(
    "fastapi-users",
    "benchmarks.app_contenders.with_fastapi_users",
    login="/auth/jwt/login",
    register="/auth/register",
    drivers={Database.SQLITE: "sqlite+aiosqlite", Database.POSTGRESQL: "postgresql+asyncpg"},
)
APPS = (OURS, TUTORIAL, FASTAPI_USERS)


def contenders_installed() -> bool:
    """Whether `make bench` has made their environment."""
    return Path(PYTHON).exists()
