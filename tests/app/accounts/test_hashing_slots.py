"""However many ask for hashes, no more are made at once than there are slots."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.accounts.hashing_slots import HashingSlots
from app.accounts.passwords import PasswordHasher
from tests.support import PASSWORD

ASKING = 6


class Counted:
    """Work that counts how often it runs at once; as many as are `expected` wait for each other."""

    def __init__(self, expected: int) -> None:
        self.running = self.peak = 0
        self._lock = threading.Lock()
        self._together = threading.Barrier(expected, timeout=20)

    def __call__(self, *_: object) -> str:
        with self._lock:
            self.running += 1
            self.peak = max(self.peak, self.running)
        self._together.wait()
        with self._lock:
            self.running -= 1
        return "done"


def all_at_once(work: Callable[[], object]) -> None:
    with ThreadPoolExecutor(ASKING) as pool:
        for job in [pool.submit(work) for _ in range(ASKING)]:
            job.result()


@pytest.mark.parametrize("slots", [1, 2, 3])
def test_no_more_work_runs_at_once_than_there_are_slots(slots: int) -> None:
    work, bounded = Counted(slots), HashingSlots(slots)
    all_at_once(lambda: bounded.run(work))
    assert work.peak == slots


def test_there_are_as_many_slots_as_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 2, 3}, raising=False)
    assert HashingSlots()._threads._max_workers == 3


@pytest.mark.parametrize("method", ["hash", "verify"])
def test_each_hash_takes_a_slot(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    hasher, work = PasswordHasher(HashingSlots(2)), Counted(2)
    monkeypatch.setattr(hasher._context, method, work)
    calls = {
        "hash": lambda: hasher.hash(PASSWORD),
        "verify": lambda: hasher.compare(PASSWORD, None),
    }
    all_at_once(calls[method])
    assert work.peak == 2


def test_what_work_raises_comes_back() -> None:
    def fail() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        HashingSlots(1).run(fail)
