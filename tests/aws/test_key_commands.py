"""`ostiary keys` on sets that AWS holds: one that is changed there, and ids that are only read."""

import json
from contextlib import closing
from typing import Any
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.tokens.aws_sources import open_signing_keys
from local.cloud import Cloud
from tests.aws.secret_sets import current

runner = CliRunner()


def says(*words: str) -> str:
    ended = runner.invoke(cli, ["keys", *words])
    assert ended.exit_code == 0, ended.output
    return ended.output


def states(manager: Any, name: str) -> list[str]:
    return [key["state"] for key in current(manager, name)["keys"]]


def test_a_secret_goes_through_a_whole_rotation(
    secrets_manager: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"keys-{uuid4()}"
    monkeypatch.setenv("OSTIARY_KEYS", f"secretsmanager:{name}")
    now = 1_800_000_000
    monkeypatch.setattr("app.keys.changes.clock", lambda: now)
    assert says("generate", "--alg", "ES256").endswith(f"in secretsmanager:{name}.\n")
    says("generate")
    assert states(secrets_manager, name) == ["active", "next"]
    now += 7800
    says("rotate")
    assert states(secrets_manager, name) == ["retiring", "active"]
    now += 905
    says("retire")
    assert states(secrets_manager, name) == ["active"]
    assert len(current(secrets_manager, name)["gone"]) == 1
    assert says("list").count("\n") == 3
    shown = json.loads(says("show-jwks"))["keys"]
    assert [key["kid"] for key in shown] == [current(secrets_manager, name)["keys"][0]["kid"]]


def test_of_kms_keys_the_order_of_the_ids_says_which_one_signs(
    aws: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(aws.client("kms")) as kms:
        ids = [
            kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
            for spec in ("ECC_NIST_P256", "ECC_NIST_P384")
        ]
    rule = "by the order of the ids in OSTIARY_KEYS"
    for first, second in (ids, ids[::-1]):
        monkeypatch.setenv("OSTIARY_KEYS", f"kms:{first},{second}")
        kids = list(open_signing_keys(f"kms:{first},{second}").current().keys)
        rows = [" ".join(line.split()) for line in says("list").splitlines()[1:]]
        algs = ["ES256", "ES384"] if first == ids[0] else ["ES384", "ES256"]
        assert rows == [
            f"{kids[0]} {algs[0]} active – {rule}",
            f"{kids[1]} {algs[1]} published – {rule}",
        ]
