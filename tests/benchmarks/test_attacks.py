"""The benchmark of attacks: what it attacks is the app, and its page tells what was measured."""

import asyncio
from pathlib import Path

import pytest

from benchmarks import attacks
from benchmarks.attacks import Effort, at_one_account, refused, spray
from benchmarks.attacks_chart import auc, histogram
from benchmarks.attacks_siege import address_in, sieges


def test_a_threshold_tells_apart_what_differs_whichever_is_slower() -> None:
    assert auc([1.0, 2.0], [3.0, 4.0]) == auc([3.0, 4.0], [1.0, 2.0]) == 1
    assert auc([1.0, 4.0], [2.0, 3.0]) == auc([1.0], [1.0]) == 0.5


def test_an_attack_is_counted_and_the_owner_gets_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSTIARY_DATABASE_URL", "")  # set anew on the way, and taken back after
    monkeypatch.setenv("BENCHMARK_KEYS", "")
    monkeypatch.setattr(attacks, "_FIRST", 0)

    async def attacked() -> None:
        # One a quarter of an hour is always compared: the owner comes while nobody waits.
        assert await at_one_account(make(100), 4, address_in) == ["4", "4", "none", "0 s"]
        siege = make(100)
        assert await spray(siege, 3) == ["3", "3", "none", "0 s"]
        times = await refused(siege, 1, 401)
        assert {kind: len(taken) for kind, taken in times.items()} == {
            **dict.fromkeys(("known", "unknown", "disabled"), 1)
        }

    with sieges() as make:
        asyncio.run(attacked())


def test_the_page_has_no_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attacks, "PAGE", tmp_path / "attacks.md")
    times = {kind: [0.05, 0.06, 0.07] for kind in ("known", "unknown", "disabled")}
    tables = {
        "guessing": attacks._others({"before": [0.1], "meanwhile": [0.1]}),
        "others": attacks._others({"before": [0.1], "meanwhile": [0.2]}),
        "times": attacks._times({"refused": times}),
    }
    attacks.write(tables, histogram({"Refused": times, "Delayed": times}), Effort())
    page = (tmp_path / "attacks.md").read_text("utf-8")
    assert "$" not in page
    assert "| meanwhile ÷ before | 2.00 × | 2.00 × (not met) |" in page
    assert "| refused | 3 | known 60.00, unknown 60.00, disabled 60.00 | 0.500 |" in page
    assert (tmp_path / "attacks.svg").read_text("utf-8").count("<polyline") == 6
