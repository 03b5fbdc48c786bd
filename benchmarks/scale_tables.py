"""The figures of the scale benchmark as tables."""

from collections.abc import Iterator, Sequence

from benchmarks.scale_measure import Figures, Measured
from benchmarks.tables import ABSENT, Table


def growth(few: Figures, many: Figures) -> float:
    """How many times as long a call takes that nothing else delays."""
    return many.p10 / few.p10


def latency_table(name: str, series: Sequence[Measured]) -> Table:
    """p50 and p99 of each call at each size, in ms, and how much p10 grew."""
    columns = [f"{name}: p50 · p99, ms", *(f"{each.rows:,}" for each in series), "×"]
    return Table(name, columns, [_row(call, [each.calls[call] for each in series], p99=True)
                                 for call in series[-1].calls])  # fmt: skip


def filters_table(name: str, series: Sequence[Measured]) -> Table:
    """The slowest of what each set of filters of the audit was asked with, in ms."""
    columns = [f"{name}: filters, ms", *(f"{each.rows:,}" for each in series), "×"]
    return Table(f"{name}: GET /audit-events", columns, [
        _row(filters, [each.filters[filters] for each in series], p99=False)
        for filters in series[-1].filters
    ])  # fmt: skip


def _row(name: str, found: Sequence[Figures], *, p99: bool) -> list[str]:
    cells = [_ms(each.p50) + (f" · {_ms(each.p99)}" if p99 else "") for each in found]
    return [name, *cells, f"{growth(found[0], found[-1]):.1f}"]


def work_table(postgresql: Measured, sqlite: Measured) -> Table:
    """What each call is to the database, however much there is."""
    columns = ["", "statements", "transactions", "ways to PostgreSQL and back", "ms, p10"]
    columns.append("SQLite's commits")
    rows = []
    for name, figures in postgresql.calls.items():
        other = sqlite.calls.get(name)
        count = (len(figures.statements), figures.transactions, figures.trips)
        commits = str(other.transactions) if other else ABSENT
        rows.append([name, *(str(number) for number in count), _ms(figures.p10), commits])
    return Table("Work", columns, rows)


def plans_table(*both: Measured) -> Table:
    """By which indexes each route finds what it wants, on either database."""
    names = dict.fromkeys(name.partition(",")[0] for found in both for name in found.calls)
    rows = [
        [name, *(", ".join(_indexes(found, name)) or ABSENT for found in both)] for name in names
    ]
    return Table("Plans", ["", "PostgreSQL", "SQLite"], rows)


def _indexes(found: Measured, route: str) -> list[str]:
    of_route = [figures for name, figures in found.calls.items() if name.partition(",")[0] == route]
    return sorted({_shown(str(access)) for figures in of_route for access in figures.accesses})


def _shown(index: str) -> str:
    return index.replace("sqlite_autoindex_", "auto_")


def faults(found: Measured) -> list[str]:
    """Whatever may read the more, the more rows a table has."""
    return sorted(set(_faults(found)))


def _faults(found: Measured) -> Iterator[str]:
    for name, figures in found.calls.items():
        for access in figures.accesses:
            if access.grows:
                yield f"{name}: {access}"
    for name, figures in found.filters.items():
        for access in figures.accesses:
            if access.grows:
                yield f"GET /audit-events by {name}: {access}"


def sizes_table(postgresql: Measured, sqlite: Measured) -> Table:
    """Megabytes of tables and their indexes."""
    names = list(dict.fromkeys([*postgresql.sizes, *sqlite.sizes]))
    rows = [[_shown(name), *(_mb(found.sizes.get(name)) for found in (postgresql, sqlite))]
            for name in names]  # fmt: skip
    sums = (sum(found.sizes.values()) for found in (postgresql, sqlite))
    return Table("Sizes", ["MB", "PostgreSQL", "SQLite"], [*rows, ["together", *map(_mb, sums)]])


def _mb(size: int | None) -> str:
    return ABSENT if size is None else f"{size / 1e6:.1f}"


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.{2 if seconds < 0.01 else 1}f}"
