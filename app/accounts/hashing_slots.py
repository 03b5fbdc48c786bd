"""Slots for hashing: as many at once as there are cores, so that logins exhaust nothing.

Each hash holds a core and 19 MiB. Waiting for a slot holds neither a thread nor memory to speak of,
so other routes go on; whoever would wait too long is told to come again.
"""

import os
from collections.abc import Callable
from functools import partial
from typing import Annotated, ParamSpec, TypeVar

from app.parts import part
from app.workers import Workers

PATIENCE_SECONDS = 2.0
WORK_SECONDS = 2.0  # for the hash, and what is asked of the database around it
P = ParamSpec("P")
T = TypeVar("T")


class HashingSlots:
    """Runs blocking work that hashes, bounded for the whole process."""

    def __init__(self, slots: int | None = None, patience: float = PATIENCE_SECONDS) -> None:
        self._workers = Workers(
            slots or _cores(),
            begin_seconds=patience,
            answer_seconds=patience + WORK_SECONDS,
            name="hashing",
            crowd="logins",
        )

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` returns or raises; Unavailable as of `Workers`, within 4 s.

        An attempt that is given up stays counted: nobody knows what it would have come to.
        """
        return await self._workers.run(partial(work, *args, **kwargs))


def _cores() -> int:
    """Those that this process may use. Two hashes on one core take more than one after the other:
    each wants its memory to be near."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


HashingSlotsDep = Annotated[HashingSlots, part(HashingSlots)]
