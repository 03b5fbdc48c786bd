"""What the soak found: verdicts, latencies, memory, as tables and as goals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.app_figures import percentile
from benchmarks.soak_watch import Sample, slope
from benchmarks.soak_world import Result
from benchmarks.tables import Table

MOST_MB_A_MINUTE = 1.0
MOST_FILES = 16  # more open at the end than after the warm-up; connections come and go
# Of the time, in which caches and pools fill: an instance that only helps out has its first login,
# and with it the memory of a hash, minutes later than the others.
WARM_UP = 0.5
STEPS = 60  # of the chart


@dataclass(frozen=True)
class Found:
    """One door's soak. `hostile`: names of kinds. `emulator`: processes that none is asked of.

    `load`: how many processes the machine had to run, before and at the end, a minute's average.
    """

    door: str
    rate: float
    seconds: float
    results: Sequence[Result]
    processes: Mapping[str, Sequence[Sample]]
    hostile: frozenset[str]
    logged: int
    told: Sequence[str]
    secrets: int
    load: tuple[float, float]
    emulator: frozenset[str] = field(default=frozenset())

    @property
    def wrong(self) -> list[Result]:
        return [result for result in self.results if result.wrong]

    @property
    def failures(self) -> int:
        """Answers of 5xx, and requests without one."""
        return sum(result.status >= 500 or not result.status for result in self.results)

    def warm(self, name: str) -> list[Sample]:
        """A process after the warm-up."""
        return [sample for sample in self.processes[name] if sample.at >= WARM_UP * self.seconds]

    def grown(self, name: str) -> float:
        """Megabytes a minute after the warm-up."""
        return slope(self.warm(name))

    def files_grown(self, name: str) -> int:
        """How many more files a process holds in the last tenth than in the first, at the least."""
        files = [sample.files for sample in self.warm(name)]
        tenth = max(1, len(files) // 10)
        return min(files[-tenth:]) - min(files[:tenth]) if files else 0

    def lasting(self) -> list[str]:
        """The processes that lived for at least half the time after the warm-up."""
        least = (1 - WARM_UP) * self.seconds / 2
        held = {name: self.warm(name) for name in self.processes}
        return [name for name, seen in held.items() if seen and seen[-1].at - seen[0].at >= least]

    def judged(self) -> list[str]:
        """Of those, the ones that are ours."""
        return [name for name in self.lasting() if name not in self.emulator]


def kinds_table(found: Found) -> Table:
    """Each kind: how many, how long, how many wrong; the hostile ones behind."""
    by_kind: dict[str, list[Result]] = {}
    for result in found.results:
        by_kind.setdefault(result.kind, []).append(result)
    ordered = sorted(by_kind, key=lambda kind: (kind in found.hostile, kind))
    rows = [_row(kind, by_kind[kind]) for kind in ordered]
    rows.append(_row("all", list(found.results)))
    columns = ("", "requests", "statuses", "p50, ms", "p99, ms", "wrong")
    return Table(f"{found.door}: {found.rate:g} requests a second", columns, rows)


def _row(kind: str, results: Sequence[Result]) -> tuple[str, ...]:
    took = [result.took * 1000 for result in results]
    statuses = " ".join(map(str, sorted({result.status for result in results})))
    wrong = sum(bool(result.wrong) for result in results)
    low, high = (f"{percentile(took, percent):.1f}" for percent in (50, 99))
    return kind, f"{len(results):,}", statuses, low, high, str(wrong)


def memory_table(found: Found) -> Table:
    """Each process: what it held, and whether that grew."""
    rows = []
    for name in found.lasting():
        held = found.warm(name)
        rows.append(
            (
                name,
                f"{held[0].megabytes:.1f}",
                f"{held[-1].megabytes:.1f}",
                f"{found.grown(name):+.2f}",
                f"{held[0].files} to {held[-1].files}",
            )
        )
    columns = ("", "MB when warm", "at the end", "MB a minute", "open files")
    others = len(found.processes) - len(rows)
    return Table(f"Processes ({others} others lived shorter)", columns, rows)


def goals_table(found: Found) -> Table:
    """What was asked, and what was seen."""
    ours = found.judged()
    grown = max((found.grown(name) for name in ours), default=0.0)
    files = max((found.files_grown(name) for name in ours), default=0)
    rows = [
        ("0 answers of 5xx, or none", str(found.failures), not found.failures),
        ("0 wrong verdicts", str(len(found.wrong)), not found.wrong),
        ("memory ≤ 1 MB a minute", f"{grown:+.2f}", grown <= MOST_MB_A_MINUTE),
        ("open files do not grow", f"{files:+d}", files <= MOST_FILES),
        (
            "0 tokens, passwords or secrets logged",
            f"{len(found.told)} of {found.secrets:,} in {found.logged:,} lines",
            not found.told,
        ),
    ]
    written = [(asked, seen, "met" if met else "not met") for asked, seen, met in rows]
    return Table(found.door, ("asked", "seen", ""), written)


def in_steps(found: Found) -> list[tuple[float, float, float]]:
    """Second, p50 and p99 in ms, step by step."""
    width = found.seconds / STEPS
    steps: dict[int, list[float]] = {}
    for result in found.results:
        steps.setdefault(int(result.due / width), []).append(result.took * 1000)
    return [
        ((step + 0.5) * width, percentile(took, 50), percentile(took, 99))
        for step, took in sorted(steps.items())
    ]
