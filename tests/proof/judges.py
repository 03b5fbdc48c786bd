"""The two who must agree: the app, asked as uvicorn asks it, and the edge, as IAM's pages say."""

import asyncio
import re
from collections.abc import Iterable, Mapping
from contextlib import closing
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import unquote

from fastapi import FastAPI

from app.access.spelling import Spelling
from app.parts import wire
from app.problems import render_problems
from app.request_rules import RequestRules
from app.tokens.issue import Issuer
from app.tokens.statements import CompiledRoutes, Statements
from app.tokens.verify import Verifier
from tests.authorizer.iam import matches
from tests.proof.tables import SCOPES
from tests.support import AUDIENCE, ISSUER, key_set

NO_ROUTE = (400, 404, 405)
NOW = 1_800_000_000
_SCOPE = re.compile(rb'scope="([^"]+)"')


class Ruling(NamedTuple):
    """What the app says of a call: the scope its guard asks for; or that it is of no guard's."""

    status: int
    scope: str | None


class App:
    """An app with guards, and a token that they know and that carries no scope."""

    def __init__(self, app: FastAPI) -> None:
        render_problems(app)
        wire(app, Verifier(_keys(), issuer=ISSUER, audience=AUDIENCE, clock=lambda: NOW))
        app.add_middleware(RequestRules)
        self._app = app

    def rulings(self, calls: Iterable[tuple[str, str]]) -> list[Ruling]:
        """What is asked of each call: nothing is sent but the token."""
        # Not `asyncio.run`, which would take the thread's own loop from whoever left one.
        with closing(asyncio.new_event_loop()) as loop:
            return [loop.run_until_complete(self._ask(verb, path)) for verb, path in calls]

    async def _ask(self, verb: str, path: str) -> Ruling:
        sent: list[Mapping[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Mapping[str, Any]) -> None:
            sent.append(message)

        await self._app(_scope(verb, path), receive, send)
        headers = dict(sent[0]["headers"])
        asked = _SCOPE.search(headers.get(b"www-authenticate", b""))
        return Ruling(sent[0]["status"], asked[1].decode() if asked else None)


def _scope(verb: str, path: str) -> dict[str, Any]:
    return {
        "type": "http",
        "method": verb,
        "path": unquote(path),
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"authorization", b"Bearer " + _token().encode())],
    }


@cache
def _keys() -> Any:
    return key_set("HS256")


@cache
def _token() -> str:
    issuer = Issuer(_keys(), issuer=ISSUER, audience=AUDIENCE, lifetime=600, clock=lambda: NOW)
    return issuer.issue(sub="nobody", client_id="ostiary", scopes=())


def allowed(statements: Statements, verb: str, path: str) -> bool:
    """Whether the edge lets a call by: an explicit denial wins, and no statement is a no."""
    call = f"{verb}{path}"
    denied = any(matches(pattern, call) for pattern in statements.deny)
    return not denied and any(matches(pattern, call) for pattern in statements.allow)


def scope_sets() -> list[frozenset[str]]:
    """Every set of scopes that a token may carry."""
    sets = [frozenset[str]()]
    for scope in SCOPES:
        sets += [held | {scope} for held in sets]
    return sets


def differences(
    table: CompiledRoutes, rulings: Mapping[tuple[str, str], Ruling], sets: Iterable[frozenset[str]]
) -> list[str]:
    """Where edge and app differ, in words: none for a table that is compiled well."""
    return [
        f"{verb} {path} for {sorted(held)}: the app {ruling}, the edge {said}, by {statements}"
        for held in sets
        for statements in table.ways_to_say(held, 80)
        for (verb, path), ruling in rulings.items()
        if (said := allowed(statements, verb, path)) not in _lawful(verb, ruling, held)
    ]


def _lawful(verb: str, ruling: Ruling, held: frozenset[str]) -> tuple[bool, ...]:
    """What the edge may say: exactly what the guard says; a call without a route as it likes."""
    if ruling.scope is not None:
        return (ruling.scope in held,)
    return (False, True) if ruling.status in NO_ROUTE and verb != "OPTIONS" else (False,)


def texts_of(spelling: Spelling) -> list[str]:
    """Some texts of a spelling: of its first characters, of its last, and tails of some lengths."""
    least = "".join(place[0] for place in spelling.places)
    greatest = "".join(place[-1] for place in spelling.places)
    tails = ("a", "AB/f/0", "me") if spelling.tail else ("",)
    return [text + tail for text in (least, greatest) for tail in tails]
