"""The status lists that the app publishes, in what they say and where."""

import base64
import json
from collections.abc import Callable
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi.testclient import TestClient

from app.access.scopes import Role
from app.clock import Clock
from app.lambda_event import Event
from app.parts import find
from app.sessions.models import AuthSession, StatusList
from app.sessions.schemas import TokenResponse
from app.sessions.status_lists import PublishedLists
from tests.app.events import Handler, rest_event
from tests.app.sessions.house import House, successor
from tests.app.sessions.lists import bits_of, end, fill, get, is_ended, payload_of, plans, status_of
from tests.support import ISSUER, PASSWORD, bearer

Ending = Callable[[House, TokenResponse], httpx.Response]


def test_a_list_is_a_signed_token_of_the_issuer(house: House) -> None:
    status = status_of(house.claims(house.begin()))
    answer = get(house.app, status.uri)
    assert answer.headers["content-type"] == "application/statuslist+jwt"
    assert answer.headers["cache-control"] == "public, max-age=1, must-revalidate"
    claims = payload_of(answer.text)
    now = int(house.clock())
    assert (claims["iss"], claims["sub"]) == (ISSUER, status.uri)
    assert (claims["iat"], claims["exp"], claims["ttl"]) == (now, now + 300, 15)
    assert len(bits_of(answer)) == 125_000


def test_of_many_sessions_those_that_ended_have_their_bit_and_no_other(house: House) -> None:
    user = house.user()
    begun = [house.begin(user) for _ in range(12)]
    ended = begun[::3]
    for tokens in ended:
        end(house, tokens)
    status = status_of(house.claims(begun[0]))
    expected = {status_of(house.claims(tokens)).idx for tokens in ended}
    bits = int.from_bytes(bits_of(get(house.app, status.uri)), "little")
    assert bits == sum(1 << idx for idx in expected)


def _by_logout(house: House, tokens: TokenResponse) -> httpx.Response:
    sid = house.claims(tokens).sid
    return _delete(house, f"/sessions/{sid}", tokens)


def _everywhere(house: House, tokens: TokenResponse) -> httpx.Response:
    return _delete(house, "/sessions", tokens)


def _by_deletion_of_the_user(house: House, tokens: TokenResponse) -> httpx.Response:
    admin = house.begin(house.user(Role.MEMBER, Role.ADMIN))
    return _delete(house, f"/users/{house.claims(tokens).sub}", admin)


def _by_an_administrator(house: House, tokens: TokenResponse) -> httpx.Response:
    admin = house.begin(house.user(Role.MEMBER, Role.ADMIN))
    return _delete(house, f"/sessions/{house.claims(tokens).sid}", admin)


def _by_reuse(house: House, tokens: TokenResponse) -> httpx.Response:
    house.refresh(successor(tokens))
    house.clock.move(11)
    return house.post(successor(tokens))


def _delete(house: House, path: str, tokens: TokenResponse) -> httpx.Response:
    client = TestClient(house.app, base_url=ISSUER)
    answer: httpx.Response = client.delete(path, headers=bearer(tokens.access_token))
    return answer


@pytest.mark.parametrize(
    ("end", "status"),
    [
        (_by_logout, 204),
        (_everywhere, 204),
        (_by_an_administrator, 204),
        (_by_deletion_of_the_user, 204),
        (_by_reuse, 400),
    ],
)
def test_however_a_session_ends_its_bit_is_set_at_once(
    house: House, end: Ending, status: int
) -> None:
    tokens, other = house.begin(), house.begin()
    assert not is_ended(house, tokens)
    assert end(house, tokens).status_code == status
    assert is_ended(house, tokens)
    assert not is_ended(house, other)


def test_another_process_of_the_app_tells_it_at_once_too(house: House) -> None:
    other, tokens = house.open(), house.begin()
    assert not is_ended(house, tokens, app=other)
    _by_logout(house, tokens)
    assert is_ended(house, tokens, app=other)


def test_a_list_tells_of_its_own_sessions_alone(house: House) -> None:
    tokens = house.begin()
    status, list_id = status_of(house.claims(tokens)), uuid4()
    now = Clock(house.clock).now()
    with house.database.transaction() as session:
        session.add(
            StatusList(id=list_id, key=b"", size=9, taken=9, created_at=now, last_taken_at=now)
        )
        session.flush()
        row = session.get_one(AuthSession, UUID(house.claims(tokens).sid or ""))
        session.add(
            AuthSession(
                user_id=row.user_id, client_id="ostiary", scope="", status_list_id=list_id,
                status_index=8, created_at=now, last_used_at=now, expires_at=now, ended_at=now,
            )
        )  # fmt: skip
    other = f"{ISSUER}/status-lists/{list_id}"
    assert bits_of(get(house.app, other)) == b"\x00\x01"
    assert not any(bits_of(get(house.app, status.uri)))
    assert payload_of(get(house.app, other).text)["sub"] == other


def test_a_list_that_is_not_there_is_not_found(house: House) -> None:
    answer = get(house.app, f"{ISSUER}/status-lists/{uuid4()}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.headers["cache-control"] == "no-store"


def test_an_id_has_one_spelling(house: House) -> None:
    uri = status_of(house.claims(house.begin())).uri
    head, _, list_id = uri.rpartition("/")
    assert get(house.app, f"{head}/{list_id.upper()}").status_code == 404
    assert get(house.app, f"{head}/{list_id.replace('-', '')}").status_code == 404


def test_on_lambda_a_list_is_text(handler: Handler) -> None:
    credentials = json.dumps({"username": "ada@example.com", "password": PASSWORD})
    for path, body in (
        ("/users", credentials.replace("username", "email")),
        ("/auth/login", credentials),
    ):
        answer = handler(posting(path, body))
    token = json.loads(answer["body"])["access_token"]
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    path = "/" + claims["status"]["status_list"]["uri"].split("/", 3)[3]
    answer = handler(rest_event("GET", path))
    assert (answer["statusCode"], answer["isBase64Encoded"]) == (200, False)
    assert payload_of(answer["body"])["sub"].endswith(path)


def posting(path: str, body: str) -> Event:
    event = rest_event("POST", path, body=body)
    event["headers"]["Content-Type"] = "application/json"
    event["multiValueHeaders"]["Content-Type"] = ["application/json"]
    return event


def test_the_ended_places_are_found_by_their_index(house: House) -> None:
    list_id = fill(house, 3000)
    with plans(house.database.engine) as found:
        find(house.app, PublishedLists).read(list_id)
    assert "ix_sessions_ended" in found[-1]


def test_a_list_is_of_the_ended_places_and_asked_for_in_two_statements(house: House) -> None:
    list_id = fill(house, 3000)
    find(house.app, PublishedLists).read(list_id)  # the first time it is looked whether there is it
    with plans(house.database.engine) as found:
        find(house.app, PublishedLists).read(list_id)
    assert len(found) == 2
