"""What hashes is bounded for the whole process, and waiting for it starves nothing else."""

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
from fastapi import FastAPI

from app.accounts import password_workers
from app.accounts.password_workers import PasswordWorkers
from app.errors import Unavailable
from tests.support import ISSUER, PASSWORD, Account

LONG = 60.0
WATCHDOG_SECONDS = 20


class Work:
    """Work that holds its thread until it is let go, and counts how much runs at once."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.running = self.peak = self.done = 0
        self._began = threading.Semaphore(0)
        self._lock = threading.Lock()

    def __call__(self) -> str:
        with self._lock:
            self.running += 1
            self.peak = max(self.peak, self.running)
        self._began.release()
        assert self.let_go.wait(WATCHDOG_SECONDS)
        with self._lock:
            self.running -= 1
            self.done += 1
        return "done"

    def wait_until_running(self, count: int) -> None:
        for _ in range(count):
            assert self._began.acquire(timeout=WATCHDOG_SECONDS)


@pytest.fixture
def work() -> Iterator[Work]:
    work = Work()
    yield work
    work.let_go.set()


async def peak_of(workers: PasswordWorkers, work: Work, jobs: int, expected: int) -> int:
    """How many of many jobs ran at once, once as many as expected do."""
    tasks = [asyncio.create_task(workers.run(work)) for _ in range(jobs)]
    await asyncio.to_thread(work.wait_until_running, expected)
    work.let_go.set()
    assert await asyncio.gather(*tasks) == ["done"] * jobs
    return work.peak


@pytest.mark.parametrize("threads", [1, 3])
def test_no_more_work_runs_at_once_than_there_are_threads(work: Work, threads: int) -> None:
    assert asyncio.run(peak_of(PasswordWorkers(threads, LONG), work, 12, threads)) == threads


def test_two_can_be_at_the_database_while_every_core_hashes(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 2, 3}, raising=False)
    assert asyncio.run(peak_of(PasswordWorkers(patience=LONG), work, 12, 5)) == 5


def test_who_waits_too_long_is_told_to_come_again_and_nothing_is_done(work: Work) -> None:
    late = Work()
    late.let_go.set()

    async def story() -> None:
        workers = PasswordWorkers(1, patience=0.05)
        first = asyncio.create_task(workers.run(work))
        await asyncio.to_thread(work.wait_until_running, 1)
        with pytest.raises(Unavailable):
            await workers.run(late)
        work.let_go.set()
        assert await first == "done"
        assert await workers.run(lambda: "there is room again") == "there is room again"

    asyncio.run(story())
    assert late.done == 0


def test_work_that_has_begun_is_awaited_beyond_the_patience(work: Work) -> None:
    async def story() -> str:
        running = asyncio.create_task(PasswordWorkers(1, patience=0.01).run(work))
        await asyncio.to_thread(work.wait_until_running, 1)
        done, _ = await asyncio.wait({running}, timeout=0.1)
        assert not done
        work.let_go.set()
        return await running

    assert asyncio.run(story()) == "done"


def test_work_that_takes_too_long_is_given_up(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(password_workers, "WORK_SECONDS", 0.05)

    async def story() -> None:
        with pytest.raises(Unavailable, match="in time"):
            await PasswordWorkers(1, patience=1).run(work)

    asyncio.run(story())
    assert work.running == 1


def test_what_work_raises_comes_back() -> None:
    def fail() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        asyncio.run(PasswordWorkers(1).run(fail))


@contextmanager
def all_threads_held(app: FastAPI, work: Work, patience: float) -> Iterator[None]:
    """The app, with every thread taken until `work` is let go."""
    workers = PasswordWorkers(2, patience)
    app.state.parts[PasswordWorkers] = workers
    held = [workers._workers._pool.submit(work) for _ in range(2)]
    work.wait_until_running(2)
    yield
    work.let_go.set()
    assert [job.result(WATCHDOG_SECONDS) for job in held] == ["done", "done"]


def asynchronously(app: FastAPI, story: Callable[[httpx.AsyncClient], object]) -> None:
    async def run() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=ISSUER) as client:
            await story(client)  # type: ignore[misc]

    asyncio.run(run())


def test_other_routes_answer_while_sixty_logins_wait(
    app: FastAPI, member: Account, work: Work
) -> None:
    """Sixty are more than the threads that plain routes run in."""

    async def story(client: httpx.AsyncClient) -> None:
        wrong = {"username": member.email, "password": "an entirely wrong password"}
        logins = [asyncio.create_task(client.post("/auth/login", data=wrong)) for _ in range(60)]
        for path in ("/health", "/ready", "/notes", "/users/me", "/.well-known/jwks.json"):
            async with asyncio.timeout(5):
                answer = await client.get(path, headers=member.headers)
            assert answer.status_code == 200
        assert not any(login.done() for login in logins)
        work.let_go.set()
        assert {(await login).status_code for login in logins} == {401, 429}

    with all_threads_held(app, work, LONG):
        asynchronously(app, story)


@pytest.mark.parametrize("route", ["/auth/login", "/users"])
def test_a_route_that_hashes_says_when_to_come_again(app: FastAPI, work: Work, route: str) -> None:
    body = {"email": "ada@example.com", "username": "ada@example.com", "password": PASSWORD}
    del body["email" if route == "/auth/login" else "username"]

    async def story(client: httpx.AsyncClient) -> None:
        answer = await client.post(route, json=body)
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert answer.headers["content-type"] == "application/problem+json"

    with all_threads_held(app, work, patience=0.05):
        asynchronously(app, story)
