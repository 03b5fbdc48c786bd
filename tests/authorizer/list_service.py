"""A server of status lists, what it publishes, and a process that asks it, with a clock to move."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app.tokens.claims import AccessClaims, StatusReference
from app.tokens.errors import StatusUnavailable, TokenError
from app.tokens.status_list import StatusListVerifier, pack
from authorizer.status_lists import StatusLists
from tests.app.tokens.listing import list_claims, list_token
from tests.app.tokens.ringing import START, Clock
from tests.doors.forge import Forge
from tests.support import AUDIENCE, ISSUER, key_set
from tests.web_server import Speak, WebServer, answers, hangs_up

PLACES = 800
SIGNER = Forge("ES256", "user", int(START))
ALIVE, UNAVAILABLE = "alive", "unavailable"


def bits(*ended: int, size: int = PLACES) -> str:
    """The `lst` of a list in which these have ended."""
    raw = bytearray(size // 8)
    for idx in ended:
        raw[idx // 8] |= 1 << idx % 8
    return pack(bytes(raw))


class ListService:
    """Lists on a server of loopback, and one StatusLists that asks for them."""

    def __init__(self, server: WebServer) -> None:
        self.server = server
        self.clock = Clock()
        self.base = server.url("/status-lists")
        verifier = StatusListVerifier(key_set("ES256"), issuer=ISSUER, clock=self.clock)
        self.lists = StatusLists(self.base, verifier, self.clock)

    @property
    def times_asked(self) -> int:
        return len(self.server.requests)

    def uri(self, number: int = 1) -> str:
        return f"{self.base}/00000000-0000-4000-8000-{number:012x}"

    def token(self, *ended: int, number: int = 1, **changes: Any) -> str:
        """A list in which these have ended, signed at the clock's time; its claims changed."""
        good = {"sub": self.uri(number), "status_list": {"bits": 1, "lst": bits(*ended)}}
        return list_token(list_claims(int(self.clock()), **good | changes), forge=SIGNER)

    def publish(self, *ended: int, etag: str | None = None, **changes: Any) -> None:
        """This is what the server answers from now on."""
        self.server.speak = says_list(self.token(*ended, **changes), etag)

    def said(self, idx: int = 0, uri: str | None = None) -> str:
        """What becomes of a token with this status: alive, its code, or unavailable."""
        return self.judged(StatusReference(idx, uri or self.uri()))

    def judged(self, status: StatusReference | None) -> str:
        now = int(self.clock())
        claims = AccessClaims(
            ISSUER, "user", AUDIENCE, now + 600, now, "j", "c", "", None, "s", None, None, status
        )
        try:
            self.lists.check(claims)
        except TokenError as error:
            return error.code
        except StatusUnavailable:
            return UNAVAILABLE
        return ALIVE


def says_list(token: str, etag: str | None = None) -> Speak:
    headers = {"ETag": etag} if etag else {}
    return answers(token.encode(), 200, Content_Type="application/statuslist+jwt", **headers)


@contextmanager
def list_service() -> Iterator[ListService]:
    """One that runs, and says nothing yet."""
    with WebServer(hangs_up) as server:
        yield ListService(server)
