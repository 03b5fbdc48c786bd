"""What was measured of the apps, and how they stand to each other, round by round."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any, Self

from benchmarks.app_field import Database, Work
from benchmarks.figures import Timing


@dataclass(frozen=True)
class Slice:
    """One app's share of a round. Latencies in µs; `cpu`: seconds that the server worked."""

    requests: int
    seconds: float
    p50: float
    p99: float
    cpu: float
    driver_cpu: float

    @classmethod
    def of(cls, told: Mapping[str, Any], cpu: float) -> Self:
        """From what the driver tells."""
        latencies = told["latencies"]
        return cls(
            len(latencies),
            told["seconds"],
            percentile(latencies, 50),
            percentile(latencies, 99),
            cpu,
            told["cpu"],
        )

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds

    @property
    def cpu_milliseconds(self) -> float:
        """What the server works on a request."""
        return self.cpu / self.requests * 1e3


def percentile(values: Sequence[float], percent: float) -> float:
    """The least of the values that so many percent of them do not exceed."""
    ranked = sorted(values)
    return ranked[max(0, -int(-len(ranked) * percent // 100) - 1)]


@dataclass(frozen=True)
class Spread:
    """A median with its quartiles."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """Of two values at least."""
        low, _, high = quantiles(values, method="inclusive")
        return cls(median(values), low, high)


# By the app's name, the rounds in their order.
Rounds = Mapping[str, Sequence[Slice]]


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """Ours over theirs, within each round: a slow minute is everyone's."""
    return Spread.of([our / their for our, their in zip(ours, theirs, strict=True)])


def rates(slices: Sequence[Slice]) -> list[float]:
    """Requests a second, round by round."""
    return [each.rate for each in slices]


def tails(slices: Sequence[Slice]) -> list[float]:
    """The 99th percentiles, round by round."""
    return [each.p99 for each in slices]


def fastest(rounds: Rounds, ours: str) -> str:
    """Which of the others does the most."""
    return max((name for name in rounds if name != ours), key=lambda n: median(rates(rounds[n])))


def steadiest(rounds: Rounds, ours: str) -> str:
    """Which of the others has the shortest tail."""
    return min((name for name in rounds if name != ours), key=lambda n: median(tails(rounds[n])))


@dataclass(frozen=True)
class Effort:
    """How much was measured; `seconds` of a slice, by what is asked. `quick`: not all of it."""

    rounds: int
    seconds: Mapping[Work, float]
    cold_runs: int
    quick: bool = False


@dataclass(frozen=True)
class OnDatabase:
    """Of one database: the work's rounds, the processes' starts in ms, bytes of memory at last."""

    work: Mapping[Work, Rounds]
    cold: Mapping[str, Timing]
    rss: Mapping[str, int]


@dataclass(frozen=True)
class Figures:
    """One run. `ceiling` is the driver against a server that does nothing."""

    effort: Effort
    machine: str
    ceiling: Slice
    found: Mapping[Database, OnDatabase]
    crowds: Sequence["Crowd"] = field(default_factory=tuple)


@dataclass(frozen=True)
class Crowd:
    """What a burst of logins did. Times in ms, memory in MiB; `others` by route."""

    name: str
    statuses: Mapping[int, int]
    slowest_login: float
    growth: float
    others: Mapping[str, Sequence[float]]

    def p99(self, route: str) -> float:
        """Of one of the routes that were asked meanwhile."""
        return percentile(self.others[route], 99)
