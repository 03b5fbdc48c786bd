"""`ostiary clients`: what each does, says and refuses."""

import errno
import logging
import sys
from dataclasses import dataclass

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app import cli as command
from tests.app.clients.machine import Machine, refused
from tests.support import bearer, on_sqlite

UNKNOWN = "client_" + "0" * 32


@dataclass
class Clients:
    """The commands, run as their entry point does."""

    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def run(self, *words: str) -> tuple[object, str, str]:
        self.monkeypatch.setattr(sys, "argv", ["ostiary", "clients", *words])
        with pytest.raises(SystemExit) as ended:
            command.main()
        return ended.value.code, *self.capsys.readouterr()

    def __call__(self, *words: str) -> str:
        """What a command that does its work says."""
        code, out, err = self.run(*words)
        assert (code, err) == (0, "")
        return out

    def secret(self, client: TestClient, *words: str) -> Machine:
        """The client that a command shows the secret of."""
        code, out, err = self.run(*words)
        assert (code, err.count("\n")) == (0, 1)
        assert "only now" in err
        shown = dict(line.split("=", 1) for line in out.splitlines())
        assert set(shown) == {"client_id", "client_secret"}
        return Machine(client, shown["client_id"], shown["client_secret"])


@pytest.fixture
def clients(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], database_url: str
) -> Clients:
    monkeypatch.setenv("OSTIARY_DATABASE_URL", database_url)
    return Clients(monkeypatch, capsys)


def test_a_client_lives_from_create_to_delete(
    client: TestClient, clients: Clients, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    scopes = ("--scope", "users:read", "--scope", "notes:read", "--scope", "users:read")
    first = clients.secret(client, "create", "nightly build", *scopes)
    assert first.ask().json()["scope"] == "notes:read users:read"
    listed = clients("list")
    assert listed.startswith(first.id)
    assert listed.endswith("Z  nightly build: notes:read users:read\n")
    assert first.secret not in listed

    second = clients.secret(client, "rotate-secret", first.id)
    assert (second.id, second.secret == first.secret) == (first.id, False)
    assert refused(first.ask()) == (401, "invalid_client")
    assert second.token()

    said = clients("set-scope", first.id, "--scope", "users:read")
    assert said == f"{first.id} may ask for users:read.\n"
    token = second.token()
    assert client.get("/users", headers=bearer(token)).status_code == 200

    assert clients("delete", first.id) == f"{first.id} is gone, and its sessions have ended.\n"
    assert client.get("/users", headers=bearer(token)).status_code == 401
    assert refused(second.ask()) == (401, "invalid_client")
    assert clients("list") == ""
    assert not {first.secret, second.secret} & set(caplog.text.split())


def test_clients_are_listed_oldest_first(client: TestClient, clients: Clients) -> None:
    made = [clients.secret(client, "create", name, "--scope", "notes:read") for name in "zay"]
    assert [line.split()[0] for line in clients("list").splitlines()] == [one.id for one in made]


@pytest.mark.parametrize(
    "words",
    [
        ("rotate-secret", UNKNOWN),
        ("delete", UNKNOWN),
        ("set-scope", UNKNOWN, "--scope", "notes:read"),
    ],
)
def test_an_unknown_client_is_one_sentence(clients: Clients, words: tuple[str, ...]) -> None:
    code, out, err = clients.run(*words)
    assert (code, out) == (1, "")
    assert err == "ostiary: There is no client with this id.\n"


@pytest.mark.parametrize("words", [("create", "x"), ("set-scope", UNKNOWN)])
@pytest.mark.parametrize("scope", ["notes:rea", "", "notes:read users:read", "*", "NOTES:READ"])
def test_a_scope_that_no_route_asks_for_is_refused_with_those_there_are(
    app: FastAPI, clients: Clients, words: tuple[str, ...], scope: str
) -> None:
    code, out, err = clients.run(*words, "--scope", "notes:read", "--scope", scope)
    assert (code, out) == (2, "")
    assert all(known in err for known in app.state.routes.scopes)
    assert clients("list") == ""


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "a\nb", "\x1b]0;x\x07", "\u202e"])
def test_a_name_that_cannot_be_shown_is_refused(clients: Clients, name: str) -> None:
    code, out, err = clients.run("create", name, "--scope", "notes:read")
    assert (code, out) == (2, "")
    assert "1 to 100 printable" in err
    assert clients("list") == ""


def test_a_client_without_a_scope_is_not_made(clients: Clients) -> None:
    code, out, err = clients.run("create", "x")
    assert (code, out) == (2, "")
    assert "--scope" in err


@on_sqlite
@pytest.mark.parametrize("words", [("list",), ("create", "x", "--scope", "notes:read")])
def test_without_a_database_it_is_one_sentence_without_a_secret(
    clients: Clients, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("OSTIARY_DATABASE_URL", "sqlite:////no/such/folder/x.db")
    code, out, err = clients.run(*words)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("ostiary: the database: ")


def test_a_secret_that_could_not_be_written_is_none(
    client: TestClient, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = clients.secret(client, "create", "first", "--scope", "users:read")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr("typer.echo", refuse)
        for words in (
            ("create", "second", "--scope", "users:read"),
            ("rotate-secret", machine.id),
        ):
            code, _, err = clients.run(*words)
            assert code == 1
            assert "No space left on device" in err
    assert clients("list").count("client_") == 1
    granted = client.post("/auth/token", data={"grant_type": "client_credentials", **machine.form})
    assert granted.status_code == 200
