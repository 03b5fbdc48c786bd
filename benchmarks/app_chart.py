"""The apps' bar chart: requests a second on both databases, longer is faster."""

from collections.abc import Iterator
from statistics import median

from benchmarks.app_field import OURS, Database, Work
from benchmarks.app_figures import Figures, Rounds, rates
from benchmarks.chart import _STYLE as STYLE
from benchmarks.chart import _text as text

_WIDTH, _MARGIN, _LABELS, _VALUES = 880, 16, 140, 56
_PANEL = (_WIDTH - 3 * _MARGIN) // 2
_BAR, _STEP, _GROUP, _HEAD = 13, 18, 30, 44


def chart(figures: Figures) -> str:
    """An SVG of the medians; each kind of work has a scale of its own."""
    bars = max(len(rounds) for found in figures.found.values() for rounds in found.work.values())
    height = _HEAD + len(Work) * (_GROUP + bars * _STEP) + _MARGIN
    panels = (
        _panel(figures, database, _MARGIN + number * (_PANEL + _MARGIN))
        for number, database in enumerate(figures.found)
    )
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">',
            "<title>Apps compared: requests a second; longer is faster</title>",
            f"<style>{STYLE}</style>",
            f'<rect class="ground" width="{_WIDTH}" height="{height}" rx="8"/>',
            *(line for panel in panels for line in panel),
            "</svg>\n",
        )
    )


def _panel(figures: Figures, database: Database, left: int) -> Iterator[str]:
    yield text("panel", left, 28, f"{database.value}: requests a second")
    top = _HEAD
    for work, rounds in figures.found[database].work.items():
        yield text("algorithm", left, top + 16, work.value)
        top += _GROUP - 6
        yield from _bars(rounds, left, top)
        top += len(rounds) * _STEP + 6


def _bars(rounds: Rounds, left: int, top: int) -> Iterator[str]:
    values = {name: median(rates(slices)) for name, slices in rounds.items()}
    for place, (name, value) in enumerate(values.items()):
        y, start = top + place * _STEP, left + _LABELS
        length = (_PANEL - _LABELS - _VALUES) * value / max(values.values())
        kind = "ours" if name == OURS.name else "other"
        yield text("name", left + 8, y + 11, name)
        yield (
            f'<rect class="{kind}" x="{start}" y="{y}" width="{length:.1f}" height="{_BAR}" '
            'rx="2"/>'
        )
        yield text("value", start + length + 6, y + 11, f"{value:,.0f}")
