"""One token in one Authorization header, or none: SECURITY §3, rows 12 to 15 and 17."""

from tests.requests.row import BY_SOCKET, Expected, Row, Sent
from tests.requests.rows.paths import FIRST

STATIC = Expected(401, "API Gateway", why="its one answer for a missing and for a bad token")
DENIED = Expected(403, "API Gateway", why="the policy says so before the app can")
NOTES = Expected(200, opens=True)
TWO_MAPS = dict.fromkeys(BY_SOCKET, "only an event has two maps of headers")
GOOD, BAD = "Bearer {member}", "Bearer {tampered}"


def _carried(*values: str) -> Sent:
    """The token in these values of Authorization, each in a field of its own."""
    return Sent(token="none", headers=tuple(("Authorization", value) for value in values))


def _in_maps(plain: dict[str, str], several: dict[str, list[str]], said: str) -> Sent:
    event = {"headers": plain, "multiValueHeaders": several}
    return Sent(token="none", event=event, said=said)


def _elsewhere(name: str, value: str) -> Sent:
    return Sent(token="none", headers=((name, value),))


CONTROL = (
    Row(0, "nothing hostile: the member's own notes", (Sent(),), NOTES),
    Row(0, "nothing hostile: the member's account", (Sent("/users/me"),), NOTES),
    Row(0, "nothing hostile, no token", (Sent("/health", token="none"),), Expected(200)),
)
TWICE = Row(
    12,
    "two Authorization headers",
    (
        _carried(GOOD, BAD),
        _carried(BAD, GOOD),
        _carried(GOOD, GOOD),
        _carried(GOOD, "Basic YTpi"),
        _carried("Basic YTpi", GOOD),
        _carried(GOOD, ""),
    ),
    Expected(401),
    {"edge": FIRST},
)
MAPS = (
    Row(
        13,
        "the two maps of a REST event disagree",
        (
            _in_maps(
                {"Authorization": GOOD},
                {"Authorization": [BAD]},
                "headers: good; multiValueHeaders: bad",
            ),
            _in_maps(
                {"Authorization": BAD},
                {"Authorization": [GOOD]},
                "headers: bad; multiValueHeaders: good",
            ),
            _in_maps(
                {"authorization": BAD},
                {"Authorization": [GOOD]},
                "headers: bad, in small letters; multiValueHeaders: good",
            ),
        ),
        Expected(400),
        not_through=TWO_MAPS | {"HTTP API event": "it has one map"},
    ),
    Row(
        13,
        "two spellings of the name in one map",
        (
            _in_maps(
                {"Authorization": GOOD, "authorization": BAD},
                {},
                "Authorization: good; authorization: bad",
            ),
            _in_maps(
                {"AUTHORIZATION": BAD, "authorization": GOOD},
                {},
                "AUTHORIZATION: bad; authorization: good",
            ),
            _in_maps({"Authorization": GOOD, "authorization": GOOD}, {}, "both good"),
        ),
        Expected(400),
        not_through=TWO_MAPS,
    ),
)
SPELLINGS = (
    Row(
        14,
        "the scheme in any case",
        (_carried("bearer {member}"), _carried("BEARER {member}"), _carried("bEaReR {member}")),
        NOTES,
    ),
    Row(
        14,
        "more or less than one space",
        (
            _carried("Bearer  {member}"),
            _carried("Bearer\t{member}"),
            _carried("Bearer \t{member}"),
            _carried("Bearer{member}"),
        ),
        Expected(401),
        {"edge": FIRST},
    ),
    Row(
        14,
        "more than a token",
        (
            _carried('Bearer "{member}"'),
            _carried("Bearer {member},"),
            _carried("Bearer {member} {member}"),
            _carried("Bearer {member}, Bearer {tampered}"),
            _carried("Bearer token={member}"),
            _carried("Bearer Bearer {member}"),
        ),
        Expected(401),
        {"edge": FIRST},
    ),
    Row(
        14,
        "less than a token",
        (_carried("Bearer"), _carried("Bearer "), _carried(""), _carried("{member}")),
        Expected(401),
        {"edge": FIRST},
    ),
    Row(
        14,
        "another scheme",
        (_carried("Basic {member}"), _carried("DPoP {member}"), _carried("Basic YTpi, " + GOOD)),
        Expected(401),
        {"edge": FIRST},
    ),
    Row(
        14,
        "a folded line",
        (_carried("Bearer\r\n {member}"),),
        Expected(400),
        {
            "uvicorn": Expected(400, "server", why="RFC 9112 §5.2 has a server refuse a fold"),
            "edge": Expected(200, opens=True, why="its server reads a fold as one space"),
        },
    ),
)
CARRIERS = Row(
    15,
    "the token elsewhere",
    (
        _elsewhere("X-Forwarded-Authorization", GOOD),
        _elsewhere("X-Original-Authorization", GOOD),
        _elsewhere("X-Amzn-Remapped-Authorization", GOOD),
        _elsewhere("Proxy-Authorization", GOOD),
        _elsewhere("X-Access-Token", "{member}"),
        _elsewhere("Cookie", "access_token={member}; Authorization={member}"),
        Sent(token="none", query="access_token={member}"),
        Sent(token="none", query="Authorization=Bearer%20{member}"),
    ),
    Expected(401),
    {"edge": FIRST},
)
HOSTILE_TOKENS = (
    Row(
        17,
        "a token that is none, round the edge and through it",
        (
            Sent(token="none"),
            Sent(token="tampered"),
            Sent(token="expired"),
            Sent(token="unsigned"),
            _carried("Bearer a.b.c"),
            Sent("/users/me", token="tampered"),
            Sent("/users", token="tampered"),
        ),
        Expected(401),
        {"edge": STATIC},
    ),
    Row(
        17,
        "a good token without the scope",
        (Sent("/users"), Sent(token="powerless"), Sent("/users/me", token="powerless")),
        Expected(403),
        {"edge": DENIED},
    ),
)
ROWS = (*CONTROL, TWICE, *MAPS, *SPELLINGS, CARRIERS, *HOSTILE_TOKENS)
