"""Fifty who want one of five connections, all of them held up: told in time, and none is lost."""

import time

from sqlalchemy import NullPool, create_engine, text

from app.database import POOL_SIZE
from app.resources.notes.schemas import NoteContent
from tests.faults.asking import at_once, get, percentile, post, told
from tests.faults.site import Site
from tests.support import on_postgresql

pytestmark = on_postgresql
CALLERS = 50
WAIT_SECONDS = 1.0  # for a connection; whoever has got one waits as long for a lock
SOME_MORE = 0.9  # for fifty answers on a machine that has other work
NOTE = NoteContent(title="One of many", body="…").model_dump()
BUSY = (
    "pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend' AND state <> 'idle'"
)


def seconds_until_all_are_idle(site: Site) -> float:
    began = time.monotonic()
    while site.count(BUSY):
        assert time.monotonic() - began < 10
    return time.monotonic() - began


def test_whoever_gets_none_is_told_within_a_second_and_all_are_given_back(site: Site) -> None:
    """Two rounds of five get one at most: those who come first, and those who come after them."""
    engine = create_engine(site.url, poolclass=NullPool)
    read = [get("/notes", site.access_token)] * CALLERS
    with engine.connect() as holder:
        holder.execute(text("LOCK TABLE notes IN ACCESS EXCLUSIVE MODE"))
        asked = at_once(site.port, read)
    idle = seconds_until_all_are_idle(site)
    again = at_once(site.port, read)
    print(f"held up: {told(asked)}; idle after {1000 * idle:.0f} ms; then: {told(again)}")
    assert {one.status for one in asked} == {503}
    without = 100 - 100 * 2 * POOL_SIZE / CALLERS - 1
    assert percentile(asked, without) < WAIT_SECONDS + SOME_MORE, told(asked)
    assert percentile(asked, 100) < 2 * WAIT_SECONDS + SOME_MORE, told(asked)
    assert idle < WAIT_SECONDS
    assert {one.status for one in again} == {200}, told(again)
    assert site.way.accepted <= POOL_SIZE


def test_fifty_who_write_at_once_are_served_or_told_and_each_yes_is_a_row(site: Site) -> None:
    asked = at_once(site.port, [post("/notes", NOTE, site.access_token)] * CALLERS)
    print(f"fifty writers: {told(asked)}")
    assert {one.status for one in asked} <= {201, 503}
    assert len([one for one in asked if one.status == 201]) == site.count("notes")
    assert seconds_until_all_are_idle(site) < WAIT_SECONDS
