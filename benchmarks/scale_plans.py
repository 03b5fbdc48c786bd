"""How a database finds what a statement asks for."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection

SEARCH, WALK, SCAN = "search", "walk", "scan"


class Access(NamedTuple):
    """One way to the rows of a table.

    A search goes to where they are in an index. A walk goes along an index, a scan over the table,
    until enough was found; `filtered` says that it passes rows that are not wanted.
    """

    table: str
    how: str
    by: str | None = None
    filtered: bool = False

    @property
    def grows(self) -> bool:
        """Whether it may read the more, the more rows there are."""
        return self.how == SCAN or (self.how == WALK and self.filtered)

    def __str__(self) -> str:
        along = f" along {self.by}" if self.how == WALK else ""
        return f"{self.how} of {self.table}{along}" if self.how != SEARCH else self.by or ""


def accesses(connection: Connection, statement: str, parameters: Any) -> set[Access]:
    """What the database would do now for this statement."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        details = [row[3] for row in rows]
        return {_of_sqlite(detail, statement) for detail in details if _is_access(detail)}
    plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar()
    return set(_of_postgresql(plan))


def _is_access(detail: str) -> bool:
    return detail.startswith(("SEARCH ", "SCAN ")) and not detail.startswith("SCAN CONSTANT")


def _of_sqlite(detail: str, statement: str) -> Access:
    how, table, *words = detail.split()
    index = None
    if "INDEX" in words:
        index = words[words.index("INDEX") + 1]
    elif words[-1:] and "PRIMARY" in words:
        index = "primary key"
    if how == "SEARCH":
        return Access(table, SEARCH, index or "rowid")
    # It does not say what it leaves out on the way; whatever is asked beside the order may be.
    asks = " WHERE " in " ".join(statement.split())
    return Access(table, WALK if index else SCAN, index, filtered=asks or not index)


def _of_postgresql(plan: Any) -> Iterator[Access]:
    if isinstance(plan, list):
        for part in plan:
            yield from _of_postgresql(part)
    elif isinstance(plan, dict):
        yield from _of_node(plan)
        for part in plan.values():
            yield from _of_postgresql(part)


def _of_node(node: dict[str, Any]) -> Iterator[Access]:
    kind, index = node.get("Node Type"), node.get("Index Name")
    if kind == "Seq Scan":
        yield Access(node["Relation Name"], SCAN, filtered="Filter" in node)
    elif index is not None:
        table = node.get("Relation Name", "")
        how = SEARCH if "Index Cond" in node else WALK
        yield Access(table, how, index, filtered=how == WALK and "Filter" in node)
