"""`OSTIARY_DATABASE_URL=secretsmanager:…` at start: what the secret may be, and may not."""

import json
import logging
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from app.database_address import CERTIFICATES, AddressError, SecretAddress, SecretUnavailable
from tests.aws.database_secrets import Calls, DatabaseSecret
from tests.aws.secret_sets import refused
from tests.conftest import AppMaker
from tests.support import ISSUER, on_sqlite

PASSWORD = "hunter2-hunter2"
WHOLE = {
    "engine": "postgres",
    "host": "db.example.com",
    "port": 5433,
    "dbname": "app",
    "username": "ostiary",
    "password": PASSWORD,
    "dbInstanceIdentifier": "db-1",
}
MASTER = {"username": "postgres", "password": PASSWORD}  # what RDS keeps of its own master user


@pytest.fixture
def calls(aws: object, monkeypatch: pytest.MonkeyPatch) -> Calls:
    return Calls(monkeypatch)


def put(secrets_manager: Any, members: Any, name: str = "") -> str:
    """The setting of a new secret that holds this."""
    return DatabaseSecret(secrets_manager, members, name).setting


def test_a_secret_of_rds_is_an_address_with_tls(secrets_manager: Any) -> None:
    url = SecretAddress(put(secrets_manager, WHOLE)).current()
    assert url.render_as_string(hide_password=False).partition("?")[0] == (
        f"postgresql+psycopg://ostiary:{PASSWORD}@db.example.com:5433/app"
    )
    strict = {"sslmode": "verify-full", "gssencmode": "disable"}
    assert url.query == strict | {"sslrootcert": str(CERTIFICATES)}


def test_what_a_master_secret_lacks_stands_behind_its_name(secrets_manager: Any) -> None:
    setting = put(secrets_manager, MASTER)
    url = SecretAddress(f"{setting}?host=db.example.com&dbname=app").current()
    assert (url.username, url.host, url.port, url.database) == (
        *("postgres", "db.example.com", 5432, "app"),
    )
    with pytest.raises(AddressError, match="it lacks host, dbname; put that into the secret"):
        SecretAddress(setting)


@pytest.mark.parametrize("name", ["rds!db-{}", "rds!cluster-{}", "a/b_c+d=e.f@g-{}"])
def test_a_secret_may_have_any_name_that_aws_takes_and_its_arn(
    secrets_manager: Any, name: str
) -> None:
    named = name.format(uuid4())
    put(secrets_manager, WHOLE, named)
    arn = secrets_manager.describe_secret(SecretId=named)["ARN"]
    for setting in (named, arn, f"{arn}?host=other.example.com"):
        assert SecretAddress(f"secretsmanager:{setting}").current().password == PASSWORD


@pytest.mark.parametrize(
    ("members", "told"),
    [
        (PASSWORD, "a JSON object was expected"),
        (MASTER | {"dbname": "app"}, "it lacks host"),
        (WHOLE | {"engine": "mysql"}, "another engine"),
        (WHOLE | {"password": None}, "it lacks password"),
        (WHOLE | {"password": f"{PASSWORD}\0"}, "its password has a character"),
    ],
)
@on_sqlite
def test_with_a_secret_that_names_no_database_the_app_does_not_start(
    secrets_manager: Any,
    make_app: AppMaker,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    members: Any,
    told: str,
) -> None:
    setting = put(secrets_manager, members)
    with pytest.raises(AddressError, match=f"^{setting}: .*{told}") as failed:
        make_app(database_url=setting)
    assert not isinstance(failed.value, SecretUnavailable)
    assert PASSWORD not in f"{failed.value!r} {caplog.text} {''.join(capfd.readouterr())}"


def test_a_binary_secret_names_no_database(secrets_manager: Any) -> None:
    name = f"db/{uuid4()}"
    secrets_manager.create_secret(Name=name, SecretBinary=json.dumps(WHOLE).encode())
    with pytest.raises(AddressError, match="a JSON object was expected"):
        SecretAddress(f"secretsmanager:{name}")


@on_sqlite
def test_a_secret_that_is_to_be_deleted_is_told_and_may_come_back(
    secrets_manager: Any, make_app: AppMaker, caplog: pytest.LogCaptureFixture
) -> None:
    setting = put(secrets_manager, WHOLE | {"host": "127.0.0.1", "port": 1})
    name = setting.removeprefix("secretsmanager:")
    secrets_manager.delete_secret(SecretId=name)
    app = make_app(database_url=setting)
    assert "restore it, or name another (InvalidRequestException)" in caplog.text
    with TestClient(app, base_url=ISSUER) as client:
        assert client.get("/ready").status_code == 503


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("AccessDeniedException", "this process may not do that"),
        ("ResourceNotFoundException", "there is none of that name"),
        ("ThrottlingException", "AWS throttles"),
        (
            "DecryptionFailure",
            "secretsmanager:db: the secret cannot be decrypted; allow kms:Decrypt",
        ),
        ("InternalServiceError", "AWS refused"),
    ],
)
@on_sqlite
def test_while_aws_refuses_the_secret_the_app_starts_and_says_so_once_a_request(
    calls: Calls,
    make_app: AppMaker,
    caplog: pytest.LogCaptureFixture,
    code: str,
    told: str,
) -> None:
    calls.refusal = refused(code)
    app = make_app(database_url="secretsmanager:db")
    assert [record.levelno for record in of_ours(caplog)] == [logging.WARNING]
    with TestClient(app, base_url=ISSUER) as client:
        answer = client.get("/ready")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert len(of_ours(caplog)) == 2
    assert all(told in record.message for record in of_ours(caplog))


@on_sqlite
def test_without_a_region_the_app_starts_and_says_what_is_missing(
    aws: object,
    make_app: AppMaker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    app = make_app(database_url="secretsmanager:db")
    assert "no region is set; set AWS_DEFAULT_REGION" in caplog.text
    with TestClient(app, base_url=ISSUER) as client:
        answer = client.get("/ready")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


def of_ours(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """What was said at WARNING and above."""
    return [
        record
        for record in caplog.records
        if record.name.startswith("ostiary.") and record.levelno >= logging.WARNING
    ]
