"""Whether somebody still waits for what is being done: what comes too late is not done."""

from collections.abc import Callable
from contextvars import ContextVar


class NobodyWaits(Exception):
    """The answer was given up: nothing may be committed any more."""


class Waiting:
    """Somebody who waits for one job, until he gives it up.

    `extend` makes him wait for so many seconds more; it may be called in any thread.
    """

    given_up = False

    def __init__(self, extend: Callable[[float], None]) -> None:
        self.extend = extend

    def begin(self) -> None:
        """From here on, what is done in this context is done for him."""
        _waiting.set(self)


_waiting: ContextVar[Waiting | None] = ContextVar("waiting", default=None)


def wait_longer(seconds: float) -> None:
    """Let who waits for this wait for so many seconds from now."""
    waiting = _waiting.get()
    if waiting is not None:
        waiting.extend(seconds)


def check_waiting() -> None:
    """NobodyWaits where who waited for this has given it up."""
    waiting = _waiting.get()
    if waiting is not None and waiting.given_up:
        raise NobodyWaits
