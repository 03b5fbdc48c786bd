"""An `ostiary` command that an invocation of a Lambda function runs, as a terminal would."""

import io
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any

from app.deadline import Deadline, OutOfTime
from app.first_line import first_line

_LOG = logging.getLogger("ostiary.deploy")

OUTPUT_CHARACTERS = 250_000  # of each; Lambda takes 6 MB, and a character may take twelve bytes
_ENDLESS = "serve"


def run(argv: list[str], stdin: str, context: Any, seconds_before: float) -> dict[str, Any]:
    """`{"exit_code", "stdout", "stderr"}` of a command, as a terminal would see it.

    It ends so many seconds before the time of the function is over, with an exit code.
    """
    out, errors, code = _Output(), _Output(), None
    deadline = Deadline(context, seconds_before)
    with _log_apart(), redirect_stdout(out), redirect_stderr(errors), _standard_input(stdin):
        try:
            with deadline:
                _main(argv)
        except SystemExit as ended:
            code = ended.code
        except Exception as error:
            _LOG.exception("A command failed")
            code = f"ostiary: {sentence(error)}"
        except OutOfTime:
            pass  # which may have come as a SystemExit, too
    if deadline.has_rung:
        code = f"ostiary: {OutOfTime()}"
    if isinstance(code, str):
        errors.write(f"{code}\n")
    status = code if isinstance(code, int) else int(code is not None)
    return {"exit_code": status, "stdout": out.kept(), "stderr": errors.kept()}


def _main(argv: list[str]) -> None:
    from app.cli import main

    if next((word for word in argv if not word.startswith("-")), None) == _ENDLESS:
        sys.exit(f"ostiary: `{_ENDLESS}` would not end; API Gateway serves here")
    main(argv)


def sentence(error: BaseException) -> str:
    """What an error of ours says, and why no connection to the database came about.

    Of any other error its kind alone: its text may hold anything.
    """
    kind = type(error)
    if getattr(error, "statement", "") is None and getattr(error, "orig", None):
        return f"the database: {first_line(error)}"  # SQLAlchemy's, of a connection
    ours = kind.__module__.partition(".")[0] == __name__.partition(".")[0]
    return str(error) if ours else f"{kind.__module__}.{kind.__qualname__}; the log has the rest"


class _Output(io.StringIO):
    """Keeps the first OUTPUT_CHARACTERS of what is written, and counts the others."""

    _written = 0

    def write(self, text: str) -> int:
        super().write(text[: max(OUTPUT_CHARACTERS - self._written, 0)])
        self._written += len(text)
        return len(text)

    def kept(self) -> str:
        """Text that JSON in UTF-8 can carry."""
        more = self._written - OUTPUT_CHARACTERS
        cut = f"\n… {more} more characters" if more > 0 else ""
        return self.getvalue().encode("utf-8", "replace").decode() + cut


class _Apart(logging.Handler):
    """Hands records to other handlers, with the standard streams as they were before."""

    def __init__(self, handlers: list[logging.Handler]) -> None:
        super().__init__()
        self._handlers, self._out, self._errors = handlers, sys.stdout, sys.stderr

    def emit(self, record: logging.LogRecord) -> None:
        with redirect_stdout(self._out), redirect_stderr(self._errors):
            for handler in self._handlers:
                if record.levelno >= handler.level:
                    handler.handle(record)


@contextmanager
def _log_apart() -> Iterator[None]:
    """Keep the log out of what a command prints: Lambda's own handler may ask for sys.stdout."""
    root = logging.getLogger()
    before = root.handlers
    root.handlers = [_Apart(before)]
    try:
        yield
    finally:
        root.handlers = before


@contextmanager
def _standard_input(text: str) -> Iterator[None]:
    # With the bytes below it, which some commands read.
    stream = io.TextIOWrapper(io.BytesIO(text.encode("utf-8", "replace")), "utf-8")
    before, sys.stdin = sys.stdin, stream
    try:
        yield
    finally:
        sys.stdin = before
