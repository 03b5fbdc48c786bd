"""All seven steps with a key that never leaves KMS, and its rotation by a parameter alone."""

import secrets
from contextlib import closing

import httpx
import pytest

from local import tokens
from local.cloud import Edge
from local.demo import walk
from local.deploy import deploy
from local.story import Story
from tests.edge.conftest import own_edge


def new_key(edge: Edge, spec: str) -> str:
    with closing(edge.cloud.client("kms")) as kms:
        made = kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")
    arn: str = made["KeyMetadata"]["Arn"]
    return arn


def log_in(client: httpx.Client) -> str:
    email, password = f"kms-{secrets.token_hex(6)}@example.com", secrets.token_hex(12)
    answer = client.post("/users", json={"email": email, "password": password})
    assert answer.status_code == 201, answer.text
    answer = client.post("/auth/login", data={"username": email, "password": password})
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access_token"]
    return token


def notes(client: httpx.Client, token: str) -> int:
    return client.get("/notes", headers={"Authorization": f"Bearer {token}"}).status_code


def kid_of(token: str) -> str:
    return str(tokens.read(token)[0]["kid"])


def published(client: httpx.Client) -> list[str]:
    return [key["kid"] for key in client.get("/.well-known/jwks.json").json()["keys"]]


@pytest.mark.parametrize("logical_id", ["AppFunction", "AuthorizerFunction", "DeployFunction"])
def test_no_function_is_given_a_private_key(edge: Edge, logical_id: str) -> None:
    variables = edge.settings(logical_id)
    assert variables["OSTIARY_KEYS"]
    assert not [value for value in variables.values() if '"d"' in value]


def test_the_stack_makes_a_key_that_outlives_it(edge: Edge) -> None:
    with closing(edge.cloud.client("kms")) as kms:
        arn = edge.settings()["OSTIARY_KEYS"].removeprefix("kms:")
        key = kms.describe_key(KeyId=arn)["KeyMetadata"]
    assert (key["KeySpec"], key["KeyUsage"], key["KeyState"]) == (
        "RSA_2048",
        "SIGN_VERIFY",
        "Enabled",
    )


def test_the_authorizer_starts_with_the_keys_that_the_deploy_function_handed_over(
    edge: Edge, http: httpx.Client
) -> None:
    variables = edge.settings("AuthorizerFunction")
    (kid,) = published(http)
    assert kid in variables["OSTIARY_VERIFY_KEYS"]
    assert variables["OSTIARY_KEYS"] == (
        f"env:OSTIARY_VERIFY_KEYS {edge.url}/.well-known/jwks.json"
    )


def test_a_rotation_is_a_parameter_and_no_token_is_refused_meanwhile() -> None:
    with own_edge() as (edge, given, client):
        old, new = edge.settings()["OSTIARY_KEYS"].removeprefix("kms:"), new_key(edge, "RSA_2048")
        first = log_in(client)

        deploy(edge.cloud, edge.kind, given | {"SigningKeyArns": f"{old},{new}"})
        second = log_in(client)
        deploy(edge.cloud, edge.kind, given | {"SigningKeyArns": f"{new},{old}"})
        third = log_in(client)

        assert kid_of(first) == kid_of(second) != kid_of(third)
        assert published(client) == [kid_of(third), kid_of(first)]
        assert [notes(client, token) for token in (first, second, third)] == [200, 200, 200]
        assert notes(client, tokens.tampered(third)) == 401

        deploy(edge.cloud, edge.kind, given | {"SigningKeyArns": new})
        assert [notes(client, token) for token in (first, third)] == [401, 200]


@pytest.mark.tells_secrets("the demo shows what a login answers")
def test_all_seven_steps_signed_by_an_elliptic_curve_in_kms() -> None:
    with own_edge() as (edge, given, client):
        deploy(edge.cloud, edge.kind, given | {"SigningKeyArns": new_key(edge, "ECC_NIST_P256")})
        story = Story()
        walk(edge, client, story)
    assert story.failures == 0
