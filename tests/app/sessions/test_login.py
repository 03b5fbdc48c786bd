"""The first-party login: what it takes, what it gives, and how little it says when it refuses."""

import json
from urllib.parse import urlencode

import pytest
from fastapi.testclient import TestClient

from tests.app.conftest import Standing
from tests.app.sessions.sending import FORM, JSON, send
from tests.support import ISSUER, PASSWORD

MARKER = "hunter2-marker"
EMAIL = "standing@example.com"
CREDENTIALS = {"username": EMAIL, "password": PASSWORD}
ALWAYS = ("access_token", "token_type", "expires_in", "scope")


@pytest.fixture
def client(standing: Standing) -> TestClient:
    """Speaks to the app that stands; a login leaves a session behind, and no more."""
    return TestClient(standing.app, base_url=ISSUER)


@pytest.mark.parametrize(
    "kind",
    [
        FORM,
        f"{FORM}; charset=utf-8",
        FORM.upper(),
        JSON,
        f"{JSON};charset=UTF-8",
        "Application/Json",
    ],
)
def test_a_form_and_json_log_in(client: TestClient, kind: str) -> None:
    is_form = kind.lower().startswith(FORM)
    body = urlencode(CREDENTIALS) if is_form else json.dumps(CREDENTIALS)
    answer = send(client, kind, body)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {*ALWAYS, "refresh_token"}
    assert len(answer.json()["refresh_token"]) == 43
    assert answer.json()["token_type"] == "Bearer"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "kind",
    [
        *(None, "", "text/plain", "text/json", "application/xml", "multipart/form-data"),
        *("multipart/form-data; boundary=x", "application/json+x", "application/jsonp", "*/*"),
        *(f"{FORM}x", f"x{JSON}", "application/vnd.api+json", "json", f"text/html, {JSON}"),
    ],
)
def test_any_other_media_type_is_refused(client: TestClient, kind: str | None) -> None:
    for body in (urlencode(CREDENTIALS), json.dumps(CREDENTIALS)):
        answer = send(client, kind, body)
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "body",
    [
        *("", "username", f"username={EMAIL}", "&&", "username=a&password", "=&=", "a=b;c=d"),
        urlencode([*CREDENTIALS.items(), ("password", MARKER)]),
        urlencode([("username", MARKER), *CREDENTIALS.items()]),
        urlencode([*CREDENTIALS.items(), *CREDENTIALS.items()]),
        urlencode(CREDENTIALS) + "&a=%ff",
        urlencode(CREDENTIALS) + "&" + urlencode({f"x{number}": MARKER for number in range(40)}),
        "username=%ff&password=%ff",
        b"username=\xff&password=\xfe",
    ],
)
def test_a_form_with_a_field_twice_or_none_is_refused(client: TestClient, body: str) -> None:
    answer = send(client, FORM, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert MARKER not in answer.text
    assert "access_token" not in answer.text


@pytest.mark.parametrize(
    "body",
    [
        *("", "{", "[]", "null", "1", '"a"', "{}", '{"username": "a"}', "[" * 60_000, "NaN"),
        *('{"username": null, "password": null}', '{"username": 1, "password": 2}'),
        json.dumps({"username": [MARKER], "password": {MARKER: MARKER}}),
        json.dumps({"username": MARKER, "password": [MARKER]}),
        b'\xff{"username": "a", "password": "b"}',
        json.dumps(CREDENTIALS).encode("utf-16"),
    ],
)
def test_json_that_is_no_credentials_is_refused(client: TestClient, body: str) -> None:
    answer = send(client, JSON, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert MARKER not in answer.text


def test_a_member_of_json_that_comes_twice_is_refused(client: TestClient) -> None:
    twice = json.dumps(CREDENTIALS)[:-1] + f', "password": {json.dumps(PASSWORD)}}}'
    assert send(client, JSON, twice).status_code == 422


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "an entirely wrong password"},
        {"password": PASSWORD + " "},
        {"password": ""},
        {"password": "\0" * 20},
        {"password": "a" * 20_000},
        {"username": "nobody@example.com"},
        {"username": "no address"},
        {"username": ""},
        {"username": "' OR 1=1 --"},
        {"username": "a" * 20_000 + "@example.com"},
        {"username": "nobody@example.com", "password": "short"},
    ],
)
def test_whatever_is_wrong_the_answer_is_the_same(
    client: TestClient, wrong: dict[str, str]
) -> None:
    reference = send(client, FORM, urlencode(CREDENTIALS | {"password": "x" * 20}))
    for kind, write in ((FORM, urlencode), (JSON, json.dumps)):
        answer = send(client, kind, write(CREDENTIALS | wrong))
        assert (answer.status_code, answer.content) == (401, reference.content)
        assert answer.headers == reference.headers
    assert reference.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("text", ["\ud800" * 20, "a" * 20 + "\udfff"])
def test_a_lone_surrogate_is_a_wrong_password_or_address(client: TestClient, text: str) -> None:
    for wrong in ({"password": text}, {"username": text}):
        answer = send(client, JSON, json.dumps(CREDENTIALS | wrong))
        assert answer.status_code in (401, 422)


@pytest.mark.parametrize(
    "username", ["Standing@Example.COM", " standing@example.com", "STANDING@example.com"]
)
def test_an_address_logs_in_in_any_case(client: TestClient, username: str) -> None:
    answer = send(client, FORM, urlencode(CREDENTIALS | {"username": username}))
    assert answer.status_code == (401 if username.startswith(" ") else 200)
