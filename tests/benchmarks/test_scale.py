"""The benchmark of scale: it calls every route, sees what each asks, and by which index."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from app.database import Base
from app.main import unwired_app
from benchmarks import scale, scale_calls, scale_rows
from benchmarks.scale import PAGE, POSTGRESQL, SQLITE, on_sqlite, write
from benchmarks.scale_measure import Figures, Measured
from benchmarks.scale_meter import metered
from benchmarks.scale_plans import SCAN, SEARCH, WALK, Access, accesses
from benchmarks.scale_tables import faults

ROWS = 100
# The routes that may be answered without a database; any other is expected to ask it.
WITHOUT = {
    "GET /health",
    "GET /openapi.json",
    "GET /docs",
    "GET /docs/swagger-ui-bundle.js",
    "GET /docs/swagger-ui.css",
    "GET /.well-known/jwks.json",
    "GET /.well-known/oauth-authorization-server",
    "GET /.well-known/openid-configuration",
}
# These look into tables that stay small.
SMALL = {"GET /ready", "POST /auth/token, a client's own"}
# An index of administrators alone, who are few.
KNOWN = [
    (
        "PUT /users/{user_id}/roles, an administrator no more: "
        "walk of user_roles along ix_user_roles_of_administrators"
    )
]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measured]:
    """A hundred rows in each table of SQLite, every route called once."""
    with pytest.MonkeyPatch.context() as patch, metered() as meter:
        for name in ("OSTIARY_DATABASE_URL", "BENCHMARK_KEYS"):
            patch.setenv(name, "")  # set anew on the way, and taken back after
        yield on_sqlite(tmp_path_factory.mktemp("scale"), ROWS, meter, rounds=1)


def test_every_route_is_called_and_those_that_ask_no_database_are_known(found: Measured) -> None:
    routes = {entry.name for entry in unwired_app().state.routes.entries}
    called = {name.partition(",")[0] for name in [*found.calls, *found.silent]}
    assert called == routes
    assert set(found.silent) == WITHOUT


def test_every_call_is_timed_and_its_statements_are_explained(found: Measured) -> None:
    for name, figures in {**found.calls, **found.filters}.items():
        assert figures.p50 > 0, name
        assert figures.statements, name
        assert figures.accesses or name in SMALL, name


def test_no_route_reads_a_table_that_grows_from_end_to_end(found: Measured) -> None:
    assert [fault for fault in faults(found) if "/audit-events by" not in fault] == KNOWN


def test_each_filter_of_the_audit_alone_has_its_index(found: Measured) -> None:
    assert len(found.filters) == 2**5
    for name in ("action", "outcome", "actor", "target"):
        index = f"ix_audit_events_{name}_created_at_id"
        assert Access("audit_events", SEARCH, index) in found.filters[name].accesses
        assert not any(fault.startswith(f"GET /audit-events by {name}:") for fault in faults(found))


def test_a_route_that_it_cannot_call_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Bare:
        app = unwired_app()

    some = tuple(call for call in scale_calls._CALLS if call.route != "POST /auth/revoke")
    monkeypatch.setattr(scale_calls, "_CALLS", some)
    with pytest.raises(LookupError, match="POST /auth/revoke"):
        list(scale_calls.calls(Bare()))  # type: ignore[arg-type]


def test_a_table_that_it_does_not_fill_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale_rows, "STEADY", {"clients"})
    monkeypatch.delitem(scale_rows._ROWS, "status_lists")
    assert "status_lists" in Base.metadata.tables
    with pytest.raises(LookupError, match="status_lists"):
        scale_rows.fill(None, 1, None, "")  # type: ignore[arg-type]


def test_a_scan_a_walk_and_a_search_are_told_apart() -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE notes (owner int, made int, title text)"))
        connection.execute(text("CREATE INDEX made ON notes (made)"))
        found = {
            query: accesses(connection, query, ())
            for query in (
                "SELECT title FROM notes WHERE made = 1",
                "SELECT title FROM notes WHERE title = 'x'",
                "SELECT title FROM notes ORDER BY made LIMIT 1",
                "SELECT title FROM notes WHERE owner = 1 ORDER BY made LIMIT 1",
            )
        }
    engine.dispose()
    assert [*found.values()] == [
        {Access("notes", SEARCH, "made")},
        {Access("notes", SCAN, filtered=True)},
        {Access("notes", WALK, "made")},
        {Access("notes", WALK, "made", filtered=True)},
    ]
    assert [any(access.grows for access in each) for each in found.values()] == [
        False,
        True,
        False,
        True,
    ]


def test_99_of_100_is_what_one_in_a_hundred_exceeds() -> None:
    figures = Figures(seconds=[float(number) for number in range(1, 101)])
    assert (figures.p10, figures.p50, figures.p99) == (11, 50.5, 99)


def test_the_page_has_no_gap(
    found: Measured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scale, "PAGE", tmp_path / PAGE.name)
    write({POSTGRESQL: [found, found], SQLITE: [found, found]}, {"postgres": "18", "seconds": "1"})
    page = (tmp_path / "scale.md").read_text("utf-8")
    assert "$" not in page
    assert "| GET /notes | " in page
    assert (tmp_path / "scale.svg").read_text("utf-8").count("<polyline") == 2 * (
        len(found.calls) + 1
    )
