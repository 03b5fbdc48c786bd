"""A database that goes in the middle of requests: each is told so at once, and nothing is lost."""

import os
import time

import pytest

from app.resources.notes.schemas import NoteContent
from tests.faults.asking import Asked, ask, at_once, get, post, post_form, told
from tests.faults.site import LOGIN, Site
from tests.support import on_postgresql

pytestmark = on_postgresql
REQUESTS = int(os.environ.get("FAULT_REQUESTS", "40"))
CALLERS = 20
BOUND_SECONDS = 2.0
NOTE = NoteContent(title="One of many", body="…").model_dump()
STEPS = {
    "before its transaction begins": ("cut_before", b"BEGIN"),
    "in it": ("cut_before", b"INSERT"),
    "before its commit": ("cut_before", b"COMMIT"),
    "before it hears of its commit": ("cut_after", b"COMMIT"),
}


def refresh(site: Site) -> bytes:
    return post_form("/auth/token", grant_type="refresh_token", refresh_token=site.refresh_token)


def writes(site: Site) -> list[bytes]:
    """A login in twenty, since it is the hash that takes its time."""
    some = [post("/notes", NOTE, site.access_token), refresh(site)] * 10
    return [LOGIN if number % 20 == 0 else some[number % 20] for number in range(REQUESTS)]


def check_told_to_come_again(asked: list[Asked]) -> None:
    assert {one.status for one in asked} == {503}, told(asked)
    assert {one.json["code"] for one in asked} == {"unavailable"}
    assert all(int(one.answer.headers["retry-after"]) > 0 for one in asked)
    assert max(one.seconds for one in asked) <= BOUND_SECONDS, told(asked)


def seconds_until_it_serves(site: Site) -> float:
    began = time.monotonic()
    while ask(site.port, get("/users/me", site.access_token)).status != 200:
        assert time.monotonic() - began < 10 * BOUND_SECONDS
    return time.monotonic() - began


@pytest.mark.parametrize("step", STEPS)
def test_who_writes_is_told_within_two_seconds_and_no_token_is_without_its_row(
    site: Site, step: str
) -> None:
    how, word = STEPS[step]
    before = [site.count(rows) for rows in ("notes", "sessions", "refresh_tokens")]
    setattr(site.way, how, word)
    asked = at_once(site.port, writes(site), CALLERS)
    setattr(site.way, how, None)
    check_told_to_come_again(asked)
    if how == "cut_before":
        after = [site.count(rows) for rows in ("notes", "sessions", "refresh_tokens")]
        assert after == before
    back = seconds_until_it_serves(site)
    assert back < BOUND_SECONDS
    assert ask(site.port, refresh(site)).status == 200, "what nobody was told may be asked again"
    print(f"cut {step}: {told(asked)}; served {1000 * back:.0f} ms after its return")


def test_while_it_is_away_all_who_need_it_are_told_and_soon_after_its_return_are_served(
    site: Site,
) -> None:
    reads = [get(path, site.access_token) for path in ("/notes", "/users/me", "/ready")]
    requests = [*writes(site), *reads * (REQUESTS // 3)]
    with site.way.away():
        asked = at_once(site.port, requests, CALLERS)
        assert ask(site.port, get("/health")).status == 200
    check_told_to_come_again(asked)
    back = seconds_until_it_serves(site)
    assert back < BOUND_SECONDS
    print(f"away: {told(asked)}; served {1000 * back:.0f} ms after its return")
