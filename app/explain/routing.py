"""A verb and a path as the app reads them: in one spelling or not, and of which route."""

import re
from typing import NamedTuple
from urllib.parse import unquote

from starlette.exceptions import HTTPException

from app.access.entries import RouteEntry
from app.access.routes import RouteTable
from app.doctor.report import Check, not_judged, right, wrong
from app.errors import NotFound
from app.explain.refusal import Refusal, refused
from app.request_rules import is_one_spelling
from app.tokens.errors import quoted

MAX_SHOWN = 256
_ESCAPE = re.compile("%[0-9A-Fa-f]{2}")


class Reading(NamedTuple):
    """The route of a call, or the refusal where it has none, and the rows that say so."""

    checks: list[Check]
    entry: RouteEntry | None
    refusal: Refusal | None

    @property
    def public(self) -> bool:
        """Whether nobody asks for a token here."""
        return self.entry is not None and self.entry.scope is None


def read(table: RouteTable, method: str, path: str) -> Reading:
    """As uvicorn hands a call on: `path` is the one that was sent, without its query."""
    trouble = _second_reading(path)
    if trouble:
        rows = [
            wrong("path", f"{quoted(path, MAX_SHOWN)}: {trouble}", "send it in its one spelling"),
            not_judged("route", "not looked for: the path has more than one reading"),
        ]
        return Reading(rows, None, refused(NotFound("")))
    return _routed(table, method, unquote(path), path)


def read_behind_gateway(table: RouteTable, method: str, path: str) -> Reading:
    """As API Gateway hands a call on, which has decoded `path`: what is left of escapes is hostile.

    See `app/lambda_event.py`.
    """
    decoded = unquote(path)
    if "%" in decoded:
        return Reading([], None, refused(NotFound("")))
    return read(table, method, decoded)


def _routed(table: RouteTable, method: str, path: str, sent: str) -> Reading:
    spelling = right("path", f"{quoted(sent, MAX_SHOWN)}, in its one spelling")
    fitting = [entry for entry in table.entries if entry.regex.match(path)]
    for entry in fitting:
        if entry.method == method:
            wants = f"wants {entry.scope.name}" if entry.scope else "public"
            return Reading([spelling, right("route", f"{entry.name}, {wants}")], entry, None)
    if not fitting:
        row = wrong(
            "route", "none has this path", "`.venv/bin/ostiary routes` prints all there are"
        )
        return Reading([spelling, row], None, refused(NotFound("")))
    verbs = table.methods_on(path)
    advice = f"it is there for {', '.join(verbs)}"
    if method.upper() in verbs:
        advice += "; verbs are in capitals"
    row = wrong("route", f"this path, but not with {method}", advice)
    return Reading([spelling, row], None, refused(HTTPException(405)))


def _second_reading(path: str) -> str:
    """Why a path is refused before it is routed; '' where it is not."""
    if is_one_spelling(path.encode("utf-8", "replace")):
        return ""
    return next(filter(None, map(_trouble, path.split("/")[1:])), "it has more than one reading")


def _trouble(segment: str) -> str:
    if segment == "":
        return "an empty segment, by two slashes or one at the end"
    if segment in (".", ".."):
        return f"a segment {segment!r}, which others take out"
    if is_one_spelling(f"/{segment}".encode("utf-8", "replace")):
        return ""
    if is_one_spelling(f"/{_ESCAPE.sub('', segment)}x".encode("utf-8", "replace")):
        return "an escape of what needs none, or of a slash, a backslash, % or a control character"
    return "a character that stands in a path only escaped, or not at all"
