"""Pages of other origins try for the cookie: of another site, and of a sibling on the same."""

import pytest
from selenium.webdriver.support import expected_conditions as expected
from selenium.webdriver.support.wait import WebDriverWait

from tests.app.browser.front_end import (
    API,
    COOKIE,
    EMAIL,
    OURS,
    PATIENCE_SECONDS,
    SIBLING,
    STRANGER,
    House,
)
from tests.browser import needs_browser
from tests.support import PASSWORD
from tests.web_server import says

pytestmark = [needs_browser, pytest.mark.parametrize("origin", [STRANGER, SIBLING])]
WHO = "(await call('/users/me')).json()"
REFRESH = "grant_type=refresh_token"
LOGIN = f"username={EMAIL}&password={PASSWORD.replace(' ', '+')}"
ASKED = "{'Ostiary-Transport': 'cookie'}"
FORM = """
const [action, fields] = arguments
const form = Object.assign(document.createElement('form'), {action, method: 'post'})
for (const [name, value] of new URLSearchParams(fields)) {
    form.append(Object.assign(document.createElement('input'), {name, value}))
}
document.body.append(form)
form.submit()
"""
KEPT_OUT = "TypeError: Failed to fetch"
PLANTING = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: "


@pytest.fixture
def victim(house: House) -> House:
    """Somebody is logged in, and then sees another page."""
    assert house.run("logIn(...arguments)", EMAIL, PASSWORD) is True
    house.door.seen.clear()
    return house


def fetched(house: House, method: str, path: str, body: str = "", more: str = "") -> object:
    """What a script of the open page sees of the answer, cookies included."""
    options = f"{{method: '{method}', credentials: 'include', {more}"
    options += f"body: new URLSearchParams('{body}')}}" if body else "}"
    return house.run(f"(await fetch('{API}{path}', {options})).text()")


def shown(house: House, address: str) -> str:
    """The page of this address, once the browser is there."""
    wait = WebDriverWait(house.browser, PATIENCE_SECONDS)
    wait.until(expected.url_to_be(address))
    wait.until(lambda browser: browser.execute_script("return document.readyState") == "complete")
    return house.browser.page_source


def submitted(house: House, path: str, fields: str) -> str:
    """The page that a form leads to."""
    house.browser.execute_script(FORM, API + path, fields)
    return shown(house, API + path)


def check_that_all_is_as_it_was(house: House, cookie: str, rows: list[list[str]]) -> None:
    assert house.rows() == rows
    assert house.cookie() == cookie
    house.visit(OURS)
    assert house.run(WHO)["email"] == EMAIL


def test_a_form_gets_no_token_and_changes_nothing(victim: House, origin: str) -> None:
    cookie, rows = victim.cookie(), victim.rows()
    for path, fields in (("/auth/token", REFRESH), ("/auth/revoke", "token=x"), ("/sessions", "")):
        victim.visit(origin)
        assert "access_token" not in submitted(victim, path, fields)
    (headers,) = victim.door.requests("POST", "/auth/token")
    assert headers["origin"] == origin
    # A sibling is of the same site: there it is the header alone that keeps the cookie unread.
    assert headers.get("cookie") == (f"{COOKIE}={cookie}" if origin == SIBLING else None)
    check_that_all_is_as_it_was(victim, cookie, rows)


def test_a_form_logs_the_browser_in_as_nobody_else(victim: House, origin: str) -> None:
    cookie, (_, tokens) = victim.cookie(), victim.rows()
    victim.visit(origin)
    assert "refresh_token" in submitted(victim, "/auth/login", LOGIN)  # as with curl
    assert len(victim.rows()[1]) == len(tokens) + 1
    assert victim.cookie() == cookie
    victim.browser.execute_cdp_cmd("Storage.clearCookies", {})
    victim.visit(origin)
    submitted(victim, "/auth/login", LOGIN)
    assert victim.cookies() == []


def test_fetch_with_the_header_gets_no_further_than_the_preflight(
    victim: House, origin: str
) -> None:
    cookie, rows = victim.cookie(), victim.rows()
    victim.visit(origin)
    asked = f"headers: {ASKED}, "
    assert fetched(victim, "POST", "/auth/token", REFRESH, asked) == KEPT_OUT
    assert fetched(victim, "POST", "/auth/login", LOGIN, asked) == KEPT_OUT
    assert fetched(victim, "POST", "/auth/revoke", "token=x", asked) == KEPT_OUT
    assert fetched(victim, "DELETE", "/sessions", "", asked) == KEPT_OUT
    sent = {one["method"] for one in victim.door.seen if one["path"] != "/favicon.ico"}
    assert sent == {"OPTIONS"}
    check_that_all_is_as_it_was(victim, cookie, rows)


@pytest.mark.parametrize("more", ["", "mode: 'no-cors', ", f"mode: 'no-cors', headers: {ASKED}, "])
def test_fetch_without_a_preflight_reads_nothing_and_changes_nothing(
    victim: House, origin: str, more: str
) -> None:
    cookie, rows = victim.cookie(), victim.rows()
    victim.visit(origin)
    assert fetched(victim, "POST", "/auth/token", REFRESH, more) == ("" if more else KEPT_OUT)
    (headers,) = victim.door.requests("POST", "/auth/token")
    assert "ostiary-transport" not in headers
    assert headers.get("cookie") == (f"{COOKIE}={cookie}" if origin == SIBLING else None)
    check_that_all_is_as_it_was(victim, cookie, rows)


@pytest.mark.parametrize("path", ["/auth/token", "/sessions", "/health", "/docs"])
def test_a_page_of_the_api_opened_from_there_gives_nothing_away(
    victim: House, origin: str, path: str
) -> None:
    cookie, rows = victim.cookie(), victim.rows()
    victim.visit(origin)
    victim.browser.execute_script("location = arguments[0]", f"{API}{path}")
    page = shown(victim, API + path)
    assert cookie not in page
    assert "access_token" not in page
    assert ["cookie" in headers for headers in victim.door.requests("GET", path)] == [
        origin == SIBLING
    ]
    assert victim.run("document.cookie") == ""
    check_that_all_is_as_it_was(victim, cookie, rows)


@pytest.mark.parametrize("before_it", [b"", b"=", b"\xa0", b"\x85", b"\xc2\xa0"], ids=repr)
def test_nobody_plants_a_cookie_that_is_taken_for_it(
    victim: House, origin: str, before_it: bytes
) -> None:
    """Of its own header too, and with blanks of Unicode before a name that browsers guard."""
    cookie, rows, serving = victim.cookie(), victim.rows(), victim.others.speak
    for name in (COOKIE.encode(), COOKIE.lower().encode()):
        for domain in (b"", b"; Domain=example.com"):
            planted = before_it + name + b"=" + b"A" * 43 + b"; Path=/; Secure" + domain
            victim.others.speak = says(PLANTING + planted + b"\r\n\r\n")
            victim.visit(origin)
            script = "document.cookie = arguments[0]"
            victim.browser.execute_script(script, planted.decode("latin-1"))
    victim.others.speak = serving
    guarded = [one["value"] for one in victim.cookies() if one["domain"] == "api.example.com"]
    assert guarded == [cookie]
    assert victim.rows() == rows
    victim.visit(OURS)
    assert victim.run(WHO)["email"] == EMAIL
