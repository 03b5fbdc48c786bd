"""The chart of the model: how full each limit is, against requests a second, both logarithmic."""

import math
from collections.abc import Iterator, Sequence

from benchmarks.chart import _STYLE as STYLE
from benchmarks.chart import _text as words
from benchmarks.model_arithmetic import load
from benchmarks.model_inputs import Assumptions, Measured
from benchmarks.model_limits import Limit, full_at, limits

_WIDTH, _HEIGHT = 880, 460
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 270, 48, 40
_FROM, _TO = 0, 5  # powers of ten of requests a second
_EMPTY, _OVER = -3, 1  # powers of ten of how full
_STEPS = 40
_LINES = """
  .limit-line { fill: none; stroke: #0969da; stroke-width: 1.5 }
  .axis { stroke: #afb8c1; stroke-width: 0.5; stroke-dasharray: 2 3 }
  .full { stroke: #cf222e; stroke-width: 1.5 }
  .label { font-size: 11px }
  @media (prefers-color-scheme: dark) {
    .limit-line { stroke: #4493f8 } .axis { stroke: #3d444d } .full { stroke: #f85149 }
  }
"""


def chart(assumed: Assumptions, measured: Measured, rates: Sequence[float]) -> str:
    """An SVG; above the red line is what cannot be borne."""
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">',
            "<title>How full each limit is, against requests a second</title>",
            f"<style>{STYLE}{_LINES}</style>",
            f'<rect class="ground" width="{_WIDTH}" height="{_HEIGHT}" rx="8"/>',
            words("panel", 16, 28, "How full each limit is, as template.yaml and AWS set it"),
            *_axes(rates),
            *_curves(assumed, measured),
            "</svg>\n",
        )
    )


def _axes(rates: Sequence[float]) -> Iterator[str]:
    for power in range(_EMPTY, _OVER + 1):
        y, kind = _y(10.0**power), "full" if power == 0 else "axis"
        yield (
            f'<line class="{kind}" x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH - _RIGHT}" y2="{y:.1f}"/>'
        )
        yield words("value", 16, round(y) + 4, f"{100 * 10.0**power:g} %")
    for rate in rates:
        x = _x(rate)
        yield (
            f'<line class="axis" x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{_HEIGHT - _BOTTOM}"/>'
        )
        yield words("value", x - 10, _HEIGHT - 18, f"{rate:,.0f}/s")


def _curves(assumed: Assumptions, measured: Measured) -> Iterator[str]:
    rates = [10 ** (_FROM + step * (_TO - _FROM) / _STEPS) for step in range(_STEPS + 1)]
    loads = [load(assumed, measured, rate) for rate in rates]
    ends = [(full_at(assumed, measured, limit), limit) for limit in limits(assumed)]
    for number, (full, limit) in enumerate(sorted(ends, key=lambda end: end[0]), 1):
        shares = [limit.share(at) for at in loads]
        points = [
            f"{_x(rate):.1f},{_y(share):.1f}"
            for rate, share in zip(rates, shares, strict=True)
            if share <= 10**_OVER
        ]
        yield f'<polyline class="limit-line" points="{" ".join(points)}"/>'
        yield from _named(number, full, limit)


def _named(number: int, full: float, limit: Limit) -> Iterator[str]:
    """A number where the limit is reached, and beside the chart what it is; lines lie close."""
    if full <= 10**_TO:
        yield words("label", _x(full) - 4, round(_y(1)) - 4 - 11 * (number % 3), str(number))
    where = "never full" if math.isinf(full) else f"full at {float(f'{full:.2g}'):,.0f}/s"
    top = _TOP + 4 + 30 * (number - 1)
    yield words("label", _WIDTH - _RIGHT + 8, top, f"{number}  {limit.name}")
    yield words("value", _WIDTH - _RIGHT + 24, top + 13, where)


def _x(rate: float) -> float:
    width = _WIDTH - _LEFT - _RIGHT
    return _LEFT + width * (math.log10(rate) - _FROM) / (_TO - _FROM)


def _y(share: float) -> float:
    power = min(max(math.log10(share), _EMPTY), _OVER) if share > 0 else _EMPTY
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (_OVER - power) / (_OVER - _EMPTY)
