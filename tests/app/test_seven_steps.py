"""The flow of the mission inside the app: register, log in, call, and be refused."""

from fastapi.testclient import TestClient

from tests.support import Account


def test_a_member_keeps_notes_and_sees_no_users(client: TestClient, member: Account) -> None:
    made = client.post("/notes", json={"title": "First", "body": "…"}, headers=member.headers)
    assert made.status_code == 201
    listed = client.get("/notes", headers=member.headers).json()
    assert [note["id"] for note in listed["items"]] == [made.json()["id"]]
    assert client.get("/users", headers=member.headers).status_code == 403
