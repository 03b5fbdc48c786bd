"""Routes leave the event loop for one bounded job, and no slow database is waited for long."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing
from contextvars import ContextVar
from typing import Any, TypeVar

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import literal, select, text

from app.database import Database
from app.errors import Unavailable
from app.parts import find
from app.patience import NobodyWaits, wait_longer
from app.workers import Workers
from tests.support import Account, on_sqlite

WATCHDOG_SECONDS, SOON = 20, 0.05
T = TypeVar("T")
asked_by: ContextVar[str] = ContextVar("asked_by")


class Stuck:
    """Work that holds its thread until it is let go."""

    def __init__(self) -> None:
        self.begun, self.let_go = threading.Event(), threading.Event()

    def __call__(self) -> str:
        self.begun.set()
        assert self.let_go.wait(WATCHDOG_SECONDS)
        return "done"


@pytest.fixture
def stuck() -> Iterator[Stuck]:
    work = Stuck()
    yield work
    work.let_go.set()


def run(story: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner() as runner:
        return runner.run(story)


async def given_up(work: Callable[[], None], stuck: Stuck) -> None:
    """Work that is stuck is given up, then let go; it has ended when this returns."""
    workers = Workers(1, answer_seconds=SOON)
    with pytest.raises(Unavailable, match="in time"):
        await workers.run(work)
    stuck.let_go.set()
    await asyncio.wrap_future(workers._pool.submit(int))


def test_work_that_asks_for_more_time_is_waited_for(stuck: Stuck) -> None:
    def slow() -> str:
        wait_longer(WATCHDOG_SECONDS)
        return stuck()

    async def story() -> str:
        asked = asyncio.create_task(Workers(1, answer_seconds=1).run(slow))
        await asyncio.wait({asked}, timeout=1.5)
        assert not asked.done()
        stuck.let_go.set()
        return await asked

    assert run(story()) == "done"


def test_work_has_the_context_of_who_asks_for_it() -> None:
    async def ask(name: str) -> str:
        asked_by.set(name)
        return await workers.run(asked_by.get)

    async def both() -> list[str]:
        return list(await asyncio.gather(ask("ada"), ask("bob")))

    workers = Workers(1)
    assert run(both()) == ["ada", "bob"]


@pytest.mark.parametrize("error", [ValueError, TimeoutError])
def test_an_error_of_the_work_is_told_as_it_is(error: type[Exception]) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(error):
        run(Workers(1).run(fail))


def test_who_gets_no_thread_in_time_is_told_so_and_his_work_is_not_done(
    stuck: Stuck, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[str] = []

    async def story() -> str:
        workers = Workers(1, begin_seconds=SOON)
        first = asyncio.create_task(workers.run(stuck))
        await asyncio.to_thread(stuck.begun.wait, WATCHDOG_SECONDS)
        with pytest.raises(Unavailable, match="Too many requests"):
            await workers.run(lambda: done.append("second"))
        assert caplog.messages == ["Too many requests at once. Nothing was done"]
        stuck.let_go.set()
        await workers.run(lambda: done.append("third"))
        return await first

    assert run(story()) == "done"
    assert done == ["third"]


def test_what_is_done_too_late_is_not_committed(sqlite_url: str, stuck: Stuck) -> None:
    ended: list[type[BaseException]] = []

    def write() -> None:
        try:
            with database.transaction() as session:
                session.execute(text("UPDATE alembic_version SET version_num = 'later'"))
                stuck()
        except NobodyWaits as error:
            ended.append(type(error))

    with closing(Database(sqlite_url)) as database:
        before = database.revision()
        run(given_up(write, stuck))
        assert ended == [NobodyWaits]
        assert database.revision() == before


def test_what_nobody_waits_for_ends_at_its_next_statement(sqlite_url: str, stuck: Stuck) -> None:
    done: list[str] = []

    def read_twice() -> None:
        with database.reading() as reader:
            reader.execute(select(literal(1)))
            stuck()
            reader.execute(select(literal(2)))
            done.append("both")

    with closing(Database(sqlite_url)) as database:
        run(given_up(read_twice, stuck))
    assert stuck.begun.is_set()
    assert done == []


def test_who_no_longer_waits_is_not_told_that_there_was_no_thread(stuck: Stuck) -> None:
    async def story() -> None:
        asking = asyncio.create_task(Workers(1).run(stuck))
        await asyncio.to_thread(stuck.begun.wait, WATCHDOG_SECONDS)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    run(story())


@on_sqlite
def test_what_needs_no_database_is_answered_while_all_threads_wait_for_it(
    app: FastAPI, client: TestClient, member: Account, stuck: Stuck
) -> None:
    workers = Workers(1, begin_seconds=SOON)
    app.state.parts[Workers] = workers
    held = workers._pool.submit(stuck)
    assert client.get("/health").status_code == 200
    assert client.get("/.well-known/jwks.json").status_code == 200
    assert client.get("/notes").status_code == 401
    assert client.get("/users", headers=member.headers).status_code == 403
    answer = client.get("/notes", headers=member.headers)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    stuck.let_go.set()
    assert held.result(WATCHDOG_SECONDS) == "done"
    assert client.get("/notes", headers=member.headers).status_code == 200


@on_sqlite
def test_a_job_has_no_more_threads_than_there_are_connections(app: FastAPI) -> None:
    pool: Any = find(app, Database).engine.pool
    assert find(app, Workers)._pool._max_workers == pool.size()
