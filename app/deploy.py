"""Lambda entry for who operates: CloudFormation at each deploy, and every `ostiary` command.

{"RequestType": "Create", "ResponseURL": …}     a custom resource; app/deployment.py does its work
{"argv": ["users", "list"], "stdin": "…"}       a command; `stdin` may be left out. With
                                                `"check": true` its failure is the function's

IAM says who may call it (lambda:InvokeFunction), and no API leads here. Whatever fails is told to
CloudFormation, which would otherwise wait for it: hence nothing of the app is imported up here.
"""

import io
import json
import logging
import signal
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from http.client import HTTPException
from typing import Any, Self
from urllib.error import HTTPError

_LOG = logging.getLogger("ostiary.deploy")

# One for good: at another, CloudFormation would take this one for replaced, and delete it.
PHYSICAL_ID = "ostiary-deployment"
ANSWER_SECONDS = 8  # of the function's time: what it takes to roll back and to answer
AGAIN_SECONDS = 3  # until whatever still holds the work up is interrupted once more
ANSWER_TRIES = 3
ANSWER_PAUSE_SECONDS = 0.2
PUT_SECONDS = 2  # to connect, and again to be answered
MIN_SECONDS = 0.01  # in less, it would ring while it is set
RETURN_SECONDS = 0.5  # of the function's time: what it takes to end
ANSWER_BYTES = 4096
REASON_CHARACTERS = 1000
OUTPUT_CHARACTERS = 250_000  # of each; Lambda takes 6 MB, and a character may take twelve bytes
_ENDLESS = "serve"

sleep = time.sleep


class CommandFailed(Exception):
    """What a command said that was to be checked, as those of a schedule are."""


class NotAnswered(Exception):
    """CloudFormation was not reached; Lambda hands the same event over again."""


class OutOfTime(KeyboardInterrupt):
    """The function's time is nearly over.

    As if somebody had pressed Ctrl-C: nobody takes it for an error of his own and goes on, and
    psycopg tells the server to stop, where a closed connection alone would leave it working.
    """

    def __str__(self) -> str:
        return "this took longer than the function may run, and was ended; it can be run again"


def handler(event: Any, context: Any) -> dict[str, Any] | None:
    """Answer CloudFormation at its ResponseURL, or a command's invoker with what it printed.

    A command gives `{"exit_code", "stdout", "stderr"}`, or CommandFailed where `check` is set.
    ValueError for any other event.
    """
    if isinstance(event, dict) and "ResponseURL" in event:
        _answer(event, _outcome(event, context), context)
        return None
    if not _is_command(event):
        raise ValueError(
            '{"argv": ["users", "list"]} was expected, all of it text, perhaps with "stdin": "…" '
            'and "check": true; or what CloudFormation sends'
        )
    done = _run(event["argv"], event.get("stdin") or "", context)
    if done["exit_code"] and event.get("check"):
        raise CommandFailed(done["stderr"][-REASON_CHARACTERS:])
    return done


def _outcome(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """`Status` and what goes with it (the custom resource response objects of CloudFormation)."""
    if event.get("RequestType") == "Delete":
        return {"Status": "SUCCESS"}  # users and sessions outlive the stack that served them
    try:
        with _Alarm(context, ANSWER_SECONDS):
            from app.deployment import deploy

            return {"Status": "SUCCESS", "Data": deploy(event.get("ResourceProperties") or {})}
    except BaseException as error:
        _LOG.exception("The deployment failed")
        stream = getattr(context, "log_stream_name", "of this function")
        reason = f"{_sentence(error)[:REASON_CHARACTERS]} (log stream {stream})"
        return {"Status": "FAILED", "Reason": reason}


def _answer(event: Mapping[str, Any], outcome: Mapping[str, Any], context: Any) -> None:
    """PUT the outcome to where CloudFormation waits for it, which is an address to keep secret.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
    """
    named = ("StackId", "RequestId", "LogicalResourceId")
    body = _fitting(
        {
            "PhysicalResourceId": event.get("PhysicalResourceId") or PHYSICAL_ID,
            **{name: event.get(name) for name in named},
            **outcome,
        }
    )
    with suppress(OutOfTime), _Alarm(context, RETURN_SECONDS):
        for _ in range(ANSWER_TRIES):
            refused = _put(event["ResponseURL"], body)
            if refused is None:
                return
            _LOG.error("CloudFormation could not be answered: %s", refused)
            sleep(ANSWER_PAUSE_SECONDS)
    raise NotAnswered("CloudFormation could not be answered; it is tried with this event again")


def _put(url: str, body: bytes) -> str | None:
    """What went wrong, if anything did, without the address that an exception may hold."""
    try:
        request = urllib.request.Request(  # noqa: S310 - who may invoke this, may choose
            url,
            data=body,
            method="PUT",
            headers={"Content-Type": ""},  # S3 has signed the address for none
        )
        with urllib.request.urlopen(request, timeout=PUT_SECONDS):  # noqa: S310
            return None
    except HTTPError as error:
        error.close()
        return f"HTTP status {error.code}"
    except (HTTPException, OSError, ValueError) as error:
        return type(error).__name__


def _fitting(answer: Mapping[str, Any]) -> bytes:
    """The answer as JSON, its reason cut to what CloudFormation takes."""
    reason: str = answer.get("Reason", "")
    body = json.dumps(answer).encode()
    while len(body) > ANSWER_BYTES and reason:
        # At most twelve bytes a character, as it is an escaped pair of surrogates.
        reason = reason[: -(1 + (len(body) - ANSWER_BYTES) // 12)]
        body = json.dumps({**answer, "Reason": reason}).encode()
    return body


def _run(argv: list[str], stdin: str, context: Any) -> dict[str, Any]:
    """A command as a terminal would run it, but for the terminal."""
    out, errors, code = _Output(), _Output(), None
    alarm = _Alarm(context, ANSWER_SECONDS)
    with _log_apart(), redirect_stdout(out), redirect_stderr(errors), _standard_input(stdin):
        try:
            with alarm:
                _main(argv)
        except SystemExit as ended:
            code = ended.code
        except Exception as error:
            _LOG.exception("A command failed")
            code = f"ostiary: {_sentence(error)}"
        except OutOfTime:
            pass  # which may have come as a SystemExit, too
    if alarm.has_rung:
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


class _Alarm:
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


def _sentence(error: BaseException) -> str:
    """What an error of ours says; of any other its kind alone, since its text may hold anything."""
    kind = type(error)
    ours = kind.__module__.partition(".")[0] == __name__.partition(".")[0]
    return str(error) if ours else f"{kind.__module__}.{kind.__qualname__}; the log has the rest"


def _is_command(event: Any) -> bool:
    if not isinstance(event, dict) or not isinstance(event.get("argv"), list):
        return False
    words = (*event["argv"], event.get("stdin") or "")
    check = event.get("check")
    return all(isinstance(word, str) for word in words) and isinstance(check, bool | None)
