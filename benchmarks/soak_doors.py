"""Opens the two doors of the soak: `ostiary serve` and the deployed edge, each on PostgreSQL."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from app.accounts.service import create_user
from app.database import Database
from app.tokens.claims import StatusReference
from app.tokens.jwk import parse_key_set
from app.tokens.keys import KeySet
from benchmarks.app_driver import HOST
from benchmarks.app_servers import running
from benchmarks.soak_hostile import Arsenal, requests_of, settled_tokens
from benchmarks.soak_watch import Processes
from benchmarks.soak_wire import Door
from local.cloud import Edge
from local.edge import running_edge
from local.ministack import free_port
from local.postgres import running_postgres
from local.tokens import new_place
from tests.doors.forge import Forge
from tests.edge.conftest import ORIGIN
from tests.requests.house import house, token_maker
from tests.support import AUDIENCE, ISSUER, key_set_document

SERVER = "ostiary serve"
EMULATOR = "MiniStack"
# Two cores bear so many functions: each more at once would start one more process, and cost both.
AT_ONCE = 3
_FUNCTION = "AWS_LAMBDA_FUNCTION_NAME"


@dataclass(frozen=True)
class Opened:
    """A door, what is behind it, and what is thrown at it.

    `move`: makes the attackers' member anew, before the tokens he has expire. `logs`: all that was
    logged so far, in parts.
    """

    door: Door
    database_url: str
    arsenal: Arsenal
    processes: Processes
    move: Callable[[], None]
    logs: Callable[[], Iterator[str]]
    emulator: frozenset[str] = field(default=frozenset())


@dataclass(frozen=True)
class IssuedBy(Forge):
    """A Forge for a house with another address, whose tokens have places in a status list."""

    issuer: str = ISSUER
    status: Mapping[str, Any] = field(default_factory=dict)

    def claims(self, **changes: Any) -> dict[str, Any]:
        return super().claims(**{"iss": self.issuer, **self.status, **changes})


@contextmanager
def opened_uvicorn(folder: Path) -> Iterator[Opened]:
    """`ostiary serve` as one starts it, in a process of its own."""
    alg = "ES256"
    with running_postgres(folder / "postgres") as url:
        environment = {
            "SOAK_KEYS": key_set_document(alg),
            "OSTIARY_KEYS": "env:SOAK_KEYS",
            "OSTIARY_ISSUER": ISSUER,
            "OSTIARY_AUDIENCE": AUDIENCE,
            "OSTIARY_DATABASE_URL": url,
            "OSTIARY_ALLOWED_ORIGINS": ORIGIN,
        }
        with running("ostiary", _serve, environment, folder) as (port, pid, log):
            door, sub = Door("uvicorn", port), _subject(url)
            arsenal = _arsenal(
                door, _keys(alg), lambda now: IssuedBy(alg, sub, now), f"http://{HOST}:{port}"
            )
            yield Opened(
                door,
                url,
                arsenal,
                lambda: {SERVER: pid},
                lambda: _move(arsenal, f"http://{HOST}:{port}"),
                lambda: iter((log.read_text("utf-8", "replace"),)),
            )


def _serve(port: int) -> list[str]:
    return [sys.executable, "-m", "app.cli", "serve", "--port", str(port), "--log", "json"]


@contextmanager
def opened_edge(folder: Path) -> Iterator[Opened]:
    """template.yaml, deployed, with a key set in a secret: the tables need keys that can be had."""
    alg = "RS256"
    folder.mkdir(mode=0o700, exist_ok=True)
    with os.fdopen(os.open(folder / "keys.json", os.O_CREAT | os.O_WRONLY, 0o600), "w") as keys:
        keys.write(key_set_document(alg))
    with running_edge(folder, port=free_port(0), origin=ORIGIN) as edge:
        port = int(edge.cloud.endpoint.rpartition(":")[2])
        prefix = edge.url.removeprefix(edge.cloud.endpoint)
        door = Door("edge", port, prefix, addressed=True, at_once=AT_ONCE)
        sub, place = _subject(edge.database_url), new_place(edge)
        status = {"status": {"status_list": {"idx": place.idx, "uri": place.uri}}}

        def forge(now: int) -> Forge:
            return IssuedBy(alg, sub, now, issuer=edge.url, status=status)

        arsenal = _arsenal(door, _keys(alg), forge, edge.url, place)
        yield Opened(
            door,
            edge.database_url,
            arsenal,
            _Functions(port),
            lambda: _move(arsenal, edge.url, place),
            lambda: _logged(edge),
            frozenset({EMULATOR}),
        )


def _keys(alg: str) -> KeySet:
    return parse_key_set(key_set_document(alg).encode())


def _subject(url: str) -> str:
    """The id of a user whom the tokens of the table are about."""
    with closing(Database(url)) as database, database.transaction() as session:
        made = create_user(session, email="subject@soak.example", password_hash="", roles=[])
        return str(made.id)


def _arsenal(
    door: Door,
    keys: KeySet,
    forge: Callable[[int], Forge],
    url: str,
    status: StatusReference | None = None,
) -> Arsenal:
    at_edge = door.addressed
    one = forge(0)
    issuer = str(one.claims()["iss"])
    rows = settled_tokens(keys, forge, issuer=issuer, audience=AUDIENCE, alg=one.alg, status=status)
    requests = requests_of("edge" if at_edge else "uvicorn")
    return Arsenal(
        door,
        lambda: forge(int(time.time())),
        rows,
        requests,
        house(url, token_maker(keys, issuer, status)),
    )


def _move(arsenal: Arsenal, url: str, status: StatusReference | None = None) -> None:
    one = arsenal.forge()
    arsenal.house = house(url, token_maker(_keys(one.alg), str(one.claims()["iss"]), status))


@dataclass
class _Functions:
    """The emulator and the processes of its functions, numbered as they come."""

    port: int
    names: dict[int, str] = field(default_factory=dict)

    def __call__(self) -> dict[str, int]:
        (emulator,) = (each for each in psutil.Process().children() if self._is(each))
        for child in emulator.children(recursive=True):
            if child.pid not in self.names and (function := _function_of(child)):
                number = sum(name.startswith(function) for name in self.names.values()) + 1
                self.names[child.pid] = f"{function} {number}"
        living = {child.pid for child in emulator.children(recursive=True)}
        found = {name: pid for pid, name in self.names.items() if pid in living}
        return {EMULATOR: emulator.pid, **found}

    def _is(self, process: psutil.Process) -> bool:
        try:
            return bool(process.environ().get("GATEWAY_PORT") == str(self.port))
        except psutil.Error:
            return False


def _function_of(process: psutil.Process) -> str:
    try:
        return str(process.environ().get(_FUNCTION, ""))
    except psutil.Error:
        return ""


def _logged(edge: Edge) -> Iterator[str]:
    """What the functions logged, as CloudWatch has it."""
    with closing(edge.cloud.client("logs")) as logs:
        for group in logs.describe_log_groups()["logGroups"]:
            asked = {"logGroupName": group["logGroupName"]}
            for page in logs.get_paginator("filter_log_events").paginate(**asked):
                yield "\n".join(json.dumps(event["message"]) for event in page["events"])
