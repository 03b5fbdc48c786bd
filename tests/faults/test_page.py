"""The page of faults names every row once, and only tests that are there."""

import re

import pytest

from tests.architecture.sources import ROOT

PAGE = (ROOT / "docs/security/faults.md").read_text("utf-8")
ROWS = re.findall(r"^\| (\d+) \|(.+)\|$", PAGE, re.MULTILINE)
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE)))


def test_each_of_the_twenty_four_has_a_row_of_five_cells() -> None:
    assert [int(number) for number, _ in ROWS] == list(range(1, 25))
    assert {rest.count("|") for _, rest in ROWS} == {3}


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_what_it_names_is_there(file: str, name: str) -> None:
    text = (ROOT / file).read_text("utf-8")
    assert not name or f"def {name}(" in text


def test_every_file_of_faults_is_named() -> None:
    files = {str(path.relative_to(ROOT)) for path in (ROOT / "tests/faults").glob("test_*.py")}
    assert files - {file for file, _ in NAMED} == {"tests/faults/test_page.py"}
