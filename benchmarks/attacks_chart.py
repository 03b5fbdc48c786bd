"""The histogram of answers' times: one line a kind of account, above each other where alike."""

import math
from collections.abc import Iterator, Mapping, Sequence

from benchmarks.chart import _STYLE as STYLE
from benchmarks.chart import _text as text

_COLOURS = {"known": "#0969da", "unknown": "#bc4c00", "disabled": "#1a7f37"}
_WIDTH, _MARGIN, _HEAD, _BARS, _FOOT = 880, 16, 56, 160, 40
_PANEL = (_WIDTH - 3 * _MARGIN) // 2
_BINS = 40
_KEPT = 0.98  # of all answers; a few that waited for the machine would hide the rest


def auc(one: Sequence[float], other: Sequence[float]) -> float:
    """How often a threshold tells one from the other, whichever is the slower: 0.5 is a coin."""
    wins = sum((a > b) + (a == b) / 2 for a in one for b in other)
    share = wins / (len(one) * len(other))
    return max(share, 1 - share)


def histogram(panels: Mapping[str, Mapping[str, Sequence[float]]]) -> str:
    """An SVG of seconds by kind of account, for each heading side by side."""
    height = _HEAD + _BARS + _FOOT
    drawn = [
        line
        for number, (title, times) in enumerate(panels.items())
        for line in _panel(title, times, _MARGIN + number * (_PANEL + _MARGIN))
    ]
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">',
            "<title>How long a refused login takes, by kind of account</title>",
            f"<style>{STYLE}</style>",
            f'<rect class="ground" width="{_WIDTH}" height="{height}" rx="8"/>',
            *drawn,
            "</svg>\n",
        )
    )


def _panel(title: str, times: Mapping[str, Sequence[float]], left: int) -> Iterator[str]:
    every = sorted(taken for taken_by in times.values() for taken in taken_by)
    low, high = every[0], every[math.ceil(_KEPT * len(every)) - 1]
    width = max(high - low, 1e-6) / _BINS
    counts = {kind: _counted(taken, low, width) for kind, taken in times.items()}
    most = max(max(each) for each in counts.values()) or 1
    yield text("panel", left, 28, title)
    floor = _HEAD + _BARS
    for number, (kind, each) in enumerate(counts.items()):
        x = left + number * 90
        yield f'<rect x="{x}" y="36" width="10" height="10" fill="{_COLOURS[kind]}"/>'
        yield text("name", x + 14, 45, kind)
        corners = " ".join(
            f"{left + bin_ * _PANEL / _BINS:.1f},{floor - count / most * _BARS:.1f} "
            f"{left + (bin_ + 1) * _PANEL / _BINS:.1f},{floor - count / most * _BARS:.1f}"
            for bin_, count in enumerate(each)
        )
        yield (
            f'<polyline points="{corners}" fill="none" stroke="{_COLOURS[kind]}" '
            'stroke-width="1.5"/>'
        )
    yield text("value", left, floor + 18, f"{low * 1e3:.1f} ms")
    yield text("value", left + _PANEL - 56, floor + 18, f"{high * 1e3:.1f} ms")


def _counted(taken: Sequence[float], low: float, width: float) -> list[int]:
    counts = [0] * _BINS
    for each in taken:
        if (place := int((each - low) / width)) <= _BINS:
            counts[min(place, _BINS - 1)] += 1
    return counts
