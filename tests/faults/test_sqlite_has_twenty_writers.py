"""SQLite under many writers: one waits for the other, and nobody hears of it."""

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import make_url, text

from app.database import Database
from app.parts import find
from tests.app.serving import served
from tests.support import Account, on_sqlite

WRITERS = 20
NOTES = 5


def at_once(count: int, work: Callable[[int], list[int]]) -> list[int]:
    """The statuses that so many threads were answered, which begin together."""
    together = threading.Barrier(count)

    def begin(number: int) -> list[int]:
        together.wait(30)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return [status for statuses in pool.map(begin, range(count)) for status in statuses]


@on_sqlite
def test_twenty_who_write_at_once_are_all_served(
    app: FastAPI, client: TestClient, member: Account, caplog: pytest.LogCaptureFixture
) -> None:
    with served(app, "off") as port:

        def write(number: int) -> list[int]:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:
                return [
                    http.post(
                        "/notes", json={"title": f"{number}", "body": ""}, headers=member.headers
                    ).status_code
                    for _ in range(NOTES)
                ]

        statuses = at_once(WRITERS, write)
    assert statuses == [201] * WRITERS * NOTES, caplog.text
    with find(app, Database).transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM notes")) == WRITERS * NOTES


@on_sqlite
def test_who_reads_is_not_held_up_by_who_writes(
    client: TestClient, member: Account, database_url: str
) -> None:
    with closing(sqlite3.connect(str(make_url(database_url).database))) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE users SET name = 'x'")
        assert client.get("/users/me", headers=member.headers).json()["name"] is None
        writer.rollback()
