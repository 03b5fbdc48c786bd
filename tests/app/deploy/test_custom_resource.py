"""Create, Update with its rollback, and Delete, as CloudFormation sends them."""

import json
import sys
from typing import Any

import pytest
from sqlalchemy import make_url

from app import deployment
from app.deploy import ANSWER_BYTES, PHYSICAL_ID, handler
from app.settings import SettingsError
from tests.app.deploy.conftest import STACK, Context, Deploy, Waiting, event_for
from tests.app.migrations.conftest import HEAD, NEXT, Alembic, Folder
from tests.app.migrations.databases import VERSIONS, dump, fill, set_revision
from tests.support import on_postgresql, on_sqlite

EXPAND = 'op.add_column("users", sa.Column("more", sa.Text(), nullable=True))'


def revision_of(url: str) -> str:
    found: str = dump(url).rows[VERSIONS][0]["version_num"]
    return found


def test_create_migrates_and_answers_once(
    settings: str, place: Waiting, deploy: Deploy, folder: Folder
) -> None:
    folder.add(NEXT, EXPAND)
    with folder.in_use():
        answer = deploy("Create")
    assert revision_of(settings) == NEXT
    assert answer.pop("Data").keys() == {"VerifyKeys"}
    assert answer == {
        "Status": "SUCCESS",
        "PhysicalResourceId": PHYSICAL_ID,
        "StackId": STACK,
        "RequestId": "unique-id-of-this-request",
        "LogicalResourceId": "Deployment",
    }
    ((headers, _),) = place.puts
    assert headers["Content-Type"] == ""  # as S3 has signed the address


def test_an_update_that_fails_and_its_rollback_by_older_code(
    settings: str, deploy: Deploy, folder: Folder
) -> None:
    deploy("Create")
    folder.add(NEXT, f"{EXPAND}\n1 / 0")
    with folder.in_use():
        failed = deploy("Update")
    assert (failed["Status"], failed["PhysicalResourceId"]) == ("FAILED", PHYSICAL_ID)
    assert f"{NEXT} were not applied: division by zero" in failed["Reason"]
    assert "ostiary migrate" in failed["Reason"]
    assert "(log stream 2026/01/01/[$LATEST]0123)" in failed["Reason"]
    rolled_back = deploy("Update")
    assert (rolled_back["Status"], rolled_back["PhysicalResourceId"]) == ("SUCCESS", PHYSICAL_ID)
    assert revision_of(settings) == HEAD


def test_older_code_answers_success_at_the_database_of_newer_code(
    settings: str, deploy: Deploy, folder: Folder
) -> None:
    """The new image migrated, and something behind it in the stack failed."""
    folder.add(NEXT, EXPAND)
    with folder.in_use():
        deploy("Update")
    before = dump(settings)
    assert deploy("Update")["Status"] == "SUCCESS"
    assert dump(settings) == before
    assert revision_of(settings) == NEXT


def test_a_second_deploy_changes_nothing(settings: str, deploy: Deploy) -> None:
    first = deploy("Create")
    fill(settings)
    before = dump(settings)
    assert deploy("Update") == first
    assert dump(settings) == before


def test_from_an_empty_database(settings: str, deploy: Deploy) -> None:
    Alembic().downgrade("base")
    assert deploy("Create")["Status"] == "SUCCESS"
    assert revision_of(settings) == HEAD


def test_delete_does_nothing_and_succeeds(settings: str, deploy: Deploy) -> None:
    set_revision(settings, "0001")
    before = dump(settings)
    answer = deploy("Delete")
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", PHYSICAL_ID)
    assert dump(settings) == before


def test_delete_succeeds_where_nothing_else_would(
    place: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "app.deployment", None)
    monkeypatch.setenv("OSTIARY_DATABASE_URL", "nonsense")
    event = event_for(place, "Delete") | {"PhysicalResourceId": "made-by-CloudFormation"}
    handler(event, Context(left=900))
    assert place.answer["Status"] == "SUCCESS"
    assert place.answer["PhysicalResourceId"] == "made-by-CloudFormation"


def test_code_that_cannot_be_imported_is_answered(
    place: Waiting, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "app.deployment", None)
    answer = deploy("Create")
    assert answer["Status"] == "FAILED"
    assert "ModuleNotFoundError; the log has the rest" in answer["Reason"]


@pytest.mark.parametrize(
    "fault",
    [SystemExit(0), KeyboardInterrupt(), GeneratorExit(), MemoryError(), ValueError("s3cret")],
)
def test_whatever_is_raised_is_answered(
    fault: BaseException, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise fault

    monkeypatch.setattr(deployment, "deploy", broken)
    answer = deploy("Create")
    assert answer["Status"] == "FAILED"
    assert type(fault).__name__ in answer["Reason"]
    assert "s3cret" not in answer["Reason"]


@on_sqlite
@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("OSTIARY_DATABASE_URL", "mysql://u:s3cret@host/x", "OSTIARY_DATABASE_URL"),
        ("OSTIARY_DATABASE_URL", "postgresql://u:s3cret@127.0.0.1:1/x", "the database: connection"),
        ("OSTIARY_DATABASE_URL", "secretsmanager:x?password=s3cret", "host, port and dbname"),
        ("OSTIARY_ISSUER", "http://api.example.com", "OSTIARY_ISSUER|https URL"),
        ("TEST_KEY_SET", '{"keys": [{"k": "s3cret"}]}', "'kid'"),
        ("TEST_KEY_SET", "", "TEST_KEY_SET"),
    ],
)
def test_settings_that_are_refused_are_named_and_not_shown(
    settings: str,
    deploy: Deploy,
    log: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
    word: str,
) -> None:
    monkeypatch.setenv(name, value)
    answer = deploy("Create")
    assert answer["Status"] == "FAILED"
    assert any(it in answer["Reason"] for it in word.split("|")), answer["Reason"]
    assert "s3cret" not in answer["Reason"] + log.text


@on_postgresql
def test_the_password_of_the_database_is_shown_nowhere(
    settings: str,
    deploy: Deploy,
    folder: Folder,
    log: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = make_url(settings).set(password="s3cret").render_as_string(hide_password=False)
    monkeypatch.setenv("OSTIARY_DATABASE_URL", url)
    folder.add(NEXT, "op.execute('SELECT nothing')")
    with folder.in_use():
        assert deploy("Create")["Status"] == "FAILED"
    assert deploy("Update")["Status"] == "SUCCESS"
    assert "SELECT nothing" in log.text
    assert "s3cret" not in log.text


@pytest.mark.parametrize("text", ["a" * 9000, "ü" * 9000, "🗝" * 9000, '"\\' * 4500, "\x00" * 9000])
def test_a_long_reason_is_cut_to_what_is_taken(
    text: str, place: Waiting, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise SettingsError(text)

    monkeypatch.setattr(deployment, "deploy", broken)
    event = event_for(place, "Create") | {
        "StackId": STACK + "x" * 128,
        "LogicalResourceId": "L" * 255,
    }
    handler(event, Context(log_stream_name="s" * 300))
    ((_, body),) = place.puts
    assert len(body) <= ANSWER_BYTES
    answer: Any = json.loads(body)
    assert (answer["Status"], answer["LogicalResourceId"]) == ("FAILED", "L" * 255)
    assert len(answer["Reason"]) > 100
    assert answer["Reason"].startswith(text[:100])
