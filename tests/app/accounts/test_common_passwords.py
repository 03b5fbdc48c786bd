"""Which passwords are refused when they are set, why, and that a login never asks."""

import random
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from passlib import pwd
from sqlalchemy import update

from app.accounts import common_passwords
from app.accounts.common_passwords import not_guessable
from app.accounts.models import User
from app.accounts.passwords import PasswordHasher
from app.database import Database
from app.parts import find
from tests.support import PASSWORD, Account, on_sqlite

LIST = Path(common_passwords.__file__).with_name("common_passwords.txt")
LINES = LIST.read_text(encoding="utf-8").splitlines()
ENTRIES = [line for line in LINES if not line.startswith("# ")]
ADA = ("Ada.Lovelace1815@Engines.example.com", "https://login.acme-corp.com/team")
REPEATED, COMMON, ABOUT = "several times", "a common one", "the account's own address"
WORDS = sorted(pwd.default_wordsets["eff_long"])


def reason(password: str, *about: str) -> str:
    """Why it is refused; empty where it is not."""
    try:
        return not_guessable(password, *about).removeprefix(password)
    except ValueError as error:
        return str(error).replace(password, "REPEATED HERE")


def test_the_list_says_where_it_is_from_and_is_as_the_passwords_it_is_compared_with() -> None:
    long = [entry for entry in ENTRIES if len(entry) >= 15]
    assert len(long) >= 3000
    assert len(ENTRIES) - len(long) == 1000
    assert sorted(set(ENTRIES)) == ENTRIES
    assert all(entry == common_passwords.folded(entry) for entry in ENTRIES)
    head = " ".join(line for line in LINES if line.startswith("# "))
    assert f"{len(long)} of 15 to 128 characters" in head
    assert "MIT" in head


def test_each_password_of_the_list_is_refused_in_any_case() -> None:
    long = [entry for entry in ENTRIES if len(entry) >= 15]
    assert [entry for entry in long if not reason(entry)] == []
    assert [entry for entry in long if entry.isascii() and not reason(entry.upper())] == []


@pytest.mark.parametrize(
    ("password", "why"),
    [
        *((text, REPEATED) for text in ("a" * 15, "abc" * 5, " " * 15, "\U0001f512" * 15)),
        ("passwordpassword1", REPEATED),
        ("qwerty123QWERTY123", REPEATED),
        ("iloveyou-iloveyou-iloveyou", REPEATED),
        ("abcdefgh12345!abcdefgh12345!abc", REPEATED),
        ("-------------ab", REPEATED),
        ("qzjx-qz jxqzjx qzj-x", REPEATED),
        ("123456password", COMMON),
        ("123456Password!", COMMON),
        ("dragonmonkeyshadow", COMMON),
        ("dragon monkey shadow master", COMMON),
        ("p-a-s-s-w-o-r-d-1-2-3-4-5-6", COMMON),
        ("My Chemical Romance", COMMON),
        ("mychemicalromance1!xy", COMMON),
        ("Manchester-United-2023", COMMON),
        ("iloveyou20231984", COMMON),
        ("P@$$w0rd12345678", COMMON),
        ("\uff50\uff41\uff53\uff53word123456!", COMMON),
        ("abcdefghijklmnopq", COMMON),
        ("0987654321qwertyuiop", COMMON),
        ("poiuytrewqlkjhgfdsa", COMMON),
        ("password........", COMMON),
        ("passworddddddddddd", COMMON),
        ("ada.lovelace1815@engines.example.com", ABOUT),
        ("AdaLovelace1815", ABOUT),
        ("lovelace4829105738", ABOUT),
        ("ada-lovelace-password", ABOUT),
        ("1815adalovelace1815!!", ABOUT),
        ("Engines.Example.Com", ABOUT),
        ("lovelace-ada-engines", ABOUT),
        ("ostiary-password-1", ABOUT),
        ("acme-corp-login-2026", ABOUT),
    ],
)
def test_what_is_made_of_what_everybody_knows_is_refused_with_the_reason(
    password: str, why: str
) -> None:
    said = reason(password, *ADA)
    assert why in said
    assert "REPEATED HERE" not in said


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        PASSWORD.replace(" ", ""),
        "dragonmonkeyshadowocean",  # five characters besides
        "password!?.:;,-_+",  # and here nine
        "password of my own making",
        "ada likes tea in the garden",
        "482910573829104",
        "qwerty482910573829104",
        "lovelabel4829105738",
        "https482910573829",
        "comcom4829105738",
        "!@#$%^&*()_+{}|",
        "\u1f82\u03b1 \u0434\u043e\u043c \u65e5\u672c\u8a9e \u0939\u093f\u0902\u0926\u0940",
        "the same eighteen the same eighteen",
        "v7Kq-pX2mZtR9wLs",
    ],
)
def test_what_is_not_passes(password: str) -> None:
    assert reason(password, *ADA) == ""


def test_a_phrase_of_words_drawn_at_random_passes() -> None:
    draw = random.Random(1815)  # noqa: S311 - what it draws is the same each time
    phrases = ["-".join(draw.choices(WORDS, k=5)) for _ in range(500)]
    assert [phrase for phrase in phrases if reason(phrase, *ADA)] == []


def test_what_is_known_of_one_is_known_of_nobody_else() -> None:
    assert reason("AdaLovelace1815", "eve@example.com") == ""
    assert ABOUT in reason("AdaLovelace1815", "adalovelace@example.com")


@on_sqlite
@pytest.mark.parametrize("password", ["passwordpassword1", "123456Password!", "ada-lovelace-1815"])
def test_registration_refuses_it_with_the_reason_before_anything_is_hashed(
    client: TestClient, evaluations: list[tuple[int, int, int]], password: str
) -> None:
    body = {"email": "ada.lovelace@example.com", "password": password}
    answer = client.post("/users", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["errors"] == {"body.password": reason(password, body["email"])}
    assert password not in answer.text
    assert evaluations == []


@on_sqlite
@pytest.mark.parametrize(
    "password", ["passwordpassword1", "123456Password!", "Member@Example.com", "127.0.0.1-member"]
)
def test_a_change_refuses_it_with_the_reason_before_anything_is_hashed(
    client: TestClient,
    member: Account,
    evaluations: list[tuple[int, int, int]],
    password: str,
) -> None:
    body = {"current_password": PASSWORD, "new_password": password}
    answer = client.put("/users/me/password", json=body, headers=member.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["errors"] == {"body.new_password": reason(password, member.email)}
    assert password not in answer.text
    assert evaluations == []


@on_sqlite
def test_a_login_asks_no_list_and_a_password_set_before_there_was_one_stays_valid(
    app: FastAPI, client: TestClient, member: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    with find(app, Database).transaction() as session:
        common = find(app, PasswordHasher).hash("passwordpassword1")
        session.execute(update(User).values(password_hash=common))
    common_passwords._common.cache_clear()
    monkeypatch.setattr(common_passwords, "_LIST", LIST.with_name("there-is-none.txt"))
    credentials = {"username": member.email, "password": "passwordpassword1"}
    assert client.post("/auth/login", data=credentials).status_code == 200
