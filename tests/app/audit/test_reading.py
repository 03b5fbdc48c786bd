"""The audit is read by those who may, in pages and as JSON Lines, and changed by nobody."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import DatabaseError
from typer.testing import CliRunner, Result

from app.audit.models import AuditEvent
from app.audit.service import KEPT, Wanted, export_events
from app.cli import cli
from app.database import Database
from app.parts import find
from app.sessions.pruning import prune
from app.settings import load_settings
from tests.support import Account, on_postgresql

DAY = timedelta(days=1)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def thing(number: int) -> str:
    """An id."""
    return str(UUID(int=number))


def number_in(target: str | None) -> int:
    return UUID(target).int


ADA = thing(0xADA)


def put(app: FastAPI, *moments: datetime, **more: str) -> None:
    """An event at each of these moments, whose number is in its target."""
    event = {"action": "login", "outcome": "success", "actor": ADA} | more
    rows = [
        event | {"created_at": moment, "target": thing(number)}
        for number, moment in enumerate(moments)
    ]
    with find(app, Database).transaction() as session:
        session.execute(insert(AuditEvent), rows)


def test_pages_are_newest_first_and_miss_nothing(
    app: FastAPI, client: TestClient, admin: Account
) -> None:
    put(app, *(NOON + number * DAY / 24 for number in range(7)))
    seen, cursor = [], None
    while True:
        params = {"actor": ADA, "limit": "3"} | ({"cursor": cursor} if cursor else {})
        page = client.get("/audit-events", params=params, headers=admin.headers).json()
        seen += [number_in(event["target"]) for event in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [6, 5, 4, 3, 2, 1, 0]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"target": thing(1)}, [1]),
        ({"actor": ADA, "since": "2026-11-21T12:00:00Z"}, [2, 1]),
        ({"actor": ADA, "until": "2026-11-21T12:00:00Z"}, [0]),
        ({"actor": ADA, "since": "2026-11-21T14:00:00+02:00", "until": "2026-11-22"}, None),
        ({"actor": ADA, "action": "login", "outcome": "success"}, [2, 1, 0]),
        ({"actor": ADA, "outcome": "failure"}, []),
        ({"actor": thing(9)}, []),
        ({"action": "no action"}, None),
        ({"since": "yesterday"}, None),
        ({"since": "2026-11-21T12:00:00"}, None),
        ({"since": "0001-01-01T00:00:00+23:00"}, None),
        ({"until": "9999-12-31T23:59:59-23:00"}, None),
        ({"actor": "ada@example.com"}, None),
        ({"actor": ADA.upper(), "target": thing(1)}, [1]),
        ({"since": "2026-11-22T00:00:00Z", "until": "2026-11-22T00:00:00Z"}, None),
        ({"target": "\0"}, None),
        ({"cursor": "x"}, None),
    ],
)
def test_what_is_asked_for_is_what_is_shown(
    app: FastAPI,
    client: TestClient,
    admin: Account,
    wanted: dict[str, str],
    found: list[int] | None,
) -> None:
    put(app, NOON, NOON + DAY, NOON + 2 * DAY)
    answer = client.get("/audit-events", params=wanted, headers=admin.headers)
    assert answer.status_code == (422 if found is None else 200)
    if found is not None:
        assert [number_in(event["target"]) for event in answer.json()["items"]] == found


def test_members_read_nothing_of_it(client: TestClient, member: Account) -> None:
    answer = client.get("/audit-events", headers=member.headers)
    assert answer.status_code == 403
    assert "audit:read" in answer.headers["www-authenticate"]


def test_the_database_itself_keeps_events_as_they_are(app: FastAPI) -> None:
    put(app, datetime.now(UTC), datetime.now(UTC) - 89 * DAY)
    for change in (update(AuditEvent).values(actor="eve"), delete(AuditEvent)):
        with (
            pytest.raises(DatabaseError, match="audit events stay as they are"),
            find(app, Database).transaction() as session,
        ):
            session.execute(change)
    with find(app, Database).transaction() as session:
        assert session.scalars(select(AuditEvent.actor)).all() == [ADA, ADA]


@on_postgresql
def test_nor_can_all_of_them_be_taken_at_once(app: FastAPI) -> None:
    with (
        pytest.raises(DatabaseError, match="audit events stay as they are"),
        find(app, Database).transaction() as session,
    ):
        session.execute(text("TRUNCATE audit_events"))


def test_after_a_year_they_are_pruned_and_no_others(app: FastAPI) -> None:
    now = datetime.now(UTC)
    put(app, now, now - KEPT + DAY, *[now - KEPT - DAY] * 5)
    assert prune(find(app, Database), now, batch=2).events == 5
    with find(app, Database).transaction() as session:
        assert session.scalar(select(func.count()).select_from(AuditEvent)) == 2


def test_an_export_misses_nothing_between_two_pages(app: FastAPI) -> None:
    put(app, *[NOON] * 3, *(NOON + number * DAY for number in range(1, 5)))
    events = export_events(find(app, Database), Wanted(actor=ADA), batch=2)
    found = [number_in(event.target) for event in events]
    assert sorted(found[:3]) == [0, 1, 2]
    assert found[3:] == [3, 4, 5, 6]


def export(*words: str) -> Result:
    return CliRunner().invoke(cli, ["audit", "export", *words])


def test_the_export_has_a_line_for_each_event_oldest_first(
    app: FastAPI, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OSTIARY_DATABASE_URL", database_url)
    assert load_settings().database_url.get_secret_value() == database_url
    put(app, *(NOON + number * DAY for number in range(3)))
    lines = [json.loads(line) for line in export().stdout.splitlines()]
    assert [number_in(line["target"]) for line in lines] == [0, 1, 2]
    assert lines[0] | {"id": ""} == {
        "id": "",
        "created_at": "2026-11-20T12:00:00Z",
        "action": "login",
        "outcome": "success",
        "code": None,
        "actor": ADA,
        "target": thing(0),
        "address": None,
        "user_agent": None,
        "request_id": None,
    }
    some = export("--since", "2026-11-21", "--until", "2026-11-22T12:00:00Z").stdout
    assert [json.loads(line)["target"] for line in some.splitlines()] == [thing(1)]
    assert export("--target", thing(2)).stdout.count("\n") == 1
    assert export("--actor", thing(9)).stdout == ""
    for none in ("yesterday", "0001-01-01T00:00:00+23:00"):
        assert export("--since", none).exit_code == 2
    assert export("--since", "2026-11-22", "--until", "2026-11-21").exit_code == 2
    for name in ("--actor", "--target"):
        refused = export(name, "ada@example.com")
        assert (refused.exit_code, refused.stdout) == (2, "")
        assert "users list" in refused.stderr
