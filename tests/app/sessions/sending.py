"""Sends a login as it is, whatever it is."""

import httpx
from fastapi.testclient import TestClient

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


def send(client: TestClient, kind: str | None, body: str | bytes) -> httpx.Response:
    """The answer to a body of this media type; None sends no Content-Type."""
    headers = {} if kind is None else {"Content-Type": kind}
    answer: httpx.Response = client.post("/auth/login", content=body, headers=headers)
    return answer
