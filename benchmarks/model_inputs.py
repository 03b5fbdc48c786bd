"""What the model starts from: assumptions, each of which can be changed, and measured figures, read
from the pages that the other benchmarks wrote.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.material import ROOT

PAGES = ROOT / "docs" / "benchmarks"
COSTS = ROOT / "docs" / "costs.md"


def _assumed(default: float, meaning: str) -> Any:
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True)
class Assumptions:
    """What nobody measured. Change one here, or as an option of the command."""

    # What people do: as docs/costs.md has it, 50 calls, a login and 5 refreshes a day.
    login_share: float = _assumed(1 / 56, "logins among the requests")
    refresh_share: float = _assumed(5 / 56, "refreshes among the requests")
    write_share: float = _assumed(0.2, "writes among the other calls")
    calls_a_minute: float = _assumed(1.5, "calls with one token in a minute in which it is used")
    new_range_share: float = _assumed(0.1, "logins from a range where the user is not known")
    session_days: float = _assumed(1, "days over which the tokens of one session are used")
    logout_share: float = _assumed(0.3, "sessions that are ended, and do not just expire")
    ended_share: float = _assumed(0.01, "places of a status list whose session was ended")
    # Ways and waits between AWS's parts [from memory].
    database_trip_ms: float = _assumed(0.5, "to the database and back, in one region")
    commit_ms: float = _assumed(3, "a commit, until the disks of RDS have it")
    kms_ms: float = _assumed(10, "a signature of KMS, with the way there")
    list_fetch_ms: float = _assumed(40, "an authorizer's fetch of a status list through the API")
    # Quotas as they are at first, and what template.yaml sets when nothing is said.
    requests_per_second: float = _assumed(100, "RequestsPerSecond of the template")
    gateway_requests: float = _assumed(10_000, "API Gateway's requests a second, an account")
    concurrency: float = _assumed(1_000, "Lambda's instances at once, an account")
    burst: float = _assumed(1_000, "instances of a function that Lambda adds in 10 s")
    requests_an_instance: float = _assumed(10, "requests a second that Lambda gives an instance")
    rsa_signatures: float = _assumed(1_000, "KMS's RSA operations a second, an account")
    database_gib: float = _assumed(1, "memory of the database's class, of db.t4g.micro")
    database_cores: float = _assumed(0.2, "cores it has for good: of a t4g.micro a tenth of two")
    held_lists: float = _assumed(64, "status lists that an authorizer holds")
    list_seconds: float = _assumed(15, "after which it asks for one again")
    list_places: float = _assumed(1_000_000, "sessions in a status list")
    authorizer_mb: float = _assumed(1024, "memory of the authorizer")
    app_mb: float = _assumed(1769, "memory of the app")


@dataclass(frozen=True)
class Route:
    """What a call is to the database: ways there and back, transactions, milliseconds."""

    trips: float
    transactions: float
    milliseconds: float


@dataclass(frozen=True)
class Measured:
    """Of the pages. Milliseconds are of work on one whole core; prices are in dollars."""

    decision_ms: float
    cold_authorizer_ms: float
    call_ms: float
    login_ms: float
    cold_app_ms: float
    routes: Mapping[str, Route]
    list_bytes: Sequence[tuple[float, float]]  # by the share of ended places, rising
    prices: Mapping[str, float]

    def price(self, beginning: str) -> float:
        """The one price whose name begins so."""
        (found,) = (value for name, value in self.prices.items() if name.startswith(beginning))
        return found


def read_measured(pages: Path = PAGES, costs: Path = COSTS) -> Measured:
    """From the pages as they stand; KeyError where a row is not there."""
    functions = _rows((pages / "functions.md").read_text("utf-8"))
    scale = (pages / "scale.md").read_text("utf-8")
    lists = _rows((pages / "status-lists.md").read_text("utf-8").partition("## In the app")[0])
    return Measured(
        decision_ms=_in_brackets(functions["warm request, ms"][0]),
        cold_authorizer_ms=_cold(functions, 0),
        call_ms=_in_brackets(functions["warm request, ms"][1]),
        login_ms=_in_brackets(functions["a login, ms"][1]),
        cold_app_ms=_cold(functions, 1),
        routes=_routes(scale),
        list_bytes=[
            (float(share[:-1]) / 100, _number(cells[2]))
            for share, cells in lists.items()
            if share.endswith("%")
        ],
        prices=_prices(costs.read_text("utf-8")),
    )


def _rows(page: str) -> dict[str, list[str]]:
    """The tables' rows by what stands in their first cell; of two alike the first."""
    found: dict[str, list[str]] = {}
    for line in page.splitlines():
        if line.startswith("|") and not line.startswith("| ---"):
            name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
            found.setdefault(name, cells)
    return found


def _routes(scale: str) -> dict[str, Route]:
    work = _rows(scale.partition("\n## Work")[2])
    return {
        name: Route(_number(cells[2]), _number(cells[1]), _number(cells[3]))
        for name, cells in work.items()
        if name.startswith(("GET ", "POST ", "PUT ", "PATCH ", "DELETE "))
    }


def _cold(functions: Mapping[str, Sequence[str]], column: int) -> float:
    rows = ("start, ms", "first request, ms")
    return sum(_in_brackets(functions[row][column]) for row in rows)


def _prices(costs: str) -> dict[str, float]:
    found = re.findall(r"\| ([^|]+?) \| ([0-9.]+) (?=\|)", costs)
    return {name: float(figure) for name, figure in found}


def _in_brackets(cell: str) -> float:
    found = re.search(r"\(([0-9.]+)\)", cell)
    if found is None:
        raise KeyError(f"a figure in brackets was expected, not {cell!r}")
    return float(found[1])


def _number(cell: str) -> float:
    """The first number of a cell."""
    found = re.match(r"[0-9.,]+", cell)
    if found is None:
        raise KeyError(f"a number was expected, not {cell!r}")
    return float(found[0].replace(",", ""))
