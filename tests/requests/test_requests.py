"""Every row of the table through every door: one answer, and nothing of it the attacker's."""

from collections import Counter
from pathlib import Path

import pytest

from tests.requests.doors import Doors
from tests.requests.elsewhere import ATTACKS, ELSEWHERE
from tests.requests.row import DOORS, Door, Row, Sent
from tests.requests.table import TABLE

TESTS = Path(__file__).parent.parent
# Hostile names in what is sent begin with these; an answer that holds one has believed it.
PLANTED = ("evil", "javascript")


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.number} {row.what}")
def test_every_door_answers_a_request_as_the_table_does(doors: Doors, row: Row) -> None:
    mistaken = [
        f"{sent!s}, {door}: {mistake}"
        for sent in row.sent
        for door in DOORS
        if door not in row.not_through
        if (mistake := mistaken_for(row, doors, sent, door))
    ]
    assert not mistaken, "\n".join(mistaken)


def mistaken_for(row: Row, doors: Doors, sent: Sent, door: Door) -> str:
    """The answer, or the error in its place, where the table expects another; else nothing."""
    expected = row.at(door)
    try:
        got = doors.send(door, sent)
        seen = (got.status, got.by, doors.house(door).shown_in(got.text))
    except Exception as error:  # so that the other requests of the row are still sent
        return repr(error)
    believed = [word for word in PLANTED if word in got.all_of_it.lower()]
    is_expected = seen == (expected.status, expected.by, expected.opens) and not believed
    return "" if is_expected else repr(got)


def test_a_door_answers_otherwise_for_a_reason_that_the_table_names() -> None:
    for row in TABLE:
        for door, expected in row.otherwise.items():
            same = (expected.status, expected.by) == (row.expected.status, row.expected.by)
            assert same or expected.why or row.expected.why, (row.what, door)


def test_no_answer_is_a_fault_of_ours() -> None:
    for row in TABLE:
        for expected in (row.expected, *row.otherwise.values()):
            assert expected.status < 500 or expected.by == "server", row.what


def test_every_attack_is_tried_here_or_by_a_test_that_is_there() -> None:
    tried = {row.number for row in TABLE} | {other.number for other in ELSEWHERE}
    assert tried == set(ATTACKS)
    for other in ELSEWHERE:
        for test in other.tests:
            file, name = test.split("::")
            assert f"\ndef {name}(" in (TESTS / file).read_text(), test


def test_the_table_names_each_request_once() -> None:
    names = Counter(
        (row.number, row.what, sent, door)
        for row in TABLE
        for sent in map(str, row.sent)
        for door in DOORS
    )
    assert [name for name, times in names.items() if times > 1] == []


def test_the_table_holds_requests_that_open_what_the_others_must_not() -> None:
    for door in DOORS:
        assert sum(row.at(door).opens and door not in row.not_through for row in TABLE) >= 3
