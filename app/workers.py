"""The threads in which routes do what blocks: as many as the database has connections.

So whoever has a thread has a connection too, and whoever has none waits where it costs nothing: not
in a thread, and not for long. However slow the database is, the event loop answers in time. (Those
that hash have threads of their own, and share these connections while they do not.)
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from typing import Any, Generic, TypeVar

from app.errors import Unavailable
from app.patience import Waiting
from app.telemetry import Metric, count

_LOG = logging.getLogger("ostiary.workers")
BEGIN_SECONDS = 1.0
ANSWER_SECONDS = 1.9  # the client is to hear of it within 2 s
T = TypeVar("T")


class Workers:
    """Runs what blocks in so many threads, each job with the context variables of its request."""

    def __init__(
        self,
        threads: int,
        *,
        begin_seconds: float = BEGIN_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
        name: str = "worker",
        crowd: str = "requests",
    ) -> None:
        """`crowd` is what there are too many of where no thread comes free in time."""
        self._pool = ThreadPoolExecutor(threads, name)
        self._begin_seconds, self._answer_seconds = begin_seconds, answer_seconds
        self._crowd = crowd

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises; Unavailable where no thread came free, or no answer came.

        Work that is given up ends at its next statement, and commits nothing unless its COMMIT was
        on its way (`app.patience`).
        """
        loop = asyncio.get_running_loop()
        errand = _Errand(work, loop)
        errand.wait_for(self._answer_seconds)
        job = self._pool.submit(copy_context().run, errand.do)
        beginning = loop.call_later(self._begin_seconds, errand.refuse, job, self._crowd)
        try:
            return await errand.answer
        finally:
            errand.waiting.given_up = True
            job.cancel()
            beginning.cancel()
            errand.forget()


def given_up() -> Unavailable:
    """What is told to whom an answer would come too late; it is logged and counted."""
    count(Metric.DATABASE_FAILURES)
    _LOG.error("The database did not answer in time, or another service that was asked")
    return Unavailable("The service could not answer in time.")


class _Errand(Generic[T]):
    """Work that goes to a thread, and whose answer comes back to the event loop.

    The standard library's own way, `wrap_future`, takes twice as long.
    """

    def __init__(self, work: Callable[[], T], loop: asyncio.AbstractEventLoop) -> None:
        self._work, self._loop = work, loop
        self.answer: asyncio.Future[T] = loop.create_future()
        self.waiting = Waiting(self._wait_longer)
        self.alarm: asyncio.TimerHandle | None = None

    def do(self) -> None:
        """In the thread."""
        self.waiting.begin()
        try:
            result = self._work()
        except BaseException as error:
            self._bring(self.answer.set_exception, error)
        else:
            self._bring(self.answer.set_result, result)

    def refuse(self, job: Future[None], crowd: str) -> None:
        """Only work that has not begun can still be cancelled: it waited all that time."""
        if job.cancel():
            too_many = f"Too many {crowd} at once."
            _LOG.error("%s Nothing was done", too_many)
            self._settle(self.answer.set_exception, Unavailable(too_many))

    def wait_for(self, seconds: float) -> None:
        """Until an answer is there, for so long from now."""
        self.forget()
        if not self.answer.done():
            self.alarm = self._loop.call_later(seconds, self.give_up)

    def forget(self) -> None:
        """Nobody waits any more."""
        if self.alarm:
            self.alarm.cancel()

    def give_up(self) -> None:
        if not self.answer.done():
            self.waiting.given_up = True  # at once: the thread may be about to commit
            self.answer.set_exception(given_up())

    def _wait_longer(self, seconds: float) -> None:
        """In the thread."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self.wait_for, seconds)

    def _bring(self, how: Callable[[Any], None], what: object) -> None:
        with suppress(RuntimeError):  # where the loop is closed, nobody waits
            self._loop.call_soon_threadsafe(self._settle, how, what)

    def _settle(self, how: Callable[[Any], None], what: object) -> None:
        if not self.answer.done():
            how(what)
