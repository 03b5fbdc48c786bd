"""Notes: written, read, changed and deleted by their owner, and not there for anybody else."""

import json
from datetime import datetime
from typing import Any
from urllib.parse import urljoin
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.support import ISSUER, Account, bearer, token_of

CONTENT = {"title": "First", "body": "Some text."}
NEW = {"title": "Second", "body": ""}


def write(account: Account, **content: Any) -> dict[str, Any]:
    answer = account.client.post("/notes", json=CONTENT | content, headers=account.headers)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def call(account: Account, method: str, path: str, **more: Any) -> httpx.Response:
    answer: httpx.Response = account.client.request(method, path, headers=account.headers, **more)
    return answer


@pytest.fixture
def other(client: TestClient) -> Account:
    return Account.register(client, "other@example.com")


def test_a_note_is_made_and_its_address_told(client: TestClient, member: Account) -> None:
    answer = client.post("/notes", json=CONTENT, headers=member.headers)
    made = answer.json()
    assert answer.status_code == 201
    assert set(made) == {"id", "title", "body", "created_at", "updated_at"}
    assert {name: made[name] for name in CONTENT} == CONTENT
    assert str(UUID(made["id"])) == made["id"]
    for prefix in ("", "/prod"):
        address = urljoin(f"{ISSUER}{prefix}/notes", answer.headers["location"])
        assert address == f"{ISSUER}{prefix}/notes/{made['id']}"
    assert client.get(f"/{answer.headers['location']}", headers=member.headers).json() == made


def test_a_note_is_replaced_whole(member: Account) -> None:
    made = write(member)
    replaced = call(member, "PUT", f"/notes/{made['id']}", json=NEW)
    assert replaced.status_code == 200
    assert {name: replaced.json()[name] for name in NEW} == NEW
    assert replaced.json()["created_at"] == made["created_at"]
    before, after = (datetime.fromisoformat(note["updated_at"]) for note in (made, replaced.json()))
    assert after > before
    assert call(member, "GET", f"/notes/{made['id']}").json() == replaced.json()


def test_a_deleted_note_is_gone(member: Account) -> None:
    path = f"/notes/{write(member)['id']}"
    deleted = call(member, "DELETE", path)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert call(member, "GET", path).status_code == 404
    assert call(member, "DELETE", path).status_code == 404
    assert call(member, "GET", "/notes").json() == {"items": [], "next_cursor": None}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_somebody_elses_note_is_as_one_that_never_was(
    member: Account, other: Account, method: str
) -> None:
    theirs = write(other)
    body = {"json": NEW} if method == "PUT" else {}
    refused = call(member, method, f"/notes/{theirs['id']}", **body)
    never = call(member, method, f"/notes/{uuid4()}", **body)
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    assert refused.content == never.content
    assert call(other, "GET", f"/notes/{theirs['id']}").json() == theirs


def test_a_list_holds_ones_own_notes_alone(
    app: FastAPI, client: TestClient, member: Account, other: Account, admin: Account
) -> None:
    mine, theirs = write(member), write(other)
    for account, expected in ((member, [mine]), (other, [theirs]), (admin, [])):
        assert call(account, "GET", "/notes").json()["items"] == expected


def test_every_other_spelling_of_an_id_is_not_found(member: Account) -> None:
    note_id = write(member)["id"]
    if note_id == note_id.upper():  # an id of digits alone has no case
        note_id = write(member)["id"]
    spellings = (
        note_id.upper(),
        note_id.replace("-", ""),
        f"{{{note_id}}}",
        f"urn:uuid:{note_id}",
        f"{note_id} ",
        f"{note_id}x",
        note_id[:-1],
        f"-{note_id}",
        str(int(UUID(note_id))),
    )
    for spelling in spellings:
        for method in ("GET", "PUT", "DELETE"):
            body = {"json": NEW} if method == "PUT" else {}
            assert call(member, method, f"/notes/{spelling}", **body).status_code == 404, spelling
    assert call(member, "GET", f"/notes/{note_id}").status_code == 200


@pytest.mark.parametrize(
    "content",
    [
        {"title": ""},
        {"title": "a" * 201},
        {"body": "a" * 10_001},
        {"title": None},
        {"title": 1},
        {"title": "a\0b"},
        {"body": "\0"},
        {"owner_id": str(uuid4())},
        {"id": str(uuid4())},
        {"created_at": "2026-01-01T00:00:00Z"},
    ],
)
def test_unfit_content_is_refused_for_post_and_put(
    member: Account, content: dict[str, Any]
) -> None:
    made = write(member)
    for method, path in (("POST", "/notes"), ("PUT", f"/notes/{made['id']}")):
        answer = call(member, method, path, json=CONTENT | content)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
        assert list(answer.json()["errors"]) == [f"body.{name}" for name in content]
    assert call(member, "GET", f"/notes/{made['id']}").json() == made


@pytest.mark.parametrize("field", ["title", "body"])
def test_a_lone_surrogate_is_refused(member: Account, field: str) -> None:
    content = json.dumps(CONTENT | {field: "a\ud800"})
    kind = {"Content-Type": "application/json", **member.headers}
    answer = member.client.post("/notes", content=content, headers=kind)
    assert answer.status_code in (400, 422)
    assert answer.json()["status"] == answer.status_code


def test_the_largest_content_is_kept_to_the_letter(member: Account) -> None:
    largest = {"title": "\U0001f512" * 200, "body": "ä\n\t\x01" * 2500}
    made = write(member, **largest)
    assert {name: made[name] for name in largest} == largest
    assert call(member, "GET", f"/notes/{made['id']}").json() == made


NOBODYS = "/notes/7df01fae-f735-437a-8a34-a9cf26b27c29"
ROUTES = [
    ("GET", "/notes", "notes:read"),
    ("POST", "/notes", "notes:write"),
    ("GET", NOBODYS, "notes:read"),
    ("PUT", NOBODYS, "notes:write"),
    ("DELETE", NOBODYS, "notes:write"),
]


@pytest.mark.parametrize(("method", "path", "scope"), ROUTES)
def test_a_guard_decides_before_anything_else_of_a_request_is_read(
    app: FastAPI, client: TestClient, method: str, path: str, scope: str
) -> None:
    subject = str(uuid4())
    others = [name for name in app.state.routes.scopes if name != scope]
    malformed: dict[str, Any] = {
        "content": b'{"title": ',
        "params": {"limit": "many", "cursor": "x" * 1000},
    }
    kind = {"Content-Type": "application/json"}

    def code(headers: dict[str, str]) -> tuple[int, str]:
        answer = client.request(method, path, headers=kind | headers, **malformed)
        return answer.status_code, answer.json()["code"]

    assert code({}) == (401, "unauthorized")
    assert code(bearer("a.b.c")) == (401, "invalid_token")
    assert code(bearer(token_of(app, subject, *others))) == (403, "insufficient_scope")
    admitted = client.request(
        method, path, headers=kind | bearer(token_of(app, subject, scope)), **malformed
    )
    assert admitted.json()["code"] in ("invalid_request", "invalid_token")
    assert (admitted.status_code == 422) is (method in ("POST", "PUT") or path == "/notes")
