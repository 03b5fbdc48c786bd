"""AdminEmail: the first administrator, made once, with a password that nobody is shown."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from app import deployment
from app.first_start import make_first_administrator
from app.settings import load_settings
from tests.app.deploy.conftest import Deploy
from tests.app.migrations.databases import connected, dump
from tests.conftest import AppMaker
from tests.support import ISSUER, Account

EMAIL = "Chief@Example.com"
PASSWORD = "the-password-in-the-secret-0123"


@pytest.fixture
def secret(secrets_manager: Any) -> Callable[[str | bytes], str]:
    """The ARN of a secret that holds this."""

    def make(content: str | bytes) -> str:
        given: dict[str, Any] = {
            "SecretString" if isinstance(content, str) else "SecretBinary": content
        }
        made = secrets_manager.create_secret(Name=f"admin-{uuid4()}", **given)
        arn: str = made["ARN"]
        return arn

    return make


@pytest.fixture
def properties(secret: Callable[[str], str]) -> dict[str, str]:
    """As template.yaml gives them."""
    content = json.dumps({"username": EMAIL, "password": PASSWORD})
    return {"AdminEmail": EMAIL, "AdminPasswordSecret": secret(content)}


def roles(url: str) -> list[tuple[str, str]]:
    """Of everybody, by the address."""
    stands = dump(url).rows
    emails = {row["id"]: row["email"] for row in stands["users"]}
    return sorted((emails[row["user_id"]], row["name"]) for row in stands["user_roles"])


def test_he_is_made_once_and_logs_in_with_the_password_of_the_secret(
    settings: str,
    deploy: Deploy,
    properties: dict[str, str],
    make_app: AppMaker,
    log: pytest.LogCaptureFixture,
) -> None:
    answer = deploy("Create", **properties)
    assert answer["Status"] == "SUCCESS", answer
    assert roles(settings) == [("chief@example.com", "admin"), ("chief@example.com", "member")]
    assert "Made the first administrator" in log.text
    assert PASSWORD not in f"{answer}{log.text}"
    assert answer["Data"].keys() == {"VerifyKeys"}
    with TestClient(make_app(), base_url=ISSUER) as client:
        credentials = {"username": EMAIL, "password": PASSWORD}
        granted = client.post("/auth/login", data=credentials)
        assert granted.status_code == 200
        assert "users:write" in granted.json()["scope"].split()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE users SET password_hash = 'another'",
        "UPDATE users SET email = 'renamed@example.com'",
        "UPDATE users SET disabled_at = created_at",
        "DELETE FROM user_roles WHERE name = 'member'",
    ],
)
def test_a_second_deploy_changes_nothing(
    settings: str, deploy: Deploy, properties: dict[str, str], change: str
) -> None:
    deploy("Create", **properties)
    with connected(settings) as connection:
        connection.exec_driver_sql(change)
    before = dump(settings)
    assert deploy("Update", **properties)["Status"] == "SUCCESS"
    assert dump(settings) == before


def test_where_there_is_one_the_secret_is_not_even_read(
    settings: str, deploy: Deploy, properties: dict[str, str], secrets_manager: Any
) -> None:
    """The template says that it is read once; whoever deletes it then may deploy again."""
    deploy("Create", **properties)
    named = properties["AdminPasswordSecret"]
    secrets_manager.delete_secret(SecretId=named, ForceDeleteWithoutRecovery=True)
    assert deploy("Update", **properties)["Status"] == "SUCCESS"


def test_without_an_address_nobody_is_made(settings: str, deploy: Deploy) -> None:
    assert deploy("Create", AdminEmail="", AdminPasswordSecret="")["Status"] == "SUCCESS"
    assert roles(settings) == []


def test_who_registered_the_address_before_is_not_promoted(
    settings: str, deploy: Deploy, properties: dict[str, str], make_app: AppMaker
) -> None:
    with TestClient(make_app(registration="open"), base_url=ISSUER) as client:
        Account.register(client, "chief@example.com")
    before = dump(settings)
    answer = deploy("Create", **properties)
    assert answer["Status"] == "FAILED"
    assert "AdminEmail is the address of somebody who is no administrator" in answer["Reason"]
    assert '"set-roles"' in answer["Reason"]
    assert dump(settings) == before


@pytest.mark.parametrize(
    "content",
    [
        "s3cret",
        '"s3cret"',
        '["s3cret"]',
        '{"username": "s3cret"}',
        '{"password": 12345678901234567}',
        '{"password": ["s3cret"]}',
        '{"password": "s3cret"}',
        '{"password": "s3cret s3cret s3cret \\u0000"}',
        '{"password": "s3cret s3cret s3cret"}',
        '{"password": "chief@example.com-s3cret"}',
        json.dumps({"password": "s3cret" * 100}),
        '{"password": "s3cret s3cret s3cret',
        b'{"password": "s3cret s3cret s3cret"}',
    ],
)
def test_a_secret_without_a_fit_password_is_explained_and_not_shown(
    settings: str,
    deploy: Deploy,
    secret: Callable[[str | bytes], str],
    log: pytest.LogCaptureFixture,
    content: str | bytes,
) -> None:
    answer = deploy("Create", AdminEmail=EMAIL, AdminPasswordSecret=secret(content))
    assert answer["Status"] == "FAILED"
    assert "AdminPasswordSecret: " in answer["Reason"]
    assert "s3cret" not in answer["Reason"] + log.text
    assert roles(settings) == []


def test_a_secret_that_is_not_there_is_named(settings: str, deploy: Deploy, aws: object) -> None:
    answer = deploy("Create", AdminEmail=EMAIL, AdminPasswordSecret="nowhere")
    assert "secretsmanager:nowhere: there is none of that name" in answer["Reason"]


def test_what_is_no_address_is_said(settings: str, deploy: Deploy, aws: object) -> None:
    answer = deploy("Create", AdminEmail="chief", AdminPasswordSecret="x")
    assert "AdminEmail: this is no e-mail address" in answer["Reason"]


def test_of_two_deploys_at_once_one_makes_him(
    settings: str, properties: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have seen that there is none before either makes one."""
    together = Barrier(2, timeout=30)

    def make(*given: Any) -> bool:
        together.wait()
        return make_first_administrator(*given)

    monkeypatch.setattr(deployment, "make_first_administrator", make)
    emails = (EMAIL, "other@example.com")
    with ThreadPoolExecutor(2) as threads:
        for done in [
            threads.submit(
                deployment.first_administrator,
                load_settings(),
                email,
                properties["AdminPasswordSecret"],
            )
            for email in emails
        ]:
            done.result()
    assert [name for _, name in roles(settings)] == ["admin", "member"]
