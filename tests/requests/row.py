"""What a row of the table is: one attack of SECURITY §3, as requests, and the verdict on them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Door = Literal["uvicorn", "REST event", "HTTP API event", "edge"]
By = Literal["app", "API Gateway", "server"]
Token = Literal["none", "member", "powerless", "powerful", "tampered", "expired", "unsigned"]

DOORS: tuple[Door, ...] = ("uvicorn", "REST event", "HTTP API event", "edge")
BY_EVENT: tuple[Door, ...] = ("REST event", "HTTP API event")
BY_SOCKET: tuple[Door, ...] = ("uvicorn", "edge")
NOTHING: Mapping[str, Any] = {}


def escaped(line: str) -> str:
    """A line to be shown: what is no printable ASCII becomes an escape."""
    return "".join(
        char if " " <= char <= "~" else char.encode("unicode_escape").decode() for char in line
    )


@dataclass(frozen=True)
class Sent:
    """One request, as each door can carry it.

    `target` goes as written, to the byte. `token` is carried in a plain `Authorization` header;
    elsewhere `{member}` and its like stand for a token. `event` replaces members of a Lambda event
    and `context` of its `requestContext`: no client writes those.
    """

    target: str = "/notes"
    method: str = "GET"
    token: Token = "member"
    headers: tuple[tuple[str, str], ...] = ()
    host: str | None = None
    query: str = ""
    body: str = ""
    event: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    said: str = ""

    def __str__(self) -> str:
        """As the page shows it: its lines, controls and all that is not ASCII escaped."""
        if self.said:
            return self.said
        target = self.target + (f"?{self.query}" if self.query else "")
        headers = [*self.headers]
        if self.host is not None:
            headers.insert(0, ("Host", self.host))
        if self.token not in ("none", "member"):
            headers.insert(0, ("Authorization", f"Bearer {{{self.token}}}"))
        lines = [f"{self.method} {target}", *(f"{name}: {value}" for name, value in headers)]
        return "\n".join(map(escaped, lines))


@dataclass(frozen=True)
class Expected:
    """An answer: its status, who gives it, and whether it holds what is the member's alone.

    `why` is said where a door answers otherwise than the others.
    """

    status: int
    by: By = "app"
    opens: bool = False
    why: str = ""

    def __str__(self) -> str:
        return f"{self.status} {self.by}"


@dataclass(frozen=True)
class Row:
    """Requests that every door must answer alike, save where `otherwise` says why not.

    `not_through` names the doors that such a request cannot come to, and why. `said` sums up
    requests that are many.
    """

    number: int
    what: str
    sent: tuple[Sent, ...]
    expected: Expected
    otherwise: Mapping[Door, Expected] = field(default_factory=dict)
    not_through: Mapping[Door, str] = field(default_factory=dict)
    said: str = ""

    def at(self, door: Door) -> Expected:
        """What this door must answer."""
        return self.otherwise.get(door, self.expected)
