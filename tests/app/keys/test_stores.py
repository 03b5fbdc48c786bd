"""Which store is behind a setting, and what a set must prove before it is written."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.keys.file_store import FileStore
from app.keys.secret_store import SecretStore
from app.keys.stores import is_changeable, proved, store_for
from app.settings import Settings, SettingsError
from app.tokens.errors import KeySetError
from app.tokens.rotation import Waits, first, publish
from tests.support import private_jwk

WAITS = Waits(before_signing=7800, before_going=905)
NOW = 1_800_000_000
RSA_PRIVATE = ("d", "p", "q", "dp", "dq", "qi")


def two_keys(alg: str) -> Any:
    return publish(first(private_jwk(alg), NOW), private_jwk(alg, "second"), NOW)


def test_files_and_secrets_can_be_changed(tmp_path: Path) -> None:
    assert isinstance(store_for(f"file:{tmp_path}/keys.json", WAITS), FileStore)
    assert isinstance(store_for("secretsmanager:keys", WAITS), SecretStore)
    assert store_for("secretsmanager:keys", WAITS).where == "secretsmanager:keys"
    assert store_for("file:some/keys.json", WAITS).where == "some/keys.json"


@pytest.mark.parametrize(
    ("setting", "instead"),
    [
        (
            "kms:a,b",
            (
                "deploy OSTIARY_KEYS=kms:OLD,NEW, wait 130 minutes, deploy kms:NEW,OLD, wait 16 "
                "minutes, deploy kms:NEW"
            ),
        ),
        ("env:KEYS", "change it with OSTIARY_KEYS=file:PATH, and deploy its new content"),
        ("https://example.com/jwks.json", "run this with the OSTIARY_KEYS of the app that signs"),
        ("ftp:x", "must be `file:PATH` or `secretsmanager:NAME`"),
        ("file:", "must be `file:PATH` or `secretsmanager:NAME`"),
        ('{"keys": [{"d": "secret"}]}', "must be `file:PATH` or `secretsmanager:NAME`"),
    ],
)
def test_for_other_sources_it_is_told_what_to_do_instead(setting: str, instead: str) -> None:
    with pytest.raises(SettingsError) as refused:
        store_for(setting, WAITS)
    assert instead in str(refused.value)
    assert "secret" not in str(refused.value).replace("secretsmanager", "")


def test_what_can_be_changed_is_known_by_its_scheme() -> None:
    settings = ("file:x", "secretsmanager:x", "kms:x", "env:X", "https://example.com")
    assert [is_changeable(setting) for setting in settings] == [True, True, False, False, False]


@pytest.mark.parametrize("alg", ["HS256", "RS256", "ES512"])
def test_keys_that_sign_what_they_verify_pass(alg: str) -> None:
    document = two_keys(alg)
    assert proved(document, Settings()) is document


@pytest.mark.parametrize(("broken", "told"), [(0, "^the key"), (1, "^the next key could not")])
@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_a_private_half_of_another_key_is_refused(alg: str, broken: int, told: str) -> None:
    document = two_keys(alg)
    other = private_jwk(alg, "third")
    stolen = {name: other[name] for name in RSA_PRIVATE if name in other}
    document["keys"][broken].update(stolen)
    with pytest.raises(KeySetError, match=told) as refused:
        proved(document, Settings())
    assert "does not sign what its public half verifies" in str(refused.value)
    assert not any(value in str(refused.value) for value in stolen.values())


@pytest.mark.parametrize("broken", [0, 1])
def test_a_key_without_its_private_half_cannot_sign(broken: int) -> None:
    document = two_keys("ES256")
    del document["keys"][broken]["d"]
    with pytest.raises(KeySetError, match="no key of the set has its private half"):
        proved(document, Settings())


def test_a_set_that_does_not_parse_is_refused() -> None:
    document = json.loads(json.dumps(two_keys("ES256")))
    document["keys"][1]["use"] = "enc"
    with pytest.raises(KeySetError, match="its 'use' must be 'sig'"):
        proved(document, Settings())
