"""The time that a Lambda function has left, and how its work ends before that is over."""

import signal
from typing import Any, Self

AGAIN_SECONDS = 3  # until whatever still holds the work up is interrupted once more
MIN_SECONDS = 0.01  # in less, it would ring while it is set


class OutOfTime(KeyboardInterrupt):
    """The function's time is nearly over.

    As if somebody had pressed Ctrl-C: nobody takes it for an error of his own and goes on, and
    psycopg tells the server to stop, where a closed connection alone would leave it working.
    """

    def __str__(self) -> str:
        return "this took longer than the function may run, and was ended; it can be run again"


class Deadline:
    """OutOfTime inside its `with` block, so many seconds before the function's time is over.

    What runs in the database is rolled back then, where a killed function would leave its locks.
    """

    def __init__(self, context: Any, seconds_before: float) -> None:
        self._seconds = context.get_remaining_time_in_millis() / 1000 - seconds_before
        self.has_rung = False

    def __enter__(self) -> Self:
        if self._seconds < MIN_SECONDS:
            self.has_rung = True
            raise OutOfTime
        self._before = signal.signal(signal.SIGALRM, self._ring)
        signal.setitimer(signal.ITIMER_REAL, self._seconds, AGAIN_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        try:
            signal.setitimer(signal.ITIMER_REAL, 0)
        finally:  # it may ring just before that
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self._before)

    def _ring(self, *_: object) -> None:
        self.has_rung = True
        raise OutOfTime
