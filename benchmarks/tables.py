"""The figures as tables of text, for the terminal and for the page alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.field import NODE, NODE_ALONE, OURS, PYTHON_ALONE, Side
from benchmarks.figures import Figures, Timing, Timings
from benchmarks.goals import goals

ABSENT = "–"


@dataclass(frozen=True)
class Table:
    """A heading, the names of the columns, and rows of as many cells."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """A table of GitHub's Markdown; all but the first column set to the right."""
        rule = ["---", *["---:"] * (len(self.columns) - 1)]
        return "\n".join(f"| {' | '.join(row)} |" for row in (self.columns, rule, *self.rows))

    def plain(self) -> str:
        """Columns of equal width under the title."""
        rows = [self.columns, *self.rows]
        widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
        lines = (
            "  ".join(
                [row[0].ljust(widths[0])]
                + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
            )
            for row in rows
        )
        return "\n".join((self.title, *(f"  {line}".rstrip() for line in lines)))


def warm_table(figures: Figures) -> Table:
    """Microseconds a decision."""
    return _timings("Warm, µs a decision", figures, figures.warm, 1)


def cold_table(figures: Figures) -> Table:
    """Milliseconds from nothing to the first decision."""
    return _timings("Cold, ms to the first decision", figures, figures.cold, 0)


def _timings(title: str, figures: Figures, timings: Timings, digits: int) -> Table:
    columns = [""]
    for alg in timings:
        columns += [alg, "wall"]
    names = [contender.name for contender in figures.contenders]
    if NODE not in figures.contenders:
        names.append(f"{NODE.name}: not here")
    names += [name for name in (PYTHON_ALONE.name, NODE_ALONE.name) if name in timings["RS256"]]
    rows = [[name, *_cells(name, timings, digits)] for name in names]
    ours = f"{OURS.name} ÷ "
    rows.append([f"{ours}the fastest other in Python", *_ratios(figures, timings, Side.PYTHON)])
    rows.append([f"{ours}Node", *_ratios(figures, timings, Side.NODE)])
    if timings is figures.warm:
        rows.append([f"{ours}the signature check", *_ratios(figures, timings, Side.LIMIT)])
    return Table(title, columns, rows)


def _cells(name: str, timings: Timings, digits: int) -> list[str]:
    cells = []
    for by_name in timings.values():
        timing = by_name.get(name)
        cells += [_spread(timing, digits), f"{timing.wall:.{digits}f}"] if timing else [ABSENT] * 2
    return cells


def _spread(timing: Timing, digits: int) -> str:
    return f"{timing.median:.{digits}f} ({timing.low:.{digits}f} to {timing.high:.{digits}f})"


def _ratios(figures: Figures, timings: Timings, side: Side) -> list[str]:
    cells = []
    for by_name in timings.values():
        ratio = figures.ratio(by_name, side)
        cells += [ABSENT if ratio is None else f"{ratio:.2f} ×", ""]
    return cells


def goals_table(figures: Figures) -> Table:
    """What was wanted, and whether it was reached."""
    verdicts: Mapping[bool | None, str] = {True: "met", False: "not met", None: "not measured"}
    rows = [[goal.wanted, goal.reached, verdicts[goal.met]] for goal in goals(figures)]
    return Table("Goals", ["goal", "reached", ""], rows)


def oddities_table(figures: Figures) -> Table:
    """Who takes what."""
    names = [*figures.oddities["none"]]
    rows = [
        [oddity, *("allowed" if allowed[name] else "refused" for name in names)]
        for oddity, allowed in figures.oddities.items()
    ]
    return Table("Odd tokens under a good signature, RS256", ["what is odd", *names], rows)


def memory_table(figures: Figures) -> Table:
    """What the process held before and after."""
    columns = ["", "KiB before", "after", "growth", "blocks of Python's"]
    rows = [
        [
            f"{growth.count:,} {growth.tokens}",
            f"{growth.before_kib:,}",
            f"{growth.after_kib:,}",
            f"{growth.kib:+,}",
            f"{growth.blocks:+,}",
        ]
        for growth in figures.memory
    ]
    return Table("Resident memory", columns, rows)


def start_table(figures: Figures) -> Table:
    """The steps of our cold start."""
    start = figures.start
    alone = figures.cold["RS256"][PYTHON_ALONE.name].median
    rows = [
        ["Python's start and end alone", f"{alone:.1f}"],
        ["importing `authorizer.handler`", f"{start.importing:.1f}"],
        ["settings, key set and the first decision", f"{start.first_decision:.2f}"],
        ["the next decision", f"{start.second_decision:.2f}"],
    ]
    return Table("Our cold start, RS256", ["step", "ms"], rows)


def runtime_table(figures: Figures) -> Table:
    """What is left of the cold start where Lambda's runtime has loaded its own part already."""
    taken = figures.start.in_runtime
    fastest_other = min(time for name, time in taken.items() if name != OURS.name)
    rows = [[name, f"{time:.1f}"] for name, time in taken.items()]
    ratio = f"{taken[OURS.name] / fastest_other:.2f} ×"
    rows.append([f"{OURS.name} ÷ the fastest other in Python", ratio])
    return Table(
        "In Lambda's runtime, RS256", ["from the import to the first decision", "ms"], rows
    )


def imports_table(figures: Figures) -> Table:
    """What loads, by package."""
    whole = sum(group.milliseconds for group in figures.start.groups)
    rows = [
        [
            group.name,
            str(group.modules),
            f"{group.milliseconds:.1f}",
            f"{group.milliseconds / whole:.0%}",
            f"`{group.asked_by}`" if group.asked_by else "",
        ]
        for group in figures.start.groups
    ]
    columns = ["package", "modules", "ms", "share", "first asked for by"]
    return Table("Imports of authorizer.handler, as -X importtime tells them", columns, rows)
