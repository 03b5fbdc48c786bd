"""`python -m benchmarks.status_lists`: what a list of a million sessions weighs and costs.

Writes docs/benchmarks/status-lists.md: built from the rows of a PostgreSQL, packed, signed,
verified, and asked about one session, with more and more of the sessions ended.
"""

import argparse
import json
import os
import platform
import random
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text

from app.clock import Clock
from app.database import Database
from app.migrate import migrate
from app.sessions.access_tokens import AccessTokens
from app.sessions.status_lists import PublishedLists
from app.settings import Settings
from app.tokens.generate import generate_key
from app.tokens.issue import Issuer
from app.tokens.jwk import parse_key_set
from app.tokens.status_list import StatusListVerifier, pack
from benchmarks.material import AUDIENCE, ISSUER, ROOT
from benchmarks.progress import progress, progress_ended
from benchmarks.tables import Table
from local.postgres import running_postgres

PAGE = ROOT / "docs" / "benchmarks" / "status-lists.md"
PLACES = 1_000_000
SHARES = (0.001, 0.01, 0.1, 0.5)
SESSIONS = 100_000  # in the same list and going on, while 1 % of the places have ended
ROUNDS, CHECKS = 20, 100_000
LIST = UUID("0b8f3f3e-5a5d-4c58-9d0e-6f6f2f0b7c11")
_TEXT = Path(__file__).with_name("status_lists.md")
_SEED = 5


class Weight(NamedTuple):
    """What a list with so many of its sessions ended weighs in bytes, and costs in seconds."""

    share: float
    raw: int
    packed: int
    signed: int
    packing: float
    verifying: float
    check: float

    def row(self) -> tuple[str, ...]:
        """The cells of a table."""
        return (
            f"{self.share:.1%}",
            *(f"{size:,}" for size in (self.raw, self.packed, self.signed)),
            f"{self.packing * 1e3:.1f}",
            f"{self.verifying * 1e3:.2f}",
            f"{self.check * 1e6:.2f}",
        )


def ended_places(share: float) -> Sequence[int]:
    """As many places as that share of all, the same at each run."""
    return random.Random(_SEED).sample(range(PLACES), round(PLACES * share))  # noqa: S311


def raw_of(places: Sequence[int]) -> bytes:
    """A bit for each place, set for these."""
    raw = bytearray(PLACES // 8)
    for idx in places:
        raw[idx >> 3] |= 1 << (idx & 7)
    return bytes(raw)


def weigh(share: float, rounds: int) -> Weight:
    """A list signed by RS256, as an authorizer takes it; medians."""
    keys = parse_key_set(json.dumps({"keys": [generate_key("RS256")]}).encode())
    issuer = Issuer(keys, issuer=ISSUER, audience=AUDIENCE, lifetime=600)
    verifier = StatusListVerifier(keys.verifying(), issuer=ISSUER)
    raw, uri = raw_of(ended_places(share)), f"{ISSUER}/status-lists/{LIST}"
    token = issuer.sign_status_list(uri=uri, raw=raw)
    found = verifier.verify(token, uri)
    assert found.raw == raw
    asked = [random.Random(_SEED).randrange(PLACES) for _ in range(CHECKS)]  # noqa: S311
    begun = time.perf_counter()
    for idx in asked:
        found.is_ended(idx)
    check = (time.perf_counter() - begun) / CHECKS
    return Weight(
        share,
        len(raw),
        len(pack(raw)),
        len(token),
        _median(lambda: pack(raw), rounds),
        _median(lambda: verifier.verify(token, uri), rounds),
        check,
    )


def _median(act: Callable[[], object], rounds: int) -> float:
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        act()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def building(rounds: int) -> Table:
    """Milliseconds from the rows of a PostgreSQL to the signed list, and to the same one kept."""
    with (
        TemporaryDirectory(prefix="ostiary-") as folder,
        running_postgres(Path(folder) / "postgres") as url,
    ):
        os.environ["OSTIARY_DATABASE_URL"] = url
        migrate(Settings())
        database = Database(url)
        rows = [_built(database, share, rounds) for share in SHARES]
        database.close()
    columns = ("ended", "rows", "built, packed and signed, ms", "read, and as signed before, ms")
    return Table("From the rows of a PostgreSQL", columns, rows)


def _built(database: Database, share: float, rounds: int) -> tuple[str, ...]:
    progress("building", SHARES.index(share), len(SHARES))
    places = ended_places(share)
    _fill(database, places)
    keys = parse_key_set(json.dumps({"keys": [generate_key("RS256")]}).encode())
    issuer = Issuer(keys, issuer=ISSUER, audience=AUDIENCE, lifetime=600)
    tokens, clock = AccessTokens(issuer, Clock()), Clock()

    def anew() -> PublishedLists:
        lists = PublishedLists(database, tokens, keys, clock)
        lists.read(LIST)
        return lists

    whole, lists = _median(anew, rounds), anew()
    again = _median(lambda: lists.read(LIST), rounds)
    return (
        f"{share:.1%}", f"{len(places) + SESSIONS:,}", f"{whole * 1e3:.0f}", f"{again * 1e3:.0f}"
    )  # fmt: skip


def _fill(database: Database, places: Sequence[int]) -> None:
    """These places ended, and SESSIONS others of the same list going on."""
    taken = set(places)
    living = [idx for idx in range(PLACES) if idx not in taken][:SESSIONS]
    with database.engine.begin() as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("TRUNCATE sessions, status_lists CASCADE"))
        connection.execute(
            text("INSERT INTO status_lists VALUES (:id, '', :size, :size, now(), now())"),
            {"id": LIST, "size": PLACES},
        )
        for some, ended in ((list(places), "now()"), (living, "NULL")):
            connection.execute(text(_INSERT.format(ended=ended)), {"list": LIST, "some": some})
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("VACUUM ANALYZE sessions"))
        connection.invalidate()  # its settings are not for whoever comes next


_INSERT = (
    "INSERT INTO sessions (id, client_id, scope, status_list_id, status_index, created_at, "
    "last_used_at, expires_at, ended_at) SELECT gen_random_uuid(), 'ostiary', 'notes:read', "
    ":list, idx, now(), now(), now(), {ended} FROM unnest(CAST(:some AS integer[])) AS idx"
)


def main() -> None:
    """Measure, show, and write the page unless it was but a look."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.status_lists", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a look; writes nothing")
    quick = parser.parse_args().quick
    rounds = 3 if quick else ROUNDS
    columns = (
        "ended",
        "raw, bytes",
        "packed",
        "signed",
        "packing, ms",
        "verifying, ms",
        "check, µs",
    )
    weights = Table(f"{PLACES:,} places", columns, [weigh(one, rounds).row() for one in SHARES])
    found = {"weights": weights, "building": building(rounds)}
    progress_ended()
    for part in found.values():
        print(f"\n{part.plain()}")
    if not quick:
        _write({name: part.markdown() for name, part in found.items()})


def _write(gaps: dict[str, Any]) -> None:
    machine = f"{os.cpu_count()} CPUs, {platform.system()} {platform.machine()}, "
    machine += f"{platform.python_implementation()} {platform.python_version()}"
    page = Template(_TEXT.read_text("utf-8"))
    PAGE.write_text(
        page.substitute(gaps, machine=machine, rounds=ROUNDS, sessions=f"{SESSIONS:,}"), "utf-8"
    )


if __name__ == "__main__":
    main()
