"""The bar chart: warm and cold side by side, readable on light and on dark ground."""

from collections.abc import Iterator, Mapping
from html import escape

from benchmarks.field import Contender, Side
from benchmarks.figures import Figures, Timing, Timings

_STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .panel { font-weight: 600; font-size: 14px }
  .algorithm, .value { fill: #59636e }
  .ground { fill: #ffffff }
  .ours { fill: #0969da }
  .other { fill: #afb8c1 }
  .limit { fill: none; stroke: #59636e; stroke-dasharray: 3 2 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .algorithm, .value { fill: #9198a1 }
    .ground { fill: #0d1117 }
    .ours { fill: #4493f8 }
    .other { fill: #3d444d }
    .limit { stroke: #9198a1 }
  }
"""
_WIDTH, _MARGIN, _LABELS, _VALUES = 880, 16, 172, 48
_PANEL = (_WIDTH - 3 * _MARGIN) // 2
_BAR, _STEP, _GROUP, _HEAD = 13, 18, 30, 44


def chart(figures: Figures) -> str:
    """An SVG of the medians."""
    lines = sum(len(_takers(figures, timings)) for timings in figures.warm.values())
    height = _HEAD + lines * _STEP + len(figures.warm) * _GROUP + _MARGIN
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">',
            "<title>Authorizers compared: warm and cold; shorter is faster</title>",
            f"<style>{_STYLE}</style>",
            f'<rect class="ground" width="{_WIDTH}" height="{height}" rx="8"/>',
            *_panel(figures, figures.warm, _MARGIN, "Warm: µs a decision", 1),
            *_panel(
                figures, figures.cold, 2 * _MARGIN + _PANEL, "Cold: ms to the first decision", 0
            ),
            "</svg>\n",
        )
    )


def _takers(figures: Figures, timings: Mapping[str, Timing]) -> list[Contender]:
    return [contender for contender in figures.contenders if contender.name in timings]


def _panel(figures: Figures, timings: Timings, left: int, title: str, digits: int) -> Iterator[str]:
    longest = max(
        by_name[taker.name].median
        for by_name in timings.values()
        for taker in _takers(figures, by_name)
    )
    yield _text("panel", left, 28, title)
    top = _HEAD
    for alg, by_name in timings.items():
        yield _text("algorithm", left, top + 16, alg)
        top += _GROUP - 6
        for taker in _takers(figures, by_name):
            value = by_name[taker.name].median
            length = (_PANEL - _LABELS - _VALUES) * value / longest
            yield from _bar(taker, left, top, length, f"{value:.{digits}f}")
            top += _STEP
        top += 6


def _bar(taker: Contender, left: int, top: int, length: float, value: str) -> Iterator[str]:
    kind = {Side.OURS: "ours", Side.LIMIT: "limit"}.get(taker.side, "other")
    start = left + _LABELS
    yield _text("name", left + 8, top + 11, taker.name)
    yield (
        f'<rect class="{kind}" x="{start}" y="{top}" width="{length:.1f}" height="{_BAR}" rx="2"/>'
    )
    yield _text("value", start + length + 6, top + 11, value)


def _text(kind: str, x: float, y: float, text: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y}">{escape(text)}</text>'
