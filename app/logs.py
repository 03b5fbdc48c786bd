"""What `ostiary serve` writes: text at a terminal, and elsewhere JSON, one object a line.

The members are named as Lambda's runtime for Python names them, so that a query fits both homes.
https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html
"""

import json
import logging
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import typer

from app.caller import current_caller
from app.request_log import REQUESTS

_LOG = logging.getLogger("ostiary.serve")
# What each record has; all else is its `extra`. `color_message` is uvicorn's, for terminals.
_OF_EACH = {*vars(logging.makeLogRecord({})), "asctime", "color_message", "message"}


class LogFormat(StrEnum):
    """How lines are written."""

    TEXT = "text"
    JSON = "json"


def begin_logging(asked: LogFormat | None) -> LogFormat:
    """Let all records be written from here on: as is asked, or else as standard output suggests.

    As text they go to standard error, as JSON to standard output; a line for each request, too.
    """
    chosen = asked or (LogFormat.TEXT if sys.stdout.isatty() else LogFormat.JSON)
    logging.getLogger("ostiary").setLevel(logging.INFO)
    if chosen is LogFormat.TEXT:
        logging.basicConfig(format="%(levelname)s:     %(message)s")
        handler = logging.StreamHandler()
        handler.setFormatter(RequestsAsText())
        requests = logging.getLogger(REQUESTS)
        requests.handlers, requests.propagate = [handler], False
        return chosen
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler])
    logging.captureWarnings(capture=True)
    logging.getLogger("uvicorn").setLevel(logging.INFO)
    return chosen


def saying(chosen: LogFormat) -> Callable[[str], None]:
    """How people are told what was made at the start; a password, which is for them alone, too."""
    if chosen is LogFormat.TEXT:
        return typer.echo
    if sys.stdout.isatty():  # a password is told there, and is not to be among the records
        return lambda sentence: typer.echo(sentence, err=True)
    return _LOG.info


class JsonLines(logging.Formatter):
    """A record as one line: what it says, its `extra`, and the id of the request that it is of."""

    def format(self, record: logging.LogRecord) -> str:
        """JSON in ASCII, in which no message can end a line or move a terminal's cursor."""
        if record.name == REQUESTS:
            return record.getMessage()  # which is such a line
        moment = datetime.fromtimestamp(record.created, UTC)
        told = {
            "timestamp": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
            "request_id": current_caller().request_id,
            **_error(record),
        }
        extra = {name: value for name, value in vars(record).items() if name not in _OF_EACH}
        shown = {name: value for name, value in (told | extra | told).items() if value is not None}
        return json.dumps(shown, default=str)


class RequestsAsText(logging.Formatter):
    """The line of a request, for people. uvicorn's would tell path and query, tokens and all."""

    def format(self, record: logging.LogRecord) -> str:
        """Its address, verb, route, status, code and milliseconds."""
        told = json.loads(record.getMessage())
        code = f" {told['code']}" if "code" in told else ""
        return (
            f"{record.levelname}:     {told.get('address')} - {told['method']} "
            f"{told.get('route', '(no route)')} {told['status']}{code}, {told['duration_ms']} ms"
        )


def _error(record: logging.LogRecord) -> dict[str, Any]:
    if not record.exc_info or not record.exc_info[1]:
        return {}
    error = record.exc_info[1]
    return {
        "errorType": type(error).__name__,
        "errorMessage": str(error),
        "stackTrace": traceback.format_tb(error.__traceback__),
        "location": f"{record.pathname}:{record.funcName}:{record.lineno}",
    }
