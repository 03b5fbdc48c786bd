"""docs/security/asvs.md: each requirement has one row, and each test that it names is there."""

import ast
import re
from collections import Counter
from functools import cache

import pytest

from tests.architecture.sources import ROOT, tree_of

PAGE = (ROOT / "docs/security/asvs.md").read_text("utf-8")
LEVELS = {
    "ASVS, level 1": "6.1.1 6.2.1 6.2.2 6.2.3 6.2.4 6.2.5 6.2.8 6.3.1 6.3.2 6.4.1 7.2.1 7.2.2 "
    "7.2.3 7.2.4 7.4.1 7.4.2 8.2.1 8.2.2 8.3.1 9.1.1 9.1.2 9.1.3 9.2.1 10.4.4 10.4.5 11.4.1",
    "ASVS, level 2": "4.1.3 6.1.2 6.2.9 6.2.10 6.2.11 6.2.12 6.3.3 6.3.4 6.4.3 6.8.2 7.1.1 7.1.2 "
    "7.3.1 7.3.2 7.4.3 7.4.5 7.5.1 7.5.2 8.2.3 9.2.2 9.2.3 9.2.4 10.1.1 10.3.1 10.3.2 10.3.3 "
    "10.3.4 10.4.8 10.4.9 11.2.1 11.2.3 11.4.2 11.5.1 13.2.1 13.2.2 13.2.3 13.2.4 13.2.5 13.2.6 "
    "13.3.1 13.4.2 13.4.5 16.2.5 16.3.1 16.3.2 16.3.3 16.3.4 16.4.1 16.5.1 16.5.2 16.5.3",
    "ASVS, level 3": "6.3.5 6.3.7 6.3.8 8.3.2 10.3.5 11.2.4 13.1.2 13.1.3 16.5.4",
}
OTHERS = {
    "8725": [f"§3.{number}" for number in range(1, 13)],
    "9068": ["§2.1", "§2.2", *(f"§4 {part}" for part in ("typ", "iss", "aud", "signature", "exp"))],
    "9700": ["§2.2.2", "§4.14", "§2.3", "§2.4"],
    "63B": [
        *("length", "composition", "longest", "Unicode", "NFC", "block list", "hints"),
        *("rotation", "whole", "failures", "salt", "paste"),
    ],
}
REQUIREMENTS = [
    *(number for level in LEVELS.values() for number in level.split()),
    *(f"{name} {part}" for name, parts in OTHERS.items() for part in parts),
]
VERDICTS = ("met", "in part", "not")
_ROW = re.compile(r"^\| \*\*(.+?)\*\* (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
_SHOWN = re.compile(r"`tests/[^`]+`(, `tests/[^`]+`)*")
ROWS = {found[1]: found for found in _ROW.finditer(PAGE)}
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::([^`]+)`", PAGE)))


@cache
def names_in(file: str) -> frozenset[str]:
    """The tests of a file as pytest names them, but for their parameters."""
    return frozenset(_names_of(tree_of(ROOT / file).body))


def _names_of(body: list[ast.stmt], within: str = "") -> list[str]:
    found = []
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found += [within + node.name] if node.name.startswith("test_") else []
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            found += _names_of(node.body, f"{within}{node.name}::")
    return found


def test_each_requirement_has_one_row_and_there_are_no_others() -> None:
    assert Counter(found[1] for found in _ROW.finditer(PAGE)) == Counter(REQUIREMENTS)
    assert len(re.findall(r"^\| \*\*", PAGE, re.MULTILINE)) == len(REQUIREMENTS)


@pytest.mark.parametrize("level", LEVELS)
def test_a_row_stands_under_its_level(level: str) -> None:
    section = PAGE.partition(f"\n## {level}\n")[2].partition("\n## ")[0]
    assert [found[1] for found in _ROW.finditer(section)] == LEVELS[level].split()


def test_what_is_met_is_shown_and_what_is_not_is_said() -> None:
    for _, words, verdict, how, shown in (row.groups() for row in ROWS.values()):
        assert verdict in VERDICTS, words
        assert len(words.split()) <= 14, words
        assert how
        if verdict == "not":
            assert shown == "–", words
        else:
            assert shown == "untested" or _SHOWN.fullmatch(shown), words


def test_whatever_is_not_wholly_met_says_what_to_do() -> None:
    left = PAGE.partition("\n## What is left to you\n")[2].partition("\n## ")[0]
    said = re.findall(r"^- \*\*(.+?)\*\* \S", left, re.MULTILINE)
    assert sorted(said) == sorted(name for name, row in ROWS.items() if row[3] != "met")


def test_the_page_counts_its_own_rows() -> None:
    count = Counter(row[3] for row in ROWS.values())
    met, in_part, missing = (count[verdict] for verdict in VERDICTS)
    total = f"Of {len(ROWS)} requirements {met} are met, {in_part} in part, {missing} not."
    assert f"\n{total}\n" in PAGE


def test_each_test_that_is_named_is_there() -> None:
    absent = [f"{file}::{name}" for file, name in NAMED if name not in names_in(file)]
    assert absent == []


def test_nothing_is_named_in_another_way() -> None:
    plain = {file for file in re.findall(r"`(tests/[^`]+)`", PAGE) if "::" not in file}
    assert plain == {"tests/no_secrets.py"}
    assert len(NAMED) == len(set(re.findall(r"`tests/[^`]+::[^`]+`", PAGE))) > 100
