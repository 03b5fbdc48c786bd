"""Lists that are refused, whoever serves them: what was held before stays as it is."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.tokens.errors import KeysUnavailable
from app.tokens.status_list import StatusList
from tests.app.tokens.listing import list_claims, list_token
from tests.app.tokens.ringing import START
from tests.authorizer.list_service import (
    ALIVE,
    PLACES,
    SIGNER,
    UNAVAILABLE,
    ListService,
    bits,
    list_service,
    says_list,
)
from tests.doors.forge import ABSENT, Forge
from tests.web_server import WebServer, answers, written

NOW = int(START)
# Each says that session 0 has ended and session 1 goes on; the list at hand says the contrary.
CLAIMS: dict[str, dict[str, Any]] = {
    "of another issuer": {"iss": "https://other.example"},
    "without an issuer": {"iss": ABSENT},
    "of another name": {"number": 2},
    "without a name": {"sub": ABSENT},
    "without an end": {"exp": ABSENT},
    "that has expired": {"exp": NOW + 15},
    "that lasts for two days": {"exp": NOW + 2 * 86_400},
    "without its time": {"iat": ABSENT},
    "without a ttl": {"ttl": ABSENT},
    "of a ttl of nothing": {"ttl": 0},
    "of two bits": {"status_list": {"bits": 2, "lst": bits(0)}},
    "that is not packed": {"status_list": {"bits": 1, "lst": "AAAA"}},
    "too large when unpacked": {"status_list": {"bits": 1, "lst": bits(0, size=2**24)}},
    "without a list": {"status_list": ABSENT},
}
STRANGER = Forge("ES256", "user", NOW, ("a stranger's",))
HEADERS: dict[str, dict[str, Any]] = {
    "of another type": {"typ": "JWT"},
    "signed as an access token": {"typ": "at+jwt"},
    "without a type": {"typ": ABSENT},
    "without an algorithm": {"alg": "none"},
    "of an unknown key": {"kid": "unknown"},
    "with its key along": {"jwk": STRANGER.public_jwk},
    "by a stranger in our name": {"forge": STRANGER, "kid": SIGNER.jwk["kid"]},
    "by a stranger": {"forge": STRANGER},
}


@pytest.fixture
def service() -> Iterator[ListService]:
    """One whose list says that session 1 has ended, and is to be asked for again."""
    with list_service() as service:
        service.publish(1)
        assert (service.said(0), service.said(1)) == (ALIVE, "session_ended")
        service.clock.at(15)
        yield service


def check_kept(service: ListService) -> None:
    """What was held goes on to count until it expires; then nothing does."""
    assert (service.said(0), service.said(1)) == (ALIVE, "session_ended")
    assert service.times_asked == 2
    service.clock.at(299)
    assert (service.said(0), service.said(1)) == (ALIVE, "session_ended")
    service.clock.at(300)
    assert (service.said(0), service.said(1)) == (UNAVAILABLE, UNAVAILABLE)


@pytest.mark.parametrize("name", CLAIMS)
def test_a_list_of_unfit_claims_is_refused(name: str, service: ListService) -> None:
    service.publish(0, **CLAIMS[name])
    check_kept(service)


def test_a_list_of_the_future_is_refused_until_then(service: ListService) -> None:
    service.publish(0, iat=NOW + 21)
    assert (service.said(0), service.said(1)) == (ALIVE, "session_ended")
    assert service.times_asked == 2
    service.clock.at(17)
    assert (service.said(0), service.said(1)) == ("session_ended", ALIVE)


@pytest.mark.parametrize("name", HEADERS)
def test_a_list_that_is_not_well_signed_is_refused(name: str, service: ListService) -> None:
    claims = list_claims(
        NOW + 15, sub=service.uri(), exp=NOW + 9999, status_list={"bits": 1, "lst": bits(0)}
    )
    service.server.speak = says_list(list_token(claims, **HEADERS[name]))
    check_kept(service)


def changed_first(token: str) -> bytes:
    return token.replace("e", "f", 1).encode()


@pytest.mark.parametrize(
    "change",
    [
        lambda token: token[:-1].encode(),
        lambda token: f"{token}\n".encode(),
        lambda token: token.rpartition(".")[0].encode() + b".",
        lambda token: token.encode() + b"A" * 2**20,
        lambda token: b"\xef\xbb\xbf" + token.encode(),
        changed_first,
    ],
)
def test_a_list_that_was_changed_on_its_way_is_refused(
    change: Callable[[str], bytes], service: ListService
) -> None:
    service.server.speak = answers(change(service.token(0)))
    check_kept(service)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int, service: ListService) -> None:
    with WebServer(says_list(service.token(0, exp=NOW + 9999))) as elsewhere:
        place = elsewhere.url(service.uri().removeprefix(service.server.url("")))
        service.server.speak = answers(service.token(0).encode(), status, Location=place)
        check_kept(service)
        assert elsewhere.requests == []


@pytest.mark.parametrize("status", [201, 203, 204, 206, 304, 400, 401, 404, 410, 429, 500, 503])
def test_a_list_of_another_status_is_refused(status: int, service: ListService) -> None:
    body = service.token(0, exp=NOW + 9999).encode()
    service.server.speak = answers(body, status)
    check_kept(service)


def test_without_keys_the_list_at_hand_goes_on_to_count(
    service: ListService, monkeypatch: pytest.MonkeyPatch
) -> None:
    class WithoutKeys:
        def verify(self, token: bytes, uri: str) -> StatusList:
            raise KeysUnavailable("down")

    monkeypatch.setattr(service.lists, "_verifier", WithoutKeys())
    service.publish(0)
    check_kept(service)


@pytest.mark.parametrize("iat", [NOW - 100, NOW - 1, NOW])
def test_a_list_that_is_not_newer_ends_sessions_and_calls_none_back_to_life(
    iat: int, service: ListService
) -> None:
    """Whoever recorded it cannot undo an end, and one whose clock is behind is heard at once."""
    service.publish(0, iat=iat, exp=NOW + 300)
    for seconds in (15, 29.999, 30, 299):
        service.clock.at(seconds)
        assert (service.said(0), service.said(1)) == ("session_ended", "session_ended"), seconds
        assert service.said(2) == ALIVE
    assert service.times_asked == 4
    service.clock.at(300)
    assert (service.said(0), service.said(2)) == (UNAVAILABLE, UNAVAILABLE)


def test_a_list_that_is_older_gives_the_one_at_hand_no_time(service: ListService) -> None:
    service.publish(0, iat=NOW - 1, exp=NOW + 9999)
    assert service.said(2) == ALIVE
    service.clock.at(300)
    assert service.said(2) == UNAVAILABLE


def test_an_older_list_leaves_the_version_that_is_asked_about(service: ListService) -> None:
    service.publish(1, iat=NOW + 15, etag='"newer"')
    service.said()
    for seconds in (30, 45):
        service.clock.at(seconds)
        service.publish(0, iat=NOW + 14, etag='"older"')
        assert service.said() == "session_ended"
        if_none_match = b'\r\nIf-None-Match: "newer"\r\n'
        assert if_none_match in service.server.requests[-1]


def test_a_newer_list_alone_says_what_has_ended(service: ListService) -> None:
    """The rows of what expired are removed in the end, and their bits with them."""
    service.publish(0, iat=NOW - 1)
    assert (service.said(0), service.said(1)) == ("session_ended", "session_ended")
    service.clock.at(30)
    service.publish(2, iat=NOW + 1)
    assert [service.said(idx) for idx in range(3)] == [ALIVE, ALIVE, "session_ended"]


def test_an_older_list_of_another_size_is_refused(service: ListService) -> None:
    service.publish(iat=NOW - 1, status_list={"bits": 1, "lst": bits(0, size=PLACES + 8)})
    check_kept(service)


def test_a_list_older_than_an_expired_one_is_refused(service: ListService) -> None:
    service.clock.at(300)
    service.publish(0, iat=NOW - 1)
    assert service.said(0) == UNAVAILABLE
    service.clock.at(302)
    service.publish(0, iat=NOW)
    assert (service.said(0), service.said(2)) == ("session_ended", ALIVE)


def test_another_list_has_a_time_of_its_own(service: ListService) -> None:
    service.publish(0, number=2, iat=NOW - 100)
    assert service.said(0, service.uri(2)) == "session_ended"


def test_an_answer_of_two_headers_and_bodies_is_no_way_in(service: ListService) -> None:
    token = service.token(0).encode()
    twice = written(token, 200, {"Content-Length": str(len(token))}) * 2
    service.server.speak = lambda connection, _: connection.sendall(twice)
    assert service.said(0) == "session_ended"  # the first answer is one, and whole
    assert service.times_asked == 2
