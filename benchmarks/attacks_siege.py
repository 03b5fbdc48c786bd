"""The app under attack: in this process, asked as an ASGI server asks it, from any address."""

import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.parse import urlencode

from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import create_engine, make_url, update

from app.accounts.models import User
from app.accounts.passwords import PasswordHasher, Verdict
from app.accounts.service import create_user
from app.clock import Clock
from app.database import Database
from app.main import create_app
from app.migrate import migrate
from app.parts import find
from app.settings import Settings
from app.tokens.generate import generate_key
from benchmarks.material import AUDIENCE, ISSUER
from local.postgres import running_postgres

PASSWORD, WRONG_PASSWORD = "correct horse battery staple", "an entirely wrong password"
AT_ONCE = 8


class Answer(NamedTuple):
    """`wait` is Retry-After; both times in seconds."""

    status: int
    wait: int
    taken: float


@dataclass
class StillClock:
    """Tells the time that it was set to."""

    now: float = field(default_factory=time.time)

    def __call__(self) -> float:
        return self.now


@dataclass
class Siege:
    """An app, the clock that it reads, and how many passwords it has compared."""

    app: FastAPI
    clock: StillClock
    compared: int = 0

    def __post_init__(self) -> None:
        hasher = find(self.app, PasswordHasher)
        self._hash, compare = hasher.hash(PASSWORD), hasher.compare

        def counted(text: str, stored: str | None) -> Verdict:
            self.compared += 1
            return compare(text, stored)

        hasher.compare = counted  # type: ignore[method-assign]

    def accounts(self, emails: Sequence[str], *, disabled: bool = False) -> None:
        """Of all of them, the password is PASSWORD."""
        with find(self.app, Database).transaction() as session:
            for email in emails:
                create_user(session, email=email, password_hash=self._hash, roles=["member"])
            if disabled:
                session.flush()
                moment = Clock().now()
                session.execute(
                    update(User).where(User.email.in_(emails)).values(disabled_at=moment)
                )

    async def log_in(self, email: str, address: str, password: str = PASSWORD) -> Answer:
        """A login over ASGI."""
        body = urlencode({"username": email, "password": password}).encode()
        sent: list[MutableMapping[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        asking: Callable[..., Awaitable[None]] = self.app
        begun = time.perf_counter()
        await asking(_scope(address, len(body)), receive, send)
        taken = time.perf_counter() - begun
        headers = dict(sent[0]["headers"])
        return Answer(sent[0]["status"], int(headers.get(b"retry-after", 0)), taken)

    async def guess(self, email: str, address: str) -> Answer:
        """A wrong password."""
        return await self.log_in(email, address, WRONG_PASSWORD)


def _scope(address: str, length: int) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/auth/login",
        "raw_path": b"/auth/login",
        "root_path": "",
        "query_string": b"",
        "headers": [
            (b"host", b"127.0.0.1:8000"),
            (b"content-type", b"application/x-www-form-urlencoded"),
            (b"content-length", str(length).encode()),
        ],
        "client": (address, 50_000),
        "server": ("127.0.0.1", 8000),
    }


async def together(asked: Iterable[Awaitable[Answer]]) -> list[Answer]:
    """The answers, in order; a few are under way at once."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(each: Awaitable[Answer]) -> Answer:
        async with slots:
            return await each

    return await asyncio.gather(*map(one, asked))


def address_in(number: int) -> str:
    """An address of the range with this number, up to 65,536 of them."""
    return f"10.{number >> 8}.{number & 255}.1"


@contextmanager
def sieges() -> Iterator[Callable[[int], Siege]]:
    """Makes apps that take so many failed accounts an hour, each on a PostgreSQL of its own."""
    with TemporaryDirectory(prefix="ostiary-") as folder, ExitStack() as stack:
        server = make_url(stack.enter_context(running_postgres(Path(folder) / "postgres")))

        def make(an_hour: int) -> Siege:
            url = server.set(database=f"siege_{token_hex(8)}")
            engine = create_engine(server, isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                connection.exec_driver_sql(f"CREATE DATABASE {url.database}")
            engine.dispose()
            siege = _besieged(url.render_as_string(hide_password=False), an_hour)
            stack.callback(find(siege.app, Database).close)
            return siege

        yield make


def _besieged(url: str, an_hour: int) -> Siege:
    os.environ["OSTIARY_DATABASE_URL"] = url
    os.environ["BENCHMARK_KEYS"] = json.dumps({"keys": [generate_key("ES256")]})
    settings = Settings(
        issuer=ISSUER,
        audience=AUDIENCE,
        keys="env:BENCHMARK_KEYS",
        database_url=SecretStr(url),
        failed_accounts_per_hour=an_hour,
    )
    migrate(settings)
    clock = StillClock()
    return Siege(create_app(settings, clock=clock), clock)
