"""Pages by cursor: nothing is lost and nothing comes twice, whatever happens in between."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import inspect, text

from app.database import Database
from app.paging import MAX_PAGE
from app.parts import find
from app.resources.notes.models import Note
from app.tokens.encoding import base64url_encode
from tests.support import Account

MANY = 100
MOMENT = datetime(2026, 1, 1, 12, 0, 0, 999_999, tzinfo=UTC)


@pytest.fixture
def owner(client: TestClient, member: Account) -> UUID:
    return UUID(client.get("/users/me", headers=member.headers).json()["id"])


def fill(app: FastAPI, owner: UUID, moments: list[datetime]) -> None:
    with find(app, Database).transaction() as session:
        session.add_all(
            Note(owner_id=owner, title=str(number), body="", created_at=moment, updated_at=moment)
            for number, moment in enumerate(moments)
        )


def pages(account: Account, limit: int) -> Iterator[list[dict[str, str]]]:
    cursor: str | None = ""
    for _ in range(MANY):
        params = {"limit": str(limit)} | ({"cursor": cursor} if cursor else {})
        page = account.client.get("/notes", headers=account.headers, params=params).json()
        yield page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return
    pytest.fail("the pages do not end")


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 10, 11, 50])
def test_rows_of_one_instant_are_neither_lost_nor_repeated(
    app: FastAPI, member: Account, owner: UUID, limit: int
) -> None:
    fill(app, owner, [MOMENT] * 10)
    found = list(pages(member, limit))
    assert [len(page) for page in found[:-1]] == [limit] * (len(found) - 1)
    assert len(found) == -(-10 // limit)
    assert sorted(int(note["title"]) for page in found for note in page) == list(range(10))


def test_the_order_is_the_querys_and_not_by_luck_an_indexs(
    app: FastAPI, member: Account, owner: UUID
) -> None:
    fill(app, owner, [MOMENT] * 20)
    with find(app, Database).transaction() as session:
        for index in inspect(session.connection()).get_indexes("notes"):
            session.execute(text(f"DROP INDEX {index['name']}"))
    found = [note["id"] for page in pages(member, 3) for note in page]
    assert found == sorted(set(found), reverse=True)
    assert len(found) == 20


def test_the_newest_comes_first_to_the_microsecond(
    app: FastAPI, member: Account, owner: UUID
) -> None:
    fill(app, owner, [MOMENT + timedelta(microseconds=number // 2) for number in range(12)])
    titles = [int(note["title"]) // 2 for page in pages(member, 5) for note in page]
    assert titles == sorted(titles, reverse=True)


def test_what_is_added_or_deleted_between_two_pages_disturbs_neither(
    app: FastAPI, member: Account, owner: UUID
) -> None:
    fill(app, owner, [MOMENT + timedelta(seconds=number) for number in range(6)])
    walk = pages(member, 2)
    first = next(walk)
    fill(app, owner, [MOMENT + timedelta(days=1)])
    member.client.delete(f"/notes/{first[1]['id']}", headers=member.headers)
    rest = [note["title"] for page in walk for note in page]
    assert [note["title"] for note in first] + rest == ["5", "4", "3", "2", "1", "0"]


def test_a_page_holds_twenty_unless_it_is_said_and_fifty_at_most(
    app: FastAPI, member: Account, owner: UUID
) -> None:
    fill(app, owner, [MOMENT] * 60)

    def size(query: str) -> int:
        return len(member.client.get(f"/notes{query}", headers=member.headers).json()["items"])

    assert (size(""), size("?limit=1"), size(f"?limit={MAX_PAGE}")) == (20, 1, 50)


def test_a_limit_out_of_bounds_is_refused(member: Account) -> None:
    for limit in ("0", "-1", "51", "1" + "0" * 30, "x", "", "1.5", "1e1", "0x10"):
        answer = member.client.get("/notes", headers=member.headers, params={"limit": limit})
        assert (answer.status_code, list(answer.json()["errors"])) == (422, ["query.limit"])


ID = "6f1b7a52-0000-4000-8000-000000000000"
NO_CURSORS = (
    *("", "x", "!!!!", "AAAA", "a" * 129, "\u00e9", "\0", "%", "=", "null"),
    *(base64url_encode(text.encode()) for text in ("", ".", "1", "1.", f".{ID}", f"x.{ID}")),
    *(base64url_encode(text.encode()) for text in ("1.x", f"1.5.{ID}", "1.' OR 1=1 --")),
    *(base64url_encode(f"{number}.{ID}".encode()) for number in (10**18, -(10**18), "9" * 50)),
    *(base64url_encode(f"{number}.{ID}".encode()) for number in ("nan", "1e9", "0x1", "1 2")),
    base64url_encode(b"\xff\xfe"),
    base64url_encode(f"1.{ID}".encode()) + "=",
)


def test_a_cursor_that_no_page_gave_is_refused(member: Account) -> None:
    for cursor in NO_CURSORS:
        answer = member.client.get("/notes", headers=member.headers, params={"cursor": cursor})
        found = (answer.status_code, list(answer.json().get("errors", ())))
        assert found == (422, ["query.cursor"]), cursor


def test_somebody_elses_cursor_shows_ones_own_rows_alone(
    app: FastAPI, client: TestClient, member: Account, owner: UUID
) -> None:
    fill(app, owner, [MOMENT] * 3)
    first = client.get("/notes?limit=1", headers=member.headers).json()
    other = Account.register(client, "other@example.com")
    params = {"cursor": first["next_cursor"]}
    assert client.get("/notes", headers=other.headers, params=params).json()["items"] == []
