"""The edge as JavaScript sees it, from pages on two other origins, only one of them let in."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from selenium.webdriver import Chrome

from local import tokens
from local.cloud import Edge
from local.edge import running_edge
from local.ministack import free_port
from tests.browser import needs_browser, running_browser
from tests.certificates import certified
from tests.edge.conftest import ORIGIN, Headers, new_folder
from tests.web_server import WebServer, answers

pytestmark = needs_browser

STRANGER = "https://evil.example.com"
PAGE = b"<!doctype html><title>A page</title>"
NONE: Headers = {}
NOTE = json.dumps({"title": "first", "body": "light the lamp"})
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
FETCH = """
const [url, options, done] = arguments
fetch(url, options).then(
    async (answer) => done({
        status: answer.status,
        type: answer.type,
        headers: Object.fromEntries(answer.headers),
        text: await answer.text(),
    }),
    (error) => done({failed: `${error}`}),
)
"""


@dataclass(frozen=True)
class Fetched:
    """What a script got to see: an answer, or no more than that the call failed."""

    status: int = 0
    type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    failed: str = ""

    @property
    def body(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Page:
    """A page in the browser, and the API that its script calls."""

    browser: Chrome
    api: str

    def fetch(
        self, path: str, method: str = "GET", headers: Headers = NONE, body: str = ""
    ) -> Fetched:
        """The answer to `fetch(api + path)`, as the page's script can read it."""
        options = {"method": method, "headers": headers, "body": body or None}
        seen = self.browser.execute_async_script(FETCH, f"{self.api}{path}", options)
        return Fetched(**seen)

    def is_kept_from(
        self, path: str, method: str = "GET", headers: Headers = NONE, body: str = ""
    ) -> bool:
        """Whether the script sees nothing of the answer, and the browser says that CORS is why."""
        self.browser.get_log("browser")  # type: ignore[no-untyped-call]
        seen = self.fetch(path, method, headers, body)
        log = str(self.browser.get_log("browser"))  # type: ignore[no-untyped-call]
        return seen == Fetched(failed="TypeError: Failed to fetch") and "CORS policy" in log


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """A browser for which both origins stand on this machine."""
    context, _ = certified(tmp_path_factory.mktemp("tls"))
    with WebServer(answers(PAGE, Content_Type="text/html"), tls=context) as server:
        hosts = {str(urlsplit(origin).hostname): server.port for origin in (ORIGIN, STRANGER)}
        with running_browser(tmp_path_factory.mktemp("profile"), hosts) as browser:
            yield browser


@pytest.fixture
def ours(browser: Chrome, edge: Edge) -> Page:
    """A page on the origin that the edge lets in."""
    browser.get(f"{ORIGIN}/")
    return Page(browser, edge.url)


@pytest.fixture
def theirs(browser: Chrome, edge: Edge) -> Page:
    """A page on any other."""
    browser.get(f"{STRANGER}/")
    return Page(browser, edge.url)


def _check(seen: Fetched, status: int, code: str) -> None:
    """It is an answer that CORS lets a script read, and a problem of this code."""
    assert (seen.status, seen.type) == (status, "cors"), seen
    assert seen.headers["content-type"] == "application/problem+json"
    assert (seen.body["status"], seen.body["code"]) == (status, code)


def test_a_call_without_a_token_is_readable_as_401(ours: Page) -> None:
    for path in ("/notes", "/users/me", "/users", f"/notes/{uuid4()}"):
        _check(ours.fetch(path), 401, "unauthorized")
    _check(ours.fetch("/notes", "POST", JSON, NOTE), 401, "unauthorized")
    _check(ours.fetch(f"/notes/{uuid4()}", "DELETE"), 401, "unauthorized")


def test_a_call_with_a_bad_token_is_readable_as_401(
    ours: Page, edge: Edge, member: Headers
) -> None:
    good = member["Authorization"].removeprefix("Bearer ")
    expired = tokens.issued(edge, "notes:read", seconds_ago=3600)

    for bad in (tokens.tampered(good, scope="users:read"), expired, "a.b.c", "no token"):
        seen = ours.fetch("/notes", headers={"Authorization": f"Bearer {bad}"})
        _check(seen, 401, "unauthorized")


def test_a_call_without_the_scope_is_readable_as_403(ours: Page, member: Headers) -> None:
    _check(ours.fetch("/users", headers=member), 403, "insufficient_scope")
    _check(ours.fetch("/nowhere", headers=member), 403, "insufficient_scope")


def test_a_call_to_nowhere_is_readable_as_404(ours: Page, member: Headers) -> None:
    _check(ours.fetch("/"), 404, "not_found")
    _check(ours.fetch(f"/notes/{uuid4()}", headers=member), 404, "not_found")


def test_a_path_of_another_spelling_is_readable_as_404(ours: Page) -> None:
    _check(ours.fetch("/health/"), 404, "not_found")


def test_an_allowed_call_brings_its_data(ours: Page, member: Headers) -> None:
    seen = ours.fetch("/users/me", headers=member)

    assert (seen.status, seen.type) == (200, "cors")
    assert seen.body["email"].endswith("@example.com")


def test_calls_with_a_preflight_make_change_and_delete_a_note(ours: Page, member: Headers) -> None:
    headers = member | JSON

    made = ours.fetch("/notes", "POST", headers, NOTE)
    path = f"/notes/{made.body['id']}"
    changed = ours.fetch(path, "PUT", headers, NOTE.replace("light", "trim"))
    deleted = ours.fetch(path, "DELETE", member)

    assert [made.status, changed.status, deleted.status] == [201, 200, 204]
    assert changed.body["body"] == "trim the lamp"
    _check(ours.fetch(path, headers=member), 404, "not_found")


def test_a_wrong_password_is_readable_with_its_challenge(ours: Page) -> None:
    seen = ours.fetch("/auth/login", "POST", FORM, "username=nobody&password=a-wrong-passphrase")

    _check(seen, 401, "invalid_credentials")
    assert seen.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/notes", "/users"])
def test_the_challenge_of_a_refusal_at_the_edge_is_readable(
    ours: Page, member: Headers, path: str
) -> None:
    headers = member if path == "/users" else NONE

    assert ours.fetch(path, headers=headers).headers["www-authenticate"].startswith("Bearer")


def test_from_another_origin_nothing_is_readable(theirs: Page, member: Headers) -> None:
    tampered = {"Authorization": member["Authorization"][:-1]}

    for path in ("/notes", "/users/me", "/", "/health", "/.well-known/jwks.json"):
        assert theirs.is_kept_from(path), path
    for path in ("/notes", "/users/me", "/users", "/nowhere"):
        assert theirs.is_kept_from(path, headers=member), path
        assert theirs.is_kept_from(path, headers=tampered), path
    assert theirs.is_kept_from("/auth/login", "POST", FORM, "username=a&password=b")


def test_from_another_origin_nothing_is_changed(
    ours: Page, browser: Chrome, member: Headers
) -> None:
    headers = member | JSON
    note = ours.fetch("/notes", "POST", headers, NOTE).body
    path = f"/notes/{note['id']}"

    browser.get(f"{STRANGER}/")
    assert ours.is_kept_from("/notes", "POST", headers, NOTE)
    assert ours.is_kept_from(path, "PUT", headers, NOTE.replace("light", "smash"))
    assert ours.is_kept_from(path, "DELETE", member)

    browser.get(f"{ORIGIN}/")
    assert ours.fetch(path, headers=member).body == note
    assert [n["id"] for n in ours.fetch("/notes", headers=member).body["items"]].count(note["id"])


def test_the_emulator_lets_nobody_in_of_its_own_accord(browser: Chrome) -> None:
    """Deployed without an origin, the same template shuts out the page that was let in above."""
    with new_folder() as folder, running_edge(folder, port=free_port(0)) as closed:
        browser.get(f"{ORIGIN}/")
        page = Page(browser, closed.url)
        headers = {"Authorization": f"Bearer {tokens.issued(closed, 'account:read')}"}

        for path in ("/notes", "/", "/health"):
            assert page.is_kept_from(path), path
        for path in ("/notes", "/users/me"):
            assert page.is_kept_from(path, headers=headers), path
        assert page.is_kept_from("/notes", "POST", headers | JSON, NOTE)
