"""How long an ended session still passes, measured at both deployed edges (docs/revocation.md).

The worst of times to end a session: the authorizer has just read its status list, and is asked once
more just before that list is 15 s old. API Gateway keeps what it says then for another minute.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx
import pytest

from local.cloud import Edge
from tests.edge.answers import by_api_gateway

LIST_SECONDS = 15
POLICY_SECONDS = 60
SLACK_SECONDS = 5  # what this machine may take for a call
PASSWORD = "correct horse battery staple"


@dataclass
class Somebody:
    """A user of one edge, logged in there; what is known of when his session ceased to pass."""

    client: httpx.Client
    email: str
    user_id: str
    token: str
    ended_at: float = 0.0
    passed: int = 0
    refused_by_the_app: float | None = None
    refused_by_the_edge: float | None = None

    @classmethod
    def at(cls, client: httpx.Client) -> "Somebody":
        email = f"ending-{secrets.token_hex(6)}@example.com"
        made = client.post("/users", json={"email": email, "password": PASSWORD})
        assert made.status_code == 201, made.text
        answer = client.post("/auth/login", data={"username": email, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return cls(client, email, made.json()["id"], answer.json()["access_token"])

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def call(self) -> httpx.Response:
        return self.client.get("/users/me", headers=self.headers)

    def look(self) -> None:
        """Note who refuses by now."""
        answer, after = self.call(), time.monotonic() - self.ended_at
        assert answer.status_code in (200, 401, 403), answer.text
        self.passed += answer.status_code == 200
        if answer.status_code != 200 and self.refused_by_the_app is None:
            self.refused_by_the_app = after
        if self._by_the_edge(answer) and self.refused_by_the_edge is None:
            self.refused_by_the_edge = after

    @staticmethod
    def _by_the_edge(answer: httpx.Response) -> bool:
        """A REST API marks its own answers; an HTTP API's are a 403, which the app has none of."""
        return by_api_gateway(answer) or answer.status_code == 403


def _logs_out(one: Somebody, _: dict[str, str]) -> httpx.Response:
    return one.client.post("/auth/revoke", data={"token": one.token})


def _logs_out_everywhere(one: Somebody, _: dict[str, str]) -> httpx.Response:
    return one.client.delete("/sessions", headers=one.headers)


def _changes_the_password(one: Somebody, _: dict[str, str]) -> httpx.Response:
    both = {"current_password": PASSWORD, "new_password": PASSWORD + "!"}
    return one.client.put("/users/me/password", json=both, headers=one.headers)


def _is_disabled(one: Somebody, admin: dict[str, str]) -> httpx.Response:
    return one.client.patch(f"/users/{one.user_id}", json={"disabled": True}, headers=admin)


WAYS: dict[str, Callable[[Somebody, dict[str, str]], httpx.Response]] = {
    "POST /auth/revoke": _logs_out,
    "DELETE /sessions": _logs_out_everywhere,
    "PUT /users/me/password": _changes_the_password,
    "PATCH /users/{user_id}, disabled": _is_disabled,
}


def _admin_of(edge: Edge, client: httpx.Client) -> dict[str, str]:
    email = f"ending-{secrets.token_hex(6)}@example.com"
    edge.ostiary("users", "create", email, "--role", "admin", stdin=PASSWORD)
    answer = client.post("/auth/login", data={"username": email, "password": PASSWORD})
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.fixture(scope="module")
def ended(
    edge: Edge, http: httpx.Client, http_edge: Edge, http_api: httpx.Client
) -> dict[tuple[str, str], Somebody]:
    """Sessions of both kinds of edge, each ended in one of the ways, watched until refused."""
    sides = {"REST API": (edge, http), "HTTP API": (http_edge, http_api)}
    admins = {side: _admin_of(*parts) for side, parts in sides.items()}
    somebody = {
        (side, way): Somebody.at(client) for side, (_, client) in sides.items() for way in WAYS
    }
    scouts = {side: Somebody.at(client) for side, (_, client) in sides.items()}
    for side, scout in scouts.items():
        # No answer is kept for these two yet: the authorizer is asked, and reads its list.
        assert scout.call().status_code == 200
        assert scout.client.get("/users", headers=admins[side]).status_code == 200
    read_at = time.monotonic()
    for (side, way), one in somebody.items():
        answer = WAYS[way](one, admins[side])
        assert answer.status_code in (200, 204), answer.text
        one.ended_at = time.monotonic()
    # Each is asked for as late as the list of before may still serve, and its policy is kept.
    time.sleep(max(0.0, read_at + LIST_SECONDS - 4 - time.monotonic()))
    deadline = time.monotonic() + LIST_SECONDS + POLICY_SECONDS + SLACK_SECONDS
    while time.monotonic() < deadline:
        waiting = [one for one in somebody.values() if one.refused_by_the_edge is None]
        if not waiting:
            break
        for one in waiting:
            one.look()
        time.sleep(0.5)
    for (side, way), one in sorted(somebody.items()):
        print(f"{side}: {way}: {one.refused_by_the_app} s, {one.refused_by_the_edge} s")
    return somebody


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("side", ["REST API", "HTTP API"])
def test_an_ended_session_passes_the_edge_no_longer_than_the_page_says(
    ended: dict[tuple[str, str], Somebody], side: str, way: str
) -> None:
    one = ended[side, way]
    assert one.refused_by_the_edge is not None
    assert one.refused_by_the_edge <= LIST_SECONDS + POLICY_SECONDS + SLACK_SECONDS


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("side", ["REST API", "HTTP API"])
def test_the_app_refuses_it_at_the_first_call_after_its_end(
    ended: dict[tuple[str, str], Somebody], side: str, way: str
) -> None:
    """What the edge lets by meets the app, which reads the session in its own transaction."""
    one = ended[side, way]
    assert one.passed == 0
    assert one.refused_by_the_app is not None
    first_look = LIST_SECONDS - 4 + SLACK_SECONDS
    assert one.refused_by_the_app <= first_look
