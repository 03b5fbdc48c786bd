"""`secretsmanager:` as a source: read at start, and again while the process lives."""

import json
import secrets
from typing import Any

import pytest

from app.tokens.aws_sources import open_signing_keys
from app.tokens.errors import KeySetError, KeysUnavailable
from app.tokens.key_ring import REREAD_SECONDS, STALE_SECONDS
from local.cloud import Cloud
from tests.support import key_set_document, private_jwk


@pytest.fixture
def name(secrets_manager: Any) -> str:
    """Of a secret that holds a key set."""
    name = f"ostiary/{secrets.token_hex(8)}"
    secrets_manager.create_secret(Name=name, SecretString=key_set_document("ES256"))
    return name


def test_a_secret_holds_a_key_set(name: str) -> None:
    keys = open_signing_keys(f"secretsmanager:{name}").current()
    assert list(keys.keys) == [private_jwk("ES256")["kid"]]
    assert keys.signing


def test_a_secret_may_be_named_by_its_arn(name: str, secrets_manager: Any) -> None:
    arn = secrets_manager.describe_secret(SecretId=name)["ARN"]
    assert open_signing_keys(f"secretsmanager:{arn}").current().signing


def test_a_warm_process_reads_it_again_every_five_minutes(name: str, secrets_manager: Any) -> None:
    now = 0.0
    ring = open_signing_keys(f"secretsmanager:{name}", clock=lambda: now)
    first = ring.current()
    secrets_manager.put_secret_value(SecretId=name, SecretString=key_set_document("RS256"))
    now = REREAD_SECONDS - 1
    assert ring.current() is first
    now = REREAD_SECONDS
    assert list(ring.current().keys) == [private_jwk("RS256")["kid"]]


def test_what_it_becomes_unfit_leaves_the_old_set_for_a_bounded_time(
    name: str, secrets_manager: Any
) -> None:
    now = 0.0
    ring = open_signing_keys(f"secretsmanager:{name}", clock=lambda: now)
    first = ring.current()
    secrets_manager.put_secret_value(SecretId=name, SecretString='{"keys": []}')
    now = STALE_SECONDS
    assert ring.current() is first
    now = STALE_SECONDS + 1
    with pytest.raises(KeysUnavailable, match="not trusted for more than"):
        ring.current()


def test_an_absent_secret_is_told_by_its_name(aws: Cloud) -> None:
    with pytest.raises(KeysUnavailable, match="secretsmanager:nobody: there is none of that name"):
        open_signing_keys("secretsmanager:nobody").current()


def test_a_binary_secret_is_refused(secrets_manager: Any) -> None:
    name = f"ostiary/{secrets.token_hex(8)}"
    secrets_manager.create_secret(Name=name, SecretBinary=key_set_document("ES256").encode())
    with pytest.raises(KeySetError, match="the secret is binary"):
        open_signing_keys(f"secretsmanager:{name}").current()


@pytest.mark.parametrize("document", ["not json", "{}", '{"keys": [{"kty": "oct", "k": "s3"}]}'])
def test_a_malformed_secret_is_refused_and_not_repeated(
    secrets_manager: Any, document: str
) -> None:
    name = f"ostiary/{secrets.token_hex(8)}"
    secrets_manager.create_secret(Name=name, SecretString=document)
    with pytest.raises(KeySetError, match=f"secretsmanager:{name}: ") as refused:
        open_signing_keys(f"secretsmanager:{name}").current()
    assert "s3" not in str(refused.value)
    assert json.loads(key_set_document("ES256"))["keys"][0]["d"] not in str(refused.value)
