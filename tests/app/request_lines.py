"""The lines that are written of requests, as a test reads them."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

Line = dict[str, Any]


class Lines(logging.Handler):
    """What was written, line by line."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.written.append(record.getMessage())

    def one(self) -> Line:
        """The one line since the last time, but for what no two have in common."""
        (written,) = self.written
        self.written.clear()
        assert written.isascii()
        assert written.isprintable()
        line: Line = json.loads(written)
        assert 0 <= line.pop("duration_ms") < 60_000
        assert line.pop("timestamp").endswith("+00:00")
        assert (line.pop("level"), line.pop("logger")) == ("INFO", "ostiary.requests")
        return line


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """Of all requests of a test; whatever a Lambda handler has set up is as before behind it."""
    logger, lines = logging.getLogger("ostiary.requests"), Lines()
    monkeypatch.setattr(logger, "handlers", [lines])
    monkeypatch.setattr(logger, "propagate", False)
    level = logger.level
    logger.setLevel(logging.INFO)
    yield lines
    logger.setLevel(level)
