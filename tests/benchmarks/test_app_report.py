"""The tables, the goals, the page and the chart of the app's benchmark, from figures given."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks.app import write
from benchmarks.app_field import APPS, OURS, Database, Work
from benchmarks.app_figures import (
    Crowd,
    Effort,
    Figures,
    OnDatabase,
    Slice,
    Spread,
    fastest,
    percentile,
    ratio,
    steadiest,
)
from benchmarks.app_goals import goals
from benchmarks.app_tables import cold_table, crowds_table, rss_table, work_table
from benchmarks.figures import Timing

NAMES = [app.name for app in APPS]
CROWD = Crowd(
    "Ostiary, SQLite", {200: 90, 503: 110}, 2100.0, 76.0, {"/users/me": [9.0], "/health": [4.0]}
)


def _slice(rate: float, p99: float = 9000) -> Slice:
    """Of one second, in which the server worked half of it."""
    return Slice(int(rate), 1.0, 4000, p99, 0.5, 0.01)


def _found(*rates: float) -> OnDatabase:
    """These rates of the apps in their order, steady over two rounds."""
    rounds = {name: [_slice(rate)] * 2 for name, rate in zip(NAMES, rates, strict=True)}
    return OnDatabase(
        dict.fromkeys(Work, rounds),
        {name: Timing(600.0 + 10 * place, 590.0, 700.0, 800.0) for place, name in enumerate(NAMES)},
        dict.fromkeys(NAMES, 64 * 2**20),
    )


FIGURES = Figures(
    Effort(rounds=2, seconds=dict.fromkeys(Work, 1.0), cold_runs=3),
    "CPUs 2, CPython 3.11.7",
    Slice(4000, 1.0, 3000, 5000, 1.0, 0.1),
    {Database.SQLITE: _found(1000, 400, 500), Database.POSTGRESQL: _found(900, 500, 400)},
    (CROWD,),
)


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert percentile([*range(1, 101)], 99) == 99
    assert percentile([*range(1, 102)], 99) == 100
    assert percentile([3, 1, 2], 50) == 2
    assert percentile([7], 99) == 7


def test_a_slice_tells_its_rate_and_what_a_request_costs() -> None:
    told = {"latencies": [1000, 2000, 3000, 4000], "seconds": 2.0, "cpu": 0.1}
    taken = Slice.of(told, cpu=0.8)
    assert (taken.rate, taken.cpu_milliseconds) == (2.0, 200.0)
    assert (taken.p50, taken.p99) == (2000, 4000)


def test_a_ratio_is_taken_within_each_round() -> None:
    """The second round was slow for all: over the rounds' medians it would be another."""
    assert ratio([100, 10, 100], [50, 5, 25]) == Spread(2.0, 2.0, 3.0)


def test_the_best_other_is_never_ours() -> None:
    rounds = {
        "Ostiary": [_slice(900, 1), _slice(900, 1)],
        "quick": [_slice(500, 30), _slice(500, 30)],
        "steady": [_slice(400, 20), _slice(400, 20)],
    }
    assert fastest(rounds, OURS.name) == "quick"
    assert steadiest(rounds, OURS.name) == "steady"


def test_goals_are_held_against_the_best_other_and_the_tutorial() -> None:
    reached = {goal.wanted: (goal.reached, goal.met) for goal in goals(FIGURES)}
    assert reached["SQLite: GET /users/me: at least 2.0 × fastapi-users"] == ("2.00 ×", True)
    assert reached["PostgreSQL: GET /notes, 20 rows: at least 2.0 × FastAPI's tutorial"] == (
        "1.80 ×",
        False,
    )
    assert reached["SQLite: a login: at least 0.95 × fastapi-users"] == ("2.00 ×", True)
    start = "SQLite: import and first request at most 1.0 × the tutorial's"
    assert reached[start] == ("0.98 ×", True)


def test_a_longer_tail_or_start_is_not_met() -> None:
    found = FIGURES.found[Database.SQLITE]
    rounds = {**found.work[Work.ME], OURS.name: [_slice(1000, 9100)] * 2}
    cold = {**found.cold, OURS.name: Timing(611.0, 600.0, 620.0, 700.0)}
    worse = replace(found, work={**found.work, Work.ME: rounds}, cold=cold)
    not_met = [
        goal.wanted
        for goal in goals(replace(FIGURES, found={Database.SQLITE: worse}))
        if not goal.met
    ]
    assert not_met == [
        "SQLite: GET /users/me: p99 at most 1.0 × FastAPI's tutorial",
        "SQLite: import and first request at most 1.0 × the tutorial's",
    ]


@pytest.mark.parametrize(
    ("change", "lost"),
    [
        ({"growth": 141.0}, "memory grows"),
        ({"others": {"/users/me": [151.0], "/health": [4.0]}}, "/users/me p99"),
        ({"slowest_login": 8001.0}, "the slowest"),
        ({"statuses": {200: 199, 500: 1}}, "each answered"),
    ],
)
def test_a_crowd_has_its_limits(change: dict[str, object], lost: str) -> None:
    def unmet(crowd: Crowd) -> list[str]:
        figures = replace(FIGURES, found={}, crowds=(crowd,))
        return [goal.wanted for goal in goals(figures) if not goal.met]

    assert unmet(CROWD) == []
    (only,) = unmet(replace(CROWD, **change))  # type: ignore[arg-type]
    assert lost in only
    # What is shown to fail is held against nothing.
    assert unmet(replace(CROWD, name="without slots", **change)) == []  # type: ignore[arg-type]


def test_tables_tell_what_was_measured() -> None:
    rows = work_table("SQLite", FIGURES.found[Database.SQLITE]).rows
    assert rows[1] == (
        "GET /users/me: FastAPI's tutorial",
        "400 (400 to 400)",
        "2.50 (2.50 to 2.50) ×",
        "4.0",
        "9.0",
        "1.25",
    )
    assert cold_table(FIGURES).rows[1][:3] == [NAMES[1], "610 (590 to 700)", "1.02 ×"]
    assert rss_table(FIGURES).rows[0] == ["Ostiary", "64", "64"]
    assert crowds_table([CROWD]).rows == [
        ("Ostiary, SQLite", "90 × 200, 110 × 503", "2,100", "76", "9.0 · 9.0", "4.0 · 4.0")
    ]


def test_the_page_has_no_gap_and_its_chart_a_bar_for_each(tmp_path: Path) -> None:
    write(FIGURES, tmp_path / "new" / "app.md")
    page = (tmp_path / "new" / "app.md").read_text("utf-8")
    assert "$" not in page
    assert "A request costs it 25 µs of its core, so that it could ask 40,000 times" in page
    drawn = ET.fromstring((tmp_path / "new" / "app.svg").read_text("utf-8"))  # noqa: S314
    width, height = map(int, (drawn.get("viewBox") or "").split()[2:])
    bars = [e for e in drawn.iter() if e.tag.endswith("rect") and e.get("class") != "ground"]
    assert len(bars) == len(Database) * len(Work) * len(APPS)
    for bar in bars:
        assert float(bar.get("x", 0)) + float(bar.get("width", 0)) <= width - 40
        assert float(bar.get("y", 0)) + float(bar.get("height", 0)) <= height
