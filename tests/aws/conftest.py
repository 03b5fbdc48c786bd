"""KMS and Secrets Manager of MiniStack, on a port of each test worker's own."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from app.tokens import aws_sources
from local.cloud import Cloud
from local.ministack import HOST, free_port, running_ministack
from local.template import REGION
from tests.aws.secret_sets import OLD, Manager, Replace

SERVICES = "kms,secretsmanager,sts"


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """It outlives a test: let names of secrets be each test's own."""
    folder: Path = tmp_path_factory.mktemp("aws")
    with running_ministack(folder, free_port(0), SERVICES) as endpoint:
        yield Cloud(endpoint)


@pytest.fixture
def aws(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cloud:
    """The same, where boto3 finds it by the environment alone, as it finds AWS in production."""
    for name, value in {
        "AWS_ENDPOINT_URL": cloud.endpoint,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        # Neither a profile nor a proxy of whoever runs the tests.
        "AWS_CONFIG_FILE": str(tmp_path / "no-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "no-credentials"),
        "NO_PROXY": HOST,
    }.items():
        monkeypatch.setenv(name, value)
    return cloud


@pytest.fixture
def secrets_manager(aws: Cloud) -> Iterator[Any]:
    """A client of the tests' own, beside those of the code."""
    with closing(aws.client("secretsmanager")) as client:
        yield client


@pytest.fixture
def secret(secrets_manager: Any) -> str:
    """The name of a secret that holds OLD."""
    made = f"keys-{uuid4()}"
    secrets_manager.create_secret(Name=made, SecretString=json.dumps(OLD))
    return made


@pytest.fixture
def replace(monkeypatch: pytest.MonkeyPatch) -> Replace:
    """Puts functions, which are given the real client first, in the place of its calls."""
    real_client = aws_sources.client

    def replace(**calls: Callable[..., Any]) -> None:
        def client(service: str, named: str) -> Any:
            real = real_client(service, named)
            bound = {
                name: lambda call=call, **given: call(real, **given) for name, call in calls.items()
            }
            return Manager(real, bound)

        monkeypatch.setattr("app.keys.secret_store.client", client)

    return replace
