"""What the servers' processes hold while the soak lasts, and what they have logged by its end."""

import asyncio
import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

import psutil  # type: ignore[import-untyped]

from tests.no_secrets import secrets_in

MB = 1_000_000
SAMPLE_SECONDS = 2.0
_WORD = re.compile(r"[\w-]{20,}", re.ASCII)
Processes = Callable[[], Mapping[str, int]]


@dataclass(frozen=True)
class Sample:
    """A process at one moment, in seconds since the beginning."""

    at: float
    megabytes: float
    files: int


@dataclass
class Watch:
    """Samples of processes by what they are; `find` tells their ids, which may change."""

    find: Processes
    seen: dict[str, list[Sample]] = field(default_factory=dict)

    async def run(self) -> None:
        """Until it is cancelled."""
        begun = time.monotonic()
        while True:
            self.sample(time.monotonic() - begun)
            await asyncio.sleep(SAMPLE_SECONDS)

    def sample(self, at: float) -> None:
        """One sample of each process that lives."""
        for name, pid in self.find().items():
            try:
                process = psutil.Process(pid)
                held = Sample(at, process.memory_info().rss / MB, process.num_fds())
            except psutil.NoSuchProcess:
                continue
            self.seen.setdefault(name, []).append(held)


def slope(samples: Iterable[Sample]) -> float:
    """Megabytes a minute, by least squares."""
    points = [(sample.at / 60, sample.megabytes) for sample in samples]
    if len(points) < 2:
        return 0.0
    middle = sum(at for at, _ in points) / len(points)
    across = sum((at - middle) ** 2 for at, _ in points)
    return sum((at - middle) * held for at, held in points) / across


def told(log: str, secrets: Collection[str]) -> list[str]:
    """What of these secrets a log tells, or what else in it looks like one; never itself."""
    words = {word for match in _WORD.finditer(log) for word in _ends(match[0])}
    whole = [f"a secret of {len(each)} characters" for each in words.intersection(secrets)]
    return whole + secrets_in(log)


def _ends(word: str) -> tuple[str, ...]:
    # A dash before or behind it is a list's or a range's, say.
    return word, word.strip("-")
