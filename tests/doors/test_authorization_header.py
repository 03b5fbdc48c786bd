"""One token in one Authorization header: doubled, misspelt or elsewhere it opens nothing."""

from typing import Any

import pytest

from tests.app.events import http_event, rest_event
from tests.doors.doors import PATH, Doors, http_api_event, request_event, token_event
from tests.doors.forge import Forge

GOOD_SPELLINGS = ("Bearer {}", "bearer {}", "BEARER {}", "bEaReR {}")
BAD_SPELLINGS = (
    "Bearer  {}",
    "Bearer\t{}",
    "Bearer{}",
    "Bearer:{}",
    "Bearer={}",
    "Bearer,{}",
    "Bearer \t{}",
    "Bearer +{}",
    "Bearer \u00a0{}",
    'Bearer "{}"',
    "Bearer <{}>",
    "Bearer token={}",
    "Bearer {},",
    "Bearer {}, Bearer {}",
    "Bearer {} {}",
    "Bearer Bearer {}",
    "Bearer",
    "Bearers {}",
)
OTHER_SCHEMES = ("{}", "Basic {}", "Token {}", "JWT {}", "DPoP {}", "Basic YTpi, Bearer {}", "X")
OTHER_CARRIERS = (
    "X-Forwarded-Authorization",
    "X-Original-Authorization",
    "X-Amzn-Remapped-Authorization",
    "Proxy-Authorization",
    "X-Authorization",
    "X-Access-Token",
    "X-Api-Key",
    "Authorization-Token",
)
PAIRS = (("good", "bad"), ("bad", "good"), ("good", "good"), ("good", "none"), ("none", "good"))


@pytest.fixture
def good(forge: Forge) -> str:
    return forge.token()


def values(pair: tuple[str, str], forge: Forge) -> tuple[str, str]:
    """Two Authorization values; that of `none` is of another scheme."""
    known = {
        "good": f"Bearer {forge.token()}",
        "bad": f"Bearer {forge.stranger.token()}",
        "none": "Basic YTpi",
    }
    return known[pair[0]], known[pair[1]]


def line(name: str, value: str) -> bytes:
    return f"{name}: {value}".encode()


def rest(headers: dict[str, str], multi: dict[str, list[str]] | None = None) -> dict[str, Any]:
    """A REST event with these headers; by default both maps say the same."""
    both = {name: [value] for name, value in headers.items()} if multi is None else multi
    return rest_event("GET", PATH, headers=headers, multiValueHeaders=both)


@pytest.mark.parametrize("spelling", GOOD_SPELLINGS)
def test_the_scheme_is_taken_in_any_case(doors: Doors, good: str, spelling: str) -> None:
    value = spelling.format(good)
    assert doors.raw_http(line("Authorization", value)).verdict(doors.sub) == "good"
    assert doors.raw_http(line("aUTHORIZATION", value)).verdict(doors.sub) == "good"
    assert doors.event(rest({"authorization": value})).verdict(doors.sub) == "good"
    assert doors.event(http_event("GET", PATH, headers={"authorization": value})).status == 200
    assert doors.at_the_edge(token_event(value)) == "good"
    assert doors.at_the_edge(request_event(value)) == "good"
    assert doors.at_the_edge(http_api_event(value)) == "good"


@pytest.mark.parametrize("spelling", BAD_SPELLINGS)
def test_between_scheme_and_token_stands_one_space_and_nothing_else(
    doors: Doors, good: str, spelling: str
) -> None:
    value = spelling.format(good, good)
    assert doors.raw_http(line("Authorization", value)).verdict(doors.sub) == "bad"
    assert doors.event(rest({"Authorization": value})).verdict(doors.sub) == "bad"
    assert doors.event(http_event("GET", PATH, headers={"authorization": value})).status == 401
    assert doors.at_the_edge(token_event(value)) == "bad"
    assert doors.at_the_edge(request_event(value)) == "bad"
    assert doors.at_the_edge(http_api_event(value)) == "bad"


@pytest.mark.parametrize("spelling", OTHER_SCHEMES)
def test_under_another_scheme_a_token_is_none(doors: Doors, good: str, spelling: str) -> None:
    value = spelling.format(good)
    for answer in (
        doors.raw_http(line("Authorization", value)),
        doors.event(rest({"Authorization": value})),
        doors.event(http_event("GET", PATH, headers={"authorization": value})),
    ):
        assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert answer.body["code"] == "unauthorized"
    assert doors.at_the_edge(token_event(value)) == "bad"
    assert doors.at_the_edge(request_event(value)) == "bad"
    assert doors.at_the_edge(http_api_event(value)) == "bad"


@pytest.mark.parametrize("pair", PAIRS, ids=" and ".join)
def test_two_authorization_headers_are_refused_whatever_they_hold(
    doors: Doors, forge: Forge, pair: tuple[str, str]
) -> None:
    one, other = values(pair, forge)
    lines = line("Authorization", one), line("Authorization", other)
    assert doors.raw_http(*lines).verdict(doors.sub) == "bad"
    multi = {"Authorization": [one, other]}
    assert doors.event(rest({"Authorization": other}, multi)).status == 401
    assert doors.event(rest({}, multi)).status == 401
    assert doors.at_the_edge(request_event(one, other)) == "bad"
    assert doors.at_the_edge(request_event(one, other, headers={})) == "bad"
    joined = f"{one}, {other}"
    assert doors.event(http_event("GET", PATH, headers={"authorization": joined})).status == 401
    assert doors.at_the_edge(token_event(joined)) == "bad"
    assert doors.at_the_edge(http_api_event(one, other)) == "bad"


@pytest.mark.parametrize("pair", PAIRS, ids=" and ".join)
def test_two_spellings_of_the_header_in_one_map_are_refused(
    doors: Doors, forge: Forge, pair: tuple[str, str]
) -> None:
    one, other = values(pair, forge)
    plain = {"Authorization": one, "authorization": other}
    multi = {name: [value] for name, value in plain.items()}
    assert doors.event(rest(plain, {})).status == 400
    assert doors.event(rest({}, multi)).status == 400
    assert doors.event(http_event("GET", PATH, headers=plain)).status == 400
    for maps in ((plain, {}), ({}, multi), (plain, multi)):
        event = request_event(headers=maps[0], multiValueHeaders=maps[1])
        assert doors.at_the_edge(event) == "bad", maps
    assert doors.at_the_edge(http_api_event(headers=plain, identitySource=None)) == "bad"


def test_two_spellings_in_the_plain_map_are_refused_though_the_other_map_has_one(
    doors: Doors, good: str
) -> None:
    value = f"Bearer {good}"
    plain = {"Authorization": value, "authorization": value}
    multi = {"Authorization": [value]}
    assert doors.event(rest(plain, multi)).status == 400
    assert doors.at_the_edge(request_event(headers=plain, multiValueHeaders=multi)) == "bad"


@pytest.mark.parametrize("pair", [("good", "bad"), ("bad", "good")], ids=" and ".join)
def test_header_maps_that_disagree_are_refused(
    doors: Doors, forge: Forge, pair: tuple[str, str]
) -> None:
    plain, multi = values(pair, forge)
    assert doors.event(rest({"Authorization": plain}, {"Authorization": [multi]})).status == 400
    event = request_event(multi, headers={"authorization": plain})
    assert doors.at_the_edge(event) == "bad"


@pytest.mark.parametrize("carrier", OTHER_CARRIERS)
def test_no_other_header_carries_a_token(doors: Doors, good: str, carrier: str) -> None:
    for value in (good, f"Bearer {good}"):
        assert doors.raw_http(line(carrier, value)).status == 401
        assert doors.event(rest({carrier: value})).status == 401
        assert doors.event(http_event("GET", PATH, headers={carrier.lower(): value})).status == 401
        event = request_event(headers={carrier: value}, multiValueHeaders={carrier: [value]})
        assert doors.at_the_edge(event) == "bad"
        assert doors.at_the_edge(http_api_event(headers={carrier.lower(): value})) == "bad"


def test_no_cookie_carries_a_token(doors: Doors, good: str) -> None:
    cookie = f"access_token={good}; Authorization={good}; token={good}"
    assert doors.raw_http(line("Cookie", cookie)).status == 401
    assert doors.event(rest({"Cookie": cookie})).status == 401
    event = http_event("GET", PATH, cookies=cookie.split("; "))
    assert doors.event(event).status == 401
    assert doors.at_the_edge(request_event(headers={"Cookie": cookie})) == "bad"
    assert doors.at_the_edge(http_api_event(cookies=cookie.split("; "))) == "bad"


@pytest.mark.parametrize("name", ["access_token", "token", "authorization", "Authorization"])
def test_no_query_carries_a_token(doors: Doors, good: str, name: str) -> None:
    assert doors.raw_http(target=f"{PATH}?{name}={good}").status == 401
    queries: dict[str, Any] = {
        "queryStringParameters": {name: good},
        "multiValueQueryStringParameters": {name: [good]},
    }
    assert doors.event(rest_event("GET", PATH, **queries)).status == 401
    assert doors.event(http_event("GET", PATH, rawQueryString=f"{name}={good}")).status == 401
    assert doors.at_the_edge(request_event(**queries)) == "bad"
    query = {"rawQueryString": f"{name}={good}", "queryStringParameters": {name: good}}
    assert doors.at_the_edge(http_api_event(**query)) == "bad"


@pytest.mark.parametrize("fold", ["\r\n ", "\r\n\t", " \r\n "])
def test_a_folded_value_is_refused(doors: Doors, good: str, fold: str) -> None:
    """As RFC 9112 §5.2 has it, of a server that does not put a space in its place."""
    assert doors.raw_http(line("Authorization", f"Bearer{fold}{good}")).status == 400


def test_a_header_without_a_value_is_refused(doors: Doors) -> None:
    assert doors.raw_http(b"Authorization:").status == 401
    assert doors.event(rest({"Authorization": ""})).status == 401
    assert doors.at_the_edge(token_event("")) == "bad"
    assert doors.at_the_edge(request_event("")) == "bad"
    assert doors.at_the_edge(http_api_event("")) == "bad"


def test_without_the_header_a_request_is_refused(doors: Doors) -> None:
    assert doors.raw_http().body["code"] == "unauthorized"
    assert doors.event(rest_event("GET", PATH)).body["code"] == "unauthorized"
    assert doors.at_the_edge(request_event()) == "bad"
    assert doors.at_the_edge(http_api_event()) == "bad"
    assert doors.at_the_edge(request_event(headers=None, multiValueHeaders=None)) == "bad"


@pytest.mark.parametrize("control", ["\0", "\n", "\r", "\r\nX-Admin: true", "\v", "\x7f", "\x1b"])
def test_a_value_that_no_header_may_carry_is_no_request_to_lambda(
    doors: Doors, good: str, control: str
) -> None:
    for value in (f"Bearer {good}{control}", f"Bearer {control}{good}"):
        assert doors.event(rest({"Authorization": value})).status == 400
        assert doors.event(http_event("GET", PATH, headers={"authorization": value})).status == 400
        assert doors.at_the_edge(token_event(value)) == "bad"
        assert doors.at_the_edge(http_api_event(value)) == "bad"


@pytest.mark.parametrize("control", [b"\0", b"\n", b"\v", b"\x7f", b"\x1b"])
def test_a_value_that_no_header_may_carry_is_refused_by_uvicorn(
    doors: Doors, good: str, control: bytes
) -> None:
    lines = b"Authorization: Bearer " + good[:20].encode() + control + good[20:].encode()
    assert doors.raw_http(lines).status in {400, 401}
