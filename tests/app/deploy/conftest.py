"""CloudFormation as the deploy function sees it: an event, and an address that waits for a PUT."""

import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from app.deploy import ANSWER_SECONDS, handler
from tests.app.migrations.conftest import folder
from tests.aws.conftest import aws, cloud, secrets_manager
from tests.support import key_set_document

__all__ = ["aws", "cloud", "folder", "secrets_manager"]

SIGNATURE = "X-Amz-Signature=the-secret-of-this-address"
STACK = "arn:aws:cloudformation:eu-central-1:123456789012:stack/shop/5b918d10"
MINUTES = 110_000


@dataclass
class Context:
    """What Lambda hands over beside the event: how many milliseconds are left, above all."""

    left: float = MINUTES
    log_stream_name: str = "2026/01/01/[$LATEST]0123"

    def get_remaining_time_in_millis(self) -> float:
        return self.left


ALMOST_OVER = ANSWER_SECONDS * 1000 + 1000  # milliseconds


@dataclass
class Waiting:
    """The address that CloudFormation gives out. `statuses` are for the PUTs to come, then 200."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    puts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    told: threading.Event = field(default_factory=threading.Event)
    held: threading.Event | None = None

    @property
    def answer(self) -> Any:
        """The one answer that came."""
        ((_, body),) = self.puts
        return json.loads(body)


@contextmanager
def waiting() -> Iterator[Waiting]:
    """A server that takes the answers of the custom resource."""
    place = Waiting()

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if place.held:
                place.held.wait(60)
                return
            place.puts.append((dict(self.headers), body))
            self.send_response(place.statuses.pop(0) if place.statuses else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()
            place.told.set()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        serving = threading.Thread(target=server.serve_forever, args=[0.01])
        serving.start()
        place.url = f"http://127.0.0.1:{server.server_port}/bucket/answer?{SIGNATURE}"
        try:
            yield place
        finally:
            if place.held:
                place.held.set()
            server.shutdown()
            serving.join()


@pytest.fixture
def place() -> Iterator[Waiting]:
    with waiting() as place:
        yield place


def event_for(place: Waiting, kind: str, **properties: str) -> dict[str, Any]:
    """What CloudFormation sends; a resource that is there has an id."""
    there = {} if kind == "Create" else {"PhysicalResourceId": "ostiary-deployment"}
    old = {"OldResourceProperties": {"Image": "before"}} if kind == "Update" else {}
    return {
        "RequestType": kind,
        "ServiceToken": "arn:aws:lambda:eu-central-1:123456789012:function:shop-deploy",
        "ResponseURL": place.url,
        "StackId": STACK,
        "RequestId": "unique-id-of-this-request",
        "LogicalResourceId": "Deployment",
        "ResourceType": "AWS::CloudFormation::CustomResource",
        "ResourceProperties": {"Image": "now", **properties},
        **there,
        **old,
    }


Deploy = Callable[..., Any]


@pytest.fixture
def deploy(place: Waiting) -> Deploy:
    """Sends one event, and gives what was answered; keywords are properties."""

    def sent(kind: str = "Create", context: Context | None = None, **properties: str) -> Any:
        place.puts.clear()
        assert handler(event_for(place, kind, **properties), context or Context()) is None
        return place.answer

    return sent


@pytest.fixture
def settings(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The environment of the function; the URL of its database."""
    monkeypatch.setenv("TEST_KEY_SET", key_set_document("RS256"))
    for name, value in {
        "ISSUER": "https://api.example.com",
        "AUDIENCE": "example",
        "KEYS": "env:TEST_KEY_SET",
        "DATABASE_URL": database_url,
    }.items():
        monkeypatch.setenv(f"OSTIARY_{name}", value)
    return database_url


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """All that is logged, as the function's log level lets it by."""
    caplog.set_level(logging.INFO)
    return caplog
