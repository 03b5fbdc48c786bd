"""Bodies of two lengths, and what smuggles a second request in one: SECURITY §3, row 23."""

from tests.requests.row import BY_EVENT, BY_SOCKET, Expected, Row, Sent, escaped

BEHIND = "0\r\n\r\nGET /users/me HTTP/1.1\r\nHost: evil\r\n\r\n"
FORM = ("Content-Type", "application/x-www-form-urlencoded")
FRAMED = dict.fromkeys(BY_EVENT, "an event holds the body itself, not its framing")


def _framed(*headers: tuple[str, str]) -> Sent:
    lines = ["POST /auth/login", *(escaped(f"{name}: {value}") for name, value in headers)]
    said = "\n".join(lines)
    return Sent("/auth/login", "POST", "none", (FORM, *headers), body=BEHIND, said=said)


CHUNKED, THREE, FOUR = (
    ("Transfer-Encoding", "chunked"),
    ("Content-Length", "3"),
    ("Content-Length", "4"),
)
ROWS = (
    Row(
        23,
        "Transfer-Encoding beside Content-Length",
        (_framed(THREE, CHUNKED), _framed(CHUNKED, THREE)),
        Expected(400),
        dict.fromkeys(BY_SOCKET, Expected(400, "server", why="the server itself refuses it")),
        FRAMED,
    ),
    Row(
        23,
        "a length that is none or two",
        (
            _framed(THREE, FOUR),
            _framed(("Content-Length ", "3")),
            _framed(("Content-Length", "+3")),
            _framed(("Content-Length", "0x3")),
            _framed(("Content-Length", "3, 4")),
            _framed(("Transfer-Encoding ", "chunked")),
            _framed(("X", "a\r\n b"), ("Content-Length ", "3")),
        ),
        Expected(400, "server"),
        not_through=FRAMED,
    ),
    Row(
        23,
        "another coding than chunked",
        (
            _framed(("Transfer-Encoding", "identity, chunked")),
            _framed(("Transfer-Encoding", "chunked, chunked")),
            _framed(("Transfer-Encoding", "xchunked")),
        ),
        Expected(400, "server"),
        {"edge": Expected(501, "server", why="what RFC 9112 §6.1 wants for a coding not known")},
        FRAMED,
    ),
)
