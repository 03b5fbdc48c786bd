"""/docs in a real browser: Authorize, then call a route, at the root and under a stage."""

import json
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    StaleElementReferenceException,
)
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support import expected_conditions as expected
from selenium.webdriver.support.wait import WebDriverWait

from tests.app.browser.stage import STAGE, mounted
from tests.app.conftest import Standing
from tests.browser import needs_browser, running_browser
from tests.support import PASSWORD

PATIENCE_SECONDS = 20
pytestmark = needs_browser


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with running_browser(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture(params=["", STAGE], ids=["at the root", "under a stage"])
def docs(request: pytest.FixtureRequest, standing: Standing) -> Iterator[str]:
    """The address of /docs."""
    with ExitStack() as stack:
        prefix = request.param
        port = stack.enter_context(mounted(standing.port)) if prefix else standing.port
        yield f"http://127.0.0.1:{port}{prefix}/docs"


def visible(browser: Chrome, selector: str) -> WebElement:
    """The first element that fits, once it shows and can be clicked."""
    there = expected.element_to_be_clickable((By.CSS_SELECTOR, selector))
    return WebDriverWait(browser, PATIENCE_SECONDS).until(there)


def click(browser: Chrome, selector: str) -> None:
    """Click it, as soon as nothing lies above it."""
    in_between = (ElementClickInterceptedException, StaleElementReferenceException)
    wait = WebDriverWait(browser, PATIENCE_SECONDS, ignored_exceptions=in_between)

    def clicked(driver: Chrome) -> bool:
        visible(driver, selector).click()
        return True

    wait.until(clicked)


def authorize(browser: Chrome, email: str, password: str) -> None:
    click(browser, ".auth-wrapper .btn.authorize")
    visible(browser, "#oauth_username").send_keys(email)
    visible(browser, "#oauth_password").send_keys(password)
    click(browser, ".auth-btn-wrapper .btn.authorize")


def call_users_me(browser: Chrome) -> tuple[str, str]:
    """The status and the body that Swagger UI shows for GET /users/me."""
    operation = "[id^='operations-users-read_own_account']"
    click(browser, f"{operation} .opblock-summary-control")
    click(browser, f"{operation} .try-out__btn")
    click(browser, f"{operation} .execute")
    answer = f"{operation} .live-responses-table .response"
    status = visible(browser, f"{answer} .response-col_status").text
    return status.split()[0], visible(browser, f"{answer} .response-col_description pre").text


def requested_by(browser: Chrome, page: str) -> list[str]:
    """The addresses that a page asked for since the log was last read."""
    entries = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]  # type: ignore[no-untyped-call]
    sent = [entry["params"] for entry in entries if entry["method"] == "Network.requestWillBeSent"]
    addresses = [params["request"]["url"] for params in sent if params["documentURL"] == page]
    return [address for address in addresses if not address.startswith("data:")]


def test_authorize_logs_in_and_routes_can_be_called(
    browser: Chrome, docs: str, standing: Standing
) -> None:
    base = docs.removesuffix("docs")
    browser.get(docs)
    authorize(browser, standing.member.email, PASSWORD)
    click(browser, ".auth-container .btn-done")
    status, body = call_users_me(browser)
    assert status == "200"
    assert json.loads(body)["email"] == standing.member.email
    asked = requested_by(browser, docs)
    assert f"{base}auth/login" in asked
    assert f"{base}users/me" in asked
    assert [address for address in asked if not address.startswith(base)] == []
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]


def test_without_authorize_a_route_refuses(browser: Chrome, standing: Standing) -> None:
    browser.get(f"http://127.0.0.1:{standing.port}/docs")
    status, body = call_users_me(browser)
    assert status == "401"
    assert json.loads(body)["code"] == "unauthorized"


def test_a_wrong_password_is_shown_as_an_error(browser: Chrome, standing: Standing) -> None:
    browser.get(f"http://127.0.0.1:{standing.port}/docs")
    authorize(browser, standing.member.email, "an entirely wrong password")
    assert "Unauthorized" in visible(browser, ".auth-container .errors").text
