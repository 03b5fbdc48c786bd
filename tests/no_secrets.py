"""A plugin of pytest: no test lets anything secret be logged, or printed by what it runs.

It reads every record of `ostiary.*`, of whatever level, with its `extra` and its exception, what
lands on standard output and error, and the logs that processes leave in a test's folder. A test
that writes a secret on purpose, and not by code of ours, is marked `tells_secrets`.
"""

import logging
import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from app.clients import service as clients
from app.sessions import opaque_tokens
from app.tokens.encoding import base64url_encode

OURS = "ostiary"
EVERYTHING = 1  # a level of nobody else's: who reads records himself is not to notice
KNOWN_PASSWORDS = (
    "correct horse battery staple",
    "hunter2-hunter2",
    "the-password-in-the-secret-0123",
)
_KINDS = {
    "a token with its signature": r"eyJ[\w-]+\.[\w-]+\.[\w-]{20,}",
    "a password of the tests": "|".join(map(re.escape, KNOWN_PASSWORDS)),
    "a password's hash": r"\$argon2(?:id|i|d)\$",
    "a private JWK": r"""["'](?:d|k|p|q|dp|dq|qi)\\*["']\s*:\s*\\*["'][\w-]{16,}""",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
}
_ANY = re.compile("|".join(f"({pattern})" for pattern in _KINDS.values()), re.ASCII)
_OPAQUE = re.compile(r"(?<![\w-])[\w-]{43}(?![\w-])", re.ASCII)
_OF_EACH = set(vars(logging.makeLogRecord({})))
_call_handlers = logging.Logger.callHandlers
_MAKERS = (opaque_tokens, clients)
# Refresh tokens and clients' secrets that this process made: they look as a key's `kid` does.
_made: set[str] = set()
_found: list[str] = []


def secrets_in(text: str) -> list[str]:
    """What kinds of secrets a text holds."""
    kinds = list(_KINDS)
    found = [kinds[(match.lastindex or 1) - 1] for match in _ANY.finditer(text)]
    opaque = _made.intersection(_OPAQUE.findall(text))
    return found + ["a refresh token, or a client's secret"] * len(opaque)


def _remembering(data: bytes) -> str:
    _made.add(made := base64url_encode(data))
    return made


def _read(logger: logging.Logger, record: logging.LogRecord) -> None:
    """In the place of Logger.callHandlers: read first, and hand on what would be logged anyway."""
    if record.name.partition(".")[0] == OURS:
        where = f"a record of {record.name}, {record.funcName}()"
        _found.extend(f"{kind} in {where}" for kind in secrets_in(_written(record)))
        if record.levelno < _level_of(logger):
            return
    _call_handlers(logger, record)


def _written(record: logging.LogRecord) -> str:
    extra = [value for name, value in vars(record).items() if name not in _OF_EACH]
    error = record.exc_info and record.exc_info[1]
    return f"{record.getMessage()} {extra or ''} {error or ''}"


def _level_of(logger: logging.Logger | None) -> int:
    """From which level on it would log, were it not for us."""
    while logger:
        if logger.level > EVERYTHING:
            return logger.level
        logger = logger.parent
    return logging.NOTSET


def _left_in(folder: Path) -> list[str]:
    """In the logs of processes, as tests/images/runtime.py lets them be written."""
    return [
        f"{kind} in the log {path.name}"
        for path in folder.glob("*log")
        if path.is_file()
        for kind in secrets_in(path.read_text("utf-8", "replace"))
    ]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "tells_secrets(why): foreign code is to log or print one")
    setattr(logging.Logger, "callHandlers", _read)  # noqa: B010
    logging.getLogger(OURS).setLevel(EVERYTHING)
    for module in _MAKERS:
        setattr(module, "base64url_encode", _remembering)  # noqa: B010


def pytest_unconfigure() -> None:
    setattr(logging.Logger, "callHandlers", _call_handlers)  # noqa: B010
    logging.getLogger(OURS).setLevel(logging.NOTSET)
    for module in _MAKERS:
        setattr(module, "base64url_encode", base64url_encode)  # noqa: B010


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when != "teardown":
        return report
    printed = secrets_in(f"{report.capstdout} {report.capstderr}")
    found = [*_found, *(f"{kind} in what was printed" for kind in printed)]
    _found.clear()
    arguments: dict[str, Any] = getattr(item, "funcargs", {})
    if isinstance(folder := arguments.get("tmp_path"), Path):
        found += _left_in(folder)
    if found and report.passed and not item.get_closest_marker("tells_secrets"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} let this be written: {'; '.join(sorted(set(found)))}"
    return report
