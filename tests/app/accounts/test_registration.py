"""Registration: one account an address, whatever its spelling and however many ask at once."""

import asyncio
import json
import unicodedata
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from app.accounts.models import User
from app.accounts.password_workers import PasswordWorkers
from app.database import Database
from app.parts import find
from tests.conftest import AppMaker
from tests.support import ISSUER, PASSWORD

AT_ONCE = 50
SPELLINGS = (
    "zo\u00eb@example.com",
    "zoe\u0308@example.com",
    "ZO\u00cb@EXAMPLE.COM",
    "Zoe\u0308@Example.com",
)
JSON = {"Content-Type": "application/json"}
MARKER = "hunter2-marker"
LONG = (
    "Whan that Aprille with his shoures soote the droghte of March hath perced to the roote, " * 2
)
PICTURES = "".join(map(chr, range(0x1F400, 0x1F480)))


def register(client: TestClient, **body: Any) -> httpx.Response:
    # The client's own JSON encoder refuses lone surrogates; JSON itself can spell them.
    answer: httpx.Response = client.post("/users", content=json.dumps(body), headers=JSON)
    return answer


def count_users(app: FastAPI) -> int | None:
    with find(app, Database).transaction() as session:
        return session.scalar(select(func.count()).select_from(User))


def test_a_new_user_is_a_member_and_is_shown_without_a_password(client: TestClient) -> None:
    answer = register(client, email="Ada@Example.com", password=PASSWORD)
    assert answer.status_code == 201
    shown = answer.json()
    assert set(shown) == {"id", "email", "name", "roles", "disabled", "created_at"}
    assert (shown["email"], shown["roles"]) == ("ada@example.com", ["member"])
    assert shown["created_at"].endswith("Z")
    assert "argon2" not in answer.text


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_an_address_is_taken_in_every_spelling(
    app: FastAPI, client: TestClient, spelling: str
) -> None:
    assert register(client, email=SPELLINGS[0], password=PASSWORD).status_code == 201
    again = register(client, email=spelling, password=PASSWORD)
    assert (again.status_code, again.json()["code"]) == (409, "email_taken")
    assert count_users(app) == 1


def test_fifty_registrations_of_one_address_at_once_make_one_account(app: FastAPI) -> None:
    # More slots than cores, and all the patience, so that they meet in the database.
    app.state.parts[PasswordWorkers] = PasswordWorkers(8, patience=60)

    async def all_at_once() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=ISSUER) as client:
            bodies = (
                {"email": SPELLINGS[number % len(SPELLINGS)], "password": PASSWORD}
                for number in range(AT_ONCE)
            )
            return await asyncio.gather(*(client.post("/users", json=body) for body in bodies))

    answers = asyncio.run(all_at_once())
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * (AT_ONCE - 1)
    assert len({answer.text for answer in answers}) == 2
    assert count_users(app) == 1


def test_where_registration_is_closed_nobody_registers(make_app: AppMaker) -> None:
    app = make_app(registration="closed")
    with TestClient(app, base_url=ISSUER) as client:
        answer = register(client, email="ada@example.com", password=PASSWORD)
        assert (answer.status_code, answer.json()["code"]) == (403, "registration_closed")
        assert count_users(app) == 0


@pytest.mark.parametrize(
    ("password", "status"),
    [
        ("a" * 14, 422),
        (LONG[:15], 201),
        (LONG[:128], 201),
        (LONG[:129], 422),
        (PICTURES[:14], 422),
        (PICTURES[:15], 201),
        (PICTURES, 201),
        ("e\u0301" * 14, 422),
        (LONG[:128].replace("e", "e\u0301"), 201),
        ("\ud800" * 20, 422),
        ("a" * 20 + "\udc00", 422),
        ("a" * 20 + "\0", 422),
        ("", 422),
        (None, 422),
        (15_000_000_000_000_000, 422),
        (["a" * 15], 422),
    ],
)
def test_a_password_is_taken_or_refused_by_its_code_points(
    client: TestClient, password: Any, status: int
) -> None:
    answer = register(client, email="ada@example.com", password=password)
    assert answer.status_code == status
    if status == 201:
        credentials = {"username": "ada@example.com", "password": password}
        assert client.post("/auth/login", json=credentials).status_code == 200


@pytest.mark.parametrize(("at_first", "later"), [("NFC", "NFD"), ("NFD", "NFC"), ("NFD", "NFD")])
def test_a_password_logs_in_in_either_normal_form(
    client: TestClient, at_first: Any, later: Any
) -> None:
    password = "pässwörd mit Ümläuten"
    first, second = (unicodedata.normalize(form, password) for form in (at_first, later))
    assert register(client, email="ada@example.com", password=first).status_code == 201
    credentials = {"username": "ada@example.com", "password": second}
    assert client.post("/auth/login", data=credentials).status_code == 200
    lookalike = unicodedata.normalize("NFKD", password).encode("ascii", "ignore").decode()
    credentials["password"] = lookalike
    assert client.post("/auth/login", data=credentials).status_code == 401


@pytest.mark.parametrize(
    "extra", ["roles", "role", "id", "is_admin", "created_at", "password_hash"]
)
def test_no_other_field_is_taken(app: FastAPI, client: TestClient, extra: str) -> None:
    body = {"email": "ada@example.com", "password": PASSWORD, extra: ["admin"]}
    answer = register(client, **body)
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [f"body.{extra}"]
    assert count_users(app) == 0


@pytest.mark.parametrize(
    "body",
    [
        {"email": MARKER, "password": PASSWORD},
        {"email": f"{MARKER}@", "password": PASSWORD},
        {"email": f"{MARKER}@{MARKER}..com", "password": PASSWORD},
        {"email": f"{MARKER}@-{MARKER}", "password": PASSWORD},
        {"email": f"ada@{MARKER}\u2603.example", "password": PASSWORD},
        {"email": f"{MARKER}@xn--{MARKER}", "password": PASSWORD},
        {"email": f"{MARKER} <{MARKER}@example.com>", "password": PASSWORD},
        {"email": f"{MARKER}@example.com{MARKER * 40}", "password": PASSWORD},
        {"email": [MARKER], "password": {MARKER: MARKER}},
        {"email": "ada@example.com", "password": MARKER},
        {"email": "ada@example.com", "password": MARKER * 20},
        {"email": "ada@example.com", "password": f"{MARKER}{MARKER}\0"},
        {"email": "ada@example.com", "password": [MARKER]},
        {"email": "ada@example.com", "password": PASSWORD, "extra": MARKER},
    ],
)
def test_no_value_that_was_sent_is_repeated(client: TestClient, body: dict[str, Any]) -> None:
    answer = register(client, **body)
    assert answer.status_code == 422
    assert MARKER not in answer.text.replace(f"body.password.{MARKER}", "")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b"[" * 20_000,
        b'{"email":' * 5_000,
        b"NaN",
    ],
)
def test_what_is_no_json_object_is_refused(client: TestClient, content: bytes) -> None:
    answer = client.post("/users", content=content, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) in (
        (422, "invalid_request"),
        (400, "bad_request"),
    )
