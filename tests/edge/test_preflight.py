"""Preflights: answered without a token, and with nothing but CORS headers."""

import httpx
import pytest

from tests.edge.conftest import ORIGIN, Headers

ASKED = {
    "Origin": ORIGIN,
    "Access-Control-Request-Method": "DELETE",
    "Access-Control-Request-Headers": "authorization,content-type",
}
PATHS = ["/notes", "/notes/8036a94c-9a7e-42e5-9898-db2ee0aae53e", "/users", "/users/me", "/health"]


@pytest.mark.parametrize("path", [*PATHS, "/auth/login", "/nowhere"])
def test_a_preflight_needs_no_token_and_allows_what_the_api_takes(
    http: httpx.Client, path: str
) -> None:
    answer = http.options(path, headers=ASKED)

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert (
        answer.headers["access-control-allow-headers"]
        == "Authorization,Content-Type,Ostiary-Transport"
    )
    assert answer.headers["access-control-allow-methods"] == "GET,POST,PUT,PATCH,DELETE"


@pytest.mark.parametrize("path", PATHS)
def test_options_never_brings_data_with_a_token_either(
    http: httpx.Client, member: Headers, path: str
) -> None:
    assert http.options(path, headers=member).json() == {}
