"""The deploy function under the runtime client that AWS's base images run, in a cold process."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.deploy.conftest import SIGNATURE, Waiting, event_for
from tests.app.migrations.databases import VERSIONS, connected, dump
from tests.images.conftest import app_environment
from tests.images.dockerfile import ROOT
from tests.images.runtime import Environment, Function, running
from tests.support import PASSWORD

__all__ = ["app_environment"]


@pytest.fixture
def function(app_environment: Environment, tmp_path: Path) -> Iterator[Function]:
    command = [sys.executable, "-W", "error", "-m", "awslambdaric", "app.deploy.handler"]
    with running(command, ROOT, app_environment, tmp_path / "deploy.log") as function:
        yield function


def test_an_event_comes_in_and_an_answer_goes_out(
    function: Function, place: Waiting, postgres_url: str
) -> None:
    with connected(postgres_url) as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    assert function.result(event_for(place, "Create")) is None
    assert place.answer["Status"] == "SUCCESS"
    (key,) = json.loads(place.answer["Data"]["VerifyKeys"])["keys"]
    assert key["kty"] == "RSA"
    assert "d" not in key
    assert len(dump(postgres_url).rows[VERSIONS]) == 1
    assert "The database went from nothing to" in function.log()
    assert SIGNATURE not in function.log()
    for kind in ("Update", "Delete"):
        place.puts.clear()
        assert function.result(event_for(place, kind)) is None
        assert place.answer["Status"] == "SUCCESS"


def test_an_answer_that_nobody_takes_is_an_error_without_the_address(
    function: Function, place: Waiting
) -> None:
    place.statuses = [403] * 9
    report = function.invoke(event_for(place, "Delete"))
    assert (report.kind, report.content["errorType"]) == ("error", "NotAnswered")
    assert "HTTP status 403" in function.log()
    for text in (function.log(), json.dumps(report.content)):
        assert SIGNATURE not in text
        assert place.url.partition("?")[0] not in text


def test_commands_print_to_their_invoker_and_log_to_the_log(function: Function) -> None:
    words = ["users", "create", "ada@example.com"]
    made = function.result({"argv": words, "stdin": PASSWORD})
    assert (made["exit_code"], made["stderr"]) == (0, "")
    listed = function.result({"argv": ["users", "list"]})
    assert listed["stdout"].startswith("ada@example.com  ")
    secret = function.result({"argv": ["clients", "create", "x", "--scope", "notes:read"]})
    assert secret["exit_code"] == 0
    refused = function.result({"argv": ["users", "nonsense"]})
    assert refused["exit_code"] == 2
    assert "Usage: ostiary users" in refused["stderr"]
    log = function.log()
    assert PASSWORD not in log
    assert secret["stdout"].split("client_secret=")[1].strip() not in log
    assert "ada@example.com" not in log


def test_what_is_logged_is_not_printed(app_environment: Environment, tmp_path: Path) -> None:
    """awslambdaric writes its records to sys.stdout, where there is no telemetry descriptor."""
    app_environment |= {
        "OSTIARY_DATABASE_URL": "secretsmanager:nowhere?host=h&dbname=d",
        "AWS_EC2_METADATA_DISABLED": "true",  # nobody is asked for credentials
    }
    command = [sys.executable, "-W", "error", "-m", "awslambdaric", "app.deploy.handler"]
    with running(command, ROOT, app_environment, tmp_path / "deploy.log") as function:
        done = function.result({"argv": ["users", "list"]})
        assert (done["exit_code"], done["stdout"]) == (1, "")
        assert done["stderr"].startswith("ostiary: ")
        assert "it is asked again when the database is needed" in function.log()
        assert "it is asked again" not in done["stderr"]


def test_what_was_checked_and_what_is_no_command_are_errors(function: Function) -> None:
    report = function.invoke({"argv": ["sessions", "nonsense"], "check": True})
    assert (report.kind, report.content["errorType"]) == ("error", "CommandFailed")
    assert function.result({"argv": ["sessions", "prune"], "check": True})["exit_code"] == 0
    report = function.invoke({"argv": "users list s3cret"})
    assert (report.kind, report.content["errorType"]) == ("error", "ValueError")
    assert "s3cret" not in json.dumps(report.content) + function.log()
