"""`python -m benchmarks.under_logins`: what 200 logins at once do to memory and to other routes.

Ostiary on both databases; then without hashing slots and with passlib's own parameters for argon2,
so that one sees what they are for. Shown here, and on the page that benchmarks/app.py writes.
"""

import asyncio
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from passlib.context import CryptContext

from benchmarks.app_databases import Make, databases
from benchmarks.app_driver import HOST, Answer, LoadFailed, answer_in
from benchmarks.app_field import OURS, Database, Work
from benchmarks.app_figures import Crowd
from benchmarks.app_servers import (
    PASSWORD,
    USERS,
    Server,
    fill_ours,
    running,
    serving,
)
from benchmarks.app_tables import crowds_table
from benchmarks.material import ROOT
from benchmarks.progress import progress, progress_ended

AT_ONCE = 200
CROWD = range(USERS, USERS + AT_ONCE)
ASKERS = 2  # of each other route, each with a pause after every answer
PAUSE_SECONDS = 0.005
SAMPLE_SECONDS = 0.01
PATIENCE_SECONDS = 120
WITHOUT = "without slots, passlib's parameters, SQLite"
_MIB = 2**20


@dataclass
class _Seen:
    """Of one burst, in seconds and bytes."""

    logins: list[tuple[int, float]] = field(default_factory=list)
    others: dict[str, list[float]] = field(default_factory=dict)
    most: int = 0


def crowds(make: Make, folder: Path, *, quick: bool = False) -> Iterator[Crowd]:
    """The bursts, one after the other, each on a server of its own; the last takes half a minute.

    `quick` leaves it out.
    """
    for kind in Database:
        progress(f"{AT_ONCE} logins, {kind.value}", 0, 1)
        with serving(OURS, make(kind, "crowd"), folder, CROWD.stop) as server:
            yield asyncio.run(burst(f"Ostiary, {kind.value}", server))
    if quick:
        return
    progress(f"{AT_ONCE} logins, {WITHOUT}", 0, 1)
    with _without_slots(make(Database.SQLITE, "without"), folder) as server:
        yield asyncio.run(burst(WITHOUT, server))


@contextmanager
def _without_slots(url: str, folder: Path) -> Iterator[Server]:
    environment = OURS.environment(url)
    subprocess.run(
        [sys.executable, "-m", "app.cli", "migrate"],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
    )
    # A hash of other parameters would be made anew at the login.
    fill_ours(url, CROWD.stop, CryptContext(schemes=["argon2"]).hash(PASSWORD))
    module = "benchmarks.app_contenders.without_slots:app"

    def serve(port: int) -> Sequence[str]:
        return (sys.executable, "-m", "uvicorn", module, "--port", str(port))

    with running("without", serve, environment, folder) as (port, pid, log):
        server = Server(OURS, port, pid, log)
        server.begin(1)
        yield server


async def burst(name: str, server: Server, users: Sequence[int] = CROWD) -> Crowd:
    """These users log in at once, each on a connection of its own.

    LoadFailed where another route was not answered 200 meanwhile, or 503 where there are no slots.
    """
    seen = _Seen()
    watchers = [asyncio.create_task(_sample(server, seen))] + [
        asyncio.create_task(_keep_asking(name, server, route, seen))
        for route in (server.app.me, "/health")
        for _ in range(ASKERS)
    ]
    wires = [await asyncio.open_connection(HOST, server.port) for _ in users]
    requests = [server.request(Work.LOGIN, user) for user in users]
    logins = (_log_in(wire, text, seen) for wire, text in zip(wires, requests, strict=True))
    await asyncio.wait_for(asyncio.gather(*logins), PATIENCE_SECONDS)
    for watcher in watchers:
        watcher.cancel()
    for stopped in await asyncio.gather(*watchers, return_exceptions=True):
        if not isinstance(stopped, asyncio.CancelledError):
            raise LoadFailed(f"a watcher stopped: {stopped!r}")
    return Crowd(
        name,
        Counter(status for status, _ in seen.logins),
        max(taken for _, taken in seen.logins) * 1e3,
        (seen.most - server.born) / _MIB,
        {route: [taken * 1e3 for taken in times] for route, times in seen.others.items()},
    )


Wire = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _log_in(wire: Wire, request: str, seen: _Seen) -> None:
    begun = time.perf_counter()
    answer = await _answer(wire, request)
    seen.logins.append((answer.status, time.perf_counter() - begun))
    await _hang_up(wire)


async def _keep_asking(name: str, server: Server, route: str, seen: _Seen) -> None:
    wire = await asyncio.open_connection(HOST, server.port)
    request = server.request(Work.ME, 0).replace(f"GET {server.app.me} ", f"GET {route} ")
    times = seen.others.setdefault(route, [])
    try:
        while True:
            begun = time.perf_counter()
            answer = await _answer(wire, request)
            times.append(time.perf_counter() - begun)
            # Without slots a route may be told that its turn did not come; with them it must.
            if answer.status not in ((200, 503) if name == WITHOUT else (200,)):
                raise LoadFailed(f"{route}: {answer.status} {answer.body[:300]!r}")
            await asyncio.sleep(PAUSE_SECONDS)
    finally:
        await _hang_up(wire)


async def _hang_up(wire: Wire) -> None:
    wire[1].close()
    await wire[1].wait_closed()


async def _answer(wire: Wire, request: str) -> Answer:
    reader, writer = wire
    writer.write(request.encode("ascii"))
    received = b""
    while (answer := answer_in(received)) is None:
        chunk = await reader.read(1 << 16)
        if not chunk:
            raise LoadFailed(f"the server hung up after {received[:200]!r}")
        received += chunk
    return answer


async def _sample(server: Server, seen: _Seen) -> None:
    while True:
        seen.most = max(seen.most, server.rss())
        await asyncio.sleep(SAMPLE_SECONDS)


def main() -> None:
    """Measure and show."""
    with TemporaryDirectory(prefix="ostiary-") as name, databases(Path(name)) as make:
        found = list(crowds(make, Path(name)))
    progress_ended()
    print(f"\n{crowds_table(found).plain()}")


if __name__ == "__main__":
    main()
