"""`python -m benchmarks.soak`: ten minutes of good and hostile traffic on a schedule.

Through uvicorn and through the deployed edge, each on PostgreSQL. Every answer is judged; memory
and open files are watched, and what was logged is searched for all secrets that were sent or came.
Writes docs/benchmarks/soak.md; the figures of a door that had no turn are those of its last one.
"""

import argparse
import asyncio
import os
import pickle
import random
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory

from benchmarks.machine import describe
from benchmarks.material import ROOT
from benchmarks.progress import progress_ended
from benchmarks.soak_chart import chart
from benchmarks.soak_doors import Opened, opened_edge, opened_uvicorn
from benchmarks.soak_figures import Found, goals_table, kinds_table, memory_table
from benchmarks.soak_good import GOOD
from benchmarks.soak_load import Load
from benchmarks.soak_people import settled
from benchmarks.soak_watch import Watch, told
from benchmarks.soak_world import World
from benchmarks.tables import Table
from local.edge import stopped_by_signals

PAGE = ROOT / "docs" / "benchmarks" / "soak.md"
KEPT = ROOT / "build" / "soak"
SEED = 24
# For each token that it refuses, the emulator ends the authorizer's process and starts another.
RATES = {"uvicorn": 50.0, "edge": 20.0}
MOVE_SECONDS = 240  # less than the life of the tokens that the hostile requests carry
QUICK_SECONDS = 30.0
SHOWN = 20
_TEXT = Path(__file__).with_name("soak.md")
Open = Callable[[Path], AbstractContextManager[Opened]]
DOORS: dict[str, Open] = {"uvicorn": opened_uvicorn, "edge": opened_edge}


def soak(name: str, rate: float, seconds: float, size: float = 1.0) -> Found:
    """One door's. `size` of the crowd, as a share of the whole."""
    with (
        TemporaryDirectory(prefix="ostiary-") as folder,
        DOORS[name](Path(folder) / "soak" if name == "edge" else Path(folder)) as opened,
    ):
        chance = random.Random(SEED)  # noqa: S311 - a run that can be repeated
        world = World(settled(opened.database_url, chance, size), chance)
        world.keep_secret(*opened.arsenal.tokens_of_house())
        watch, before = Watch(opened.processes), os.getloadavg()[0]
        asyncio.run(_under(opened, world, watch, rate, seconds))
        progress_ended()
        load = before, os.getloadavg()[0]
        return _found(opened, world, watch, rate, seconds, load)


async def _under(opened: Opened, world: World, watch: Watch, rate: float, seconds: float) -> None:
    load = Load(opened.door, world, (*GOOD, *opened.arsenal.kinds()))
    await load.log_everybody_in()
    await load.warm()
    beside = [asyncio.create_task(watch.run()), asyncio.create_task(_moving(opened, world))]
    await load.run(rate, seconds)
    for task in beside:
        task.cancel()
    for ended in await asyncio.gather(*beside, return_exceptions=True):
        if not isinstance(ended, asyncio.CancelledError):
            raise RuntimeError("the soak lost what runs beside it") from ended


async def _moving(opened: Opened, world: World) -> None:
    while True:
        await asyncio.sleep(MOVE_SECONDS)
        await asyncio.to_thread(opened.move)
        world.keep_secret(*opened.arsenal.tokens_of_house())


def _found(
    opened: Opened,
    world: World,
    watch: Watch,
    rate: float,
    seconds: float,
    load: tuple[float, float],
) -> Found:
    parts = list(opened.logs())
    return Found(
        opened.door.name,
        rate,
        seconds,
        tuple(world.results),
        watch.seen,
        frozenset(kind.name for kind in opened.arsenal.kinds()),
        sum(part.count("\n") for part in parts),
        tuple(found for part in parts for found in told(part, world.secrets)),
        len(world.secrets),
        load,
        opened.emulator,
    )


def show(found: Found) -> None:
    """The tables, and the first of the wrong verdicts."""
    for table in (kinds_table(found), memory_table(found), goals_table(found)):
        print(f"\n{table.plain()}")
    for result in found.wrong[:SHOWN]:
        print(f"  at {result.due:.1f} s, {result.kind}: {result.wrong}")
    for kind in sorted(set(found.told)):
        print(f"  logged: {kind}")


def write(page: Path, found: Sequence[Found], machine: str) -> None:
    """The page and its chart."""
    gaps = {
        "machine": machine,
        "seed": str(SEED),
        "goals": _sections(found, goals_table),
        "kinds": _sections(found, kinds_table),
        "memory": _sections(found, memory_table),
    }
    page.write_text(Template(_TEXT.read_text("utf-8")).substitute(gaps), "utf-8")
    page.with_suffix(".svg").write_text(chart(found), "utf-8")


def _sections(found: Sequence[Found], table: Callable[[Found], Table]) -> str:
    return "\n\n".join(f"{_title(each)}\n\n{table(each).markdown()}" for each in found)


def _title(found: Found) -> str:
    way = {"uvicorn": "Through uvicorn", "edge": "Through the deployed edge"}[found.door]
    before, after = found.load
    return (
        f"{way}, {found.seconds / 60:g} minutes, {found.rate:g} requests a second, at a load "
        f"average of {before:.1f} before and {after:.1f} at the end:"
    )


def main() -> None:
    """Measure, show, and write the page of both doors; exit 1 where a goal was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--door", choices=DOORS, help="one alone; by default both in turn")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=float, help="requests a second; by default 50, edge: 20")
    parser.add_argument("--quick", action="store_true", help="half a minute; writes nothing")
    options = parser.parse_args()
    seconds = QUICK_SECONDS if options.quick else options.minutes * 60
    found = []
    with stopped_by_signals():
        for door in [options.door] if options.door else DOORS:
            rate = options.rate or RATES[door]
            found.append(soak(door, rate, seconds, 0.3 if options.quick else 1.0))
            show(found[-1])
    if not options.quick:
        _keep(found)
    if any(row[-1] == "not met" for each in found for row in goals_table(each).rows):
        sys.exit(1)


def _keep(found: Sequence[Found]) -> None:
    """Each door's figures, and the page of all that are there."""
    KEPT.mkdir(parents=True, exist_ok=True)
    for each in found:
        (KEPT / f"{each.door}.pickle").write_bytes(pickle.dumps(each))
    kept = [KEPT / f"{door}.pickle" for door in DOORS]
    doors = [pickle.loads(path.read_bytes()) for path in kept if path.exists()]  # noqa: S301 - ours
    machine = ", ".join(f"{name} {value}" for name, value in describe(None).items())
    write(PAGE, doors, machine)


if __name__ == "__main__":
    main()
