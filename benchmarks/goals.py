"""What we mean to reach, held against what was measured."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.field import Side
from benchmarks.figures import Figures

WARM_TO_OTHERS = 1.0
WARM_TO_SIGNATURE = 1.7
COLD_TO_PYTHON = 0.5
COLD_TO_NODE = 1.0
# Over 100,000 tokens: five bytes each, less than remembering anything of a token would take.
GROWTH_KIB = 512


@dataclass(frozen=True)
class Goal:
    """A goal, the figure that was reached, and whether that will do; None: not measured."""

    wanted: str
    reached: str
    met: bool | None


def goals(figures: Figures) -> Iterator[Goal]:
    """Every goal. Of the three algorithms, RS256, the default, counts warm and each counts cold."""
    warm = figures.warm["RS256"]
    yield _at_most(
        WARM_TO_OTHERS,
        "the fastest other, warm, RS256",
        figures.ratio(warm, Side.PYTHON, Side.NODE),
    )
    yield _at_most(
        WARM_TO_SIGNATURE,
        "the signature check alone, warm, RS256",
        figures.ratio(warm, Side.LIMIT),
    )
    for alg, cold in figures.cold.items():
        yield _at_most(
            COLD_TO_PYTHON,
            f"the fastest other in Python, cold, {alg}",
            figures.ratio(cold, Side.PYTHON),
        )
        if alg != "HS256":
            yield _at_most(
                COLD_TO_NODE, f"aws-jwt-verify on Node, cold, {alg}", figures.ratio(cold, Side.NODE)
            )
    for growth in figures.memory:
        wanted = f"no growth over {growth.count:,} {growth.tokens} (under {GROWTH_KIB} KiB)"
        yield Goal(wanted, f"{growth.kib:+} KiB", growth.kib < GROWTH_KIB)


def _at_most(limit: float, what: str, ratio: float | None) -> Goal:
    reached = "–" if ratio is None else f"{ratio:.2f} ×"
    return Goal(f"at most {limit} × {what}", reached, None if ratio is None else ratio <= limit)
