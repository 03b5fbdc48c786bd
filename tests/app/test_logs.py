"""What `ostiary serve` writes, to a person and to what keeps records."""

import json
import logging
import os
import pty
import re
import select
import signal
import subprocess
import sys
from contextlib import closing
from contextvars import copy_context
from pathlib import Path
from typing import IO, Any

import httpx
import pytest
from awslambdaric.lambda_runtime_log_utils import JsonFormatter

from app.caller import remember_caller
from app.logs import JsonLines, LogFormat, saying
from tests.faults.serving import ROOT, serving
from tests.support import PASSWORD

HOSTILE = 'x"}\r\n{"level": "ERROR"}\x00\x1b[2J\x7f\u2028é'
_PORT = re.compile(r"running on http://127\.0\.0\.1:(\d+)")
_MADE = re.compile(r"The password, shown only now: (\S{24})")


def record(message: str = "refused: %s", *args: object, **extra: Any) -> logging.LogRecord:
    """As a logger of ours makes it."""
    logger = logging.getLogger("ostiary.sessions")
    return logger.makeRecord(logger.name, logging.INFO, "f.py", 1, message, args, None, extra=extra)


def as_line(made: logging.LogRecord) -> dict[str, Any]:
    """What it says; it is one line, and holds nothing that moves a cursor."""
    written = JsonLines().format(made)
    assert written.isascii()
    assert written.isprintable()
    line: dict[str, Any] = json.loads(written)
    return line


def test_a_record_says_what_its_extra_says() -> None:
    line = as_line(record("refused: %s", "wrong_password", code="wrong_password", sub=None))
    assert line.pop("timestamp").endswith("+00:00")
    assert line == {
        "level": "INFO",
        "message": "refused: wrong_password",
        "logger": "ostiary.sessions",
        "code": "wrong_password",
    }


def broken() -> logging.LogRecord:
    """A record of a bug."""
    made = record("Unforeseen", code="internal_error")
    try:
        int("a bug")
    except ValueError:
        made.exc_info = sys.exc_info()
    return made


def test_members_are_named_as_lambdas_runtime_names_them() -> None:
    theirs = json.loads(JsonFormatter().format(broken()))
    ours = as_line(broken())
    assert set(ours) == set(theirs)
    for name in ("level", "message", "logger", "errorType", "errorMessage", "location", "code"):
        assert ours[name] == theirs[name]
    assert ours["stackTrace"] == theirs["stackTrace"]


def test_no_extra_takes_the_place_of_what_a_record_is() -> None:
    line = as_line(record("said", level="ERROR", timestamp="never", logger="elsewhere"))
    assert (line["level"], line["logger"]) == ("INFO", "ostiary.sessions")
    assert line["timestamp"] != "never"


def test_what_somebody_sent_ends_no_line_and_moves_no_cursor() -> None:
    line = as_line(record("refused: %s", HOSTILE, sub=HOSTILE, other=object()))
    assert (line["sub"], line["message"]) == (HOSTILE, f"refused: {HOSTILE}")


def test_a_record_tells_the_request_that_it_is_of() -> None:
    def line() -> dict[str, Any]:
        remember_caller({"type": "http", "headers": []}, "id-of-this-request")
        return as_line(record("refused"))

    assert copy_context().run(line)["request_id"] == "id-of-this-request"
    assert "request_id" not in as_line(record("refused"))


def test_the_line_of_a_request_stays_as_it_is() -> None:
    line = '{"message": "request", "_aws": {}}'
    made = logging.makeLogRecord({"name": "ostiary.requests", "msg": line})
    assert JsonLines().format(made) == line


def test_what_is_said_at_the_start_is_a_record_where_no_person_looks(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.INFO, "ostiary.serve"):
        saying(LogFormat.JSON)("Made a key, 100% new.")
    assert [made.getMessage() for made in caplog.records] == ["Made a key, 100% new."]
    saying(LogFormat.TEXT)("Made a key.")
    assert capsys.readouterr() == ("Made a key.\n", "")


def test_where_standard_output_is_no_terminal_all_of_it_is_json(
    sqlite_url: str, tmp_path: Path
) -> None:
    with serving(sqlite_url, tmp_path) as running:
        url = f"http://127.0.0.1:{running.port}"
        form = {"username": "nobody@example.com", "password": PASSWORD}
        httpx.post(f"{url}/auth/login?in=query", data=form, headers={"User-Agent": "agent"})
        httpx.get(f"{url}/notes")
        running.process.send_signal(signal.SIGTERM)
        running.exit_code(60)
    running.end()
    lines = [json.loads(line) for line in running.log.splitlines()]

    requests = [line for line in lines if line["logger"] == "ostiary.requests"]
    assert [line["code"] for line in requests] == ["unknown_address", "missing_token"]
    (refused,) = (line for line in lines if line["logger"] == "ostiary.access")
    assert (refused["code"], refused["request_id"]) == ("missing_token", requests[1]["request_id"])
    assert {line["logger"] for line in lines} >= {"ostiary.serve", "uvicorn.error"}
    assert "uvicorn.access" not in {line["logger"] for line in lines}
    for sent in ("in=query", "agent", PASSWORD, "nobody@"):
        assert sent not in running.log


class AtATerminal:
    """`ostiary serve` at its first start, with a terminal as its standard output."""

    def __init__(self, folder: Path, *options: str, errors: IO[bytes] | None = None) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("OSTIARY_")}
        environment |= {"PYTHONPATH": str(ROOT), "OSTIARY_ISSUER": "http://127.0.0.1:8000"}
        self._terminal, theirs = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve", "--port", "0", *options],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=errors or theirs,
        )
        os.close(theirs)
        self.shown = ""

    def ask_and_end(self) -> None:
        """One request, and then the interrupt of a person."""
        while not (_PORT.search(self.shown) and "startup complete" in self.shown):
            assert self._read(), self.shown
        (port,) = _PORT.findall(self.shown)
        httpx.get(f"http://127.0.0.1:{port}/health?in=query")
        self._process.send_signal(signal.SIGINT)
        while self._read():
            pass
        self._process.wait(60)

    def _read(self) -> bool:
        """Until more is shown; whether there was any: without writers a terminal is an error."""
        assert select.select([self._terminal], [], [], 60)[0], f"no more came after {self.shown}"
        try:
            more = os.read(self._terminal, 65_536)
        except OSError:
            return False
        self.shown += more.decode().replace("\r\n", "\n")
        return bool(more)

    def close(self) -> None:
        self._process.kill()
        self._process.wait(60)
        os.close(self._terminal)


def test_at_a_terminal_people_read_text_that_tells_no_query(tmp_path: Path) -> None:
    with closing(AtATerminal(tmp_path)) as terminal:
        terminal.ask_and_end()
    assert _MADE.search(terminal.shown)
    assert re.search(r"\nClick here: http://127\.0\.0\.1:[1-9]\d*/docs\n", terminal.shown)
    assert re.search(r"\nINFO: +127\.0\.0\.1 - GET /health 200, [\d.]+ ms\n", terminal.shown)
    assert "in=query" not in terminal.shown
    assert '{"' not in terminal.shown


def test_as_json_the_first_password_is_told_to_a_person_and_is_no_record(tmp_path: Path) -> None:
    with (
        (tmp_path / "errors").open("wb") as errors,
        closing(AtATerminal(tmp_path, "--log", "json", errors=errors)) as terminal,
    ):
        terminal.ask_and_end()
    said = (tmp_path / "errors").read_text("utf-8")
    (password,) = _MADE.findall(said)
    assert password not in terminal.shown
    assert [json.loads(line) for line in terminal.shown.splitlines()]
    assert "/health" in terminal.shown
