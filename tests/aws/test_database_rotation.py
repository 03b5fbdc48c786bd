"""A database's password that is rotated while the app serves, in a secret of Secrets Manager."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import URL, text
from sqlalchemy.exc import OperationalError

from app import database_address
from app.database import Database
from app.database_address import SecretAddress
from tests.app.database import own_server as own
from tests.app.database.own_server import OwnServer
from tests.aws.database_secrets import Calls, DatabaseSecret, members_of
from tests.aws.secret_sets import refused
from tests.conftest import AppMaker
from tests.support import ISSUER, on_sqlite

THREADS = 20
own_server = own.own_server


@pytest.fixture
def calls(aws: object, monkeypatch: pytest.MonkeyPatch) -> Calls:
    return Calls(monkeypatch)


@pytest.fixture
def guest(own_server: OwnServer) -> URL:
    return own_server.guest()


@pytest.fixture
def secret(secrets_manager: Any, guest: URL) -> DatabaseSecret:
    """It says how the guest gets in."""
    return DatabaseSecret(secrets_manager, members_of(guest))


@pytest.fixture
def served(calls: Calls, secret: DatabaseSecret, make_app: AppMaker) -> Iterator[TestClient]:
    """An app that has a connection already."""
    with TestClient(make_app(database_url=secret.setting), base_url=ISSUER) as client:
        assert client.get("/ready").status_code == 200
        assert calls.count == 1
        yield client


def let_time_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on AWS may be asked again."""
    monkeypatch.setattr(database_address, "REREAD_SECONDS", 0)


@on_sqlite
def test_no_request_fails_when_password_and_secret_changed(
    served: TestClient,
    calls: Calls,
    secret: DatabaseSecret,
    guest: URL,
    own_server: OwnServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    let_time_pass(monkeypatch)
    secret.become(members_of(own_server.change_password(guest)))
    own_server.end_connections()
    for _ in range(3):
        assert served.get("/ready").status_code == 200
    assert calls.count == 2


@on_sqlite
def test_a_connection_that_stands_outlives_the_password_that_made_it(
    served: TestClient, calls: Calls, guest: URL, own_server: OwnServer
) -> None:
    own_server.change_password(guest)
    for _ in range(3):
        assert served.get("/ready").status_code == 200
    assert calls.count == 1


@on_sqlite
def test_until_the_secret_follows_503_is_told_in_time_and_aws_is_left_in_peace(
    served: TestClient,
    calls: Calls,
    secret: DatabaseSecret,
    guest: URL,
    own_server: OwnServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(database_address, "REREAD_SECONDS", 600)  # however slow this machine is
    changed = own_server.change_password(guest)
    own_server.end_connections()
    told = ""
    for _ in range(10):
        began = time.monotonic()
        answer = served.get("/ready")
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert time.monotonic() - began < 3
        told += answer.text
    assert calls.count == 1
    let_time_pass(monkeypatch)
    assert served.get("/ready").status_code == 503
    assert calls.count == 2
    secret.become(members_of(changed))
    assert served.get("/ready").status_code == 200
    assert f'password authentication failed for user "{guest.username}"' in caplog.text
    told += caplog.text + "".join(capfd.readouterr())
    assert str(guest.password) not in told
    assert str(changed.password) not in told


def test_of_many_requests_at_once_all_are_served_and_aws_is_asked_once(
    calls: Calls,
    secret: DatabaseSecret,
    guest: URL,
    own_server: OwnServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at_once = threading.Barrier(THREADS)

    def ask(_: int) -> Any:
        at_once.wait(30)
        with database.transaction() as session:
            return session.scalar(text("SELECT current_user"))

    with closing(Database(secret.setting, connections=THREADS)) as database:
        secret.become(members_of(own_server.change_password(guest)))
        let_time_pass(monkeypatch)
        with ThreadPoolExecutor(THREADS) as pool:
            assert list(pool.map(ask, range(THREADS))) == [guest.username] * THREADS
    assert calls.count == 2


def test_aws_is_asked_once_in_ten_seconds_however_many_are_refused(
    calls: Calls, secret: DatabaseSecret
) -> None:
    now = 0.0
    address = SecretAddress(secret.setting, clock=lambda: now)
    known = address.current()
    for then, expected in ((0.0, 1), (9.9, 1), (10.0, 2), (19.9, 2), (20.0, 3)):
        now = then
        for _ in range(5):
            assert address.after_refusal(known) is None
        assert calls.count == expected


@on_sqlite
def test_a_secret_that_is_out_of_reach_at_start_is_asked_for_again(
    calls: Calls,
    secret: DatabaseSecret,
    make_app: AppMaker,
    monkeypatch: pytest.MonkeyPatch,
    own_server: OwnServer,
) -> None:
    calls.refusal = refused("InternalServiceError")
    with TestClient(make_app(database_url=secret.setting), base_url=ISSUER) as client:
        for _ in range(5):
            assert client.get("/ready").status_code == 503
        assert calls.count == 1
        calls.refusal = None
        let_time_pass(monkeypatch)
        assert client.get("/ready").status_code == 200
    assert calls.count == 2


@on_sqlite
@pytest.mark.parametrize("members", ["not what RDS writes", {"engine": "mysql"}, {}])
def test_a_secret_that_is_spoilt_later_leaves_what_was_known_and_is_told(
    served: TestClient,
    secret: DatabaseSecret,
    guest: URL,
    own_server: OwnServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    members: Any,
) -> None:
    let_time_pass(monkeypatch)
    secret.become(members)
    own_server.end_connections()
    assert served.get("/ready").status_code == 200
    changed = own_server.change_password(guest)
    own_server.end_connections()
    assert served.get("/ready").status_code == 503
    assert "The database's address could not be read again: secretsmanager:" in caplog.text
    secret.become(members_of(changed))
    assert served.get("/ready").status_code == 200


@on_sqlite
def test_a_database_that_moved_is_found(
    calls: Calls,
    secret: DatabaseSecret,
    guest: URL,
    make_app: AppMaker,
    monkeypatch: pytest.MonkeyPatch,
    own_server: OwnServer,
) -> None:
    secret.become(members_of(guest) | {"host": "/nowhere"})
    with TestClient(make_app(database_url=secret.setting), base_url=ISSUER) as client:
        assert client.get("/ready").status_code == 503
        secret.become(members_of(guest))
        let_time_pass(monkeypatch)
        assert client.get("/ready").status_code == 200


def test_a_server_that_is_silent_may_have_moved(
    calls: Calls,
    secret: DatabaseSecret,
    guest: URL,
    own_server: OwnServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with closing(Database(secret.setting)) as database:
        let_time_pass(monkeypatch)
        with own_server.frozen(), pytest.raises(OperationalError, match="timeout"):
            database.engine.connect()
    assert calls.count == 2
