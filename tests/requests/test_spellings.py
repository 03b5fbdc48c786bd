"""Every spelling of every route, sent with every scope there is: none opens it at any door."""

import re
from collections.abc import Iterator
from urllib.parse import unquote

import pytest

from app.main import unwired_app
from tests.app.test_request_rules import spellings
from tests.requests.doors import Doors
from tests.requests.row import DOORS, Door, Sent

ROUTES = unwired_app().state.routes.entries
NO_ROUTE = {400, 401, 403, 404, 405}


def _spelt(door: Door, path: str) -> Iterator[str]:
    """Other spellings of a path that come to this door as such."""
    for target in (raw.decode() for raw in spellings(path.encode())):
        read = unquote(target) if door == "edge" else target
        comes = door != "edge" or target.startswith("/")
        if comes and read != path:
            yield target


@pytest.mark.parametrize("door", DOORS)
def test_no_other_spelling_of_any_route_opens_it(doors: Doors, door: Door) -> None:
    house = doors.house(door)
    tried = 0
    for entry in ROUTES:
        path = re.sub(r"\{\w+\}", house.known["note"], entry.path)
        for target in _spelt(door, path):
            got = doors.send(door, Sent(target, entry.method, "powerful"))
            assert got.status in NO_ROUTE, (entry.method, target, got)
            assert not house.shown_in(got.text)
            tried += 1
    assert tried > 30 * len(ROUTES)


@pytest.mark.parametrize("door", DOORS)
def test_a_second_slash_in_front_of_any_route_does_not_open_it(doors: Doors, door: Door) -> None:
    for entry in ROUTES:
        path = re.sub(r"\{\w+\}", doors.house(door).known["note"], entry.path)
        got = doors.send(door, Sent(f"/{path}", entry.method, "powerful"))
        assert got.status in NO_ROUTE, (entry.method, path, got)
