"""The apps taking turns: warm behind uvicorn, and cold under Mangum."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any, Self

from benchmarks.app_field import APPS, PYTHON, App, Work
from benchmarks.app_figures import Effort, OnDatabase, Slice
from benchmarks.app_servers import (
    DRIVERS_CORE,
    LOGINS,
    SERVERS_CORE,
    USERS,
    Server,
    ServerFailed,
    on_core,
    running,
    serving,
)
from benchmarks.field import Contender
from benchmarks.figures import Timing
from benchmarks.functions import cpu_seconds
from benchmarks.material import ROOT
from benchmarks.processes import run_once
from benchmarks.progress import progress

CONNECTIONS = {Work.ME: 16, Work.NOTES: 16, Work.LOGIN: 4}
# A REST API's event. The loop is what Mangum asks for, and newer Pythons do not make unasked.
_ONCE = """
import asyncio
asyncio.set_event_loop(asyncio.new_event_loop())
from {module} import handler
headers = {{"Authorization": "Bearer " + os.environ["TOKEN"]}}
answer = handler(
    {{
        "resource": "/{{proxy+}}",
        "path": "/users/me",
        "httpMethod": "GET",
        "headers": headers,
        "multiValueHeaders": {{name: [value] for name, value in headers.items()}},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "requestContext": {{"stage": "prod", "identity": {{"sourceIp": "192.0.2.1"}}}},
        "body": None,
        "isBase64Encoded": False,
    }},
    None,
)
sys.stderr.write(repr(answer))
sys.stderr.flush()
# Nobody waits for the end of an instance; and a connection of aiosqlite's would not let it end.
os._exit(answer["statusCode"] != 200)
"""


class Driver(AbstractContextManager["Driver"]):
    """The process that asks, on a core of its own, as benchmarks/app_driver.py describes it."""

    def __init__(self) -> None:
        with on_core(DRIVERS_CORE):
            self._process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.app_driver"],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )

    def load(self, port: int, requests: Sequence[str], seconds: float) -> Any:
        """What it saw; ServerFailed where an answer was not a 200."""
        assert self._process.stdin
        assert self._process.stdout
        job = {"port": port, "requests": requests, "seconds": seconds}
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        told = json.loads(self._process.stdout.readline())
        if "failed" in told:
            raise ServerFailed(told["failed"])
        return told

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._process:
            self._process.terminate()


def measure_slice(
    driver: Driver, server: Server, work: Work, seconds: float, number: int = 0
) -> Slice:
    """One app's share of a round; ServerFailed where it did not answer well."""
    users = users_of(work, number)
    requests = [server.request(work, user) for user in users]
    worked = server.cpu_seconds()
    told = driver.load(server.port, requests, seconds)
    cpu = server.cpu_seconds() - worked
    for user, body in zip(users, told["bodies"], strict=True):
        server.check(work, user, body)
    return Slice.of(told, cpu)


def users_of(work: Work, number: int) -> list[int]:
    """Whose connections they are in this round: logins are of others each time."""
    connections = CONNECTIONS[work]
    if work is Work.LOGIN:
        return [USERS + (number * connections + each) % LOGINS for each in range(connections)]
    return [each % USERS for each in range(connections)]


def measure_ceiling(driver: Driver, folder: Path, seconds: float) -> Slice:
    """The driver against a server that does nothing."""
    module = "benchmarks.app_contenders.trivial:app"

    def serve(port: int) -> Sequence[str]:
        return (str(PYTHON), "-m", "uvicorn", module, "--port", str(port), "--no-access-log")

    with (
        on_core(SERVERS_CORE),
        running("trivial", serve, {}, folder) as (port, pid, _),
    ):
        requests = ["GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"] * CONNECTIONS[Work.ME]
        driver.load(port, requests, seconds / 4)
        worked = cpu_seconds(pid)
        return Slice.of(driver.load(port, requests, seconds), cpu_seconds(pid) - worked)


def measure_on(
    name: str, urls: Mapping[str, str], driver: Driver, folder: Path, effort: Effort
) -> OnDatabase:
    """All apps on one kind of database, each on an empty one of its own. `urls` by app."""
    with ExitStack() as stack:
        with on_core(SERVERS_CORE):
            servers = [
                stack.enter_context(serving(app, urls[app.name], folder))
                for app in progressing(f"{name}, starting and filling")
            ]
        rounds = _rounds(name, servers, driver, effort)
        rss = {server.app.name: server.rss() for server in servers}
        cold = _cold(name, servers, urls, effort.cold_runs)
    return OnDatabase(rounds, cold, rss)


def progressing(what: str) -> Sequence[App]:
    """All apps, told on the way."""
    progress(what, 0, len(APPS))
    return APPS


def _rounds(
    name: str, servers: Sequence[Server], driver: Driver, effort: Effort
) -> dict[Work, dict[str, list[Slice]]]:
    rounds: dict[Work, dict[str, list[Slice]]] = {
        work: {server.app.name: [] for server in servers} for work in Work
    }
    for number in range(effort.rounds + 1):
        progress(f"{name}, rounds", number, effort.rounds)
        for work in Work:
            for server in turns(servers, number):
                taken = measure_slice(driver, server, work, effort.seconds[work], number)
                if number:  # the first round warms up
                    rounds[work][server.app.name].append(taken)
    return rounds


def turns(servers: Sequence[Server], number: int) -> Sequence[Server]:
    """There and back again: A B C, then C B A."""
    return servers if number % 2 else servers[::-1]


def cold_command(app: App) -> Contender:
    """A fresh process that answers one `GET /users/me` under Mangum, with TOKEN, and ends."""
    return app.once(_ONCE.format(module=app.module))


def _cold(
    name: str, servers: Sequence[Server], urls: Mapping[str, str], runs: int
) -> dict[str, Timing]:
    """Milliseconds from the start of the interpreter to the first answer."""
    taken: dict[str, list[tuple[float, float]]] = {server.app.name: [] for server in servers}
    for number in range(runs + 1):
        progress(f"{name}, cold", number, runs)
        for server in turns(servers, number):
            app = server.app
            environment = app.environment(urls[app.name]) | {"TOKEN": server.tokens[0]}
            with on_core(SERVERS_CORE):
                wall, cpu = run_once(cold_command(app), environment)
            if number:  # the first run compiles, and fills the caches of the file system
                taken[app.name].append((wall * 1e3, cpu * 1e3))
    return {app_name: Timing.of(times) for app_name, times in taken.items()}
