"""`python -m benchmarks.functions`: what the functions weigh, and what they cost cold and warm.

Writes docs/benchmarks/functions.md. The images are laid out in folders as the Dockerfile makes
them, and run under AWS's runtime client.
"""

import argparse
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import psutil  # type: ignore[import-untyped]

from app.migrate import migrate
from app.settings import Settings
from benchmarks.function_kinds import App, Deploy, Kind, kinds
from benchmarks.function_tables import Cost, Figures, by_memory, measured
from benchmarks.material import ROOT
from benchmarks.progress import progress, progress_ended
from local.postgres import running_postgres
from tests.images.build import ARM64, BARE_PYTHON, PIP, Image, Machine, build
from tests.images.runtime import Function, running

PAGE = ROOT / "docs" / "benchmarks" / "functions.md"
RUNS, WARM, LOGINS = 15, 100, 5
_TEXT = Path(__file__).with_name("functions.md")
_HASH = """
import time
from app.accounts.passwords import PasswordHasher, Verdict
hasher, taken = PasswordHasher(), []
stored = hasher.hash("correct horse battery staple")
for _ in range(20):
    begun = time.process_time()
    assert hasher.compare("correct horse battery staple", stored) is Verdict.FITS
    taken.append(time.process_time() - begun)
print(sorted(taken)[10])
"""
_IMPORT = "import time; began = time.process_time(); import {}; print(time.process_time() - began)"
_CLIENT = ("awslambdaric", "simplejson", "snapshot-restore-py")


class Laid(NamedTuple):
    """An image in a folder, the runtime client beside it, and what both weigh."""

    image: Image
    client: Path
    packages_arm64: int


def cpu_seconds(pid: int) -> float:
    """What a process has worked, in all its threads."""
    if sys.platform == "linux":
        return time.clock_gettime((~pid << 3) | 2)  # what clock_getcpuclockid(3) gives
    used = psutil.Process(pid).cpu_times()
    return float(used.user + used.system)


def peak_bytes(pid: int) -> int:
    """The most memory that a process has had; where the system does not tell, what it has."""
    status = Path(f"/proc/{pid}/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(found[1]) * 1024 if found else int(psutil.Process(pid).memory_info().rss)


def lay_out(target: str, folder: Path, python: str) -> Laid:
    """The image of a target for this Python, and the size of the one for arm64."""
    image = build(target, folder / target, Machine(python))
    with TemporaryDirectory() as other:
        arm64 = build(target, Path(other), Machine(python, ARM64.wheels)).packages_bytes()
    return Laid(image, folder / "client", arm64)


def install_client(folder: Path, python: str) -> None:
    """AWS's runtime client, as the lock of the development has it."""
    lock = (ROOT / "requirements" / "dev.txt").read_text("utf-8")
    entries = re.findall(r"(?m)^\S+==\S.*(?:\n    --hash.*)+", lock)
    chosen = [entry for entry in entries if entry.partition("==")[0] in _CLIENT]
    assert len(chosen) == len(_CLIENT)
    requirements = folder.with_suffix(".txt")
    requirements.write_text("\n".join(chosen))
    words = (
        "install",
        "--quiet",
        "--quiet",
        "--disable-pip-version-check",
        "--require-hashes",
        "--no-deps",
    )
    where = ("--only-binary=:all:", "--target", str(folder), "--requirement", str(requirements))
    subprocess.run([*PIP, "--python", python, *words, *where], check=True)


def measure(kind: Kind, laid: Laid, figures: Figures) -> None:
    """One instance from its start to its end."""
    with TemporaryDirectory() as folder:
        command = [*laid.image.python(laid.client), "-m", "awslambdaric", kind.handler]
        log = Path(folder) / "log"
        begun = time.perf_counter()
        with running(command, laid.image.folder, kind.environment, log) as function:
            function.wait()
            started = Cost(time.perf_counter() - begun, cpu_seconds(function.pid))
            figures.starts.append(started)
            figures.memory.append(int(psutil.Process(function.pid).memory_info().rss))
            figures.firsts.append(measure_request(function, kind))
            figures.warm += [measure_request(function, kind) for _ in range(WARM)]
            if isinstance(kind, App) and not isinstance(kind, Deploy):
                figures.logins += [_logged_in(function, kind) for _ in range(LOGINS)]
            figures.peak.append(peak_bytes(function.pid))


def measure_request(function: Function, kind: Kind) -> Cost:
    """What one request costs; AssertionError where it was not answered well."""
    event = kind.event()
    answer, cost = _costing(function, lambda: function.result(event))
    assert kind.is_right(answer), (answer, function.log())
    return cost


def _logged_in(function: Function, app: App) -> Cost:
    return _costing(function, lambda: app.log_in(function))[1]


def _costing(function: Function, act: Callable[[], Any]) -> tuple[Any, Cost]:
    worked, begun = cpu_seconds(function.pid), time.perf_counter()
    answer = act()
    wall = time.perf_counter() - begun
    return answer, Cost(wall, cpu_seconds(function.pid) - worked)


def _importing(laid: Laid, module: str, times: int) -> float:
    """Seconds of work that a fresh process spends on it."""
    return statistics.median(float(laid.image.run(_IMPORT.format(module))) for _ in range(times))


def _prepared(kind: Kind, laid: Laid) -> Figures:
    """The figures of what stands still; and what has to be there before the first instance."""
    figures = Figures(laid.image.packages_bytes(), laid.packages_arm64, importing=0)
    figures.importing = _importing(laid, kind.handler.rpartition(".")[0], RUNS)
    with TemporaryDirectory() as folder:
        command = [*laid.image.python(laid.client), "-m", "awslambdaric", kind.handler]
        log = Path(folder) / "log"
        with running(command, laid.image.folder, kind.environment, log) as function:
            kind.prepare(function)
    return figures


def _measured(folder: Path, python: str) -> tuple[Mapping[str, Figures], float]:
    """The functions by name, and the seconds of a hash."""
    install_client(folder / "client", python)
    laid = {target: lay_out(target, folder, python) for target in ("authorizer", "app")}
    with running_postgres(folder / "postgres") as url, kinds(url) as all_kinds:
        os.environ["OSTIARY_DATABASE_URL"] = url
        migrate(Settings())
        found = {name: _prepared(kind, laid[kind.target]) for name, kind in all_kinds.items()}
        for number in range(RUNS):
            progress("instances", number, RUNS)
            for name, kind in all_kinds.items():
                measure(kind, laid[kind.target], found[name])
    return found, float(laid["app"].image.run(_HASH))


def main() -> None:
    """Measure, show, and write the page unless it was but a look."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.functions", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a look; writes nothing")
    parser.add_argument("--python", default=BARE_PYTHON, help="what runs them; %(default)s")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="ostiary-") as folder:
        found, hashing = _measured(Path(folder), options.python)
    progress_ended()
    tables = {"measured": measured(found), "by_memory": by_memory(found)}
    for table in tables.values():
        print(f"\n{table.plain()}")
    if not options.quick:
        gaps = {name: table.markdown() for name, table in tables.items()}
        _write(gaps | {"hash": f"{hashing * 1e3:.0f}", "fits": _fits(found)}, options.python)


def _fits(found: Mapping[str, Figures]) -> str:
    """The least of Lambda's sizes, by powers of two, that holds all of it twice."""
    most = 2 * max(size for figures in found.values() for size in figures.peak)
    return str(next(size for size in (128, 256, 512, 1024, 2048) if size * 2**20 >= most))


def _write(gaps: Mapping[str, str], python: str) -> None:
    version = subprocess.run([python, "-V"], capture_output=True, text=True, check=True).stdout
    machine = f"{os.cpu_count()} CPUs, {platform.system()} {platform.machine()}, {version.strip()}"
    page = Template(_TEXT.read_text("utf-8"))
    PAGE.write_text(
        page.substitute(gaps, machine=machine, runs=RUNS, warm=WARM, logins=LOGINS), "utf-8"
    )


if __name__ == "__main__":
    main()
