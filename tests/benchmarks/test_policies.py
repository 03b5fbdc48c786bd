"""The benchmark of policies: its tables are real ones, and its page tells what was measured."""

from pathlib import Path

import pytest

from app.access.routes import RouteTable
from app.access.scopes import Role
from benchmarks import policies
from benchmarks.policies import answer_for, app_with, compiled, main, roles_in_words
from tests.authorizer.iam import allows


@pytest.mark.parametrize("routes", [10, 300])
def test_a_table_has_as_many_guarded_routes_as_it_says_and_its_policy_opens_them(
    routes: int,
) -> None:
    table = RouteTable.of(app_with(routes))
    assert len(table.guarded) == routes
    answer = answer_for(table, Role.MEMBER, compiled(table))
    assert answer["context"]["code"] == "granted"
    for row in compiled(table).routes:
        called = row["resource"].replace("?", "0")
        assert allows(answer, f"{policies.STAGE_ARN}/{called}"), row


def test_members_hold_what_they_are_given_alone() -> None:
    table = RouteTable.of(app_with(50, lambda number: number == 0))
    answer = answer_for(table, Role.MEMBER, compiled(table))
    mine = {row["resource"] for row in compiled(table).routes if row["path"].startswith("/ordersa")}
    assert len(mine) == 5
    for row in compiled(table).routes:
        called = row["resource"].replace("?", "0")
        assert allows(answer, f"{policies.STAGE_ARN}/{called}") is (row["resource"] in mine)


def test_the_page_has_no_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policies, "SIZES", (10, 20))
    monkeypatch.setattr(policies, "ROUNDS", 1)
    monkeypatch.setattr(policies, "BATCH", 2)
    monkeypatch.setattr(policies, "PAGE", tmp_path / "policies.md")
    monkeypatch.setattr("sys.argv", ["policies"])
    main()
    page = (tmp_path / "policies.md").read_text("utf-8")
    assert "$" not in page
    assert roles_in_words() in page
    assert page.count("| 20 routes") == 4
