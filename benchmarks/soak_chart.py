"""The chart of the soak: memory and latency over time, a row of two panels for each door."""

from collections.abc import Iterator, Sequence

from benchmarks.chart import _STYLE as STYLE
from benchmarks.chart import _text as words
from benchmarks.soak_figures import Found, in_steps

_WIDTH, _MARGIN, _ROW = 880, 16, 250
_PANEL = (_WIDTH - 3 * _MARGIN) // 2
_LEFT, _TOP, _BOTTOM = 44, 44, 30
_LINES = """
  .line { fill: none; stroke: #0969da; stroke-width: 1.5 }
  .quiet { fill: none; stroke: #afb8c1; stroke-width: 1.5 }
  .axis { stroke: #afb8c1; stroke-width: 0.5; stroke-dasharray: 2 3 }
  .label { font-size: 10px }
  @media (prefers-color-scheme: dark) {
    .line { stroke: #4493f8 } .quiet { stroke: #6e7681 } .axis { stroke: #3d444d }
  }
"""
Points = Sequence[tuple[float, float]]


def chart(found: Sequence[Found]) -> str:
    """An SVG; blue is what is asked something of."""
    height = _ROW * len(found) + _MARGIN
    panels = [line for place, each in enumerate(found) for line in _row(each, place * _ROW)]
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">',
            "<title>Memory and latency over the minutes of the soak</title>",
            f"<style>{STYLE}{_LINES}</style>",
            f'<rect class="ground" width="{_WIDTH}" height="{height}" rx="8"/>',
            *panels,
            "</svg>\n",
        )
    )


def _row(found: Found, top: int) -> Iterator[str]:
    memory = [
        (
            name,
            "quiet" if name in found.emulator else "line",
            [(s.at, s.megabytes) for s in samples],
        )
        for name, samples in found.processes.items()
    ]
    steps = in_steps(found)
    took = [
        ("p50", "quiet", [(at, low) for at, low, _ in steps]),
        ("p99", "line", [(at, high) for at, _, high in steps]),
    ]
    yield from _panel(found, f"{found.door}: MB", memory, _MARGIN, top)
    yield from _panel(found, f"{found.door}: ms", took, 2 * _MARGIN + _PANEL, top)


def _panel(
    found: Found, title: str, lines: Sequence[tuple[str, str, Points]], left: int, top: int
) -> Iterator[str]:
    yield words("panel", left, top + 28, title)
    most = 1.1 * max((value for _, _, points in lines for _, value in points), default=1.0)
    height, width = _ROW - _TOP - _BOTTOM, _PANEL - _LEFT

    def x(at: float) -> float:
        return left + _LEFT + width * min(1.0, at / found.seconds)

    def y(value: float) -> float:
        return top + _TOP + height * (1 - value / most)

    for part in range(5):
        value = most * part / 4
        yield (
            f'<line class="axis" x1="{left + _LEFT}" y1="{y(value):.1f}" '
            f'x2="{left + _PANEL}" y2="{y(value):.1f}"/>'
        )
        yield words("value", left, y(value) + 4, f"{value:.0f}")
    for minutes in range(0, int(found.seconds // 60) + 1, max(1, int(found.seconds // 300))):
        yield words("value", x(minutes * 60) - 8, top + _ROW - 10, f"{minutes} min")
    for name, kind, points in lines:
        drawn = " ".join(f"{x(at):.1f},{y(value):.1f}" for at, value in points)
        yield f'<polyline class="{kind}" points="{drawn}"/>'
        if points:
            yield words("label", left + _LEFT + 6, y(points[-1][1]) - 5, name)
