"""A change of a secret that is cut short, or refused: it leaves a set that is good."""

import json
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ConnectTimeoutError

from app.keys.secret_store import CURRENT, UNFINISHED, SecretStore
from app.tokens.errors import KeySetError, KeysUnavailable
from app.tokens.rotation import Document
from tests.aws.secret_sets import NEW, OLD, Replace, current, refused, to_new

pytestmark = pytest.mark.usefixtures("aws")


def test_an_answer_that_was_lost_on_its_way_is_no_lost_race(
    secret: str, secrets_manager: Any, replace: Replace
) -> None:
    """boto3 asks a second time, and AWS finds the label moved: by ourselves."""

    def twice(real: Any, **given: Any) -> None:
        real.update_secret_version_stage(**given)
        if given["VersionStage"] == CURRENT:
            real.update_secret_version_stage(**given)

    replace(update_secret_version_stage=twice)
    seen: list[Document | None] = []
    SecretStore(secret).change(lambda found: seen.append(found) or NEW)  # type: ignore[func-returns-value]
    assert seen == [OLD]
    assert current(secrets_manager, secret) == NEW


@pytest.mark.parametrize(
    "crash",
    [
        ("put_secret_value", CURRENT),
        ("update_secret_version_stage", CURRENT),
        ("update_secret_version_stage", UNFINISHED),
    ],
)
@pytest.mark.parametrize("done", [True, False])
def test_a_crash_leaves_the_old_set_or_the_new_and_the_next_change_works(
    secret: str,
    secrets_manager: Any,
    replace: Replace,
    crash: tuple[str, str],
    *,
    done: bool,
) -> None:
    """At each call, before it is done or after."""
    call, label = crash
    crashed = False

    def crashing(real: Any, **given: Any) -> Any:
        nonlocal crashed
        if crashed:  # and so does nothing more
            raise KeyboardInterrupt
        if given.get("VersionStage", CURRENT) != label:
            return getattr(real, call)(**given)
        crashed = True
        if done:
            getattr(real, call)(**given)
        raise KeyboardInterrupt

    replace(**{call: crashing})
    with pytest.raises(KeyboardInterrupt):
        SecretStore(secret).change(to_new)
    moved = label == UNFINISHED or (call.startswith("update") and done)
    assert current(secrets_manager, secret) == (NEW if moved else OLD)

    replace()
    SecretStore(secret).change(lambda found: {**NEW, "gone": []})
    assert current(secrets_manager, secret) == {**NEW, "gone": []}


def test_a_label_that_cannot_be_dropped_undoes_no_change(
    secret: str, secrets_manager: Any, replace: Replace
) -> None:
    def unlabelled(real: Any, **given: Any) -> None:
        if given["VersionStage"] == UNFINISHED:
            raise ConnectTimeoutError(endpoint_url="https://example.com")
        real.update_secret_version_stage(**given)

    replace(update_secret_version_stage=unlabelled)
    assert SecretStore(secret).change(to_new) == NEW
    assert current(secrets_manager, secret) == NEW


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("no JSON", "not JSON"),
        ('{"keys": []}', "at least one JWK"),
        ('{"keys": [], "keys": []}', "two members of one name"),
        (json.dumps({"keys": [OLD["keys"][0]] * 2}), "same kid"),
    ],
)
def test_a_secret_that_holds_no_key_set_is_refused_and_left(
    secret: str, secrets_manager: Any, text: str, why: str
) -> None:
    secrets_manager.put_secret_value(SecretId=secret, SecretString=text)
    for used in (SecretStore(secret).read, lambda: SecretStore(secret).change(to_new)):
        with pytest.raises(KeySetError, match=f"secretsmanager:{secret}: .*{why}"):
            used()
    assert secrets_manager.get_secret_value(SecretId=secret)["SecretString"] == text


def test_a_binary_secret_is_refused(secret: str, secrets_manager: Any) -> None:
    secrets_manager.put_secret_value(SecretId=secret, SecretBinary=json.dumps(OLD).encode())
    with pytest.raises(KeySetError, match="the secret is binary"):
        SecretStore(secret).change(to_new)


def test_a_secret_to_be_deleted_is_told_and_not_made_anew(
    secret: str, secrets_manager: Any
) -> None:
    secrets_manager.delete_secret(SecretId=secret, RecoveryWindowInDays=7)
    with pytest.raises(KeysUnavailable, match="is to be deleted; restore it"):
        SecretStore(secret).change(to_new)


def test_no_secret_is_made_of_an_arn() -> None:
    arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:none-abcdef"
    with pytest.raises(KeySetError, match="no secret of that ARN; give its name"):
        SecretStore(arn).change(to_new)


@pytest.mark.parametrize(
    "call", ["get_secret_value", "put_secret_value", "update_secret_version_stage"]
)
def test_what_aws_refuses_is_told_and_changes_nothing(
    secret: str, secrets_manager: Any, replace: Replace, call: str
) -> None:
    def denied(_: Any, **given: Any) -> None:
        raise refused("AccessDeniedException")

    replace(**{call: denied})
    with pytest.raises(KeysUnavailable, match=f"secretsmanager:{secret}: .*AccessDenied"):
        SecretStore(secret).change(to_new)
    assert current(secrets_manager, secret) == OLD


def test_a_secret_that_may_not_be_made_is_told(replace: Replace) -> None:
    def denied(_: Any, **given: Any) -> None:
        raise refused("AccessDeniedException")

    replace(create_secret=denied)
    with pytest.raises(KeysUnavailable, match="AccessDenied"):
        SecretStore(f"keys-{uuid4()}").change(to_new)


def test_a_secret_that_may_not_be_read_is_not_taken_for_one_that_is_not_there(
    secret: str, secrets_manager: Any, replace: Replace
) -> None:
    def denied(_: Any, **given: Any) -> None:
        raise refused("AccessDeniedException")

    replace(get_secret_value=denied)
    judged: list[Document | None] = []
    with pytest.raises(KeysUnavailable, match="AccessDenied"):
        SecretStore(secret).read()
    with pytest.raises(KeysUnavailable, match="AccessDenied"):
        SecretStore(secret).change(lambda found: judged.append(found) or NEW)  # type: ignore[func-returns-value]
    assert judged == []
    assert current(secrets_manager, secret) == OLD
