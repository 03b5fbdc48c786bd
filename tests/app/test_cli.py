"""The `ostiary` command: what it makes, what it prints, and one sentence where it gives up."""

import errno
import gc
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from app import cli as command
from app.cli import cli
from tests.conftest import AppMaker
from tests.support import ISSUER, PASSWORD

COMMON = "passwordqwerty123"
HOUSE = Path(command.__file__).parent.parent
runner = CliRunner()
Ostiary = Callable[..., "Ended"]


@pytest.fixture
def _database(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    monkeypatch.setenv("OSTIARY_DATABASE_URL", database_url)


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it wrote."""

    code: object
    out: str
    err: str


@pytest.fixture
def ostiary(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ostiary:
    """Runs the command as its entry point does; keywords are variables of the environment."""

    def run(*words: str, **settings: str) -> Ended:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["ostiary", *words])
        with pytest.raises(SystemExit) as ended:
            command.main()
        return Ended(ended.value.code, *capsys.readouterr())

    return run


@pytest.mark.usefixtures("_database")
@pytest.mark.parametrize("by_option", [True, False])
def test_a_user_is_made_with_a_password_by_option_or_by_standard_input(
    make_app: AppMaker, *, by_option: bool
) -> None:
    words = ["users", "create", "Ada@Example.com"]
    option = ["--password", PASSWORD] if by_option else []
    made = runner.invoke(cli, words + option, input=None if by_option else f"{PASSWORD}\nmore\n")
    assert made.exit_code == 0, made.output
    assert made.output.startswith("Made ada@example.com, member, with the id ")
    assert PASSWORD not in made.output
    with TestClient(make_app(), base_url=ISSUER) as client:
        credentials = {"username": "ada@example.com", "password": PASSWORD}
        assert client.post("/auth/login", data=credentials).status_code == 200


@pytest.mark.usefixtures("_database")
def test_a_user_gets_the_roles_that_are_named(make_app: AppMaker) -> None:
    roles = ["--role", "admin", "--role", "member", "--role", "admin"]
    words = ["users", "create", "ada@example.com", "--password", PASSWORD, *roles]
    assert ", admin, member, with" in runner.invoke(cli, words).output.replace("\n", " ")


def test_a_role_that_does_not_exist_is_refused() -> None:
    words = ["users", "create", "ada@example.com", "--password", PASSWORD, "--role", "root"]
    refused = runner.invoke(cli, words)
    assert refused.exit_code == 2
    assert "'root'" in refused.output


def check_gives_up(ended: Ended, why: str) -> None:
    """It ended with 1 and one sentence on standard error, and nothing else."""
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("ostiary: ")
    assert ended.err.count("\n") == 1, ended.err
    assert why in ended.err


@pytest.mark.parametrize(
    ("words", "settings", "why"),
    [
        (("users", "create", "x", "--password", PASSWORD), {}, "no e-mail address"),
        (("users", "create", "a@example.com", "--password", "short"), {}, "15 to 128 characters"),
        (("users", "create", "a@example.com", "--password", COMMON), {}, "a common one"),
        (("users", "create", "a@example.com", "--password", PASSWORD), {}, "the database"),
        (("migrate",), {"OSTIARY_ISSUER": "http://example.com"}, "https URL"),
        (("migrate",), {"OSTIARY_DATABASE_URL": "nonsense"}, "SQLAlchemy URL"),
        (("migrate",), {"OSTIARY_DATABASE_URL": "sqlite:////no/such/folder/x.db"}, "the database"),
        (("keys", "generate", "--alg", "none"), {}, "alg must be one of"),
        (("keys", "generate"), {"OSTIARY_KEYS": "env:KEYS"}, "a variable cannot be changed"),
        (("keys", "rotate"), {}, "make one with `ostiary keys generate`"),
        (("routes", "--since", str(HOUSE / "README.md")), {}, "no access matrix"),
        (("serve",), {"OSTIARY_KEYS": "env:KEYS"}, "variable KEYS is not set"),
        (("migrate",), {"OSTIARY_REGISTRATON": "closed"}, "OSTIARY_REGISTRATION is one"),
        (("serve",), {"OSTIARY_ACCESS_TOKEN_SECONDS": "5"}, "OSTIARY_ACCESS_TOKEN_SECONDS"),
    ],
)
def test_what_is_refused_is_one_sentence(
    ostiary: Ostiary,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    settings: dict[str, str],
    why: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    check_gives_up(ostiary(*words, **settings), why)


def as_a_program(folder: Path, *words: str, out: Any = subprocess.PIPE, **settings: str) -> Ended:
    ended = subprocess.run(
        [sys.executable, "-m", "app.cli", *words],
        stdout=out,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(HOUSE), **settings},
        timeout=60,
        check=False,
    )
    return Ended(ended.returncode, ended.stdout or "", ended.stderr)


def test_as_a_program_it_gives_up_in_one_sentence_too(tmp_path: Path) -> None:
    check_gives_up(as_a_program(tmp_path, "migrate", OSTIARY_ISSUER="ftp://x"), "https URL")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a full device")
def test_output_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        check_gives_up(as_a_program(tmp_path, "routes", out=full), "No space left on device")


def test_a_database_that_cannot_be_made_is_one_sentence(
    ostiary: Ostiary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr("app.migrate.create_private", refuse)
    path = tmp_path / "x.db"
    check_gives_up(
        ostiary("migrate", OSTIARY_DATABASE_URL=f"sqlite:///{path}"), f"{path}: Permission denied"
    )


def test_what_is_loaded_when_it_begins_to_serve_is_kept_from_the_collector(
    ostiary: Ostiary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen: list[int] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "app.server.serve", lambda *_, **__: frozen.append(gc.get_freeze_count() // 10_000)
    )
    gc.unfreeze()
    try:
        assert ostiary("serve", "--port", "0").code == 0
    finally:
        gc.unfreeze()
    assert frozen
    assert frozen[0] > 0


def test_a_port_that_there_is_not_is_refused(ostiary: Ostiary) -> None:
    assert ostiary("serve", "--port", "65536").code == 2


@pytest.mark.usefixtures("_database")
def test_an_address_that_is_taken_is_one_sentence(ostiary: Ostiary) -> None:
    words = ("users", "create", "ada@example.com", "--password", PASSWORD)
    assert ostiary(*words).code == 0
    check_gives_up(ostiary(*words), "There is an account for this e-mail address.")


def test_a_key_is_made_for_its_owner_alone_and_never_overwritten(
    ostiary: Ostiary, tmp_path: Path
) -> None:
    path = tmp_path / "secrets" / "keys.json"
    made = ostiary("keys", "generate", "--alg", "ES384", OSTIARY_KEYS=f"file:{path}")
    assert made.code == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    key = json.loads(path.read_text())["keys"][0]
    assert key["alg"] == "ES384"
    assert made.out == f"Made an ES384 key, {key['kid']}, in {path}.\n"
    assert key["d"] not in made.out + made.err
    assert ostiary("keys", "generate").code == 0
    assert json.loads(path.read_text())["keys"][0] == key


def test_a_link_in_the_place_of_a_key_file_is_not_followed(
    ostiary: Ostiary, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    (tmp_path / "keys.json").symlink_to(elsewhere)
    source = f"file:{tmp_path / 'keys.json'}"
    ended = ostiary("keys", "generate", "--alg", "ES256", OSTIARY_KEYS=source)
    check_gives_up(ended, "a link to nothing")
    assert not elsewhere.exists()
