"""Slots for hashing: as many at once as there are cores, so that logins exhaust nothing.

Each hash holds a core and 19 MiB. Waiting for a slot holds neither a thread nor memory to speak of,
so other routes go on; whoever would wait too long is told to come again.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Annotated, ParamSpec, TypeVar

from app.errors import Unavailable
from app.parts import part

PATIENCE_SECONDS = 2.0
P = ParamSpec("P")
T = TypeVar("T")


class HashingSlots:
    """Runs blocking work that hashes, bounded for the whole process."""

    def __init__(self, slots: int | None = None, patience: float = PATIENCE_SECONDS) -> None:
        self._pool = ThreadPoolExecutor(slots or os.cpu_count() or 1, "hashing")
        self._patience = patience

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` returns or raises; Unavailable when no slot came free within `patience` s."""
        # The work goes on telling of the request that it is for.
        job = self._pool.submit(copy_context().run, partial(work, *args, **kwargs))
        running = asyncio.wrap_future(job)
        await asyncio.wait({running}, timeout=self._patience)
        # Only work that has not begun can still be cancelled: it waited all that time.
        if job.cancel():
            raise Unavailable("Too many logins at once.")
        return await running


HashingSlotsDep = Annotated[HashingSlots, part(HashingSlots)]
