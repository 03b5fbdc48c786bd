"""The model: its arithmetic on figures that can be reckoned by hand, and whence it has them."""

import math
from dataclasses import fields, replace
from pathlib import Path

import pytest

from benchmarks import model
from benchmarks.model import main, parse
from benchmarks.model_arithmetic import (
    at_memory,
    changed_share,
    cost_of_a_million,
    hit_rate,
    instances,
    interpolated,
    list_traffic,
    load,
)
from benchmarks.model_inputs import PAGES, Assumptions, Measured, Route, read_measured
from benchmarks.model_limits import bill, broken, connections, fitting, full_at, limits
from tests.architecture.sources import ROOT

ASSUMED = Assumptions()
PRICES = {
    "REST API, a million requests": 3.5,
    "Lambda, a million invocations": 0.2,
    "Lambda on arm64, a million GB-s": 13.0,
    "KMS with RSA_2048, a million requests": 3.0,
    "KMS key": 1.0,
    "CloudWatch logs, a GB": 0.5,
    "X-Ray, a million traces": 5.0,
    "data to the internet, a GB": 0.1,
    "KB of an answer": 2.0,
    "KB of logs, a request": 1.5,
    "KB of logs, a decision": 1.0,
    "storage in two zones, a GB": 0.23,
    "interface endpoint, an hour in a zone": 0.01,
}
MEASURED = Measured(
    decision_ms=0.5,
    cold_authorizer_ms=100,
    call_ms=5,
    login_ms=45,
    cold_app_ms=1000,
    routes={
        "GET /notes": Route(2, 2, 1),
        "POST /notes": Route(6, 2, 2),
        "POST /auth/login": Route(30, 6, 8),
        "POST /auth/login, where one did before": Route(20, 6, 6),
        "POST /auth/token": Route(12, 4, 4),
        "GET /status-lists/{list_id}": Route(4, 2, 1),
    },
    list_bytes=[(0.001, 6_000), (0.01, 28_000), (0.5, 200_000)],
    prices=PRICES,
)


@pytest.mark.parametrize(("calls", "hits"), [(0, 0), (1, 0.5), (1.5, 0.6), (30, 30 / 31)])
def test_of_calls_at_random_all_but_the_first_of_each_minute_hit(calls: float, hits: float) -> None:
    assert hit_rate(calls) == pytest.approx(hits)


@pytest.mark.parametrize(
    ("rate", "seconds", "count"),
    [
        (0, 1, 0),
        (1, 0.001, 1),
        (100, 1, 130),  # by Little's law 100, and three times ten for chance
        (1000, 0.001, 100),  # one would do, were it not for ten requests a second an instance
    ],
)
def test_instances_are_those_at_work_and_as_many_as_lambda_wants(
    rate: float, seconds: float, count: int
) -> None:
    assert instances(rate, seconds, 10) == count


def test_half_a_core_takes_twice_as_long_and_more_than_one_is_no_faster() -> None:
    assert [at_memory(2, memory) for memory in (1769 / 2, 1769, 4096)] == [4, 2, 2]


def test_a_million_decisions_are_billed_by_the_whole_millisecond() -> None:
    # 0.9 ms at 1024 MB are one: 1,000 GB-s; 1.2 ms would be two.
    assert cost_of_a_million(0.0005, 1024, MEASURED) == pytest.approx(0.2 + 0.013)
    assert cost_of_a_million(0.0007, 1024, MEASURED) == pytest.approx(0.2 + 0.026)


@pytest.mark.parametrize(("x", "y"), [(0, 1), (1, 1), (1.5, 2), (2, 3), (9, 3)])
def test_between_two_points_lies_a_line(x: float, y: float) -> None:
    assert interpolated([(1, 1), (2, 3)], x) == y


def test_each_authorizer_asks_for_each_list_every_15_seconds() -> None:
    count, asked, _ = list_traffic(ASSUMED, MEASURED, decisions=1000, lists=3)
    assert count == 100
    assert asked == pytest.approx(100 * 3 / 15)


def test_nobody_asks_for_a_list_but_at_a_decision() -> None:
    assert list_traffic(ASSUMED, MEASURED, decisions=0.01, lists=3)[1] == pytest.approx(0.01)
    assert list_traffic(ASSUMED, MEASURED, decisions=0, lists=3) == (0, 0, 0)


def test_what_cannot_be_held_is_fetched_at_each_decision() -> None:
    count, asked, _ = list_traffic(ASSUMED, MEASURED, decisions=1000, lists=128)
    assert asked == pytest.approx(500 + count * 64 / 15)


def test_a_list_in_which_nothing_ends_is_sent_once() -> None:
    assert changed_share(ASSUMED, 0, 1) == 0
    assert changed_share(ASSUMED, 1000, 1) == pytest.approx(1)


def test_the_parts_of_a_load_add_up() -> None:
    at = load(ASSUMED, MEASURED, 5600)
    assert (at.logins, at.refreshes, at.calls) == pytest.approx((100, 500, 5000))
    assert at.decisions == pytest.approx(2000)
    assert at.lists == pytest.approx(1 + 8.64)
    assert at.list_row == pytest.approx(100 * 0.0035)
    assert at.counter_row == pytest.approx(10 * 0.009)
    calls, refreshes, logins = 5000 * 2, 500 * 4, 100 * 6
    assert at.transactions == pytest.approx(calls + refreshes + logins + 2 * at.list_requests)
    assert 600 <= at.signatures <= 600 + at.list_requests


def test_no_request_needs_nothing() -> None:
    at = load(ASSUMED, MEASURED, 0)
    assert (at.instances, at.signatures, at.database_cores) == (0, 0, 0)


def test_more_requests_fill_every_limit_more() -> None:
    few, many = (load(ASSUMED, MEASURED, rate) for rate in (10, 1000))
    for limit in limits(ASSUMED):
        assert limit.share(few) < limit.share(many), limit.name


def test_a_limit_is_full_where_it_says() -> None:
    for limit in limits(ASSUMED):
        full = full_at(ASSUMED, MEASURED, limit)
        assert limit.share(load(ASSUMED, MEASURED, full * 1.01)) >= 1, limit.name
        assert limit.share(load(ASSUMED, MEASURED, full * 0.9)) < 1, limit.name


def test_what_nobody_uses_is_never_full() -> None:
    nobody = replace(ASSUMED, login_share=0)
    lock = next(limit for limit in limits(nobody) if "status list" in limit.name)
    assert math.isinf(full_at(nobody, MEASURED, lock))


def test_what_breaks_is_told_in_the_order_in_which_it_does() -> None:
    assert broken(ASSUMED, MEASURED, 0.1) == []
    over = broken(ASSUMED, MEASURED, 10_000)
    places = [full_at(ASSUMED, MEASURED, limit) for limit in over]
    assert places == sorted(places)
    assert over[0].name in ("the stage's throttle", "database cores")


def test_rds_allows_connections_by_its_memory_up_to_5000() -> None:
    assert [connections(gib) for gib in (1, 4, 256)] == [102, 440, 4990]


def test_the_smallest_class_that_bears_it_is_taken() -> None:
    small = load(ASSUMED, MEASURED, 1)
    found = fitting(small)
    assert found is not None
    assert found.name == "db.t4g.micro"
    assert fitting(replace(small, apps=6000)) is None
    large = fitting(replace(small, database_cores=5))
    assert large is not None
    assert large.cores == 16


def test_the_bill_grows_with_the_requests_from_what_stands_still() -> None:
    idle, busy = (bill(ASSUMED, MEASURED, rate) for rate in (0, 100))
    assert idle["API Gateway"] == idle["Lambda"] == idle["logs"] == 0
    assert idle["KMS"] == 1
    assert busy["API Gateway"] >= 100 * 30 * 86_400 * 3.5 / 1e6


def test_the_pages_say_what_is_read_of_them(tmp_path: Path) -> None:
    """The page of the scale benchmark is written by another run; the rest are as they stand."""
    for name in ("functions.md", "status-lists.md"):
        (tmp_path / name).write_text((PAGES / name).read_text("utf-8"), "utf-8")
    (tmp_path / "scale.md").write_text(
        "| GET /notes | 0.30 · 0.40 | 9.50 · 9.90 | 5.0 |\n"
        "\n## Work\n| GET /notes | 2 | 3 | 4 | 1.50 | 0 |\n",
        "utf-8",
    )
    found = read_measured(tmp_path, ROOT / "docs" / "costs.md")
    assert found.routes == {"GET /notes": Route(trips=4, transactions=3, milliseconds=1.5)}
    assert 0 < found.decision_ms < found.call_ms < found.login_ms < found.cold_app_ms
    shares, sizes = zip(*found.list_bytes, strict=True)
    assert [*shares] == sorted(shares)
    assert shares[-1] == 0.5
    assert [*sizes] == sorted(sizes)
    assert found.price("REST API") > found.price("Lambda, a million")


def test_every_assumption_has_an_option_and_a_changed_one_is_not_the_page() -> None:
    assert parse([])[2]
    assert not parse(["--quick"])[2]
    assert not parse(["--rates", "5"])[2]
    for each in fields(Assumptions):
        option = "--" + each.name.replace("_", "-")
        assumed, _, is_page = parse([option, "12345"])
        assert getattr(assumed, each.name) == 12345
        assert not is_page
        assert each.metadata["meaning"]


def test_the_page_has_no_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "read_measured", lambda: MEASURED)
    monkeypatch.setattr(model, "PAGE", tmp_path / "model.md")
    main(["--database-gib", "4"])
    assert [*tmp_path.iterdir()] == []
    main([])
    page = (tmp_path / "model.md").read_text("utf-8")
    assert "$first" not in page
    assert "| 10,000 | " in page
    lines = (tmp_path / "model.svg").read_text("utf-8").count("<polyline")
    assert lines == len(limits(ASSUMED))
