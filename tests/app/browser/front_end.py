"""The API and pages of other origins in one browser; ours has the script of the docs."""

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socket import create_server
from typing import Any

import uvicorn
from fastapi import FastAPI
from selenium.webdriver import Chrome
from sqlalchemy import select
from starlette.types import ASGIApp, Receive, Scope, Send

from app.database import Database
from app.parts import find
from app.sessions.models import AuthSession, RefreshToken
from tests.architecture.sources import ROOT
from tests.web_server import WebServer

API, OURS = "https://api.example.com", "https://app.example.com"
SIBLING, STRANGER = "https://blog.example.com", "https://evil.test"
COOKIE = "__Host-ostiary-refresh"
EMAIL = "ada@example.com"
PATIENCE_SECONDS = 20
EMPTY_PAGE = b"<!doctype html><title>A page</title>"


def script_of_the_docs() -> str:
    """The one block of JavaScript in docs/browsers.md."""
    (script,) = re.findall(
        r"```js\n(.*?)```", (ROOT / "docs" / "browsers.md").read_text("utf-8"), re.DOTALL
    )
    assert isinstance(script, str)
    return script


def front_page() -> bytes:
    """A page with that script as it stands, its exports put where a test can call them."""
    script = f"{script_of_the_docs()}\nObject.assign(window, {{ logIn, call, logOut }})"
    return f'<!doctype html><title>Ours</title><script type="module">{script}</script>'.encode()


@dataclass
class Clock:
    """Tells the real time, and what was added to it."""

    tell: Any
    ahead: float = 0.0

    def __call__(self) -> float:
        return float(self.tell() + self.ahead)


@dataclass
class Door:
    """Stands before the app: notes every request, and lets refreshes in only `together`."""

    app: ASGIApp
    together: int = 1
    seen: list[dict[str, Any]] = field(default_factory=list)
    _waiting: list[asyncio.Event] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
            self.seen.append({"method": scope["method"], "path": scope["path"], "headers": headers})
            if (scope["method"], scope["path"]) == ("POST", "/auth/token"):
                await self._wait_for_the_others()
        await self.app(scope, receive, send)

    async def _wait_for_the_others(self) -> None:
        come = asyncio.Event()
        self._waiting.append(come)
        if len(self._waiting) >= self.together:
            for other in self._waiting:
                other.set()
            self._waiting.clear()
        await asyncio.wait_for(come.wait(), PATIENCE_SECONDS)

    def requests(self, method: str, path: str) -> list[dict[str, str]]:
        """The headers of each such request that came."""
        return [
            one["headers"] for one in self.seen if (one["method"], one["path"]) == (method, path)
        ]


@contextmanager
def served_over_tls(app: ASGIApp, certificates: Path) -> Iterator[int]:
    """The port on 127.0.0.1 where uvicorn serves `app` with what `certified` left there."""
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            lifespan="off",
            timeout_graceful_shutdown=5,
            ssl_certfile=certificates / "certificate.pem",
            ssl_keyfile=certificates / "private.pem",
        )
    )
    # The socket listens from here on: who comes before uvicorn does is let wait.
    with closing(create_server(("127.0.0.1", 0), backlog=128)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


@dataclass(frozen=True)
class House:
    """All of it: an app behind its door, its clock, the others' server, and the browser."""

    app: FastAPI
    door: Door
    clock: Clock
    browser: Chrome
    others: WebServer

    def visit(self, origin: str, path: str = "/") -> None:
        self.browser.get(origin + path)

    def run(self, expression: str, *arguments: object) -> Any:
        """What an expression of JavaScript comes to, promises waited for; its error as a word."""
        script = f"""const done = arguments[arguments.length - 1]
        ;(async () => {expression})().then(done, (error) => done(`${{error}}`))"""
        return self.browser.execute_async_script(script, *arguments)

    def cookies(self) -> list[dict[str, Any]]:
        """Every cookie of the browser, whatever host set it."""
        found: list[dict[str, Any]] = self.browser.execute_cdp_cmd("Storage.getCookies", {})[
            "cookies"
        ]
        return found

    def cookie(self) -> str:
        """The refresh token that the browser keeps, or nothing."""
        return "".join(one["value"] for one in self.cookies() if one["name"] == COOKIE)

    def rows(self) -> list[list[str]]:
        """All that the database holds of sessions and refresh tokens."""
        tables = (AuthSession.__table__, RefreshToken.__table__)
        with find(self.app, Database).transaction() as session:
            return [sorted(map(repr, session.execute(select(table)))) for table in tables]
