"""The threads for what hashes passwords, and asks the database before and after it.

There are more of them than slots for hashing (app/accounts/hashing_slots.py): while one of them
waits for the database, another has the core. Waiting for one holds neither a thread nor memory to
speak of, so other routes go on; whoever would wait too long is told to come again.
"""

from collections.abc import Callable
from functools import partial
from typing import Annotated, ParamSpec, TypeVar

from app.accounts.hashing_slots import cores
from app.parts import part
from app.workers import Workers

AT_THE_DATABASE = 2  # threads beside those that hash
PATIENCE_SECONDS = 2.0
WORK_SECONDS = 2.0  # for the hash, and what is asked of the database around it
P = ParamSpec("P")
T = TypeVar("T")


class PasswordWorkers:
    """Runs logins, registrations and changes of passwords, so many of them at once."""

    def __init__(self, threads: int | None = None, patience: float = PATIENCE_SECONDS) -> None:
        self._workers = Workers(
            threads or cores() + AT_THE_DATABASE,
            begin_seconds=patience,
            answer_seconds=patience + WORK_SECONDS,
            name="password",
            crowd="passwords to hash",
        )

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` returns or raises; Unavailable as of `Workers`, within 4 s.

        An attempt that is given up stays counted: nobody knows what it would have come to.
        """
        return await self._workers.run(partial(work, *args, **kwargs))


PasswordWorkersDep = Annotated[PasswordWorkers, part(PasswordWorkers)]
