"""Hostile Host and forwarding headers: SECURITY §3, row 20."""

from collections.abc import Mapping

from tests.requests.row import BY_EVENT, Door, Expected, Row, Sent
from tests.requests.rows.paths import FIRST

PAGES = (
    "/health",
    "/.well-known/jwks.json",
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    "/openapi.json",
    "/docs",
)
NOWHERE = ("/none", "/notes/", "/prod")
# By the app, which there is handed an event: one that a URL cannot be made of is no request.
NO_HOST = Expected(400, why="no host name: the event is refused")
UNREAD = "uvicorn hands it on, and nothing reads it"
NO_HOSTS = ("evil/admin?x=", "evil:b", "evil.example:javascript", "evil@evil.example", "")
FORWARDED = (
    ("X-Forwarded-Host", "evil.example"),
    ("X-Forwarded-Proto", "javascript"),
    ("X-Forwarded-Port", "evil"),
    ("X-Forwarded-For", "evil"),
    ("X-Forwarded-Prefix", "/evil"),
    ("Forwarded", "host=evil.example;proto=javascript"),
    ("X-Original-URL", "/users/evil"),
    ("X-Rewrite-URL", "/users/evil"),
)


def _listed(*texts: str) -> str:
    return ", ".join(f"`{text}`" for text in texts)


ON_PAGES, ON_NOWHERE = f"each on {_listed(*PAGES)}", f"each on {_listed(*NOWHERE)}"
EACH_NO_HOST = _listed(*(f"Host: {host}" for host in NO_HOSTS))
EACH_FORWARDED = _listed(*(f"{name}: {value}" for name, value in FORWARDED))


def _asked(host: str, *targets: str) -> tuple[Sent, ...]:
    return tuple(Sent(target, token="none", host=host) for target in targets)


def _forwarded(*targets: str) -> tuple[Sent, ...]:
    return tuple(
        Sent(target, token="none", headers=(header,)) for target in targets for header in FORWARDED
    )


def _refused(first: bool) -> Mapping[Door, Expected]:
    """Events with such a host; behind the edge they come to be only on a public path."""
    return {**dict.fromkeys(BY_EVENT, NO_HOST), "edge": FIRST if first else NO_HOST}


ROWS = (
    Row(20, "somebody else's host", _asked("evil.example", *PAGES), Expected(200)),
    Row(
        20,
        "somebody else's host where nothing is",
        _asked("evil.example", *NOWHERE),
        Expected(404),
        {"edge": FIRST},
    ),
    Row(
        20,
        "what is no host",
        tuple(sent for host in NO_HOSTS for sent in _asked(host, *PAGES)),
        Expected(200, why=UNREAD),
        _refused(first=False),
        said=f"{EACH_NO_HOST}, {ON_PAGES}",
    ),
    Row(
        20,
        "what is no host, where nothing is",
        tuple(sent for host in NO_HOSTS for sent in _asked(host, *NOWHERE)),
        Expected(404, why=UNREAD),
        _refused(first=True),
        said=f"{EACH_NO_HOST}, {ON_NOWHERE}",
    ),
    Row(
        20,
        "forwarding headers",
        _forwarded(*PAGES),
        Expected(200),
        said=f"{EACH_FORWARDED}, {ON_PAGES}",
    ),
    Row(
        20,
        "forwarding headers where nothing is",
        _forwarded(*NOWHERE),
        Expected(404),
        {"edge": FIRST},
        said=f"{EACH_FORWARDED}, {ON_NOWHERE}",
    ),
)
