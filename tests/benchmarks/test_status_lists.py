"""The benchmark of status lists: its lists are real ones, and its page tells what was measured."""

from pathlib import Path

import pytest

from benchmarks import status_lists
from benchmarks.status_lists import ended_places, main, raw_of, weigh


def test_a_list_says_ended_for_the_share_that_it_is_said_to() -> None:
    places = ended_places(0.01)
    assert len(set(places)) == 10_000
    assert places == ended_places(0.01)
    assert raw_of(places).count(0) < 125_000
    assert int.from_bytes(raw_of(places), "little").bit_count() == 10_000


def test_a_list_of_a_million_with_one_per_cent_ended_is_no_larger_than_it_may_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(status_lists, "CHECKS", 10)
    weight = weigh(0.01, 1)
    assert weight.raw == 125_000
    assert weight.packed < weight.raw < 130_000


def test_the_page_has_no_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSTIARY_DATABASE_URL", "")  # set anew on the way, and taken back after
    for name, value in {"SHARES": (0.001,), "ROUNDS": 1, "CHECKS": 10, "SESSIONS": 10}.items():
        monkeypatch.setattr(status_lists, name, value)
    monkeypatch.setattr(status_lists, "PAGE", tmp_path / "status-lists.md")
    monkeypatch.setattr("sys.argv", ["status_lists"])
    main()
    page = (tmp_path / "status-lists.md").read_text("utf-8")
    assert "$" not in page
    assert page.count("| 0.1% | ") == 2
