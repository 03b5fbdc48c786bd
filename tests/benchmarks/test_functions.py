"""The benchmark of the functions: its arithmetic, its page, and that it measures what works."""

import os
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from benchmarks import functions
from benchmarks.function_kinds import App, Kind, Signer
from benchmarks.function_tables import Cost, Figures, by_memory, measured, median
from benchmarks.functions import Laid, cpu_seconds, main, measure_request, peak_bytes
from benchmarks.material import ROOT
from benchmarks.tables import ABSENT
from tests.images.build import Image
from tests.images.dockerfile import stages


def test_work_is_stretched_by_lambdas_share_of_a_core_and_waiting_is_not_counted() -> None:
    cost = Cost(wall=9.0, cpu=0.5)
    assert cost.at(1769) == pytest.approx(0.5)
    assert cost.at(1024) == pytest.approx(0.8638, abs=1e-4)
    assert cost.at(512) == pytest.approx(1.7275, abs=1e-3)


def test_the_medians_of_clock_and_work_stand_for_themselves() -> None:
    assert median([Cost(1, 9), Cost(2, 8), Cost(3, 1)]) == Cost(2, 8)


def test_what_is_billed_is_rounded_up_to_a_millisecond() -> None:
    figures = _figures(warm=[Cost(0.004, 0.0004)])
    (_, row) = by_memory({"authorizer": figures}).rows
    # 0.4 ms of a core take 1.4 ms of 512 MB, and are billed as 2 ms · 0.5 GB.
    assert row == ("authorizer: a warm request", "1.4 · 1,000", "0.7 · 1,000", "0.4 · 1,728")


def test_a_cold_start_counts_up_to_the_first_answer() -> None:
    (row, _) = by_memory({"app": _figures()}).rows
    assert row[3].startswith("1040 · ")


def test_functions_stand_side_by_side_and_who_has_no_login_has_none() -> None:
    table = measured({"authorizer": _figures(), "app": _figures(logins=[Cost(0.05, 0.04)])})
    assert table.columns == ("", "authorizer", "app")
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["a login, ms"] == (ABSENT, "50 (40)")
    assert rows["packages, MB"] == ("17.3", "17.3")


def test_a_request_that_was_not_answered_well_is_not_measured() -> None:
    class Refusing:
        pid = os.getpid()

        def result(self, event: Any) -> Any:
            return {"statusCode": 401, "event": event}

        def log(self) -> str:
            return "what it said"

    kind: Kind = App(Signer("https://auth.example.com/status-lists"), "postgresql://")
    with pytest.raises(AssertionError, match="what it said"):
        measure_request(Refusing(), kind)  # type: ignore[arg-type]


def test_a_process_knows_what_it_worked_and_held() -> None:
    before = cpu_seconds(os.getpid())
    assert sum(range(1_000_000))
    assert 0 < cpu_seconds(os.getpid()) - before < 10
    assert 10 * 2**20 < peak_bytes(os.getpid()) < 10 * 2**30


def test_the_page_has_no_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSTIARY_DATABASE_URL", "")  # set anew on the way, and taken back after
    for name, value in {"RUNS": 1, "WARM": 1, "LOGINS": 1, "PAGE": tmp_path / "page.md"}.items():
        monkeypatch.setattr(functions, name, value)
    # To make the images is what the tests of the images do; here the checkout stands for them.
    monkeypatch.setattr(functions, "install_client", lambda *_: None)
    monkeypatch.setattr(functions, "lay_out", lambda target, *_: _checkout(target))
    monkeypatch.setattr("sys.argv", ["functions"])
    main()
    page = (tmp_path / "page.md").read_text("utf-8")
    assert "$" not in page
    assert "| authorizer | app | deploy |" in page
    assert "| app: a login | " in page


def _figures(**more: list[Cost]) -> Figures:
    figures = Figures(17_300_000, 16_500_000, importing=0.03, memory=[33], peak=[34])
    figures.starts, figures.firsts = [Cost(2, 1)], [Cost(0.1, 0.04)]
    figures.warm = [Cost(0.008, 0.004)]
    for name, costs in more.items():
        setattr(figures, name, costs)
    return figures


def _checkout(target: str) -> Laid:
    (handler,) = stages()[target].command
    packages = Path(sysconfig.get_path("purelib"))
    return Laid(Image(ROOT, packages, handler, sys.executable), ROOT, 0)
