"""`ostiary explain`."""

import json
import re
import sys
import time
from collections.abc import Callable
from typing import Annotated, NoReturn

import typer

from app.access.routes import COMPILED_TABLE, RouteTable, TableError
from app.doctor.report import Check, as_text, not_judged, right, wrong
from app.explain.explanation import Explanation, explained
from app.explain.given import header_of
from app.explain.house import House, WatchedKeys
from app.explain.words import moment_of
from app.main import unwired_app
from app.settings import SettingsError, load_settings
from app.tokens.aws_sources import open_signing_keys
from app.tokens.errors import KeySetError
from app.tokens.key_ring import KeyRing
from app.tokens.key_sources import TO_VERIFY, open_verifying_keys
from app.tokens.statements import CompiledRoutes

MAX_INPUT_BYTES = 65_536
_VERB = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}")  # RFC 9110 §5.6.2
_AT_HAND = ("file:", "env:")


def explain(
    token: Annotated[
        str,
        typer.Argument(
            metavar="TOKEN",
            help="With or without `Bearer `; '' for none; `-` reads it, out of the list of "
            "processes.",
        ),
    ],
    method: Annotated[str, typer.Argument(metavar="METHOD")],
    path: Annotated[str, typer.Argument(metavar="PATH", help="As it is sent, such as /notes.")],
    at: Annotated[
        str | None,
        typer.Option(help="Judge as of 2026-11-22T10:00:00Z, or of seconds since 1970; else now."),
    ] = None,
) -> None:
    """Say why a request is allowed or refused, by the app and at the edge.

    It asks nobody but the source of the keys, and shows neither token nor signature.
    Exit code 0 when it is allowed, 1 when it is refused, 2 when nothing can be said.
    """
    if not _VERB.fullmatch(method):
        raise typer.BadParameter("a verb such as GET was expected", param_hint="METHOD")
    if not path.startswith("/"):
        raise typer.BadParameter("a path such as /notes was expected", param_hint="PATH")
    clock = _clock(at)
    try:
        authorization = header_of(_given(token))
    except ValueError as slip:
        _give_up(str(slip))
    try:
        checks, found = _explained(clock, authorization, method, path.partition("?")[0])
    except (SettingsError, KeySetError, TableError) as error:
        _give_up(str(error))
    typer.echo(as_text(checks))
    typer.echo(found.sentence)
    raise typer.Exit(not found.allowed)


def _explained(
    clock: Callable[[], float], authorization: str, method: str, path: str
) -> tuple[list[Check], Explanation]:
    """All rows, those of the command's own first."""
    settings = load_settings()
    table: RouteTable = unwired_app().state.routes
    compiled, drift = _compiled_table(table)
    keys = WatchedKeys(_open(settings.keys))
    house = House(table, compiled, keys, settings.issuer, settings.audience, clock)
    found = explained(house, authorization, method, path)
    source = _source_row(settings.keys, read=keys.asked)
    return [source, *drift, *found.checks], found


def _given(token: str) -> str:
    """The token itself, from standard input where `-` stands for it."""
    if token != "-":  # noqa: S105 - no password
        return token
    stream = sys.stdin.buffer
    # Who pastes it at a terminal ends the line, and not the input.
    given = stream.readline(MAX_INPUT_BYTES) if stream.isatty() else stream.read(MAX_INPUT_BYTES)
    text = given.decode("latin-1").strip()  # as a header comes: bytes, each a character
    if not text:
        _give_up("a token was expected on standard input, and nothing came; '' stands for none")
    return text


def _clock(at: str | None) -> Callable[[], float]:
    if at is None:
        return time.time
    try:
        moment = moment_of(at)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--at") from None
    return lambda: moment


def _open(setting: str) -> KeyRing:
    """The app's source of keys, or an authorizer's, which is written `https:` or is two."""
    verifies = setting.partition(":")[0] in TO_VERIFY
    return open_verifying_keys(setting) if verifies else open_signing_keys(setting)


def _source_row(setting: str, *, read: bool) -> Check:
    named = setting.partition("?")[0]  # a query may be a signature, and is not repeated
    if not read:
        return not_judged("keys", f"{named}, not read: no token was judged by them")
    if setting.startswith(_AT_HAND) and "https:" not in setting:
        return right("keys", f"{named}: nothing leaves this machine")
    return not_judged("keys", f"{named}: asked over the network")


def _compiled_table(table: RouteTable) -> tuple[CompiledRoutes, list[Check]]:
    """What the authorizer decides by, and a row where that is not what the guards say."""
    try:
        written = COMPILED_TABLE.read_text("utf-8")
        compiled = CompiledRoutes(json.loads(written))
    except (OSError, ValueError, LookupError, TypeError):
        raise TableError(
            f"{COMPILED_TABLE.name} of the authorizer cannot be read; "
            "run `.venv/bin/ostiary routes --write`"
        ) from None
    if written == table.compiled():
        return compiled, []
    advice = "run `.venv/bin/ostiary routes --write`, read the difference, and deploy it"
    found = "not what the guards say, and the edge decides by it"
    return compiled, [wrong("authorizer/routes.json", found, advice)]


def _give_up(sentence: str) -> NoReturn:
    typer.secho(f"ostiary: {sentence}", fg=typer.colors.RED, err=True)
    raise typer.Exit(2)
