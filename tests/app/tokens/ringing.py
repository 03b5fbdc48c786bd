"""What the tests of a KeyRing share: a clock to be moved, a source on a shelf, a crowd."""

import threading
from collections.abc import Callable

from app.tokens.key_ring import Source
from app.tokens.keys import KeySet
from tests.support import key_set

START = 1_800_000_000.0
OLD = key_set("ES256")
Answer = KeySet | Exception


class Clock:
    """Stands still until it is moved."""

    def __init__(self, now: float = START) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def at(self, seconds: float) -> None:
        """So many seconds after the start."""
        self.now = START + seconds


class Shelf:
    """A source whose answer is laid out by the test, and which counts its readings."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.readings = 0
        self.before: Callable[[], object] = lambda: None

    def read(self) -> KeySet:
        self.readings += 1
        self.before()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def source(self, *, lasting: bool = False, asked_for_unknown: bool = False) -> Source:
        return Source(self.read, lasting, asked_for_unknown)


class Crowd:
    """Threads that do one thing at once; what each got, or met."""

    def __init__(self, size: int, do: Callable[[], object]) -> None:
        self.outcomes: list[object] = []
        self._do = do
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(size)]

    def start(self) -> "Crowd":
        for thread in self._threads:
            thread.start()
        return self

    def join(self) -> list[object]:
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()
        return self.outcomes

    def _run(self) -> None:
        try:
            self.outcomes.append(self._do())
        except Exception as error:
            self.outcomes.append(error)
