"""What /openapi.json says of the OAuth endpoints, so that /docs can send their forms."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

FORM = "application/x-www-form-urlencoded"
CLIENT = {"client_id", "client_secret"}


def described(client: TestClient, endpoint: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()["paths"][f"/auth/{endpoint}"]["post"]
    return found


@pytest.mark.parametrize(
    ("endpoint", "required", "others"),
    [
        ("token", "grant_type", {"refresh_token", "scope"}),
        ("revoke", "token", {"token_type_hint"}),
        ("introspect", "token", {"token_type_hint"}),
    ],
)
def test_each_endpoint_takes_a_form_of_its_own(
    client: TestClient, endpoint: str, required: str, others: set[str]
) -> None:
    body = described(client, endpoint)["requestBody"]
    assert (body["required"], list(body["content"])) == (True, [FORM])
    schema = body["content"][FORM]["schema"]
    assert (schema["type"], schema["required"]) == ("object", [required])
    assert set(schema["properties"]) == CLIENT | {required} | others
    assert schema["properties"]["client_secret"]["format"] == "password"
    assert all(field["type"] == "string" for field in schema["properties"].values())
    assert "security" not in described(client, endpoint)


@pytest.mark.parametrize("endpoint", ["token", "revoke", "introspect"])
def test_a_refusal_has_the_shape_that_it_is_said_to_have(client: TestClient, endpoint: str) -> None:
    document = client.get("/openapi.json").json()
    refusal = client.post(f"/auth/{endpoint}", data={"x": "y"}, headers={"Authorization": "Basic"})
    assert refusal.status_code == 401
    for status in ("400", "401"):
        content = described(client, endpoint)["responses"][status]["content"]["application/json"]
        schema = document["components"]["schemas"][content["schema"]["$ref"].split("/")[-1]]
        assert set(schema["required"]) == set(schema["properties"]) == set(refusal.json())


def test_revocation_is_said_to_answer_with_nothing(client: TestClient) -> None:
    assert "content" not in described(client, "revoke")["responses"]["200"]
