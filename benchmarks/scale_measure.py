"""The calls of every route, as often as it takes, and what the database had to do with them."""

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, product
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.audit.service import Wanted, export_events
from app.database import Database
from app.parts import find
from benchmarks.progress import progress
from benchmarks.scale_calls import Call, ask, calls, events
from benchmarks.scale_house import House, user_id
from benchmarks.scale_plans import Access, accesses
from benchmarks.scale_rows import growing

WARM_UP, ROUNDS, HASHING, FILTERED = 2, 100, 20, 2
EXPORTED = 10_000
# So many users there must be for each round: most of what ends sessions ends a user's for good.
_USERS_A_ROUND = 13


@dataclass
class Figures:
    """Of one call: seconds in the database each time; the rest of the last time."""

    seconds: list[float] = field(default_factory=list)
    transactions: int = 0
    trips: int = 0
    statements: Sequence[tuple[str, Any]] = ()
    accesses: set[Access] = field(default_factory=set)

    @property
    def p10(self) -> float:
        """What nine of ten reach, in seconds: little else of the machine is in it."""
        return sorted(self.seconds)[len(self.seconds) // 10]

    @property
    def p50(self) -> float:
        """The median, in seconds."""
        return statistics.median(self.seconds)

    @property
    def p99(self) -> float:
        """What 99 of 100 stay below or reach, in seconds."""
        return sorted(self.seconds)[math.ceil(0.99 * len(self.seconds)) - 1]


@dataclass
class Measured:
    """Of one house: calls by name, the audit by the filters that are set, sizes in bytes."""

    rows: int
    filled: float
    calls: dict[str, Figures] = field(default_factory=dict)
    filters: dict[str, Figures] = field(default_factory=dict)
    silent: list[str] = field(default_factory=list)
    export: float = 0.0
    sizes: dict[str, int] = field(default_factory=dict)


def measure(house: House, filled: float, rounds: int) -> Measured:
    """Everything; `filled` is how many seconds that took."""
    found = Measured(house.rows, filled, sizes=_sizes(house))
    rounds = min(rounds, house.rows // _USERS_A_ROUND)
    every = list(calls(house))
    for number, call in enumerate(every):
        progress(f"{house.rows:,} rows: {call.name}", number, len(every))
        figures = _repeated(house, call, min(rounds, HASHING) if call.hashes else rounds)
        if figures.statements:
            found.calls[call.name] = figures
        else:
            found.silent.append(call.name)
    for filters, call in _filters(house):
        figures = _repeated(house, call, min(rounds, FILTERED))
        slowest = found.filters.setdefault(filters, figures)
        if figures.p50 > slowest.p50:
            found.filters[filters] = figures
        found.filters[filters].accesses |= slowest.accesses | figures.accesses
    found.export = _export(house)
    return found


def _repeated(house: House, call: Call, rounds: int) -> Figures:
    figures, meter = Figures(), house.meter
    for number in range(-min(WARM_UP, rounds - 1), rounds):
        ask(house, call)
        if not meter.statements:
            return figures  # once is enough
        if number >= 0:
            figures.seconds.append(meter.seconds)
    figures.transactions, figures.trips = meter.transactions, meter.trips
    figures.statements = list(meter.statements)
    with find(house.app, Database).engine.connect() as connection:
        for statement, parameters in figures.statements:
            found = accesses(connection, statement, parameters)
            figures.accesses |= {access for access in found if _is_of_growing(access)}
        connection.rollback()
    return figures


def _is_of_growing(access: Access) -> bool:
    return not access.table or access.table in growing()


def _filters(house: House) -> Iterator[tuple[str, Call]]:
    """Each set of filters, with what is often, what is rare and what is never found."""
    many, usual = str(user_id(0)), str(user_id(house.rows // 20 + 1))
    day = {"since": house.moment(8_640_000), "until": house.moment(8_640_000 - 86_400)}
    for action, outcome, actor, target, period in product(
        (None, "login", "user.roles", "client.delete"),
        (None, "failure", "denial"),
        (None, many, usual),
        (None, many, usual),
        ({}, day),
    ):
        asked = {"action": action, "outcome": outcome, "actor": actor, "target": target}
        query = {name: value for name, value in asked.items() if value} | period
        name = ", ".join(
            [*(name for name in asked if asked[name]), *(["period"] if period else [])]
        )
        yield name or "none", events(query)


def _export(house: House) -> float:
    """Seconds to the first events of an export of all, as `ostiary audit export` asks for them.

    Infinity where the database gives up.
    """
    house.meter.reset()
    try:
        for _ in islice(export_events(find(house.app, Database), Wanted()), EXPORTED):
            pass
    except OperationalError:
        return math.inf
    return house.meter.seconds


def _sizes(house: House) -> dict[str, int]:
    """Bytes of each table that grows, and of each of its indexes."""
    with find(house.app, Database).engine.connect() as connection:
        postgresql = connection.dialect.name == "postgresql"
        query = _SIZES_OF_POSTGRESQL if postgresql else _SIZES_OF_SQLITE
        found = {name: int(size) for name, size in connection.execute(text(query))}
        return {name: size for name, size in found.items() if _table_of(name)}


def _table_of(name: str) -> str | None:
    """Of a table or an index: the naming convention puts the table's name into both."""
    return next((table for table in _LONGEST_FIRST if table in name), None)


_LONGEST_FIRST = sorted(growing(), key=len, reverse=True)


_SIZES_OF_POSTGRESQL = """
SELECT relname, pg_relation_size(oid) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i') ORDER BY relname"""
_SIZES_OF_SQLITE = "SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY name"
