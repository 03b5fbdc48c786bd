"""Other spellings of a path: SECURITY §3, rows 1, 2 and 8 to 11."""

from collections.abc import Mapping

from tests.requests.row import Door, Expected, Row, Sent, Token

FIRST = Expected(401, "API Gateway", why="API Gateway wants a token before it looks further")
NO_POLICY = Expected(403, "API Gateway", why="no policy names such a path")
NO_TARGET = "MiniStack knows the API by how the path begins, which this form has not"
ALIKE: Mapping[Door, Expected] = {}
NOWHERE: Mapping[Door, str] = {}
EMULATOR_DECODES = "MiniStack decodes it before anybody reads it; this is the verdict on the result"
NOT_HTTP = Expected(400, "server", why="no HTTP request: the server itself refuses it")
LEFT_OUT = Expected(404, why="MiniStack leaves the slashes in front out of the method's ARN")


def _spelt(
    number: int,
    what: str,
    *targets: str,
    method: str = "GET",
    edge: Expected = NO_POLICY,
    otherwise: Mapping[Door, Expected] = ALIKE,
    not_through: Mapping[Door, str] = NOWHERE,
) -> tuple[Row, ...]:
    """Each spelling with a good token, and without one: 404, and at the edge not even that."""
    carried: tuple[tuple[Token, Expected], ...] = (("member", edge), ("none", FIRST))
    return tuple(
        Row(
            number,
            f"{what}, {'a good token' if token == 'member' else 'no token'}",
            tuple(Sent(target, method, token) for target in targets),
            Expected(404),
            {"edge": at_edge, **otherwise},
            not_through,
            said="" if token == "member" else "the same without a token",
        )
        for token, at_edge in carried
    )


def _decoded(number: int, what: str, target: str, opens: bool) -> tuple[Row, ...]:
    there = Expected(200, opens=opens, why=EMULATOR_DECODES)
    return _spelt(number, what, target, edge=there)


OVERMATCH = _spelt(
    1,
    "a path beside one that the token opens",
    f"/notes/{'0' * 8}-0000-4000-8000-{'0' * 12}/refund",
    "/x/notes",
    "/notesx",
    "/notes/x",
    "/users/mex",
    "/GET/notes",
)
STARS = _spelt(2, "an ARN's wildcards in the path", "/*", "/notes/*", "/notes*", "/users/**")
NEWLINES = (
    *_spelt(
        8,
        "a line feed at the end",
        "/notes%0A",
        "/notes%0a",
        "/users/me%0A",
        edge=Expected(404, why="MiniStack's match of a policy takes a line feed for the end"),
    ),
    *_spelt(8, "other white space at the end", "/notes%0D%0A", "/notes%0D", "/notes%09"),
    Row(
        8,
        "decoded by the gateway, a good token",
        (Sent("/notes\n"), Sent("/users/me\n"), Sent("/notes\r\n"), Sent("/notes\x00")),
        Expected(404),
        not_through=dict.fromkeys(("uvicorn", "edge"), "a line feed ends the request line"),
    ),
)
ESCAPES = (
    *_decoded(9, "a slash", "/users%2Fme", opens=True),
    *_decoded(9, "a letter", "/%6Eotes", opens=True),
    *_decoded(9, "all letters", "/%6e%6f%74%65%73", opens=True),
    *_spelt(9, "a slash behind the path", "/notes%2F", "/notes%2Fx", "/notes%2f"),
    *_spelt(9, "escaped twice", "/users%252Fme", "/%256Eotes", "/notes%250A"),
    *_spelt(9, "not an escape", "/notes%", "/notes%2", "/notes%zz"),
    Row(
        9,
        "of a public path, no token",
        (Sent("/%68ealth", token="none"),),
        Expected(404),
        {"edge": Expected(200, why=EMULATOR_DECODES)},
    ),
)
FORMS = (
    *_spelt(10, "dot segments", "/./notes", "/x/../notes", "/notes/.", "/notes/..", "/notes/./"),
    *_spelt(10, "escaped dots", "/%2e/notes", "/x/%2e%2E/notes", "/notes/%2e"),
    *_spelt(10, "semicolons", "/notes;x=1", "/notes;", "/notes..;", "/..;/notes", "/notes%3Bx=1"),
    *_spelt(10, "NUL and DEL", "/notes%00", "/%00notes", "/notes%7F"),
    *_spelt(10, "spaces", "/notes%20", "/%20notes", "/notes+"),
    *_spelt(10, "backslashes", "/notes\\", "/notes%5C", "/%5Cnotes", "/x\\..\\notes"),
    *_spelt(10, "case", "/NOTES", "/Notes", "/users/ME", "/users/Me"),
    *_spelt(10, "full-width letters, escaped", "/%EF%BD%8Eotes", "/notes%EF%BC%8Fx"),
    *_spelt(
        10,
        "full-width letters as they are",
        "/ｎotes",
        otherwise=dict.fromkeys(("uvicorn", "edge"), NOT_HTTP),
    ),
    *_spelt(10, "a query's mark, escaped", "/notes%3Fx", "/notes%23x"),
    *_spelt(10, "the stage once more", "/prod/notes", "/$default/notes", "/test/notes"),
    *_spelt(10, "empty segments", "/notes//", "/users//me", "//evil.example/notes"),
    *_spelt(10, "empty segments in front", "///notes", "////users/me", edge=LEFT_OUT),
    *_spelt(
        10,
        "an empty segment in front",
        "//notes",
        "//users/me",
        edge=LEFT_OUT,
    ),
    Row(
        10,
        "an empty segment in front of a public path, no token",
        (Sent("//health", token="none"), Sent("//.well-known/jwks.json", token="none")),
        Expected(404),
    ),
    *_spelt(
        10,
        "a request line of another form",
        "http://127.0.0.1/notes",
        "http://evil.example/notes",
        "\\notes",
        "notes",
        "*",
        otherwise={"uvicorn": NOT_HTTP},
        not_through={"edge": NO_TARGET},
    ),
)
SLASHES = (
    *_spelt(11, "a slash at the end", "/notes/", "/users/me/", "/users/"),
    Row(
        11,
        "of a public path, no token",
        (Sent("/health/", token="none"), Sent("/auth/login/", "POST", "none", body="username=a")),
        Expected(404),
    ),
)
ROWS = (*OVERMATCH, *STARS, *NEWLINES, *ESCAPES, *FORMS, *SLASHES)
