"""What was measured, and how the contenders stand to each other."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Self

from benchmarks.field import OURS, Contender, Side


@dataclass(frozen=True)
class Timing:
    """The median of a contender's own time with its quartiles: milliseconds, or microseconds.

    Its own time is the lesser of wall and CPU time in each run: the wall's holds what other
    processes took of a busy machine, the CPU's what Node computes on other threads meanwhile.
    """

    median: float
    low: float
    high: float
    wall: float

    @classmethod
    def of(cls, runs: Sequence[tuple[float, float]]) -> Self:
        """From the wall and CPU time of each run, two at least."""
        low, middle, high = quantiles(map(min, runs), method="inclusive")
        return cls(middle, low, high, median(wall for wall, _ in runs))


# By algorithm, then by the contender's name.
Timings = Mapping[str, Mapping[str, Timing]]


@dataclass(frozen=True)
class Growth:
    """How much a process grew over so many tokens; `blocks`: by how many of Python's own."""

    tokens: str
    count: int
    before_kib: int
    after_kib: int
    blocks: int

    @property
    def kib(self) -> int:
        return self.after_kib - self.before_kib


@dataclass(frozen=True)
class ImportGroup:
    """What the modules of one package take to load, and who asked for the first of them."""

    name: str
    modules: int
    milliseconds: float
    asked_by: str


@dataclass(frozen=True)
class Start:
    """Where our cold start goes: milliseconds, without what -X importtime adds.

    `in_runtime`: from the import to the first decision where Lambda's runtime is loaded already,
    by contender.
    """

    importing: float
    first_decision: float
    second_decision: float
    in_runtime: Mapping[str, float]
    groups: tuple[ImportGroup, ...]


@dataclass(frozen=True)
class Effort:
    """How much was measured."""

    cold_runs: int
    rounds: int
    batch: int
    warm_up: int
    memory_tokens: int


@dataclass(frozen=True)
class Figures:
    """One run of the benchmark."""

    contenders: tuple[Contender, ...]
    effort: Effort
    machine: Mapping[str, str]
    cold: Timings
    warm: Timings
    memory: tuple[Growth, ...]
    start: Start
    # Whether it is allowed, by the oddity, then by the contender's name.
    oddities: Mapping[str, Mapping[str, bool]]

    def fastest(self, timings: Mapping[str, Timing], sides: Iterable[Side]) -> float | None:
        """The least median among these sides; None where none of them was measured."""
        names = {contender.name for contender in self.contenders if contender.side in sides}
        return min((timings[name].median for name in names & timings.keys()), default=None)

    def ratio(self, timings: Mapping[str, Timing], *sides: Side) -> float | None:
        """Our median over the least of these sides."""
        least = self.fastest(timings, sides)
        return None if least is None else timings[OURS.name].median / least
