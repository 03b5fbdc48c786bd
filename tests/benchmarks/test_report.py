"""The tables, the page and the chart, from figures that are given."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks.chart import chart
from benchmarks.field import NODE, NODE_ALONE, OURS, PYTHON_ALONE, Contender, field
from benchmarks.figures import Effort, Figures, Growth, ImportGroup, Start, Timing, Timings
from benchmarks.goals import goals
from benchmarks.material import ALGORITHMS
from benchmarks.page import render, write
from benchmarks.tables import cold_table, goals_table, memory_table, warm_table

GOOD = Growth("good tokens", 1000, 30_000, 30_008, 1)
HOSTILE = Growth("hostile tokens", 1000, 30_008, 31_008, 4000)
IMPORTS = (ImportGroup("json", 5, 1.0, "app.tokens.encoding"),)
ODDITIES = {"none": {"Ostiary": True}, "12 KB": {"Ostiary": False}}
START = Start(30.0, 2.0, 0.1, {"Ostiary": 15.0, "PyJWT": 60.0}, IMPORTS)
WARM = """\
|  | RS256 | wall | ES256 | wall | HS256 | wall |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
| Ostiary | 10.0 (9.0 to 11.0) | 11.0 | 10.0 (9.0 to 11.0) | 11.0 | 10.0 (9.0 to 11.0) | 11.0 |
| aws-jwt-verify (Node) | 20.0 (19.0 to 21.0) | 21.0 | 20.0 (19.0 to 21.0) | 21.0 | – | – |
| Ostiary ÷ the fastest other in Python | – |  | – |  | – |  |
| Ostiary ÷ Node | 0.50 × |  | 0.50 × |  | – |  |
| Ostiary ÷ the signature check | – |  | – |  | – |  |"""


def _figures(contenders: tuple[Contender, ...]) -> Figures:
    """Each contender slower by ten than the one before it."""
    alone = (PYTHON_ALONE, NODE_ALONE) if NODE in contenders else (PYTHON_ALONE,)
    return Figures(
        contenders=contenders,
        effort=Effort(cold_runs=3, rounds=4, batch=5, warm_up=6000, memory_tokens=1000),
        machine={"CPUs": "2", "CPython": "3.13.0"},
        cold=_timings((*contenders, *alone)),
        warm=_timings(contenders),
        memory=(GOOD, HOSTILE),
        start=START,
        oddities=ODDITIES,
    )


def _timings(takers: tuple[Contender, ...]) -> Timings:
    return {
        alg: {
            taker.name: Timing(10.0 * place, 10.0 * place - 1, 10.0 * place + 1, 10.0 * place + 1)
            for place, taker in enumerate(takers, 1)
            if alg in taker.algorithms
        }
        for alg in ALGORITHMS
    }


FIGURES = _figures(field(with_node=True))


def test_a_table_says_what_was_measured_and_what_was_not() -> None:
    figures = _figures((OURS, NODE))
    assert warm_table(figures).markdown() == WARM
    plain = warm_table(figures).plain().splitlines()
    assert plain[2].split() == ["Ostiary", "10.0", "(9.0", "to", "11.0)", "11.0"] + 2 * (
        ["10.0", "(9.0", "to", "11.0)", "11.0"]
    )


def test_a_time_is_the_lesser_of_wall_and_cpu_in_each_run() -> None:
    assert Timing.of([(9, 1), (2, 9), (9, 3)]) == Timing(2, 1.5, 2.5, 9)


def test_goals_are_met_or_not_met_and_said_so() -> None:
    met = {goal.wanted: goal.met for goal in goals(FIGURES)}
    assert met["at most 1.0 × the fastest other, warm, RS256"] is True
    assert met["no growth over 1,000 good tokens (under 512 KiB)"] is True
    assert met["no growth over 1,000 hostile tokens (under 512 KiB)"] is False
    slow = replace(FIGURES.warm["RS256"]["Ostiary"], median=21.0)
    warm = {**FIGURES.warm, "RS256": {**FIGURES.warm["RS256"], "Ostiary": slow}}
    first = next(goals(replace(FIGURES, warm=warm)))
    assert (first.reached, first.met) == ("1.05 ×", False)
    assert "not met" in goals_table(FIGURES).plain()


def test_memory_is_told_with_its_growth() -> None:
    row = memory_table(FIGURES).rows[1]
    assert row == ["1,000 hostile tokens", "30,008", "31,008", "+1,000", "+4,000"]


def test_without_node_its_row_says_so_and_its_goal_is_not_measured() -> None:
    figures = _figures(field(with_node=False))
    (row,) = (row for row in cold_table(figures).rows if row[0].startswith("aws-jwt-verify"))
    assert row == ["aws-jwt-verify (Node): not here", *["–"] * 6]
    assert [goal.met for goal in goals(figures) if "Node" in goal.wanted] == [None, None]
    assert "not measured" in render(figures)


@pytest.mark.parametrize("with_node", [True, False])
def test_the_page_has_no_gap_left_and_its_chart_a_bar_for_each(
    *, with_node: bool, tmp_path: Path
) -> None:
    figures = _figures(field(with_node=with_node))
    write(figures, tmp_path / "new")
    page = (tmp_path / "new" / "authorizer.md").read_text("utf-8")
    assert "$" not in page
    assert "CPUs 2, CPython 3.13.0" in page
    assert warm_table(figures).markdown() in page
    drawn = ET.fromstring((tmp_path / "new" / "authorizer.svg").read_text("utf-8"))  # noqa: S314
    bars = [e for e in drawn.iter() if e.tag.endswith("rect") and e.get("class") != "ground"]
    assert len(bars) == 2 * sum(len(contender.algorithms) for contender in figures.contenders)


def test_no_bar_leaves_the_chart() -> None:
    drawn = ET.fromstring(chart(FIGURES))  # noqa: S314
    width, height = map(int, (drawn.get("viewBox") or "").split()[2:])
    for bar in (element for element in drawn.iter() if element.tag.endswith("rect")):
        assert float(bar.get("x", 0)) + float(bar.get("width", 0)) <= width - 40 or (
            bar.get("class") == "ground"
        )
        assert float(bar.get("y", 0)) + float(bar.get("height", 0)) <= height
