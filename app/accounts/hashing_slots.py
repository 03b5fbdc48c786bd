"""Slots for hashing: as many at once as there are cores, so that logins exhaust nothing."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class HashingSlots:
    """Runs hashes, each of which holds a core and 19 MiB, bounded for the whole process.

    They have threads of their own, since a thread keeps the memory of one hash for the next: given
    back and asked for each time, it would take a tenth longer.
    """

    def __init__(self, slots: int | None = None) -> None:
        self._threads = ThreadPoolExecutor(slots or cores(), "hashing")

    def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` returns or raises, once a slot was free for it."""
        return self._threads.submit(work, *args, **kwargs).result()


def cores() -> int:
    """Those that this process may use. Two hashes on one core take more than one after the other:
    each wants its memory to be near."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
