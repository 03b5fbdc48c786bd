"""What was measured of the functions, and what Lambda's share of a core makes of it."""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.tables import ABSENT, Table

# A function of this memory has one core, and a smaller one its part of it.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
ONE_CORE_MB = 1769
MEMORIES = (512, 1024, ONE_CORE_MB)


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock, and of a core's work in them."""

    wall: float
    cpu: float

    def at(self, memory: int) -> float:
        """Seconds that the work alone takes with so many MB, at most those of one core."""
        return self.cpu * ONE_CORE_MB / memory


@dataclass
class Figures:
    """Of one function; sizes in bytes, `importing` in seconds of a core's work."""

    packages: int
    packages_arm64: int
    importing: float
    starts: list[Cost] = field(default_factory=list)
    firsts: list[Cost] = field(default_factory=list)
    warm: list[Cost] = field(default_factory=list)
    logins: list[Cost] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    peak: list[int] = field(default_factory=list)


def median(costs: Sequence[Cost]) -> Cost:
    """Of the clock and of the work, each for itself."""
    return Cost(
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.cpu for cost in costs),
    )


def measured(found: Mapping[str, Figures]) -> Table:
    """The functions side by side."""
    rows: Mapping[str, Callable[[Figures], str]] = {
        "packages, MB": lambda f: f"{f.packages / 1e6:.1f}",
        "packages on arm64, MB": lambda f: f"{f.packages_arm64 / 1e6:.1f}",
        "import of the handler, ms": lambda f: _ms(f.importing),
        "start, ms": lambda f: _both(f.starts),
        "first request, ms": lambda f: _both(f.firsts),
        "warm request, ms": lambda f: _both(f.warm),
        "a login, ms": lambda f: _both(f.logins),
        "memory after the start, MB": lambda f: _mb(f.memory),
        "memory at the most, MB": lambda f: _mb(f.peak),
    }
    cells = [(name, *(cell(figures) for figures in found.values())) for name, cell in rows.items()]
    return Table("Measured; in brackets a core's work", ("", *found), cells)


def by_memory(found: Mapping[str, Figures]) -> Table:
    """Milliseconds of work, and GB-seconds of a million, for some sizes of memory: arithmetic."""
    rows = [
        _stretched(f"{name}: {what}", median(costs))
        for name, figures in found.items()
        for what, costs in (
            ("cold, start and first request", _cold(figures)),
            ("a warm request", figures.warm),
            ("a login", figures.logins),
        )
        if costs
    ]
    columns = ("ms · GB-seconds of a million", *(f"{memory} MB" for memory in MEMORIES))
    return Table("By memory", columns, rows)


def _cold(figures: Figures) -> list[Cost]:
    pairs = zip(figures.starts, figures.firsts, strict=True)
    return [Cost(start.wall + first.wall, start.cpu + first.cpu) for start, first in pairs]


def _stretched(name: str, cost: Cost) -> Sequence[str]:
    def cell(memory: int) -> str:
        milliseconds = cost.at(memory) * 1e3
        billed = math.ceil(milliseconds) * memory / 1024 * 1000
        return f"{_ms(milliseconds / 1e3)} · {billed:,.0f}"

    return (name, *(cell(memory) for memory in MEMORIES))


def _both(costs: Sequence[Cost]) -> str:
    if not costs:
        return ABSENT
    middle = median(costs)
    return f"{_ms(middle.wall)} ({_ms(middle.cpu)})"


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.{0 if seconds >= 0.02 else 1}f}"


def _mb(sizes: Sequence[int]) -> str:
    return f"{statistics.median(sizes) / 1e6:.0f}"
