"""The public keys that a deploy hands to the authorizer's environment."""

import json
from typing import Any

import pytest

from app import deployment
from app.deploy import ANSWER_BYTES, handler
from app.tokens import generate
from app.tokens.aws_sources import open_signing_keys
from app.tokens.errors import KeysUnavailable
from app.tokens.generate import generate_key
from app.tokens.issue import Issuer
from app.tokens.jwk import parse_key_set
from app.tokens.key_ring import KeyRing
from app.tokens.verify import Verifier
from authorizer import settings as authorizer
from tests.app.deploy.conftest import STACK, Context, Deploy, Waiting, event_for
from tests.support import key_set_document, on_sqlite, private_jwk

pytestmark = on_sqlite
PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "k"}
ISSUER, AUDIENCE = "https://api.example.com", "example"


def told(answer: Any) -> list[dict[str, str]]:
    assert answer["Status"] == "SUCCESS", answer
    keys: list[dict[str, str]] = json.loads(answer["Data"]["VerifyKeys"])["keys"]
    return keys


@pytest.mark.parametrize("alg", ["RS256", "RS512", "ES256", "ES384", "ES512"])
def test_the_authorizer_starts_with_them_and_takes_what_the_app_signs(
    settings: str, deploy: Deploy, monkeypatch: pytest.MonkeyPatch, alg: str
) -> None:
    monkeypatch.setenv("TEST_KEY_SET", key_set_document(alg))
    keys = told(deploy("Create"))
    assert PRIVATE.isdisjoint(*keys)
    signing = parse_key_set(key_set_document(alg).encode())
    token = Issuer(signing, issuer=ISSUER, audience=AUDIENCE, lifetime=60).issue(
        sub="somebody", client_id="ostiary", scopes=["notes:read"]
    )
    for name, value in {
        "AWS_LAMBDA_FUNCTION_NAME": "authorizer",  # where it is stricter
        "OSTIARY_KEYS": "env:OSTIARY_VERIFY_KEYS",
        "OSTIARY_VERIFY_KEYS": json.dumps({"keys": keys}),
        "OSTIARY_STATUS_LISTS": "off",
    }.items():
        monkeypatch.setenv(name, value)
    ring = authorizer.load_settings().keys
    claims = Verifier(ring, issuer=ISSUER, audience=AUDIENCE).verify(token)
    assert claims.sub == "somebody"


def test_the_one_that_signs_comes_first(
    settings: str, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = ("retiring", "next", "active")
    keys = [
        {**private_jwk("ES256", state), "state": state, "since": 1_700_000_000} for state in states
    ]
    monkeypatch.setenv("TEST_KEY_SET", json.dumps({"keys": keys}))
    answer = told(deploy("Update"))
    assert len(answer) == 3
    assert answer[0]["kid"] == keys[2]["kid"]


def test_many_large_keys_are_as_many_as_the_answer_takes(
    settings: str, place: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generate, "RSA_BITS", 4096)
    made = [generate_key("RS512") for _ in range(6)]
    monkeypatch.setenv("TEST_KEY_SET", json.dumps({"keys": made}))
    long = {"StackId": STACK + "x" * 128, "LogicalResourceId": "L" * 255}
    handler(event_for(place, "Update") | long, Context())
    ((_, body),) = place.puts
    assert len(body) <= ANSWER_BYTES
    keys = told(place.answer)
    assert 3 <= len(keys) < 6
    assert keys[0]["kid"] == made[0]["kid"]


@pytest.mark.parametrize("alg", ["HS256", "HS512"])
def test_a_secret_is_never_told_and_the_deploy_says_what_to_do(
    settings: str, deploy: Deploy, monkeypatch: pytest.MonkeyPatch, alg: str
) -> None:
    monkeypatch.setenv("TEST_KEY_SET", key_set_document(alg))
    refused = deploy("Create")
    assert refused["Status"] == "FAILED"
    assert f"the key that signs is for {alg}" in refused["Reason"]
    assert "the template's parameter VerifyKeys" in refused["Reason"]
    assert private_jwk(alg)["k"] not in refused["Reason"]
    assert told(deploy("Create", VerifyKeysGiven="true")) == []


def test_of_a_mixed_set_the_public_halves_alone_are_told(
    settings: str, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_KEY_SET", key_set_document("ES256", "HS256"))
    assert [key["kid"] for key in told(deploy("Create"))] == [private_jwk("ES256")["kid"]]


def test_what_is_left_of_hmac_after_it_is_gone_is_refused(
    settings: str, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The authorizer would go on trusting the old secret, and learn of no other key."""
    refused = deploy("Update", VerifyKeysGiven="true")
    assert refused["Status"] == "FAILED"
    assert "VerifyKeys is for HMAC alone" in refused["Reason"]
    monkeypatch.setenv("TEST_KEY_SET", key_set_document("ES256", "HS256"))
    assert told(deploy("Update", VerifyKeysGiven="true"))


@pytest.mark.parametrize(("failures", "status"), [(4, "SUCCESS"), (5, "FAILED")])
def test_keys_that_were_allowed_a_moment_ago_are_waited_for(
    settings: str,
    deploy: Deploy,
    monkeypatch: pytest.MonkeyPatch,
    failures: int,
    status: str,
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(deployment, "sleep", slept.append)
    left = [KeysUnavailable("not yet")] * failures

    def ask(setting: str) -> KeyRing:
        if left:
            raise left.pop()
        return open_signing_keys(setting)

    monkeypatch.setattr(deployment, "open_signing_keys", ask)
    answer = deploy("Create")
    assert (answer["Status"], slept) == (status, [3, 3, 3, 3])
    assert "not yet" in answer.get("Reason", "not yet")
