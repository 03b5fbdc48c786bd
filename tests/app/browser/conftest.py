"""One API and one browser for all pages; each test begins without cookies and without sessions."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import delete

from app.database import Database
from app.main import create_app
from app.parts import find
from app.sessions.models import AuthSession
from app.settings import Settings
from tests.app.browser.front_end import (
    API,
    EMAIL,
    EMPTY_PAGE,
    OURS,
    SIBLING,
    STRANGER,
    Clock,
    Door,
    House,
    front_page,
    served_over_tls,
)
from tests.browser import running_browser
from tests.certificates import certified
from tests.support import AUDIENCE, Account, key_set_document
from tests.web_server import WebServer, answers


@pytest.fixture(scope="module")
def standing_house(
    tmp_path_factory: pytest.TempPathFactory, migrated_database: Path
) -> Iterator[House]:
    """It outlives a test: ask for `house`."""
    folder = tmp_path_factory.mktemp("house")
    context, _ = certified(folder)
    shutil.copy(migrated_database, folder / "house.db")
    clock = Clock(time.time)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEST_KEY_SET", key_set_document("ES256"))
        settings = Settings(
            issuer=API,
            audience=AUDIENCE,
            keys="env:TEST_KEY_SET",
            database_url=SecretStr(f"sqlite:///{folder / 'house.db'}"),
            allowed_origins=(OURS,),
        )
        app = create_app(settings, clock=clock)
    with TestClient(app, base_url=API) as client:
        Account.create(app, client, EMAIL, ["member"])
    door = Door(app)
    with (
        WebServer(answers(front_page(), Content_Type="text/html"), tls=context) as ours,
        WebServer(answers(EMPTY_PAGE, Content_Type="text/html"), tls=context) as others,
        served_over_tls(door, folder) as port,
    ):
        ports = {API: port, OURS: ours.port, SIBLING: others.port, STRANGER: others.port}
        hosts = {str(urlsplit(origin).hostname): port for origin, port in ports.items()}
        with running_browser(tmp_path_factory.mktemp("profile"), hosts) as browser:
            browser.set_script_timeout(20)
            yield House(app, door, clock, browser, others)
    find(app, Database).close()


@pytest.fixture
def house(standing_house: House) -> Iterator[House]:
    """Nobody is logged in, and a page of the front end is open."""
    house = standing_house
    house.browser.execute_cdp_cmd("Storage.clearCookies", {})
    with find(house.app, Database).transaction() as session:
        session.execute(delete(AuthSession))
    house.clock.ahead, house.door.together = 0.0, 1
    house.visit(OURS)
    house.door.seen.clear()
    first = house.browser.current_window_handle
    yield house
    for tab in house.browser.window_handles:
        if tab != first:
            house.browser.switch_to.window(tab)
            house.browser.close()
    house.browser.switch_to.window(first)
