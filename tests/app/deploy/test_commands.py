"""Every `ostiary` command by a direct invocation, as IAM lets it through."""

import json
import logging
import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app import cli
from app.deploy import CommandFailed, handler
from app.invoked_command import OUTPUT_CHARACTERS
from tests.app.deploy.conftest import Context
from tests.app.migrations.databases import dump, fill
from tests.conftest import AppMaker
from tests.support import ISSUER, PASSWORD, on_sqlite

Ostiary = Callable[..., dict[str, Any]]


@pytest.fixture
def ostiary(settings: str) -> Ostiary:
    """Invokes the function with a command."""

    def run(*argv: str, **more: Any) -> dict[str, Any]:
        done = handler({"argv": list(argv), **more}, Context())
        assert done is not None
        assert done.keys() == {"exit_code", "stdout", "stderr"}
        json.dumps(done, ensure_ascii=False).encode()
        return done

    return run


def test_a_user_is_made_with_the_password_on_standard_input(
    ostiary: Ostiary, make_app: AppMaker
) -> None:
    words = ("users", "create", "ada@example.com", "--role", "admin")
    made = ostiary(*words, stdin=f"{PASSWORD}\n")
    assert (made["exit_code"], made["stderr"]) == (0, "")
    assert made["stdout"].startswith("Made ada@example.com, admin, with the id ")
    listed = ostiary("users", "list")
    assert re.fullmatch(r"ada@example\.com  [0-9a-f-]{36}  admin\n", listed["stdout"])
    with TestClient(make_app(), base_url=ISSUER) as client:
        credentials = {"username": "ada@example.com", "password": PASSWORD}
        assert client.post("/auth/login", data=credentials).status_code == 200


def test_a_secret_is_shown_to_who_asked_and_not_to_the_log(
    ostiary: Ostiary, log: pytest.LogCaptureFixture, make_app: AppMaker
) -> None:
    made = ostiary("clients", "create", "reports", "--scope", "users:read")
    assert made["exit_code"] == 0
    client_id, secret = re.findall(r"=(\S+)", made["stdout"])
    assert secret not in log.text
    with TestClient(make_app(), base_url=ISSUER) as client:
        form = {"grant_type": "client_credentials"}
        granted = client.post("/auth/token", data=form, auth=(client_id, secret))
        assert granted.status_code == 200


@pytest.mark.parametrize(
    ("argv", "word"),
    [
        (["migrate"], "already."),
        (["sessions", "prune"], "Removed 0 sessions"),
        (["clients", "list"], ""),
        (["routes"], "/notes"),
        (["users", "--help"], "Usage: ostiary users"),
        (["--help"], "Usage: ostiary"),
    ],
)
def test_other_commands_print_what_they_print(ostiary: Ostiary, argv: list[str], word: str) -> None:
    done = ostiary(*argv)
    assert done["exit_code"] == 0, done
    assert word in done["stdout"]


@on_sqlite
def test_keys_of_a_variable_are_listed(ostiary: Ostiary) -> None:
    listed = ostiary("keys", "show-jwks")
    assert listed["exit_code"] == 0
    assert [key["alg"] for key in json.loads(listed["stdout"])["keys"]] == ["RS256"]
    told = ostiary("keys", "list")
    assert told["exit_code"] == 0, told
    assert "RS256" in told["stdout"]


@on_sqlite
def test_a_token_on_standard_input_is_explained(ostiary: Ostiary) -> None:
    token = "eyJhbGciOiJub25lIn0.e30."
    done = ostiary("explain", "-", "GET", "/notes", stdin=token)
    assert done["exit_code"] == 1
    assert done["stdout"]


@on_sqlite
def test_a_deployment_that_nobody_reaches_is_examined(ostiary: Ostiary) -> None:
    done = ostiary("doctor", "http://127.0.0.1:1")
    assert done["exit_code"] == 1
    assert "cannot be reached" in done["stderr"]


@on_sqlite
@pytest.mark.parametrize(
    "argv", [["nonsense"], ["users"], ["users", "list", "--no-such"], ["users", "create"], []]
)
def test_a_command_that_there_is_not_is_told_how_it_is_used(
    ostiary: Ostiary, argv: list[str]
) -> None:
    done = ostiary(*argv)
    assert done["exit_code"] == 2
    assert "Usage: ostiary" in done["stdout"] + done["stderr"]
    assert "pytest" not in done["stdout"] + done["stderr"]


@on_sqlite
@pytest.mark.parametrize("argv", [["serve"], ["serve", "--port", "0"], ["--", "serve"]])
def test_what_would_never_end_is_refused(
    ostiary: Ostiary, monkeypatch: pytest.MonkeyPatch, argv: list[str]
) -> None:
    monkeypatch.setattr(cli, "main", pytest.fail)
    done = ostiary(*argv)
    assert (done["exit_code"], done["stdout"]) == (1, "")
    assert done["stderr"] == "ostiary: `serve` would not end; API Gateway serves here\n"


def test_an_expected_error_is_one_sentence(ostiary: Ostiary) -> None:
    done = ostiary("users", "disable", "nobody@example.com")
    assert (done["exit_code"], done["stdout"]) == (1, "")
    assert re.fullmatch(r"ostiary: .*\n", done["stderr"])


@on_sqlite
def test_an_unexpected_one_is_told_by_its_kind_and_logged_whole(
    ostiary: Ostiary, monkeypatch: pytest.MonkeyPatch, log: pytest.LogCaptureFixture
) -> None:
    def broken(_: object) -> None:
        raise LookupError("s3cret")

    monkeypatch.setattr(cli, "main", broken)
    done = ostiary("users", "list")
    assert (done["exit_code"], done["stdout"]) == (1, "")
    assert done["stderr"] == "ostiary: builtins.LookupError; the log has the rest\n"
    assert "Traceback" in log.text


@on_sqlite
def test_code_that_cannot_be_imported_is_told(
    ostiary: Ostiary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "app.cli", None)
    assert "ModuleNotFoundError" in ostiary("users", "list")["stderr"]


@on_sqlite
@pytest.mark.usefixtures("settings")
def test_the_error_of_a_command_that_is_checked_is_the_functions() -> None:
    checked = {"argv": ["sessions", "prune"], "check": True}
    done = handler(checked, Context())
    assert done is not None
    assert done["exit_code"] == 0
    with pytest.raises(CommandFailed, match="Usage: ostiary"):
        handler({"argv": ["sessions", "prun"], "check": True}, Context())
    done = handler({"argv": ["sessions", "prun"], "check": False}, Context())
    assert done is not None
    assert done["exit_code"] == 2


@on_sqlite
def test_unicode_goes_in_and_out(ostiary: Ostiary) -> None:
    made = ostiary("users", "create", "ünï@exämple.com", stdin="🗝 pässwörd 🗝 lang 🗝\n")
    assert made["exit_code"] == 0
    assert ostiary("users", "list")["stdout"].startswith("ünï@exämple.com  ")
    assert ostiary("\ud800")["exit_code"] == 2  # which no UTF-8 can carry


@on_sqlite
def test_what_is_long_is_cut(ostiary: Ostiary, monkeypatch: pytest.MonkeyPatch) -> None:
    def loud(_: object) -> None:
        for _ in range(3):
            sys.stdout.write("🗝" * OUTPUT_CHARACTERS)
        sys.stderr.write("\x00" * (OUTPUT_CHARACTERS + 7))

    monkeypatch.setattr(cli, "main", loud)
    done = ostiary("users", "list")
    assert done["stdout"].endswith(f"🗝\n… {2 * OUTPUT_CHARACTERS} more characters")
    assert done["stderr"].endswith("\n… 7 more characters")
    assert len(json.dumps(done)) < 6_291_456  # Lambda's quota, and how awslambdaric writes


@on_sqlite
def test_nothing_is_left_behind(ostiary: Ostiary) -> None:
    def state() -> tuple[object, ...]:
        root = logging.getLogger()
        streams = (sys.stdin, sys.stdout, sys.stderr)
        signals = [signal.getsignal(number) for number in sorted(signal.valid_signals())]
        return (
            *(dict(os.environ), list(sys.argv), Path.cwd(), streams, signals),
            *(list(root.handlers), root.level, signal.getitimer(signal.ITIMER_REAL)),
        )

    before = state()
    ostiary("users", "create", "ada@example.com", stdin=PASSWORD)
    for argv in (["serve"], ["nonsense"], ["users", "list"], ["users", "create", "b@example.com"]):
        ostiary(*argv)
        assert state() == before


@on_sqlite
def test_standard_input_is_each_commands_own(ostiary: Ostiary) -> None:
    ostiary("users", "create", "ada@example.com", stdin=f"{PASSWORD}\n{PASSWORD}\n")
    done = ostiary("users", "create", "bob@example.com")
    assert done["exit_code"] == 1
    assert "a password was expected on standard input" in done["stderr"]


@on_sqlite
def test_the_log_stays_out_of_what_is_printed(
    ostiary: Ostiary, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a telemetry descriptor Lambda's handler asks for sys.stdout anew at each record."""

    class Sink(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            sys.stdout.write(f"log: {self.format(record)}\n")

    def chatty(_: object) -> None:
        print("one")
        logging.getLogger("ostiary.anything").warning("a record")
        logging.getLogger("ostiary.anything").debug("not at this level")
        print("two")
        raise LookupError

    monkeypatch.setattr(cli, "main", chatty)
    monkeypatch.setattr(logging.getLogger(), "handlers", [Sink(logging.INFO)])
    done = ostiary("users", "list")
    assert done["stdout"] == "one\ntwo\n"
    assert "Traceback" not in done["stderr"]
    printed = capsys.readouterr().out
    assert printed.startswith("log: a record\nlog: A command failed\nTraceback")
    assert "not at this level" not in printed


@pytest.mark.parametrize(
    "event",
    [
        None,
        [],
        "users list",
        {},
        {"argv": "users list s3cret"},
        {"argv": ["users", 7, "s3cret"]},
        {"argv": None, "stdin": "s3cret"},
        {"argv": ["users", "list"], "stdin": {"password": "s3cret"}},
        {"argv": ["users", "list"], "stdin": 7},
        {"argv": ["users", "list"], "check": "s3cret"},
        {"source": "aws.events", "detail": "s3cret"},
        {"httpMethod": "POST", "body": "s3cret"},
    ],
)
def test_any_other_event_is_refused_and_not_repeated(event: object) -> None:
    with pytest.raises(
        ValueError, match=r'\{"argv": \["users", "list"\]\} was expected'
    ) as refused:
        handler(event, Context())
    assert "s3cret" not in str(refused.value)


def test_rows_are_what_a_command_is_about(ostiary: Ostiary, settings: str) -> None:
    fill(settings)
    assert ostiary("users", "list")["stdout"].count("\n") == len(dump(settings).rows["users"])
