"""Every row of the table through every door: they must be of one mind, and that of the table."""

import time
from collections import Counter
from collections.abc import Iterator

import pytest

from app.tokens.errors import TokenError
from tests.doors.doors import Doors
from tests.doors.forge import Forge
from tests.doors.row import DOORS, FAMILIES, Door, Row
from tests.doors.table import REFUSALS, TABLE

LARGEST_SHARE = 0.15
# A test for each of the 14,000 verdicts would take longer than the doors do.
by_group = pytest.mark.parametrize("group", REFUSALS)


def tokens(doors: Doors, group: str) -> Iterator[tuple[Row, str]]:
    """The rows of a group that this house's keys can make, each with its token, made just now."""
    rows = [row for row in TABLE if row.group == group and doors.alg in row.families]
    if not rows:
        pytest.skip(f"no token of this group is made with {doors.alg}")
    for row in rows:
        yield row, row.build(Forge(doors.alg, doors.sub, int(time.time())))


@by_group
def test_every_door_judges_a_token_as_the_table_does(group: str, doors: Doors) -> None:
    mistaken = [
        f"{row.name}, {door}: {said} of {token[:300]}"
        for row, token in tokens(doors, group)
        for door in DOORS
        if door not in row.not_through
        if (said := judged(doors, door, token)) != row.verdict
    ]
    assert not mistaken, "\n".join(mistaken)


def judged(doors: Doors, door: Door, token: str) -> str:
    """The door's verdict, or how it failed to give one."""
    try:
        return doors.judge(door, token)
    except Exception as error:  # so that the other verdicts of the group are still heard
        return repr(error)


@by_group
def test_a_hostile_token_is_refused_for_what_is_hostile_in_it(group: str, doors: Doors) -> None:
    mistaken = [
        f"{row.name}: {code}"
        for row, token in tokens(doors, group)
        if row.verdict == "bad" and (code := reason(doors, token)) not in REFUSALS[group]
    ]
    assert not mistaken, "\n".join(mistaken)


def reason(doors: Doors, token: str) -> str:
    """The code with which `verify` refuses a token."""
    try:
        doors.verifier.verify(token)
    except TokenError as refused:
        return refused.code
    return "none"


def test_no_group_of_the_table_outweighs_the_others() -> None:
    groups = Counter(row.group for row in TABLE)
    assert max(groups.values()) <= LARGEST_SHARE * len(TABLE)


def test_the_reasons_for_a_refusal_are_told_for_every_group() -> None:
    assert REFUSALS.keys() == {row.group for row in TABLE}


def test_the_table_names_each_row_once() -> None:
    names = Counter((row.group, row.name) for row in TABLE)
    assert [name for name, times in names.items() if times > 1] == []


def test_the_table_holds_good_tokens_and_hostile_ones_for_every_family() -> None:
    for alg in FAMILIES:
        verdicts = Counter(row.verdict for row in TABLE if alg in row.families)
        assert verdicts["good"] >= 20
        assert verdicts["bad"] >= 300
