"""Lambda entry for who operates: CloudFormation at each deploy, and every `ostiary` command.

{"RequestType": "Create", "ResponseURL": …}     a custom resource; app/deployment.py does its work
{"argv": ["users", "list"], "stdin": "…"}       a command; `stdin` may be left out

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
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any

_LOG = logging.getLogger("ostiary.deploy")

# One for good: at another, CloudFormation would take this one for replaced, and delete it.
PHYSICAL_ID = "ostiary-deployment"
ANSWER_SECONDS = 8  # of the function's time: what it takes to answer
ANSWER_TRIES = 3
REASON_CHARACTERS = 1000
OUTPUT_CHARACTERS = 500_000  # Lambda takes an answer of 6 MB, and a character may take six bytes
_ENDLESS = "serve"

sleep = time.sleep


class OutOfTime(Exception):
    """The function's time is nearly over."""


def handler(event: Any, context: Any) -> dict[str, Any] | None:
    """Answer CloudFormation at its ResponseURL, or a command's invoker with what it printed.

    A command gives `{"exit_code", "stdout", "stderr"}`. ValueError for any other event.
    """
    if isinstance(event, dict) and "ResponseURL" in event:
        _answer(event, _outcome(event, context))
        return None
    if isinstance(event, dict) and _are_words(event.get("argv")):
        return _run(event["argv"], str(event.get("stdin") or ""), context)
    raise ValueError('{"argv": ["users", "list"]} was expected, or what CloudFormation sends')


def _outcome(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """`Status` and what goes with it (the custom resource response objects of CloudFormation)."""
    if event.get("RequestType") == "Delete":
        return {"Status": "SUCCESS"}  # users and sessions outlive the stack that served them
    try:
        with _in_time(context):
            from app.deployment import deploy

            return {"Status": "SUCCESS", "Data": deploy(event.get("ResourceProperties") or {})}
    except BaseException as error:
        _LOG.exception("The deployment failed")
        stream = getattr(context, "log_stream_name", "of this function")
        reason = f"{_sentence(error)[:REASON_CHARACTERS]} (log stream {stream})"
        return {"Status": "FAILED", "Reason": reason}


def _answer(event: Mapping[str, Any], outcome: Mapping[str, Any]) -> None:
    """PUT the outcome to where CloudFormation waits for it, which is an address to keep secret.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
    """
    named = ("StackId", "RequestId", "LogicalResourceId")
    answer = {
        "PhysicalResourceId": event.get("PhysicalResourceId") or PHYSICAL_ID,
        **{name: event.get(name) for name in named},
        **outcome,
    }
    request = urllib.request.Request(  # noqa: S310 - who may invoke this, may choose
        event["ResponseURL"],
        data=json.dumps(answer).encode(),
        method="PUT",
        headers={"Content-Type": ""},  # S3 has signed the address for none
    )
    for left in reversed(range(ANSWER_TRIES)):
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS / ANSWER_TRIES):  # noqa: S310
                return
        except OSError as error:
            _LOG.error("CloudFormation could not be answered: %s", type(error).__name__)
            if not left:
                raise
            sleep(0.2)


def _run(argv: list[str], stdin: str, context: Any) -> dict[str, Any]:
    """A command as a terminal would run it, but for the terminal."""
    out, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(errors), _standard_input(stdin):
        try:
            with _in_time(context):
                from app.cli import main

                if argv[:1] == [_ENDLESS]:
                    sys.exit("ostiary: `serve` would not end; API Gateway serves here")
                main(argv)
                code: Any = 0
        except SystemExit as ended:
            code = ended.code
        except Exception as error:
            _LOG.exception("A command failed")
            code = 1
            errors.write(f"ostiary: {_sentence(error)}\n")
    if isinstance(code, str):
        errors.write(f"{code}\n")
    status = code if isinstance(code, int) else int(code is not None)
    return {"exit_code": status, "stdout": _shortened(out), "stderr": _shortened(errors)}


@contextmanager
def _in_time(context: Any) -> Iterator[None]:
    """OutOfTime inside the block, early enough to answer.

    What runs in the database is rolled back then, where a killed function would leave its locks.
    """

    def ring(*_: object) -> None:
        raise OutOfTime("this took longer than the function may run; it can be run again")

    seconds = context.get_remaining_time_in_millis() / 1000 - ANSWER_SECONDS
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _standard_input(text: str) -> Iterator[None]:
    before, sys.stdin = sys.stdin, io.StringIO(text)
    try:
        yield
    finally:
        sys.stdin = before


def _sentence(error: BaseException) -> str:
    """What an error of ours says; of any other its kind alone, since its text may hold anything."""
    kind = type(error)
    ours = kind.__module__.partition(".")[0] == __name__.partition(".")[0]
    return str(error) if ours else f"{kind.__module__}.{kind.__qualname__}; the log has the rest"


def _shortened(output: io.StringIO) -> str:
    text = output.getvalue()
    cut = f"\n… {len(text) - OUTPUT_CHARACTERS} more characters"
    return text if len(text) <= OUTPUT_CHARACTERS else text[:OUTPUT_CHARACTERS] + cut


def _are_words(argv: object) -> bool:
    return isinstance(argv, list) and all(isinstance(word, str) for word in argv)
