"""What time it is, told by one clock that tests can stop."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from app.parts import part


class Clock:
    """Tells seconds since the epoch when called, and moments."""

    def __init__(self, tell: Callable[[], float] = time.time) -> None:
        self._tell = tell

    def __call__(self) -> float:
        return self._tell()

    def now(self) -> datetime:
        """This moment, in UTC."""
        return datetime.fromtimestamp(self._tell(), UTC)


ClockDep = Annotated[Clock, part(Clock)]
