"""`ostiary users`: the same rules as over HTTP, for who may do everything."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from typer.testing import CliRunner, Result

from app.cli import cli
from app.errors import LastAdministrator, NotFound
from app.settings import SettingsError
from tests.app.accounts.test_administration import is_out, reasons
from tests.support import PASSWORD, Account

NEW = "an entirely new password"


@pytest.fixture(autouse=True)
def _database(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    monkeypatch.setenv("OSTIARY_DATABASE_URL", database_url)


def users(*words: str, given: str | None = None) -> Result:
    return CliRunner().invoke(cli, ["users", *words], input=given)


def done(*words: str, given: str | None = None) -> str:
    result = users(*words, given=given)
    assert result.exit_code == 0, result.output
    return result.output


def log_in(client: TestClient, account: Account, password: str) -> int:
    credentials = {"username": account.email, "password": password}
    return int(client.post("/auth/login", data=credentials).status_code)


def test_the_list_shows_each_user_with_his_roles(member: Account, admin: Account) -> None:
    done("disable", member.email)
    first, second = done("list").splitlines()
    assert first.startswith("member@example.com  ")
    assert first.endswith("  member, disabled")
    assert second.startswith("admin@example.com  ")
    assert second.endswith("  admin, member")


def test_who_is_disabled_is_logged_out_and_stays_so_when_he_is_enabled(
    app: FastAPI, client: TestClient, member: Account
) -> None:
    assert done("disable", "Member@Example.com") == "member@example.com is disabled.\n"
    assert done("disable", member.email) == "member@example.com is disabled already.\n"
    assert is_out(member)
    assert reasons(app) == ["user_disabled"]
    assert log_in(client, member, PASSWORD) == 401
    assert done("enable", member.email) == "member@example.com is enabled.\n"
    assert is_out(member)
    assert log_in(client, member, PASSWORD) == 200


def test_who_gets_other_roles_is_logged_out(client: TestClient, member: Account) -> None:
    same = done("set-roles", member.email, "member", "member")
    assert same == "member@example.com held already member.\n"
    assert not is_out(member)
    other = done("set-roles", member.email, "member", "admin")
    assert other == "member@example.com now holds admin, member.\n"
    assert is_out(member)
    promoted = Account.log_in(client, member.email)
    assert client.get("/users", headers=promoted.headers).status_code == 200


@pytest.mark.parametrize("by_option", [True, False])
def test_another_password_logs_out(
    app: FastAPI, client: TestClient, member: Account, *, by_option: bool
) -> None:
    words = ["set-password", member.email, *(["--password", NEW] if by_option else [])]
    said = done(*words, given=None if by_option else f"{NEW}\nmore\n")
    assert said == "member@example.com has another password, and is logged out everywhere.\n"
    assert is_out(member)
    assert reasons(app) == ["password_changed"]
    assert (log_in(client, member, PASSWORD), log_in(client, member, NEW)) == (401, 200)


@pytest.mark.parametrize("words", [("disable",), ("set-roles", "member")])
def test_the_last_administrator_is_kept(admin: Account, words: tuple[str, ...]) -> None:
    refused = users(words[0], admin.email, *words[1:])
    assert isinstance(refused.exception, LastAdministrator)
    assert not is_out(admin)


@pytest.mark.parametrize(
    "words",
    [("disable",), ("enable",), ("set-roles", "member"), ("set-password", "--password", NEW)],
)
def test_an_address_that_nobody_has_is_refused(words: tuple[str, ...], member: Account) -> None:
    assert isinstance(users(words[0], "x@example.com", *words[1:]).exception, NotFound)
    assert isinstance(users(words[0], "nonsense", *words[1:]).exception, SettingsError)
    assert not is_out(member)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("short", "15 to 128 characters"),
        ("passwordqwerty123", "a common one"),
        ("Member-Example-2026", "own address"),
        ("127.0.0.1-password", "this service's name"),
    ],
)
def test_a_password_that_is_none_is_refused(member: Account, given: str, why: str) -> None:
    refused = users("set-password", member.email, given=f"{given}\n")
    assert isinstance(refused.exception, SettingsError)
    assert why in str(refused.exception)
    assert not is_out(member)
