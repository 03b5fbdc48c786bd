"""The JavaScript of docs/browsers.md, word for word, in a real browser."""

from typing import Any

import pytest
from starlette.responses import Response

from tests.app.browser.front_end import API, COOKIE, EMAIL, OURS, House
from tests.browser import needs_browser
from tests.support import PASSWORD

pytestmark = needs_browser
EXPIRED_AFTER = 605.0 + 1  # seconds: a token's life, the leeway, and one more
WHO = "(await call('/users/me')).json()"
READABLE = {"Access-Control-Allow-Origin": OURS, "Access-Control-Allow-Credentials": "true"}
NOBODY = "call('/users/me')"


def log_in(house: House, password: str = PASSWORD) -> Any:
    return house.run("logIn(...arguments)", EMAIL, password)


def refreshes(house: House) -> int:
    return len(house.door.requests("POST", "/auth/token"))


def ended(house: House) -> list[bool]:
    """Of each session, whether it ended."""
    return ["logout" in row for row in house.rows()[0]]


def test_a_login_lets_the_page_call(house: House) -> None:
    assert house.run(NOBODY) is None
    assert log_in(house) is True
    assert house.run(WHO)["email"] == EMAIL
    assert refreshes(house) == 1  # the one that came too early


def test_a_wrong_password_is_told_and_changes_nothing(house: House) -> None:
    assert log_in(house, "an entirely wrong password") is False
    assert (house.cookies(), house.run(NOBODY)) == ([], None)


def test_the_cookie_is_kept_from_every_script(house: House) -> None:
    log_in(house)
    (cookie,) = house.cookies()
    assert (cookie["name"], cookie["domain"], cookie["path"]) == (COOKIE, "api.example.com", "/")
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Strict")
    stored = "[document.cookie, localStorage.length, sessionStorage.length]"
    assert house.run(stored) == ["", 0, 0]
    house.visit(API, "/health")
    assert house.run(stored) == ["", 0, 0]
    assert house.cookie() == cookie["value"]


def test_a_token_that_expired_is_replaced_unseen(house: House) -> None:
    log_in(house)
    first = house.cookie()
    house.clock.ahead += EXPIRED_AFTER
    assert house.run(WHO)["email"] == EMAIL
    assert house.cookie() not in ("", first)
    assert [len(house.door.requests("GET", "/users/me")), refreshes(house)] == [2, 1]


def test_a_token_is_replaced_before_it_expires(house: House) -> None:
    """An HTTP API refuses an old one with 403, which says nothing of its age."""
    log_in(house)
    house.run("Date.now = ((now) => () => now() + 580_000)(Date.now)")
    assert house.run(WHO)["email"] == EMAIL
    assert refreshes(house) == 0
    house.run("Date.now = ((now) => () => now() + 11_000)(Date.now)")
    assert house.run(WHO)["email"] == EMAIL
    assert [len(house.door.requests("GET", "/users/me")), refreshes(house)] == [2, 1]


def test_many_calls_at_once_refresh_once(house: House) -> None:
    log_in(house)
    house.visit(OURS)
    assert (
        house.run("(await Promise.all(Array(5).fill().map(() => call('/users/me')))).length") == 5
    )
    assert refreshes(house) == 1


def test_a_page_that_is_loaded_anew_goes_on_by_the_cookie_alone(house: House) -> None:
    log_in(house)
    for _ in range(3):
        house.visit(OURS)
        assert house.run(WHO)["email"] == EMAIL
    assert refreshes(house) == 3
    assert ended(house) == [False]


def test_two_tabs_that_refresh_at_once_both_stay_logged_in(house: House) -> None:
    log_in(house)
    before = house.cookie()
    first = house.browser.current_window_handle
    house.browser.switch_to.new_window("tab")
    house.visit(OURS)
    tabs = (first, house.browser.current_window_handle)
    house.clock.ahead += EXPIRED_AFTER
    house.door.together = 2
    for tab in tabs:
        house.browser.switch_to.window(tab)
        house.browser.execute_script("window.answer = call('/users/me')")
    for tab in tabs:
        house.browser.switch_to.window(tab)
        assert house.run("(await answer).status") == 200
    sent = [headers["cookie"] for headers in house.door.requests("POST", "/auth/token")]
    assert sent == [f"{COOKIE}={before}"] * 2
    assert len(house.rows()[1]) == 2  # the token of the login and one successor

    house.door.together = 1
    for tab in tabs:
        house.clock.ahead += EXPIRED_AFTER
        house.browser.switch_to.window(tab)
        assert house.run(WHO)["email"] == EMAIL
    assert ended(house) == [False]


def test_a_logout_ends_the_session_for_each_tab_and_clears_the_cookie(house: House) -> None:
    log_in(house)
    house.clock.ahead += EXPIRED_AFTER
    first = house.browser.current_window_handle
    house.browser.switch_to.new_window("tab")
    house.visit(OURS)
    assert house.run(WHO)["email"] == EMAIL
    house.run("logOut()")
    assert house.cookies() == []
    assert ended(house) == [True]
    for tab in (house.browser.current_window_handle, first):
        house.browser.switch_to.window(tab)
        assert house.run(NOBODY) is None


def test_a_session_that_was_ended_elsewhere_is_over_at_the_next_call(house: House) -> None:
    log_in(house)
    house.run("call('/sessions', { method: 'DELETE' })")
    assert house.cookie()  # nobody asked for it to be cleared; it is worth nothing
    assert house.run(NOBODY) is None
    assert log_in(house) is True


@pytest.mark.parametrize("path", ["/auth/token", "/auth/revoke"])
def test_a_service_that_fails_logs_nobody_out(house: House, path: str) -> None:
    log_in(house)
    house.visit(OURS)
    serving, before = house.door.app, house.cookie()

    async def failing(scope: Any, receive: Any, send: Any) -> None:
        if (scope["method"], scope["path"]) == ("POST", path):
            answer = Response(status_code=503, headers=READABLE)
            await answer(scope, receive, send)
        else:
            await serving(scope, receive, send)

    house.door.app = failing
    try:
        assert house.run("logOut()") == f"Error: {API}{path}: 503"
    finally:
        house.door.app = serving
    assert (house.cookie() == before) is (path == "/auth/token")
    assert house.run(WHO)["email"] == EMAIL
    assert ended(house) == [False]
