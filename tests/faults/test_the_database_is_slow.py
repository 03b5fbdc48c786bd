"""A database three seconds away: who needs none notices nothing, who does is told within two."""

import os
from concurrent.futures import ThreadPoolExecutor

from tests.faults.asking import Asked, at_once, get, percentile, told
from tests.faults.site import LOGIN, Site
from tests.support import on_postgresql, token_of

pytestmark = on_postgresql
AWAY_SECONDS = 3.0
BOUND_SECONDS, SOME_MORE = 2.0, 0.9  # this machine may have other work
WHOLE = "FAULT_REQUESTS" in os.environ
# Beside other tests the machine's own pauses are longer than the app's; to wait for one of those
# who wait for the database would take a second at least.
QUICK_SECONDS = 0.1 if WHOLE else 0.5
WAITING = 60  # more than the threads that plain routes run in
QUICK_ROUNDS = 20 if WHOLE else 3


def without_database(site: Site) -> list[bytes]:
    """One of each kind of request that is answered without asking it."""
    lacking = token_of(site.app, "somebody", "notes:write")
    return [
        get("/health"),
        get("/.well-known/jwks.json"),
        get("/.well-known/openid-configuration"),
        get("/docs"),
        get("/docs/swagger-ui.css"),
        get("/notes"),
        get("/users/me", "x.y.z"),
        get("/notes", lacking),
        get("/sessions"),
        get("/nowhere"),
    ]


def test_who_needs_none_is_quick_and_who_needs_it_is_told_within_two_seconds(site: Site) -> None:
    needy = [get(path, site.access_token) for path in ("/notes", "/users/me", "/ready")]
    needy = [*needy * (WAITING // 3), LOGIN]
    site.way.delay = AWAY_SECONDS
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(at_once, site.port, needy)
        # The crowd's threads are this process's too, and the first round meets their beginning.
        at_once(site.port, without_database(site), 2)
        quick: list[Asked] = []
        for _ in range(QUICK_ROUNDS):
            quick += at_once(site.port, without_database(site), 2)
        assert not waiting.done(), "the database answered while the others were asked"
        slow = waiting.result()
    site.way.delay = 0.0
    print(f"needs none: {told(quick)}; needs it: {told(slow)}")
    assert {one.status for one in quick} == {200, 401, 403, 404}
    assert percentile(quick, 99) < QUICK_SECONDS, told(quick)
    assert {one.status for one in slow} == {503}, told(slow)
    assert max(one.seconds for one in slow) <= BOUND_SECONDS + SOME_MORE, told(slow)
