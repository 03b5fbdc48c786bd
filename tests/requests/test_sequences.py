"""Attacks on the cached policy: what one request leaves behind must not decide the next."""

import time

from local.cloud import Edge
from local.ministack import free_port
from local.tokens import LIFETIME
from tests.edge.answers import configure, invocations
from tests.requests.doors import Doors, Got
from tests.requests.house import deployed_maker, house
from tests.requests.row import Sent

LEEWAY = 5
NOTE = "0b9f5b1e-6c1d-4c8e-9f0a-3d2e1c0b9a87"
SOON = 4


def _issued(doors: Doors, edge: Edge, ago: float = 0) -> str:
    """A member's token that the edge has not met yet."""
    return deployed_maker(edge)(doors.deployed.known["sub"], "notes:read", ago=ago)


def _asked(doors: Doors, target: str, token: str) -> Got:
    headers = (("Authorization", f"Bearer {token}"),)
    return doors.send("edge", Sent(target, token="none", headers=headers))


def test_a_star_that_was_asked_for_opens_nothing_afterwards(doors: Doors, edge: Edge) -> None:
    token, before = _issued(doors, edge), invocations(edge)

    for target in ("/notes/*", "/*", f"/notes/{NOTE}/refund", "/notes/*/refund", "/users"):
        got = _asked(doors, target, token)
        assert (got.status, got.by) == (403, "API Gateway"), target

    assert _asked(doors, "/notes", token).status == 200
    assert invocations(edge) == before + 1


def test_two_members_by_turns_are_two(doors: Doors, edge: Edge) -> None:
    one = doors.deployed
    other = house(edge.url, deployed_maker(edge))

    for _ in range(3):
        for asking, not_asking in ((one, other), (other, one)):
            for target in ("/users/me", "/notes"):
                got = _asked(doors, target, asking.known["member"])
                assert (got.status, asking.shown_in(got.text)) == (200, True)
                assert not not_asking.shown_in(got.text)


def test_a_fault_is_no_verdict_and_is_not_kept(doors: Doors, edge: Edge) -> None:
    token = _issued(doors, edge)

    before = edge.settings("AuthorizerFunction")["OSTIARY_KEYS"]
    configure(
        edge, "AuthorizerFunction", OSTIARY_KEYS=f"https://127.0.0.1:{free_port(0)}/jwks.json"
    )
    try:
        for _ in range(2):
            got = _asked(doors, "/notes", token)
            assert (got.status, got.by, got.code) == (503, "API Gateway", "unavailable")
    finally:
        configure(edge, "AuthorizerFunction", OSTIARY_KEYS=before)

    assert _asked(doors, "/notes", token).status == 200


def test_a_policy_that_outlives_its_token_opens_nothing(doors: Doors, edge: Edge) -> None:
    token = _issued(doors, edge, ago=LIFETIME + LEEWAY - SOON)
    before, deadline = invocations(edge), time.monotonic() + 5 * SOON

    assert _asked(doors, "/notes", token).status == 200
    while (got := _asked(doors, "/notes", token)).status == 200:
        assert time.monotonic() < deadline, "the token should have ended by now"

    assert (got.status, got.by, got.code) == (401, "app", "invalid_token")
    assert invocations(edge) == before + 1
