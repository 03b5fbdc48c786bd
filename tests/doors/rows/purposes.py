"""Tokens for another purpose, all signed by the right key (RFC 8725 §3.11, §3.12).

A token has a type, an issuer and an audience; none that was made for something else opens a door.
"""

from collections.abc import Mapping
from typing import Any

from tests.doors.forge import ABSENT, Forge, join
from tests.doors.row import Build, rows
from tests.support import ISSUER

CLIENT = "https://client.example.com"
OTHER_TYPES: Mapping[str, Any] = {
    "absent": ABSENT,
    "null": None,
    "empty": "",
    "blank": " ",
    "a number": 1,
    "true": True,
    "an array": ["at+jwt"],
    "an object": {"at+jwt": True},
    "of a plain JWT": "JWT",
    "of a plain JWT, in small letters": "jwt",
    "of a plain JWT, in full": "application/jwt",
    "of a JWS": "JOSE",
    "of a JWS in JSON": "JOSE+JSON",
    "in capitals": "AT+JWT",
    "with a space behind it": "at+jwt ",
    "with a zero byte behind it": "at+jwt\0",
    "with a parameter": "at+jwt; charset=utf-8",
    "among others": "JWT, at+jwt",
    "with its plus as a space": "at jwt",
    "with its plus escaped": "at%2Bjwt",
    "cut short": "at",
    "of a JWE": "application/jose",
    "a longer media type": "text/at+jwt",
    "a media type twice": "application/application/at+jwt",
    "of a refresh token": "rt+jwt",
    "of an ID token": "id_token+jwt",
    "of a logout token": "logout+jwt",
    "of a DPoP proof": "dpop+jwt",
    "of a status list": "statuslist+jwt",
    "of a security event": "secevent+jwt",
    "of an introspection": "token-introspection+jwt",
    "of an authorization request": "oauth-authz-req+jwt",
    "of a client's assertion": "client-authentication+jwt",
    "of a key binding": "kb+jwt",
    "of a credential": "dc+sd-jwt",
    "of an entity statement": "entity-statement+jwt",
}
EVENTS = "http://schemas.openid.net/event/backchannel-logout"


def purpose(typ: object, bare: bool = False, **claims: Any) -> Build:
    """A token of this type; `bare` ones have no claims of an access token but those given."""

    def build(forge: Forge) -> str:
        members = {"iss": ISSUER, "iat": forge.now, "exp": forge.now + 600, "jti": "x"}
        payload = members | claims if bare else forge.claims(**claims)
        return join(forge.header(typ=typ), payload, forge.sign)

    return build


def dpop_proof(forge: Forge) -> str:
    claims = {"jti": "x", "htm": "GET", "htu": f"{ISSUER}/users/me", "iat": forge.now}
    header = forge.header(typ="dpop+jwt", jwk=forge.public_jwk)
    return join(header, claims, forge.sign)


PURPOSES: Mapping[str, Build] = {
    "an ID token": purpose("JWT", aud=CLIENT, nonce="n", at_hash="x"),
    "an ID token for this audience": purpose("JWT", nonce="n", auth_time=0),
    "an access token of before RFC 9068": purpose("JWT"),
    "a refresh token": purpose("rt+jwt"),
    "a refresh token that says so in a claim": purpose("JWT", token_use="refresh"),
    "a logout token": purpose("logout+jwt", bare=True, aud=CLIENT, events={EVENTS: {}}),
    "a security event": purpose("secevent+jwt", bare=True, aud=CLIENT, events={"x": {}}),
    "a status list": purpose(
        "statuslist+jwt", bare=True, sub=f"{ISSUER}/status-lists/1", status_list={"bits": 1}
    ),
    "a DPoP proof": dpop_proof,
    "a client's assertion": purpose("JWT", iss=CLIENT, sub=CLIENT, aud=ISSUER),
    "an authorization request": purpose("oauth-authz-req+jwt", response_type="code"),
    "an answer to an authorization request": purpose("JWT", bare=True, aud=CLIENT, code="c"),
    "an introspection": purpose(
        "token-introspection+jwt", bare=True, aud=CLIENT, token_introspection={"active": True}
    ),
    "a password reset": purpose("reset+jwt"),
    "an access token for another service": purpose("at+jwt", aud="https://other.example.com"),
    "an access token for the issuer itself": purpose("at+jwt", aud=ISSUER),
    "an access token for the client": purpose("at+jwt", aud="ostiary-client"),
    "an access token of another issuer": purpose("at+jwt", iss="https://other.example.com"),
    "an access token of a tenant": purpose("at+jwt", iss=f"{ISSUER}/tenant"),
    "an ID token that calls itself an access token": purpose("at+jwt", aud=CLIENT, nonce="n"),
}

ROWS = (
    *rows("typ", {f"typ {name}": purpose(typ) for name, typ in OTHER_TYPES.items()}),
    *rows("another purpose", PURPOSES),
)
