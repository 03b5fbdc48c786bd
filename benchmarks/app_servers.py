"""The servers that are measured, each with its database, filled; and the cores they run on."""

import http.client
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psutil  # type: ignore[import-untyped]

from app.accounts.passwords import PasswordHasher
from app.accounts.service import create_user
from app.database import Database
from app.resources.notes.models import Note
from benchmarks.app_driver import HOST
from benchmarks.app_field import App, Work
from benchmarks.functions import cpu_seconds
from benchmarks.material import ROOT

# Users with a token and notes; behind them those who do nothing but log in, so that nobody has so
# many sessions that his oldest ends.
USERS, NOTES = 16, 20
LOGINS = 64
PASSWORD = "correct horse battery staple"  # noqa: S105 - of nobody
START_SECONDS = 60
SERVERS_CORE, DRIVERS_CORE = 0, 1
_JSON, _FORM = "application/json", "application/x-www-form-urlencoded"
_FIRST = datetime(2026, 1, 1, tzinfo=UTC)


class ServerFailed(Exception):
    """A server that did not start, or answered wrong; the message holds what it said."""


@contextmanager
def on_core(number: int) -> Iterator[None]:
    """What is started in this block runs on this core, of the two that everything is given."""
    if not hasattr(os, "sched_setaffinity"):
        yield  # macOS has no such thing
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(allowed)[number % len(allowed)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def address(number: int) -> str:
    """Of a user."""
    return f"user-{number}@example.com"


def note(user: int, number: int) -> dict[str, str]:
    """What a user's note says, which is what nobody else's says."""
    return {"title": f"Note {number} of {user}", "body": f"What was on my mind, {number}. " * 8}


@dataclass
class Server:
    """An app that is being served. `born`: the bytes that it held before its first login."""

    app: App
    port: int
    pid: int
    log: Path
    tokens: Sequence[str] = ()
    born: int = 0

    def call(self, method: str, path: str, body: str = "", **headers: str) -> Any:
        """What it answers, from its JSON; ServerFailed where it did not do it."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(http.client.HTTPConnection(HOST, self.port, timeout=START_SECONDS)) as wire:
            wire.request(method, path, body or None, sent)
            answer = wire.getresponse()
            text = answer.read().decode("utf-8")
        if answer.status not in (200, 201):
            said = f"{self.app.name}: {method} {path}: {answer.status} {text}\n"
            raise ServerFailed(said + self.log.read_text("utf-8", "replace")[-2000:])
        return json.loads(text)

    def log_in(self, user: int) -> str:
        """A new token."""
        form = login_form(user)
        token: str = self.call("POST", self.app.login, form, Content_Type=_FORM)["access_token"]
        return token

    def begin(self, users: int) -> None:
        """Give the first of so many users their tokens."""
        self.born = self.rss()
        self.tokens = [self.log_in(user) for user in range(min(users, USERS))]

    def request(self, work: Work, user: int) -> str:
        """What this user sends, in HTTP/1.1."""
        host = f"Host: {HOST}:{self.port}\r\n"
        if work is Work.LOGIN:
            form = login_form(user)
            head = f"POST {self.app.login} HTTP/1.1\r\n{host}Content-Type: {_FORM}\r\n"
            return f"{head}Content-Length: {len(form)}\r\n\r\n{form}"
        path = self.app.me if work is Work.ME else self.app.notes
        return f"GET {path} HTTP/1.1\r\n{host}Authorization: Bearer {self.tokens[user]}\r\n\r\n"

    def check(self, work: Work, user: int, body: str) -> None:
        """ServerFailed where this is not what the user should get."""
        if not is_right(work, user, json.loads(body)):
            raise ServerFailed(f"{self.app.name} answered to {work.value}: {body[:500]}")

    def cpu_seconds(self) -> float:
        """What it has worked so far."""
        return cpu_seconds(self.pid)

    def rss(self) -> int:
        """The bytes of memory that it holds."""
        return int(psutil.Process(self.pid).memory_info().rss)


def login_form(user: int) -> str:
    """The body of a login."""
    return urlencode({"username": address(user), "password": PASSWORD})


def is_right(work: Work, user: int, answer: Any) -> bool:
    """Whether this is what was asked for, in whatever shape the app has for it."""
    if work is Work.LOGIN:
        return bool(
            answer["token_type"].lower() == "bearer" and answer["access_token"].count(".") == 2
        )
    if work is Work.ME:
        return bool(answer["email"] == address(user))
    found = answer["items"] if isinstance(answer, dict) else answer
    told = [{name: each[name] for name in ("title", "body")} for each in found]
    return told == [note(user, number) for number in reversed(range(NOTES))]


@contextmanager
def serving(app: App, url: str, folder: Path, users: int = USERS + LOGINS) -> Iterator[Server]:
    """The app on this database, which is empty, with users, the first of whom have notes."""
    with running(app.name, app.serve, app.environment(url), folder) as (port, pid, log):
        server = Server(app, port, pid, log)
        if app.is_ours:
            fill_ours(url, users, PasswordHasher().hash(PASSWORD))
        else:
            _fill(server, users)
        server.begin(users)
        if not app.is_ours:
            _write_notes(server)
        yield server


@contextmanager
def running(
    name: str, serve: Any, environment: Mapping[str, str], folder: Path
) -> Iterator[tuple[int, int, Path]]:
    """A server's port, process and log, once it answers. `serve` makes a command of a port."""
    with socket.create_server((HOST, 0)) as free:
        port: int = free.getsockname()[1]
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            serve(port),
            cwd=ROOT,
            env={"PATH": os.environ.get("PATH", os.defpath), **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(process, port, log)
        yield port, process.pid, log
    finally:
        process.terminate()
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise ServerFailed(f"a server did not start:\n{log.read_text('utf-8', 'replace')[-2000:]}")


def fill_ours(url: str, users: int, hashed: str) -> None:
    """Straight in the database: at the door, registrations are limited."""
    with closing(Database(url)) as database, database.transaction() as session:
        for user in range(users):
            made = create_user(session, email=address(user), password_hash=hashed, roles=["member"])
            for number in range(NOTES if user < USERS else 0):
                written = _FIRST + timedelta(minutes=number)
                session.add(Note(owner_id=made.id, created_at=written, **note(user, number)))


def _fill(server: Server, users: int) -> None:
    for user in range(users):
        new = json.dumps({"email": address(user), "password": PASSWORD})
        server.call("POST", server.app.register, new, Content_Type=_JSON)


def _write_notes(server: Server) -> None:
    for user, token in enumerate(server.tokens):
        for number in range(NOTES):
            server.call(
                "POST",
                server.app.notes,
                json.dumps(note(user, number)),
                Content_Type=_JSON,
                Authorization=f"Bearer {token}",
            )
