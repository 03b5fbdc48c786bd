"""The cookie behind both kinds of API Gateway, each of which has its own place for cookies."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from app.lambda_event import Event
from tests.app.events import Handler, http_event, lambda_handler, rest_event
from tests.app.sessions.by_cookie import ASKED, COOKIE, CREDENTIALS, ORIGIN, REFRESH, token_in
from tests.support import Account

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def handler(
    database_url: str, member: Account, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Handler]:
    """The handler, with one browser origin let in."""
    monkeypatch.setenv("OSTIARY_ALLOWED_ORIGINS", ORIGIN)
    with lambda_handler(database_url) as handler:
        yield handler


def rest(
    method: str,
    path: str,
    token: str | None,
    headers: dict[str, str],
    cookies: list[str],
    body: str,
) -> Event:
    """A REST API has cookies in a header, and once more among its lists of values."""
    event = rest_event(method, path, token, body=body)
    event["headers"] |= headers | ({"Cookie": "; ".join(cookies)} if cookies else {})
    event["multiValueHeaders"] = {name: [value] for name, value in event["headers"].items()}
    return event


def http(
    method: str,
    path: str,
    token: str | None,
    headers: dict[str, str],
    cookies: list[str],
    body: str,
) -> Event:
    """An HTTP API has cookies in a list beside the headers."""
    event = http_event(method, path, token, body=body)
    event["headers"] |= {name.lower(): value for name, value in headers.items()}
    return event | ({"cookies": cookies} if cookies else {})


def cookies_of(answer: Event) -> list[str]:
    """Every cookie that an answer sets, wherever it says so."""
    multi = answer.get("multiValueHeaders", {}).get("set-cookie", [])
    single = answer["headers"].get("set-cookie")
    return [*multi, *([single] if single else []), *answer.get("cookies", [])]


Make = Callable[..., Event]
both = pytest.mark.parametrize("make", [rest, http], ids=["REST API", "HTTP API"])


def ask(
    handler: Handler,
    make: Make,
    path: str,
    fields: dict[str, str],
    *cookies: str,
    method: str = "POST",
    token: str | None = None,
    headers: dict[str, str] = ASKED | {"Origin": ORIGIN},
) -> Event:
    sent = headers | {"Content-Type": FORM}
    return handler(make(method, path, token, sent, list(cookies), urlencode(fields)))


def body_of(answer: Event) -> Any:
    return json.loads(answer["body"])


@both
def test_the_cookie_goes_all_the_way_from_login_to_logout(handler: Handler, make: Make) -> None:
    begun = ask(handler, make, "/auth/login", CREDENTIALS)
    (cookie,) = cookies_of(begun)
    assert "refresh_token" not in body_of(begun)

    pair = f"{COOKIE}={token_in(cookie)}"
    refreshed = ask(handler, make, "/auth/token", REFRESH, "a=b", pair, "c=d")
    (following,) = cookies_of(refreshed)
    assert token_in(following) != token_in(cookie)
    assert "refresh_token" not in body_of(refreshed)
    for answer in (begun, refreshed):
        assert answer["statusCode"] == 200
        assert answer["headers"]["cache-control"] == "no-store"
        assert answer["headers"]["access-control-allow-origin"] == ORIGIN
        assert answer["headers"]["access-control-allow-credentials"] == "true"
        assert "Origin" in answer["headers"]["vary"]

    token = body_of(refreshed)["access_token"]
    ended = ask(handler, make, "/sessions", {}, method="DELETE", token=token)
    assert ended["statusCode"] == 204
    (cleared,) = cookies_of(ended)
    assert cleared.startswith(f"{COOKIE}=; Max-Age=0; ")
    pair = f"{COOKIE}={token_in(following)}"
    assert body_of(ask(handler, make, "/auth/token", REFRESH, pair))["error"] == "invalid_grant"


@both
def test_the_cookie_is_not_read_without_the_header(handler: Handler, make: Make) -> None:
    (cookie,) = cookies_of(ask(handler, make, "/auth/login", CREDENTIALS))
    pair = f"{COOKIE}={token_in(cookie)}"
    answer = ask(handler, make, "/auth/token", REFRESH, pair, headers={"Origin": ORIGIN})
    assert (answer["statusCode"], cookies_of(answer)) == (400, [])
    assert body_of(answer)["error"] == "invalid_request"


@both
def test_two_cookies_of_the_name_are_refused(handler: Handler, make: Make) -> None:
    (cookie,) = cookies_of(ask(handler, make, "/auth/login", CREDENTIALS))
    pair = f"{COOKIE}={token_in(cookie)}"
    answer = ask(handler, make, "/auth/token", REFRESH, f"{COOKIE}={'A' * 43}", pair)
    assert (body_of(answer)["error"], cookies_of(answer)) == ("invalid_request", [])
    assert ask(handler, make, "/auth/token", REFRESH, pair)["statusCode"] == 200


@both
@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"{ORIGIN}, {ORIGIN}"])
def test_an_origin_that_is_not_let_in_is_refused(handler: Handler, make: Make, origin: str) -> None:
    headers = ASKED | {"Origin": origin}
    answer = ask(handler, make, "/auth/login", CREDENTIALS, headers=headers)
    assert (answer["statusCode"], body_of(answer)["code"]) == (403, "origin_refused")
    assert cookies_of(answer) == []
    assert "access-control-allow-origin" not in answer["headers"]


def test_a_rest_api_that_tells_of_two_origins_is_refused(handler: Handler) -> None:
    event = rest("POST", "/auth/login", None, ASKED | {"Content-Type": FORM}, [], "")
    event["headers"]["Origin"] = ORIGIN
    event["multiValueHeaders"]["Origin"] = [ORIGIN, ORIGIN]
    assert handler(event | {"body": urlencode(CREDENTIALS)})["statusCode"] == 403
