"""Every row of the table through every door: they must be of one mind, and that of the table."""

from collections import Counter
from collections.abc import Iterable

import pytest

from app.tokens.errors import TokenError
from tests.doors.doors import Doors
from tests.doors.forge import Forge
from tests.doors.row import DOORS, FAMILIES, Door, Row
from tests.doors.table import REFUSALS, TABLE

LARGEST_SHARE = 0.15


def over(rows: Iterable[Row]) -> pytest.MarkDecorator:
    """Runs a test over these rows, family by family, so that each house is opened once."""
    cases = [
        pytest.param(alg, row, id=f"{alg}, {row.group}: {row.name}")
        for alg in FAMILIES
        for row in rows
        if alg in row.families
    ]
    return pytest.mark.parametrize(("doors", "row"), cases, indirect=["doors"], scope="module")


@over(TABLE)
@pytest.mark.parametrize("door", DOORS)
def test_every_door_judges_a_token_as_the_table_does(
    row: Row, door: Door, doors: Doors, forge: Forge
) -> None:
    if door in row.not_through:
        pytest.skip(f"it cannot come to this door: {row.not_through[door]}")
    token = row.build(forge)
    assert doors.judge(door, token) == row.verdict, token[:300]


@over([row for row in TABLE if row.verdict == "bad"])
def test_a_hostile_token_is_refused_for_what_is_hostile_in_it(
    row: Row, doors: Doors, forge: Forge
) -> None:
    with pytest.raises(TokenError) as refused:
        doors.verifier.verify(row.build(forge))
    assert refused.value.code in REFUSALS[row.group]


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
