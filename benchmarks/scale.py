"""`python -m benchmarks.scale`: what each route asks of its database, and whether it has an index,
from a thousand users, sessions and notes to a million.

Writes docs/benchmarks/scale.md and its chart. Both databases, every route of the app.
"""

import argparse
import os
import platform
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory

from sqlalchemy import make_url

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Starlette would have another client below its own
    from benchmarks.scale_house import autocommit, house
from benchmarks.material import ROOT
from benchmarks.progress import progress_ended
from benchmarks.scale_chart import chart
from benchmarks.scale_measure import EXPORTED, HASHING, ROUNDS, Measured, measure
from benchmarks.scale_meter import Meter, metered
from benchmarks.scale_tables import (
    faults,
    filters_table,
    latency_table,
    plans_table,
    sizes_table,
    work_table,
)
from local.postgres import running_postgres

PAGE = ROOT / "docs" / "benchmarks" / "scale.md"
SIZES = (1_000, 10_000, 100_000, 1_000_000)
POSTGRESQL, SQLITE = "PostgreSQL", "SQLite"
_TEXT = Path(__file__).with_name("scale.md")
Found = dict[str, list[Measured]]


def measured(url: str, rows: int, meter: Meter, rounds: int = ROUNDS) -> Measured:
    """What is found on an empty database, once it has so many rows."""
    begun = time.perf_counter()
    with house(url, rows, meter) as filled:
        return measure(filled, time.perf_counter() - begun, rounds)


def on_sqlite(folder: Path, rows: int, meter: Meter, rounds: int = ROUNDS) -> Measured:
    """The same on a file of its own, which is deleted after."""
    file = folder / f"{rows}.db"
    found = measured(f"sqlite:///{file}", rows, meter, rounds)
    for each in folder.glob(f"{file.name}*"):
        each.unlink()
    return found


def on_postgresql(server: str, rows: int, meter: Meter, rounds: int = ROUNDS) -> Measured:
    """The same in a database of its own."""
    with _database(server, f"scale_{rows}") as url:
        return measured(url, rows, meter, rounds)


@contextmanager
def _database(server: str, name: str) -> Iterator[str]:
    with autocommit(server) as engine, engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


def _all(folder: Path, sizes: Sequence[int], rounds: int) -> tuple[Found, str]:
    """Both databases, and PostgreSQL's version."""
    with running_postgres(folder / "postgres") as server, metered() as meter:
        _tune(server)
        ways: Mapping[str, Callable[[int], Measured]] = {
            POSTGRESQL: lambda rows: on_postgresql(server, rows, meter, rounds),
            SQLITE: lambda rows: on_sqlite(folder, rows, meter, rounds),
        }
        found = {name: [way(rows) for rows in sizes] for name, way in ways.items()}
        with autocommit(server) as engine, engine.connect() as connection:
            version = connection.exec_driver_sql("SHOW server_version").scalar_one()
    return found, version


def _tune(server: str) -> None:
    """Nothing waits for the disk, and no work of the server's own choosing comes between."""
    with autocommit(server) as engine, engine.connect() as connection:
        for setting in ("fsync = off", "max_wal_size = '8GB'", "autovacuum = off"):
            connection.exec_driver_sql(f"ALTER SYSTEM SET {setting}")
        connection.exec_driver_sql("SELECT pg_reload_conf()")


def main() -> None:
    """Measure, show, and write the page unless it was but a look."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a look; writes nothing")
    quick = parser.parse_args().quick
    sizes, rounds = (SIZES[:2], 10) if quick else (SIZES, ROUNDS)
    begun = time.perf_counter()
    with TemporaryDirectory(prefix="ostiary-") as folder:
        found, version = _all(Path(folder), sizes, rounds)
    progress_ended()
    seconds = time.perf_counter() - begun
    for name, series in found.items():
        print(f"\n{latency_table(name, series).plain()}\n\n{filters_table(name, series).plain()}")
        print("\n".join(faults(series[-1])))
    print(f"\nin {seconds:.0f} s")
    if not quick:
        write(found, {"postgres": version, "seconds": f"{seconds:.0f}"})


def write(found: Found, gaps: Mapping[str, str]) -> None:
    """The page and its chart."""
    machine = f"{os.cpu_count()} CPUs, {platform.system()} {platform.machine()}, "
    machine += f"{platform.python_implementation()} {platform.python_version()}"
    parts = {"machine": machine, "rounds": str(ROUNDS), "hashing": str(HASHING)}
    parts |= {"exported": f"{EXPORTED:,}", "silent": _words(found[POSTGRESQL][-1].silent)}
    for name, series in found.items():
        key, largest = name.lower(), series[-1]
        parts[key] = latency_table(name, series).markdown()
        parts[f"{key}_filters"] = filters_table(name, series).markdown()
        parts[f"{key}_export"] = " · ".join(f"{each.export * 1e3:.0f}" for each in series)
        parts[f"{key}_filled"] = f"{largest.filled:.0f}"
        parts[f"{key}_faults"] = "\n".join(f"- {fault}" for fault in faults(largest)) or "None."
    parts["work"] = work_table(found[POSTGRESQL][-1], found[SQLITE][-1]).markdown()
    parts["plans"] = plans_table(found[POSTGRESQL][-1], found[SQLITE][-1]).markdown()
    parts["sizes"] = sizes_table(found[POSTGRESQL][-1], found[SQLITE][-1]).markdown()
    page = Template(_TEXT.read_text("utf-8"))
    PAGE.write_text(page.substitute(parts | dict(gaps)), "utf-8")
    PAGE.with_suffix(".svg").write_text(chart(found), "utf-8")


def _words(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    main()
