"""docs/hostile-requests.md against the rows: all of them, as they are, and nothing else."""

import re

import pytest

from tests.requests.elsewhere import ATTACKS, ELSEWHERE
from tests.requests.page import HEAD, NEVER, PAGE, UNEXPECTED, left, statuses, told
from tests.requests.row import DOORS, Row
from tests.requests.table import TABLE

AGAIN = "the page is old: run `.venv/bin/python -m tests.requests.page`"
LINES = PAGE.read_text().split("\n")
ROWS = [line for line in LINES if line.startswith("| **")]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.number} {row.what}")
def test_the_page_tells_a_row_as_it_is_and_that_it_was_answered_so(row: Row) -> None:
    start = f"{left(row)} "
    found = [line for line in ROWS if line.startswith(start)]
    assert len(found) == 1, AGAIN

    cells = found[0].removeprefix(start).removesuffix(" |").split(" | ")
    assert len(cells) == len(DOORS)
    for door, cell in zip(DOORS, cells, strict=True):
        if door in row.not_through:
            assert cell == NEVER
        else:
            assert (statuses(cell), UNEXPECTED in cell) == ({row.at(door).status}, False), AGAIN


def test_the_page_has_no_row_that_the_table_has_not() -> None:
    assert len(ROWS) == len(TABLE), AGAIN
    assert "\n".join(LINES).count(HEAD) == len({row.number for row in TABLE})


def test_the_page_has_every_attack_once_and_in_order() -> None:
    headings = [line for line in LINES if line.startswith("## ")]
    wanted = [
        f"## {number}. {attack}" if number else f"## {attack}" for number, attack in ATTACKS.items()
    ]
    assert headings == wanted, AGAIN


def test_the_page_names_the_tests_of_what_is_more_than_one_request() -> None:
    for other in ELSEWHERE:
        assert told(other) in LINES, AGAIN


def test_the_page_says_when_and_with_what_it_was_written() -> None:
    assert re.search(r"this page on \d+ \w+ 20\d\d with Python 3\.\d+", "\n".join(LINES))
