"""An app under uvicorn, on a PostgreSQL that is reached by a way that may be cut."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.database import Database
from app.parts import find
from tests.app.serving import served
from tests.conftest import AppMaker
from tests.faults.asking import ask, post_form
from tests.faults.counting import count
from tests.faults.proxy import Proxy
from tests.support import ISSUER, PASSWORD, Account

EMAIL = "ada@example.com"
LOGIN = post_form("/auth/login", username=EMAIL, password=PASSWORD)


@dataclass(frozen=True)
class Site:
    """The app's port, the way to its database, a member of it and his refresh token."""

    app: FastAPI
    port: int
    way: Proxy
    url: str
    access_token: str
    refresh_token: str

    def count(self, rows: str) -> int:
        """How many `rows` there are, asked round the way: `sessions WHERE …`."""
        return count(self.url, rows)


@contextmanager
def opened(make_app: AppMaker, url: str) -> Iterator[Site]:
    """An app on this database, under uvicorn."""
    with Proxy(url).running() as way:
        app = make_app(database_url=way.url)
        Account.create(app, TestClient(app, base_url=ISSUER), EMAIL, ["member"])
        with closing(find(app, Database)), served(app) as port:
            tokens = ask(port, LOGIN).json
            yield Site(app, port, way, url, tokens["access_token"], tokens["refresh_token"])
