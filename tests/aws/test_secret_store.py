"""The key set in a secret: one change at a time counts, and each judges the one before it."""

import json
from typing import Any
from uuid import uuid4

import pytest

from app.keys.secret_store import CURRENT, TRIES, UNFINISHED, SecretStore
from app.tokens.aws_sources import open_signing_keys
from app.tokens.errors import KeysUnavailable
from app.tokens.rotation import Document
from tests.aws.secret_sets import NEW, OLD, OTHERS, Replace, current, labels, to_new

pytestmark = pytest.mark.usefixtures("aws")


def test_a_change_counts_from_the_moment_its_version_is_the_current_one(
    secret: str, secrets_manager: Any
) -> None:
    seen: list[Document | None] = []
    changed = SecretStore(secret).change(lambda found: seen.append(found) or NEW)  # type: ignore[func-returns-value]
    assert (seen, changed) == ([OLD], NEW)
    assert SecretStore(secret).read() == NEW == current(secrets_manager, secret)
    assert labels(secrets_manager, secret) == [["AWSCURRENT"], ["AWSPREVIOUS"]]


def test_the_app_reads_what_was_written(secret: str) -> None:
    SecretStore(secret).change(to_new)
    keys = open_signing_keys(f"secretsmanager:{secret}").current()
    assert list(keys.keys) == [key["kid"] for key in NEW["keys"]]


def test_a_set_that_stays_as_it_is_is_not_written(secret: str, secrets_manager: Any) -> None:
    SecretStore(secret).change(lambda found: found or {})
    assert labels(secrets_manager, secret) == [["AWSCURRENT"]]


def test_a_secret_that_is_not_there_is_made(secrets_manager: Any) -> None:
    name = f"keys-{uuid4()}"
    assert SecretStore(name).read() is None
    seen: list[Document | None] = []
    SecretStore(name).change(lambda found: seen.append(found) or NEW)  # type: ignore[func-returns-value]
    assert seen == [None]
    assert current(secrets_manager, name) == NEW
    assert labels(secrets_manager, name) == [["AWSCURRENT"]]


def test_a_secret_without_a_value_gets_its_first(
    secret: str, secrets_manager: Any, replace: Replace
) -> None:
    """CloudFormation makes such secrets; MiniStack does not, so its AWSCURRENT is taken off."""
    version = secrets_manager.get_secret_value(SecretId=secret)["VersionId"]
    secrets_manager.update_secret_version_stage(
        SecretId=secret, VersionStage=CURRENT, RemoveFromVersionId=version
    )
    assert SecretStore(secret).read() is None
    SecretStore(secret).change(to_new)
    assert current(secrets_manager, secret) == NEW
    assert UNFINISHED not in str(labels(secrets_manager, secret))


def test_a_secret_that_somebody_else_makes_first_is_judged_anew(secrets_manager: Any) -> None:
    name = f"keys-{uuid4()}"
    seen: list[Document | None] = []

    def step(found: Document | None) -> Document:
        if not seen:
            secrets_manager.create_secret(Name=name, SecretString=json.dumps(OTHERS))
        seen.append(found)
        return NEW

    SecretStore(name).change(step)
    assert seen == [None, OTHERS]
    assert current(secrets_manager, name) == NEW


def test_where_another_change_came_between_the_other_set_is_judged_anew(
    secret: str, secrets_manager: Any
) -> None:
    seen: list[Document | None] = []

    def step(found: Document | None) -> Document:
        if not seen:
            secrets_manager.put_secret_value(SecretId=secret, SecretString=json.dumps(OTHERS))
        seen.append(found)
        return NEW

    SecretStore(secret).change(step)
    assert seen == [OLD, OTHERS]
    assert current(secrets_manager, secret) == NEW
    assert UNFINISHED not in str(labels(secrets_manager, secret))


def test_what_refuses_the_others_set_leaves_it(secret: str, secrets_manager: Any) -> None:
    def step(found: Document | None) -> Document:
        if found == OTHERS:
            raise RuntimeError("not now")
        secrets_manager.put_secret_value(SecretId=secret, SecretString=json.dumps(OTHERS))
        return NEW

    with pytest.raises(RuntimeError, match="not now"):
        SecretStore(secret).change(step)
    assert current(secrets_manager, secret) == OTHERS
    assert UNFINISHED not in str(labels(secrets_manager, secret))


def test_who_loses_each_time_gives_up_and_has_changed_nothing(
    secret: str, secrets_manager: Any
) -> None:
    seen: list[Document | None] = []

    def step(found: Document | None) -> Document:
        seen.append(found)
        others = {**OTHERS, "gone": [{"kid": str(len(seen)), "since": 1}]}
        secrets_manager.put_secret_value(SecretId=secret, SecretString=json.dumps(others))
        return NEW

    with pytest.raises(KeysUnavailable, match="somebody else changed the secret first"):
        SecretStore(secret).change(step)
    assert len(seen) == TRIES
    assert current(secrets_manager, secret)["gone"][0]["kid"] == str(TRIES)


def test_a_secret_is_found_by_its_arn(secret: str, secrets_manager: Any) -> None:
    arn = secrets_manager.describe_secret(SecretId=secret)["ARN"]
    SecretStore(arn).change(to_new)
    assert current(secrets_manager, secret) == NEW
