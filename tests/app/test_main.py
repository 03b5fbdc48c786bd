"""Importing app.main builds nothing; `app` and `handler` are built when asked for."""

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app import main
from tests.app.events import own_event_loop
from tests.support import AUDIENCE, ISSUER, key_set_document

IMPORT_ALONE = """
import gc, os, sys
before = set(os.listdir("."))
import app.main
assert "app" not in vars(app.main) and "handler" not in vars(app.main)
assert callable(app.main.create_app)
assert set(os.listdir(".")) == before
assert gc.isenabled() and not gc.get_freeze_count()
"""


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch, database_url: str) -> Iterator[None]:
    """Settings to build from; what was built is forgotten afterwards."""
    monkeypatch.setenv("TEST_KEY_SET", key_set_document("ES256"))
    monkeypatch.setenv("OSTIARY_KEYS", "env:TEST_KEY_SET")
    monkeypatch.setenv("OSTIARY_ISSUER", ISSUER)
    monkeypatch.setenv("OSTIARY_AUDIENCE", AUDIENCE)
    monkeypatch.setenv("OSTIARY_DATABASE_URL", database_url)
    with own_event_loop():
        yield
    gc.unfreeze()  # whoever looks for what refers to an object finds nothing that is frozen
    for name in ("app", "handler"):
        vars(main).pop(name, None)


def test_importing_the_module_builds_nothing_and_needs_no_settings(tmp_path: Path) -> None:
    # Settings with which nothing could be built.
    environment = {**os.environ, "OSTIARY_ISSUER": "ftp://nowhere", "OSTIARY_KEYS": "none"}
    environment["PYTHONPATH"] = str(Path(main.__file__).parent.parent)
    subprocess.run([sys.executable, "-c", IMPORT_ALONE], env=environment, cwd=tmp_path, check=True)


@pytest.mark.usefixtures("configured")
def test_the_app_is_built_when_asked_for_and_once() -> None:
    assert "app" not in vars(main)
    built = main.app
    assert isinstance(built, FastAPI)
    assert main.app is built


@pytest.mark.usefixtures("configured")
def test_the_handler_is_built_when_asked_for_and_once() -> None:
    assert "handler" not in vars(main)
    built = main.handler
    assert main.handler is built
    # A collection in the middle of a request would last longer than the request.
    assert gc.get_freeze_count() > 10_000
    assert built({}, None)["statusCode"] == 400


def test_any_other_attribute_is_an_error() -> None:
    with pytest.raises(AttributeError, match=r"'app\.main' has no attribute 'application'"):
        _ = main.application
    assert not hasattr(main, "Handler_")


def test_unsafe_settings_do_not_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSTIARY_ISSUER", "http://example.com")
    with pytest.raises(Exception, match="issuer must be an https URL"):
        _ = main.app
    assert "app" not in vars(main)


def test_a_405_names_every_verb_that_the_path_has(client: TestClient) -> None:
    for path, verbs in (("/users", "GET, POST"), ("/notes", "GET, POST"), ("/health", "GET")):
        answer = client.patch(path)
        assert (answer.status_code, answer.headers["allow"]) == (405, verbs)


@pytest.mark.parametrize(
    "body",
    [
        b'{"email":"a@example.com","email":"b@example.com","password":"correct horse battery"}',
        '{"email":"a@example.com","password":"correct horse battery"}'.encode("utf-16"),
        b'\xef\xbb\xbf{"email":"a@example.com","password":"correct horse battery"}',
        b"[1]",
    ],
)
def test_a_body_with_two_readings_is_refused(client: TestClient, body: bytes) -> None:
    answer = client.post("/users", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["errors"]["body"]) == (
        422,
        "this is no JSON object in UTF-8 with each member once",
    )
