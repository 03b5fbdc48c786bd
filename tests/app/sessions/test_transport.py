"""The refresh token in a cookie: only for who asks by header, only at the token endpoint."""

from collections.abc import Callable

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from app.sessions.oauth_errors import InvalidGrant
from app.sessions.refreshing import Refreshing
from app.sessions.transport import presented_token
from tests.app.sessions.by_cookie import (
    ASKED,
    BY_COOKIE,
    COOKIE,
    CREDENTIALS,
    EMAIL,
    ORIGIN,
    REFRESH,
    Headers,
    claims_in,
    cleared,
    given,
    log_in,
    refresh,
    rows,
)
from tests.conftest import AppMaker
from tests.support import PASSWORD, bearer

pytestmark = pytest.mark.usefixtures("member")
ANOTHER = "correct horse battery staple, too"
UNASKED = {"Origin": ORIGIN}


@pytest.fixture
def app(make_app: AppMaker) -> FastAPI:
    return make_app(allowed_origins=(ORIGIN,))


def test_a_login_by_cookie_keeps_the_refresh_token_out_of_the_body(client: TestClient) -> None:
    answer = log_in(client)
    token = given(answer)
    assert set(answer.json()) == {"access_token", "token_type", "expires_in", "scope"}
    assert token not in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_a_login_as_json_may_ask_for_the_cookie_too(client: TestClient) -> None:
    assert given(client.post("/auth/login", json=CREDENTIALS, headers=BY_COOKIE))


@pytest.mark.parametrize("headers", [{}, UNASKED])
def test_without_the_header_no_cookie_is_set(client: TestClient, headers: Headers) -> None:
    """So the form of another site logs nobody in as somebody else."""
    first = log_in(client, headers)
    second = client.post(
        "/auth/token", data=REFRESH | {"refresh_token": first.json()["refresh_token"]}
    )
    for answer in (first, second):
        assert len(answer.json()["refresh_token"]) == 43
        assert "set-cookie" not in answer.headers


def test_each_refresh_by_cookie_sets_the_next_cookie(app: FastAPI, client: TestClient) -> None:
    first = log_in(client)
    tokens = [given(first)]
    for _ in range(3):
        answer = refresh(client, tokens[-1])
        tokens.append(given(answer))
        assert set(answer.json()) == {"access_token", "token_type", "expires_in", "scope"}
        assert tokens[-1] not in answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert claims_in(app, answer).sid == claims_in(app, first).sid
    assert len(set(tokens)) == 4


def test_a_token_given_in_a_body_is_none_of_the_cookies_business_and_the_reverse(
    client: TestClient,
) -> None:
    """One session may move from one to the other: the token is the same."""
    in_body = log_in(client, {}).json()["refresh_token"]
    by_cookie = given(refresh(client, in_body))
    again = client.post("/auth/token", data=REFRESH | {"refresh_token": by_cookie})
    assert again.status_code == 200


@pytest.mark.parametrize("headers", [{}, UNASKED])
def test_the_cookie_is_not_read_without_the_header(
    app: FastAPI, client: TestClient, headers: Headers
) -> None:
    """What the form of a sibling origin can send: the cookie, for it is of the same site."""
    token = given(log_in(client))
    before = rows(app)
    answer = refresh(client, token, headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert "set-cookie" not in answer.headers
    assert rows(app) == before


def test_with_the_header_and_without_the_cookie_nothing_is_given(client: TestClient) -> None:
    answer = client.post("/auth/token", data=REFRESH, headers=BY_COOKIE)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("cookie", ["", "{token}"])
def test_a_token_in_cookie_and_body_is_refused_and_not_spent(
    app: FastAPI, client: TestClient, cookie: str
) -> None:
    token = given(log_in(client))
    before = rows(app)
    headers = BY_COOKIE | {"Cookie": f"{COOKIE}={cookie.format(token=token)}"}
    answer = client.post("/auth/token", data=REFRESH | {"refresh_token": token}, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert rows(app) == before


@pytest.mark.parametrize("other", ["{token}", "", "x", "A" * 43])
@pytest.mark.parametrize("apart", [True, False], ids=["in two headers", "in one header"])
def test_two_cookies_of_the_name_are_refused_and_none_is_spent(
    app: FastAPI, client: TestClient, other: str, apart: bool
) -> None:
    token = given(log_in(client))
    before = rows(app)
    for pair in ((token, other.format(token=token)), (other.format(token=token), token)):
        cookies = [f"{COOKIE}={value}" for value in pair]
        lines = cookies if apart else ["; ".join(cookies)]
        headers = [*BY_COOKIE.items(), *(("Cookie", line) for line in lines)]
        answer = client.post("/auth/token", data=REFRESH, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert rows(app) == before


@pytest.mark.parametrize(
    "before_it",
    [
        *(b"x", b"__Host-", b'"', b"\xa0", b"\x85", b"\xc2\xa0", b"\xe2\x80\x80", b"x\xa0"),
        *(b"$Path=/, ", b"=", b"\xa0\t"),
    ],
)
def test_a_cookie_that_a_subdomain_could_set_is_not_taken_for_it(
    app: FastAPI, client: TestClient, before_it: bytes
) -> None:
    """Browsers guard names that begin with `__Host-`; no blank of Unicode's is a blank to them."""
    token = given(log_in(client))
    before = rows(app)
    cookie = before_it + f"{COOKIE}={token}".encode()
    headers = [(k.encode(), v.encode()) for k, v in BY_COOKIE.items()] + [(b"cookie", cookie)]
    answer = client.post("/auth/token", data=REFRESH, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert rows(app) == before


@pytest.mark.parametrize("blank", [b"\xa0", b"\x85", b"\x1c", b"\x0c", b" \xa0", b"\xa0\t"])
def test_a_byte_that_python_calls_a_blank_belongs_to_the_name(blank: bytes) -> None:
    """As uvicorn hands it on; the client of the other tests would write it in UTF-8."""
    cookie = blank + f"{COOKIE}={'A' * 43}".encode()
    request = Request({"type": "http", "headers": [(b"cookie", cookie)]})
    with pytest.raises(InvalidGrant):
        presented_token(request, None, by_cookie=True)


@pytest.mark.parametrize("name", [COOKIE.lower(), COOKIE.upper(), COOKIE + "\t ", COOKIE[7:]])
def test_the_name_has_one_spelling(client: TestClient, name: str) -> None:
    headers = BY_COOKIE | {"Cookie": f"{name}={given(log_in(client))}"}
    assert client.post("/auth/token", data=REFRESH, headers=headers).status_code == 400


@pytest.mark.parametrize("others", ["a=b; {}", "{}; a=b", "=; ; x; {};", "a={}x; {}"])
def test_other_cookies_beside_it_do_not_matter(client: TestClient, others: str) -> None:
    token = given(log_in(client))
    headers = BY_COOKIE | {"Cookie": others.format(*[f"{COOKIE}={token}"] * 2)}
    assert given(client.post("/auth/token", data=REFRESH, headers=headers)) != token


@pytest.mark.parametrize(
    "words",
    [["Cookie"], ["cookie "], ["body"], [""], ["cookie, cookie"], ["cookie"] * 2, ["cookie", "x"]],
)
def test_the_header_takes_one_word_once(app: FastAPI, client: TestClient, words: list[str]) -> None:
    token = given(log_in(client))
    before = rows(app)
    asked = [("Ostiary-Transport", word) for word in words]
    if words == ["cookie "]:
        asked = [("Ostiary-Transport", "cookie;")]  # blanks at the end are no part of a header
    for path, fields in (("/auth/login", CREDENTIALS), ("/auth/token", REFRESH)):
        headers = [*asked, ("Cookie", f"{COOKIE}={token}")]
        answer = client.post(path, data=fields, headers=headers)
        assert answer.status_code == 422
        assert "`cookie`" in answer.text
        assert "set-cookie" not in answer.headers
    assert rows(app) == before


def test_on_every_other_route_the_cookie_opens_nothing(app: FastAPI, client: TestClient) -> None:
    headers = BY_COOKIE | {"Cookie": f"{COOKIE}={given(log_in(client))}"}
    before = rows(app)
    guarded = app.state.routes.guarded
    assert len(guarded) > 5
    for route in guarded:
        path = route.path.replace("{", "").replace("}", "")
        assert client.request(route.method, path, headers=headers).status_code in (401, 404)
    assert client.get("/users/me", headers=headers).status_code == 401
    assert client.delete("/sessions", headers=headers).status_code == 401
    assert rows(app) == before


Ending = Callable[[TestClient, str, Headers], httpx.Response]


def _change_password(client: TestClient, _: str, headers: Headers) -> httpx.Response:
    body = {"current_password": PASSWORD, "new_password": ANOTHER}
    answer: httpx.Response = client.put("/users/me/password", json=body, headers=headers)
    return answer


def _revoke(client: TestClient, _: str, headers: Headers) -> httpx.Response:
    others = {name: value for name, value in headers.items() if name != "Authorization"}
    token = headers["Authorization"].removeprefix("Bearer ")
    answer: httpx.Response = client.post("/auth/revoke", data={"token": token}, headers=others)
    return answer


ENDINGS: dict[str, Ending] = {
    "the session": lambda client, sid, h: client.delete(f"/sessions/{sid}", headers=h),
    "all sessions": lambda client, _, h: client.delete("/sessions", headers=h),
    "the password": _change_password,
    "a token revoked": _revoke,
    "the account": lambda client, _, h: client.delete("/users/me", headers=h),
}


@pytest.mark.parametrize("end", ENDINGS.values(), ids=ENDINGS)
@pytest.mark.parametrize("asked", [True, False], ids=["asked", "unasked"])
def test_the_end_of_the_session_clears_the_cookie_where_the_header_asks_for_it(
    app: FastAPI, client: TestClient, end: Ending, asked: bool
) -> None:
    begun = log_in(client)
    token, sid = given(begun), claims_in(app, begun).sid
    headers = bearer(begun.json()["access_token"]) | (BY_COOKIE if asked else UNASKED)
    answer = end(client, str(sid), headers | {"Cookie": f"{COOKIE}={token}"})
    assert answer.is_success, answer.text
    assert cleared(answer) is asked
    assert refresh(client, token).json()["error"] == "invalid_grant"


def test_the_end_of_another_session_clears_nothing(app: FastAPI, client: TestClient) -> None:
    here, there = log_in(client), log_in(client, {})
    headers = bearer(here.json()["access_token"]) | BY_COOKIE
    answer = client.delete(f"/sessions/{claims_in(app, there).sid}", headers=headers)
    assert (answer.status_code, cleared(answer)) == (204, False)
    assert given(refresh(client, given(here)))


@pytest.mark.parametrize("path", ["/auth/login", "/auth/token"])
def test_a_refusal_neither_sets_nor_clears_the_cookie(client: TestClient, path: str) -> None:
    """A late answer to one tab must not take away what another was just given."""
    fields = {"username": EMAIL, "password": "an entirely wrong password"} | REFRESH
    headers = BY_COOKIE | {"Cookie": f"{COOKIE}={'A' * 43}"}
    answer = client.post(path, data=fields, headers=headers)
    assert answer.status_code in (400, 401)
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"


def test_without_an_origin_the_header_alone_is_enough(client: TestClient) -> None:
    """Who sends none is no script of another origin: those cannot leave it out."""
    assert given(refresh(client, given(log_in(client, ASKED)), ASKED))


def test_a_failure_leaves_the_cookie_as_it_is(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = given(log_in(client))

    def fail(*_: object, **__: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(Refreshing, "__call__", fail)
    answer = refresh(client, token)
    assert answer.status_code == 500
    assert "set-cookie" not in answer.headers
    monkeypatch.undo()
    assert given(refresh(client, token)) != token
