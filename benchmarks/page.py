"""The page with what was measured: a text with gaps, and the tables that fill them."""

from pathlib import Path
from string import Template

from benchmarks.chart import chart
from benchmarks.figures import Figures
from benchmarks.tables import (
    cold_table,
    goals_table,
    imports_table,
    memory_table,
    oddities_table,
    runtime_table,
    start_table,
    warm_table,
)

# Why a package is loaded and what would do without it, told only of those that are.
_TEXT = Path(__file__).with_name("page.md")


def render(figures: Figures) -> str:
    """The page in Markdown."""
    effort = figures.effort
    return Template(_TEXT.read_text("utf-8")).substitute(
        goals=goals_table(figures).markdown(),
        warm=warm_table(figures).markdown(),
        cold=cold_table(figures).markdown(),
        memory=memory_table(figures).markdown(),
        runtime=runtime_table(figures).markdown(),
        oddities=oddities_table(figures).markdown(),
        start=start_table(figures).markdown(),
        imports=imports_table(figures).markdown(),
        cold_runs=effort.cold_runs,
        rounds=effort.rounds,
        batch=effort.batch,
        warm_up=f"{effort.warm_up:,}",
        memory_tokens=f"{effort.memory_tokens:,}",
        machine=", ".join(f"{what} {which}" for what, which in figures.machine.items()),
    )


def write(figures: Figures, folder: Path) -> None:
    """The page and its chart, side by side."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "authorizer.md").write_text(render(figures), "utf-8")
    (folder / "authorizer.svg").write_text(chart(figures), "utf-8")
