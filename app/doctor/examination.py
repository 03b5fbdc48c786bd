"""All checks of one deployment, in the order in which one rests on the other."""

import time
from collections.abc import Callable

from app.doctor.address import check_address
from app.doctor.caching import check_caching
from app.doctor.keys import check_keys
from app.doctor.metadata import (
    check_explicit_lists,
    check_issuer_member,
    check_jwks_uri,
    check_rfc8414,
)
from app.doctor.pages import JSON, Get, Page, check_page, check_time, get, read_page
from app.doctor.report import Check, Verdict
from app.doctor.token import check_token


def examine(
    issuer: str,
    token: str | None = None,
    *,
    address: str,
    get: Get = get,
    clock: Callable[[], float] = time.time,
) -> list[Check]:
    """What is found at an issuer that `reach` reached at `address`, row by row."""
    # OpenID Connect Discovery §4.1: a terminating slash goes before the location is added.
    location = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    discovery = read_page(location, get)
    jwks_uri = check_jwks_uri(issuer, discovery)
    jwks = _read_jwks(discovery, jwks_uri, get)
    key_rows, keys = check_keys(jwks)
    return [
        check_address(issuer, address),
        check_page("openid-configuration", discovery),
        check_time("discovery: time", discovery),
        check_issuer_member(issuer, discovery),
        jwks_uri,
        check_page("jwks.json", jwks),
        check_time("jwks.json: time", jwks),
        *key_rows,
        *check_caching("discovery", discovery),
        *check_caching("jwks.json", jwks),
        check_explicit_lists(discovery),
        check_rfc8414(issuer, get),
        *(check_token(token, issuer, keys, clock) if token is not None else ()),
    ]


def _read_jwks(discovery: Page, jwks_uri: Check, get: Get) -> Page:
    if discovery.members is None or jwks_uri.verdict is not Verdict.RIGHT:
        return Page("", trouble="no address to ask at")
    return read_page(
        discovery.members["jwks_uri"], get, media_types=(*JSON, "application/jwk-set+json")
    )
