"""`python -m tests.requests.page` sends every row through every door and writes the page anew.

The page is docs/hostile-requests.md. What is sent and expected is the table's, and a test holds it
there; what came is what this run saw.
"""

import datetime as dt
import platform
import re
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from string import Template

from local.command import PROJECT
from tests.requests.doors import Doors, Got
from tests.requests.elsewhere import ATTACKS, ELSEWHERE, Elsewhere
from tests.requests.house import opened
from tests.requests.row import DOORS, Door, Row
from tests.requests.table import TABLE

PAGE = PROJECT / "docs" / "hostile-requests.md"
UNEXPECTED = "**not as expected**"
NEVER = "–"
INTRODUCTION = Path(__file__).with_name("introduction.md")
HEAD = f"| sent | expected | {' | '.join(DOORS)} |\n|---|---|{'---|' * len(DOORS)}"
Seen = Mapping[Door, list[Got]]


def written(seen: Mapping[str, Seen]) -> str:
    """The page, given what came for each row and door."""
    parts = [_introduction()]
    for number, attack in ATTACKS.items():
        parts.append(f"## {number}. {attack}\n" if number else f"## {attack}\n")
        rows = [row for row in TABLE if row.number == number]
        if rows:
            lines = (f"{left(row)} {right(row, seen[key(row)])} |" for row in rows)
            parts.append("\n".join([HEAD, *lines, ""]))
        parts += [f"{told(other)}\n" for other in ELSEWHERE if other.number == number]
    return "\n".join(parts)


def _introduction() -> str:
    return Template(INTRODUCTION.read_text()).substitute(
        {name: version(name) for name in ("uvicorn", "mangum", "ministack")},
        date=f"{dt.datetime.now(dt.UTC):%-d %B %Y}",
        python=platform.python_version(),
    )


def key(row: Row) -> str:
    """What a row is known by."""
    return f"{row.number} {row.what}"


def left(row: Row) -> str:
    """The cells of a row that the table alone decides: what is sent, and what is expected."""
    requests = row.said or "<br>".join(
        " · ".join(f"`{line}`" for line in str(sent).split("\n")) for sent in row.sent
    )
    cells = f"**{row.what}**<br>{requests}", "<br>".join(_expectations(row))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _expectations(row: Row) -> Iterator[str]:
    why = f", {row.expected.why}" if row.expected.why else ""
    holds = ", with the member's own" if row.expected.opens else ""
    by = "" if row.expected.by == "app" else f" by the {row.expected.by}"
    yield f"{row.expected.status}{by}{holds}{why}"
    otherwise = {door: e for door, e in row.otherwise.items() if door not in row.not_through}
    for expected in dict.fromkeys(otherwise.values()):
        doors = [door for door in DOORS if otherwise.get(door) == expected]
        yield f"{' and '.join(doors)}: {expected.status}, {expected.why or row.expected.why}"
    for reason in dict.fromkeys(row.not_through.values()):
        doors = [door for door in DOORS if row.not_through.get(door) == reason]
        yield f"not {' nor '.join(doors)}: {reason}"


def right(row: Row, seen: Seen) -> str:
    """The cells of what came."""
    return " | ".join(_came(row, door, seen[door]) if door in seen else NEVER for door in DOORS)


def _came(row: Row, door: Door, answers: list[Got]) -> str:
    told_once = dict.fromkeys(_answer(got) for got in answers)
    expected = row.at(door)
    as_expected = {(got.status, got.by) for got in answers} == {(expected.status, expected.by)}
    return ", ".join(told_once) + ("" if as_expected else f" {UNEXPECTED}")


def _answer(got: Got) -> str:
    by = "" if got.by == "app" else f" {got.by}"
    return f"{got.status}{by}" + (f" `{got.code}`" if got.code else "")


def told(other: Elsewhere) -> str:
    """The tests of an attack that is more than one request."""
    tests = "; ".join(f"`tests/{test}`" for test in other.tests)
    return f"{other.what[0].upper()}{other.what[1:]}: {tests}."


def statuses(cell: str) -> set[int]:
    """The statuses that a cell of what came tells."""
    return {int(status) for status in re.findall(r"(?:^|, )(\d{3})\b", cell)}


def ask(doors: Doors) -> dict[str, Seen]:
    """What comes for every row at every door that it can come to."""
    return {
        key(row): {
            door: [doors.send(door, sent) for sent in row.sent]
            for door in DOORS
            if door not in row.not_through
        }
        for row in TABLE
    }


def main(page: Path = PAGE) -> None:
    with opened() as (doors, _):
        page.write_text(written(ask(doors)))
    print(f"{page} has {len(TABLE)} rows of {sum(len(row.sent) for row in TABLE)} requests")


if __name__ == "__main__":
    main()
