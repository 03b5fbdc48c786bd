"""All seven steps with a key that never leaves KMS, and a rotation of it by the setting alone."""

import secrets
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

from local import tokens
from local.cloud import Edge
from local.edge import running_edge
from local.ministack import free_port


def configure(edge: Edge, logical_id: str, **changes: str | None) -> dict[str, str]:
    """Change a function's variables, as a deploy would; what they are then. None: without it."""
    name = edge.cloud.function(logical_id)
    with closing(edge.cloud.client("lambda")) as functions:
        before = functions.get_function_configuration(FunctionName=name)
        variables = before["Environment"]["Variables"] | changes
        kept = {key: value for key, value in variables.items() if value is not None}
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": kept})
    return kept


def new_key(edge: Edge, spec: str) -> str:
    with closing(edge.cloud.client("kms")) as kms:
        made = kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")
    key_id: str = made["KeyMetadata"]["KeyId"]
    return key_id


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


def header_of(token: str) -> Mapping[str, Any]:
    header: Mapping[str, Any] = tokens.read(token)[0]
    return header


def test_the_seven_steps_with_keys_that_never_leave_kms(folder: Path) -> None:
    with running_edge(folder, port=free_port(0)) as edge, edge.http() as client:
        old, new = new_key(edge, "RSA_2048"), new_key(edge, "ECC_NIST_P256")

        variables = configure(
            edge, "AppFunction", OSTIARY_KEYS=f"kms:{old},{new}", OSTIARY_SIGNING_KEYS=None
        )
        assert not [value for value in variables.values() if '"d"' in value]
        published = client.get("/.well-known/jwks.json").json()
        assert [key["alg"] for key in published["keys"]] == ["RS256", "ES256"]
        # The authorizer, which has no boto3 and no right to KMS, was deployed with another set: it
        # meets an unknown kid, and asks the app's JWKS.
        jwks = f"{edge.url}/.well-known/jwks.json"
        configure(edge, "AuthorizerFunction", OSTIARY_KEYS=f"env:OSTIARY_VERIFY_KEYS {jwks}")
        first = log_in(client)
        assert header_of(first)["kid"] == published["keys"][0]["kid"]
        assert notes(client, first) == 200

        configure(edge, "AppFunction", OSTIARY_KEYS=f"kms:{new},{old}")
        second = log_in(client)
        assert header_of(second)["kid"] == published["keys"][1]["kid"]
        assert [notes(client, token) for token in (first, second)] == [200, 200]
        assert notes(client, tokens.tampered(second)) == 401
