"""What was measured of the apps, as tables of text."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from benchmarks.app_field import OURS, Work
from benchmarks.app_figures import (
    Crowd,
    Figures,
    OnDatabase,
    Rounds,
    Slice,
    Spread,
    rates,
    ratio,
)
from benchmarks.app_goals import goals, statuses
from benchmarks.tables import Table


def work_table(title: str, found: OnDatabase) -> Table:
    """Requests a second and what they cost, by work and app."""
    columns = (
        "",
        "requests a second",
        f"{OURS.name} ÷ it",
        "p50, ms",
        "p99, ms",
        "CPU ms a request",
    )
    rows = [row for work, rounds in found.work.items() for row in _rows(work, rounds)]
    return Table(title, columns, rows)


def _rows(work: Work, rounds: Rounds) -> Iterator[Sequence[str]]:
    ours = rates(rounds[OURS.name])
    for name, slices in rounds.items():
        to = "" if name == OURS.name else spread(ratio(ours, rates(slices)), 2) + " ×"
        what = f"{work.value}: {name}"
        yield what, spread(Spread.of(rates(slices)), 0), to, *_costs(slices)


def _costs(slices: Sequence[Slice]) -> Sequence[str]:
    return (
        f"{median(each.p50 for each in slices) / 1e3:.1f}",
        f"{median(each.p99 for each in slices) / 1e3:.1f}",
        f"{median(each.cpu_milliseconds for each in slices):.2f}",
    )


def spread(values: Spread, digits: int) -> str:
    """A median with its quartiles in brackets."""
    low, high = (f"{value:,.{digits}f}" for value in (values.low, values.high))
    return f"{values.median:,.{digits}f} ({low} to {high})"


def cold_table(figures: Figures) -> Table:
    """Milliseconds from nothing to the first answer."""
    columns = [""]
    for database in figures.found:
        columns += [database.value, f"÷ {OURS.name}'s"]
    names = next(iter(figures.found.values())).cold
    rows = [[name, *_cold_cells(figures, name)] for name in names]
    return Table("Import and first request under Mangum, ms of a whole process", columns, rows)


def _cold_cells(figures: Figures, name: str) -> list[str]:
    cells = []
    for found in figures.found.values():
        cold, ours = found.cold[name], found.cold[OURS.name]
        cells += [
            spread(Spread(cold.median, cold.low, cold.high), 0),
            f"{cold.median / ours.median:.2f} ×",
        ]
    return cells


def rss_table(figures: Figures) -> Table:
    """Memory after all rounds, MiB."""
    names = next(iter(figures.found.values())).rss
    rows = [
        [name, *(f"{found.rss[name] / 2**20:.0f}" for found in figures.found.values())]
        for name in names
    ]
    columns = ["", *(database.value for database in figures.found)]
    return Table("Resident memory after all rounds, MiB", columns, rows)


def crowds_table(crowds: Sequence[Crowd]) -> Table:
    """What 200 logins at once did."""
    columns = (
        "",
        "answers",
        "slowest, ms",
        "memory grew by, MiB",
        "`/users/me` p50 · p99, ms",
        "`/health` p50 · p99, ms",
    )
    rows = [
        (
            crowd.name,
            statuses(crowd.statuses),
            f"{crowd.slowest_login:,.0f}",
            f"{crowd.growth:,.0f}",
            _middle_and_tail(crowd, "/users/me"),
            _middle_and_tail(crowd, "/health"),
        )
        for crowd in crowds
    ]
    return Table("200 logins at once", columns, rows)


def _middle_and_tail(crowd: Crowd, route: str) -> str:
    return f"{median(crowd.others[route]):.1f} · {crowd.p99(route):.1f}"


def goals_table(figures: Figures) -> Table:
    """What was wanted, and whether it was reached."""
    verdicts: Mapping[bool | None, str] = {True: "met", False: "not met", None: "not measured"}
    rows = [(goal.wanted, goal.reached, verdicts[goal.met]) for goal in goals(figures)]
    return Table("Goals", ("goal", "reached", ""), rows)
