"""One's own sessions: seen and ended by whose they are, and by nobody who only knows their ids."""

from fastapi.testclient import TestClient

from tests.support import Account, on_sqlite


def ids(account: Account) -> list[str]:
    answer = account.client.get("/sessions", headers=account.headers)
    return [item["id"] for item in answer.json()["items"]]


@on_sqlite
def test_everybody_sees_and_ends_his_own_sessions_alone(
    client: TestClient, member: Account
) -> None:
    elsewhere, other = (
        Account.log_in(client, member.email),
        Account.register(client, "other@example.com"),
    )
    there, here = ids(member)
    for session in (there, here):
        refused = client.delete(f"/sessions/{session}", headers=other.headers)
        assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    assert (ids(elsewhere), len(ids(other))) == ([there, here], 1)
    assert client.delete(f"/sessions/{there}", headers=member.headers).status_code == 204
    assert ids(member) == [here]
    assert client.get("/sessions", headers=elsewhere.headers).status_code == 401
    assert len(ids(other)) == 1
