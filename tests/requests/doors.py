"""The doors, each sent the same request; who answered is told from the answer itself."""

import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from app.lambda_event import Event
from tests.app.events import http_event, rest_event
from tests.app.serving import ANSWERED_WITHIN_SECONDS, RawAnswer
from tests.requests.row import By, Door, Sent

PROBLEM = "application/problem+json"
REFUSED_BY_UVICORN = "Invalid HTTP request received."


@dataclass(frozen=True)
class Got:
    """An answer, whichever way it came."""

    door: Door
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def by(self) -> By:
        """Who answered, going by what each of them puts into an answer and the others do not."""
        match self.door:
            case "uvicorn":
                return "server" if self.text == REFUSED_BY_UVICORN else "app"
            case "edge":
                return self._at_the_edge
            case _:
                return "app"

    @property
    def _at_the_edge(self) -> By:
        """Gateway responses name their error type, and a mock has none of the app's headers."""
        kind = self.headers.get("content-type", "")
        if "x-amzn-errortype" in self.headers:
            return "API Gateway"
        if kind == PROBLEM or "x-content-type-options" in self.headers:
            return "app"
        return "API Gateway" if kind == "application/json" else "server"

    @property
    def code(self) -> str:
        """The code of a problem, or nothing."""
        is_problem = self.headers.get("content-type") == PROBLEM and self.text
        return str(json.loads(self.text)["code"]) if is_problem else ""

    @property
    def all_of_it(self) -> str:
        """Headers and body in one text, to be searched."""
        return f"{dict(self.headers)}\n{self.text}"


@dataclass(frozen=True)
class House:
    """Who lives behind a door: what `{name}` stands for there, and texts that are theirs alone."""

    known: Mapping[str, str]
    private: tuple[str, ...]

    def shown_in(self, text: str) -> bool:
        """Whether an answer holds what is the member's alone."""
        return any(private in text for private in self.private)

    def filled(self, node: Any) -> Any:
        """`node` with `{member}` and its like filled in, wherever they stand."""
        match node:
            case str():
                for name, value in self.known.items():
                    node = node.replace(f"{{{name}}}", value)
                return node
            case dict():
                return {self.filled(key): self.filled(value) for key, value in node.items()}
            case list():
                return [self.filled(child) for child in node]
            case _:
                return node

    def headers(self, sent: Sent) -> list[tuple[str, str]]:
        """The request's header fields in their order, without Host."""
        credentials = (
            [("Authorization", f"Bearer {{{sent.token}}}")] if sent.token != "none" else []
        )
        pairs = [*credentials, *sent.headers]
        return [(name, self.filled(value)) for name, value in pairs]


@dataclass(frozen=True)
class Doors:
    """All doors at once: two ports, and the handler of the app's Lambda function."""

    local: House
    deployed: House
    port: int
    edge_port: int
    edge_path: str
    handler: Callable[[Any], Event]

    def house(self, door: Door) -> House:
        return self.deployed if door == "edge" else self.local

    def send(self, door: Door, sent: Sent) -> Got:
        """What comes back through this door."""
        match door:
            case "uvicorn":
                raw = over_socket(self.port, written(sent, self.local))
            case "edge":
                raw = over_socket(self.edge_port, written(sent, self.deployed, self.edge_path))
            case "REST event":
                return handed(door, self.handler(as_rest_event(sent, self.local)))
            case "HTTP API event":
                return handed(door, self.handler(as_http_event(sent, self.local)))
        return Got(door, raw.status, raw.headers, raw.body.decode())


def handed(door: Door, answer: Event) -> Got:
    """What API Gateway hands on of the answer of a Lambda function."""
    headers = {name: values[-1] for name, values in answer.get("multiValueHeaders", {}).items()}
    headers |= answer.get("headers", {})
    return Got(door, answer["statusCode"], headers, answer["body"])


def written(sent: Sent, house: House, prefix: str = "") -> bytes:
    """The bytes of a request that closes its connection."""
    headers = house.headers(sent)
    names = {name.strip().lower() for name, _ in headers}
    if sent.body and not names & {"content-length", "transfer-encoding"}:
        headers.append(("Content-Length", str(len(sent.body.encode()))))
    query = f"?{house.filled(sent.query)}" if sent.query else ""
    host = "127.0.0.1" if sent.host is None else sent.host
    lines = [
        f"{sent.method} {prefix}{sent.target}{query} HTTP/1.1",
        f"Host: {host}",
        "Connection: close",
        *(f"{name}: {value}" for name, value in headers),
    ]
    return "\r\n".join([*lines, "", sent.body]).encode()


def over_socket(port: int, request: bytes) -> RawAnswer:
    """The one answer to these bytes; another one behind it is an error of its own."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), ANSWERED_WITHIN_SECONDS) as connection:
        connection.sendall(request)
        while more := connection.recv(65_536):
            received += more
    assert received.count(b"HTTP/1.1 ") == 1, received
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in fields}
    return RawAnswer(int(first.split()[1]), headers, body)


def as_rest_event(sent: Sent, house: House) -> Event:
    """API Gateway's REST event for it: names as they came, the plain map holds the last value."""
    event = rest_event(sent.method, sent.target)
    proxy = "/".join(segment for segment in sent.target.split("/") if segment)
    several = {name.lower(): [value] for name, value in event["headers"].items()}
    names = {name.lower(): name for name in event["headers"]}
    for name, value in house.headers(sent):
        known = names.setdefault(name.lower(), name)
        several[known.lower()] = [*several.get(known.lower(), []), value]
    if sent.host is not None:
        several["host"] = [sent.host]
    query = parse_qs(house.filled(sent.query), keep_blank_values=True)
    event |= {
        "headers": {names[name]: values[-1] for name, values in several.items()},
        "multiValueHeaders": {names[name]: values for name, values in several.items()},
        "pathParameters": {"proxy": proxy},
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "body": sent.body or None,
    }
    return _changed(event, sent, house)


def as_http_event(sent: Sent, house: House) -> Event:
    """An HTTP API's event for it: names in lower case, several values in one."""
    event = http_event(sent.method, sent.target)
    headers: dict[str, list[str]] = {name: [value] for name, value in event["headers"].items()}
    for name, value in house.headers(sent):
        headers[name.lower()] = [*headers.get(name.lower(), []), value]
    if sent.host is not None:
        headers["host"] = [sent.host]
    event |= {
        "headers": {name: ",".join(values) for name, values in headers.items()},
        "rawQueryString": house.filled(sent.query),
        "body": sent.body or None,
    }
    return _changed(event, sent, house)


def _changed(event: Event, sent: Sent, house: House) -> Event:
    context = event["requestContext"] | house.filled(dict(sent.context))
    changed: Event = event | {"requestContext": context} | house.filled(dict(sent.event))
    return changed
