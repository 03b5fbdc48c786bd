"""A first request when nothing is warm: the authorizer asks the app for a list, and both start."""

import time
from collections.abc import Callable

import httpx

from local.cloud import Edge
from tests.edge.answers import configure
from tests.edge.conftest import Headers

WAITED_FOR_SECONDS = 5.0  # what the authorizer gives a first list


def test_a_cold_authorizer_before_a_cold_app_decides_and_neither_fails(
    edge: Edge, http: httpx.Client, new_member: Callable[[], Headers]
) -> None:
    headers = new_member()
    for function in ("AppFunction", "AuthorizerFunction"):
        # Another configuration means new processes; the warm ones are gone.
        configure(edge, function, COLD="yes")
    try:
        start = time.monotonic()
        first = http.get("/users/me", headers=headers)
        cold = time.monotonic() - start
        start = time.monotonic()
        second = http.get("/users/me", headers=headers)
        warm = time.monotonic() - start
    finally:
        for function in ("AppFunction", "AuthorizerFunction"):
            configure(edge, function, COLD=None)
    print(f"cold {cold:.2f} s, then {warm:.3f} s")
    assert (first.status_code, second.status_code) == (200, 200), first.text
    assert warm < cold < WAITED_FOR_SECONDS + 4
