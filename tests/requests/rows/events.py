"""What only an event can hold: SECURITY §3, rows 18, 19 and 22."""

from typing import Any

from tests.requests.row import BY_SOCKET, Expected, Row, Sent, Token

FORGED: dict[str, Any] = {
    "principalId": "admin",
    "sub": "admin",
    "scope": "users:read notes:read",
    "claims": {"sub": "admin", "scope": "users:read"},
    "lambda": {"sub": "admin", "scope": "users:read"},
    "jwt": {"claims": {"sub": "admin"}, "scopes": ["users:read"]},
    "iam": {"userId": "admin"},
}
VARIABLES = {
    "OSTIARY_ISSUER": "https://evil.example",
    "OSTIARY_KEYS": "https://evil.example/jwks.json",
    "OSTIARY_AUDIENCE": "evil",
}
NOT_A_CLIENTS = dict.fromkeys(BY_SOCKET, "no client writes this part of an event")


def _forged(target: str, token: Token) -> Sent:
    said = f"GET {target}, {token} token" if token != "none" else f"GET {target}, no token"
    context = {"authorizer": FORGED}
    return Sent(
        target, token=token, context=context, said=f"{said}; the context names an administrator"
    )


def _staged(target: str) -> Sent:
    said = f"GET {target}; stage variables name another issuer and other keys"
    return Sent(target, event={"stageVariables": VARIABLES}, said=said)


ROWS = (
    Row(
        18,
        "a forged authorizer context without a good token",
        (
            *(_forged("/users", token) for token in ("none", "tampered", "expired", "unsigned")),
            *(_forged("/users/me", token) for token in ("none", "tampered", "expired")),
        ),
        Expected(401),
        not_through=NOT_A_CLIENTS,
    ),
    Row(
        18,
        "a forged context with a member's token: the member it is",
        (_forged("/users/me", "member"), _forged("/notes", "member")),
        Expected(200, opens=True),
        not_through=NOT_A_CLIENTS,
    ),
    Row(
        18,
        "a forged context with a member's token: no more than the member may",
        (_forged("/users", "member"), _forged("/notes", "powerless")),
        Expected(403),
        not_through=NOT_A_CLIENTS,
    ),
    Row(
        22,
        "stage variables: the member's token is still good",
        (_staged("/notes"), _staged("/users/me")),
        Expected(200, opens=True),
        not_through=NOT_A_CLIENTS,
    ),
    Row(
        22,
        "stage variables: issuer and keys that are published stay our own",
        (_staged("/.well-known/jwks.json"), _staged("/.well-known/openid-configuration")),
        Expected(200),
        not_through=NOT_A_CLIENTS,
    ),
)
