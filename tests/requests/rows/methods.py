"""Methods and preflights: SECURITY §3, rows 16 and 24."""

from tests.edge.conftest import ORIGIN
from tests.requests.row import Expected, Row, Sent
from tests.requests.rows.paths import NO_POLICY, NOT_HTTP

NO_METHOD = Expected(404, "API Gateway", why="the API declares no such method")
STATIC = Expected(200, "API Gateway", why="its static preflight, which names the one origin")
ASKING = ("Access-Control-Request-Method", "DELETE")
OURS, EVIL = ("Origin", ORIGIN), ("Origin", "https://evil.example")
GOOD = ("Authorization", "Bearer {member}")
OVERRIDES = tuple(
    (name, value)
    for name in ("X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method")
    for value in ("DELETE", "GET")
)

METHODS = (
    Row(
        16,
        "methods that no route has",
        (Sent(method="TRACE"), Sent(method="PROPFIND"), Sent(method="HEAD")),
        Expected(405),
        {"edge": NO_METHOD},
    ),
    Row(
        16,
        "a method that nobody has",
        (Sent(method="GETX"), Sent(method="GE")),
        Expected(405),
        {"uvicorn": NOT_HTTP, "edge": NO_METHOD},
    ),
    Row(
        16,
        "small letters",
        (Sent(method="get"), Sent(method="Get")),
        Expected(405),
        {
            "uvicorn": NOT_HTTP,
            "edge": Expected(
                200, opens=True, why="MiniStack's server writes them in capitals first"
            ),
        },
    ),
    Row(
        16,
        "a space behind it",
        (Sent(method="GET "),),
        Expected(400),
        {
            "uvicorn": Expected(
                200, opens=True, why="RFC 9112 §3 lets two spaces part as one does"
            ),
            "edge": NOT_HTTP,
        },
    ),
    Row(
        16,
        "a method in a header changes nothing: GET stays GET",
        tuple(Sent(headers=(override,)) for override in OVERRIDES),
        Expected(200, opens=True),
    ),
    Row(
        16,
        "a method in a header changes nothing: PATCH stays PATCH",
        tuple(Sent(method="PATCH", headers=(override,)) for override in OVERRIDES),
        Expected(405),
        {"edge": NO_POLICY},
    ),
)
PREFLIGHTS = (
    Row(
        24,
        "a preflight from the allowed origin, no token",
        (
            Sent(method="OPTIONS", token="none", headers=(OURS, ASKING)),
            Sent("/users/me", "OPTIONS", "none", (OURS, ASKING)),
        ),
        Expected(200),
        {"edge": STATIC},
    ),
    Row(
        24,
        "a preflight from another origin",
        (
            Sent(method="OPTIONS", token="none", headers=(EVIL, ASKING)),
            Sent(method="OPTIONS", token="none", headers=(EVIL, ASKING, GOOD)),
        ),
        Expected(400),
        {"edge": STATIC},
    ),
    Row(
        24,
        "OPTIONS that is no preflight",
        (
            Sent(method="OPTIONS", token="none"),
            Sent(method="OPTIONS", token="none", headers=(GOOD,)),
        ),
        Expected(405),
        {"edge": STATIC},
    ),
)
ROWS = (*METHODS, *PREFLIGHTS)
