"""`python -m benchmarks.app`: the app beside FastAPI's own tutorial and fastapi-users.

What is compared, and how, stands on the page that it writes: docs/benchmarks/app.md. The others
run in build/bench-venv, which `make bench` makes.
"""

import argparse
import os
import platform
import re
import sys
from importlib.metadata import version
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory

from benchmarks.app_chart import chart
from benchmarks.app_databases import databases
from benchmarks.app_field import APPS, Database, Work, contenders_installed
from benchmarks.app_figures import Effort, Figures, OnDatabase
from benchmarks.app_measure import CONNECTIONS, Driver, measure_ceiling, measure_on
from benchmarks.app_tables import (
    cold_table,
    crowds_table,
    goals_table,
    rss_table,
    work_table,
)
from benchmarks.material import ROOT
from benchmarks.progress import progress_ended
from benchmarks.tables import Table
from benchmarks.under_logins import crowds

PAGE = ROOT / "docs" / "benchmarks" / "app.md"
FULL = Effort(rounds=10, seconds={Work.ME: 1.5, Work.NOTES: 1.5, Work.LOGIN: 3.0}, cold_runs=15)
QUICK = Effort(2, {Work.ME: 0.7, Work.NOTES: 0.7, Work.LOGIN: 1.0}, cold_runs=3, quick=True)
CEILING_SECONDS = 2.0
_TEXT = Path(__file__).with_name("app.md")
_ALL_HAVE = ("fastapi", "starlette", "uvicorn", "sqlalchemy", "pydantic", "psycopg")
_OTHERS_HAVE = ("fastapi-users", "pyjwt", "pwdlib", "aiosqlite", "asyncpg")


def main() -> None:
    """Measure, show, and write the page unless it was but a look."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.app", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="a look in two minutes; writes no page"
    )
    parser.add_argument("--output", type=Path, help="the file to write the page to")
    options = parser.parse_args()
    if options.quick and options.output and options.output.resolve() == PAGE.resolve():
        parser.error(f"{PAGE.name} is of whole runs; name another file, or leave out --quick")
    if not contenders_installed():
        sys.exit("The others are not installed. `make bench` installs them, and runs this.")
    figures = run(QUICK if options.quick else FULL)
    for table in _tables(figures).values():
        print(f"\n{table.plain()}")
    page = options.output or (None if options.quick else PAGE)
    if page:
        write(figures, page)


def run(effort: Effort) -> Figures:
    """Everything, on databases in a folder that is gone afterwards."""
    with (
        TemporaryDirectory(prefix="ostiary-") as name,
        databases(folder := Path(name)) as make,
        Driver() as driver,
    ):
        ceiling = measure_ceiling(driver, folder, CEILING_SECONDS)
        found: dict[Database, OnDatabase] = {}
        for kind in Database:
            urls = {app.name: make(kind, f"{app.name}, {kind.value}") for app in APPS}
            found[kind] = measure_on(kind.value, urls, driver, folder, effort)
        bursts = tuple(crowds(make, folder, quick=effort.quick))
    progress_ended()
    return Figures(effort, _machine(), ceiling, found, bursts)


def write(figures: Figures, page: Path) -> None:
    """The page, and its chart beside it."""
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(render(figures), "utf-8")
    page.with_suffix(".svg").write_text(chart(figures), "utf-8")


def render(figures: Figures) -> str:
    """The page in Markdown."""
    effort, ceiling = figures.effort, figures.ceiling
    return Template(_TEXT.read_text("utf-8")).substitute(
        {name: table.markdown() for name, table in _tables(figures).items()},
        machine=figures.machine,
        rounds=effort.rounds,
        reading=effort.seconds[Work.ME],
        login=effort.seconds[Work.LOGIN],
        cold_runs=effort.cold_runs,
        connections=CONNECTIONS[Work.ME],
        logins=CONNECTIONS[Work.LOGIN],
        ceiling=f"{ceiling.rate:,.0f}",
        asking=f"{ceiling.driver_cpu / ceiling.requests * 1e6:.0f}",
        could=f"{ceiling.requests / ceiling.driver_cpu:,.0f}",
    )


def _tables(figures: Figures) -> dict[str, Table]:
    """By the name of the page's gap."""
    return {
        "goals": goals_table(figures),
        **{
            kind.name.lower(): work_table(kind.value, found)
            for kind, found in figures.found.items()
        },
        "cold": cold_table(figures),
        "rss": rss_table(figures),
        "crowds": crowds_table(figures.crowds),
    }


def _machine() -> str:
    lock = (ROOT / "requirements" / "bench.txt").read_text("utf-8")
    pins = dict(re.findall(r"(?m)^([a-z0-9-]+)==(\S+)", lock))
    named = {
        "CPUs": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}",
        platform.python_implementation(): platform.python_version(),
        **{name: version(name) for name in _ALL_HAVE},
        **{name: pins[name] for name in _OTHERS_HAVE},
    }
    return ", ".join(f"{what} {which}" for what, which in named.items())


if __name__ == "__main__":
    main()
