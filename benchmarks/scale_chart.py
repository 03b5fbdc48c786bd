"""The chart of latency against rows: both axes logarithmic, a line for each call."""

import math
from collections.abc import Iterator, Mapping, Sequence

from benchmarks.chart import _STYLE as STYLE
from benchmarks.chart import _text as words
from benchmarks.scale_measure import Measured

_WIDTH, _HEIGHT, _MARGIN = 880, 420, 16
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 130, 44, 34
_PANEL = (_WIDTH - 3 * _MARGIN) // 2
_LOW, _HIGH = -2, 3  # the powers of ten of a millisecond that are shown
_LINES = """
  .line { fill: none; stroke: #afb8c1; stroke-width: 1 }
  .grown { fill: none; stroke: #0969da; stroke-width: 2 }
  .axis { stroke: #afb8c1; stroke-width: 0.5; stroke-dasharray: 2 3 }
  .label { font-size: 10px }
  @media (prefers-color-scheme: dark) {
    .line { stroke: #3d444d } .grown { stroke: #4493f8 } .axis { stroke: #3d444d }
  }
"""
_LABELLED = 5


def chart(found: Mapping[str, Sequence[Measured]]) -> str:
    """An SVG of the tenth percentiles; blue and named are those that grew most."""
    panels = (
        _panel(name, series, _MARGIN + number * (_PANEL + _MARGIN))
        for number, (name, series) in enumerate(found.items())
    )
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">',
            "<title>Milliseconds in the database against rows in each table</title>",
            f"<style>{STYLE}{_LINES}</style>",
            f'<rect class="ground" width="{_WIDTH}" height="{_HEIGHT}" rx="8"/>',
            *(line for panel in panels for line in panel),
            "</svg>\n",
        )
    )


def _panel(name: str, series: Sequence[Measured], left: int) -> Iterator[str]:
    yield words("panel", left, 28, f"{name}: ms in the database, undisturbed (p10)")
    yield from _axes(series, left)
    lines = _series(series)
    ranked = sorted(lines, key=lambda call: lines[call][-1] / lines[call][0])
    labelled = sorted(ranked[-_LABELLED:], key=lambda call: lines[call][-1])
    for call in ranked:
        kind = "grown" if call in labelled else "line"
        points = " ".join(
            f"{_x(left, each.rows, series):.1f},{_y(value):.1f}"
            for each, value in zip(series, lines[call], strict=True)
        )
        yield f'<polyline class="{kind}" points="{points}"/>'
    yield from _labels(labelled, lines, left)


def _series(series: Sequence[Measured]) -> dict[str, list[float]]:
    """The calls, and the audit asked in the way that is the slowest in the end."""
    lines = {call: [each.calls[call].p10 for each in series] for call in series[-1].calls}
    filters = series[-1].filters
    slowest = max(filters, key=lambda name: filters[name].p10)
    lines[f"audit by {slowest}"] = [each.filters[slowest].p10 for each in series]
    return lines


def _labels(labelled: Sequence[str], lines: Mapping[str, list[float]], left: int) -> Iterator[str]:
    """Behind the ends of their lines, from the highest down, none upon another."""
    free = 0.0
    for call in reversed(labelled):
        free = max(_y(lines[call][-1]) + 3, free + 12)
        text = call if len(call) <= 24 else f"{call[:23]}…"
        yield words("label", left + _PANEL - _RIGHT + 4, round(free), text)


def _axes(series: Sequence[Measured], left: int) -> Iterator[str]:
    for power in range(_LOW, _HIGH + 1):
        y = _y(10**power / 1000)
        yield (
            f'<line class="axis" x1="{left + _LEFT}" y1="{y:.1f}" '
            f'x2="{left + _PANEL - _RIGHT}" y2="{y:.1f}"/>'
        )
        yield words("value", left, round(y) + 4, f"{10.0**power:g}")
    for each in series:
        yield words("value", _x(left, each.rows, series) - 16, _HEIGHT - 12, f"{each.rows:,}")


def _x(left: int, rows: int, series: Sequence[Measured]) -> float:
    first, last = (math.log10(series[place].rows) for place in (0, -1))
    share = (math.log10(rows) - first) / ((last - first) or 1)
    return left + _LEFT + share * (_PANEL - _LEFT - _RIGHT)


def _y(seconds: float) -> float:
    height = _HEIGHT - _TOP - _BOTTOM
    power = min(max(math.log10(seconds * 1000), _LOW), _HIGH)
    return _TOP + height * (_HIGH - power) / (_HIGH - _LOW)
