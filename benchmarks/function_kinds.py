"""The functions that are measured: what each is asked, again and again, and its settings."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode

from app.tokens.claims import StatusReference
from app.tokens.generate import generate_key
from app.tokens.issue import Issuer
from app.tokens.jwk import parse_key_set
from benchmarks.material import AUDIENCE, ISSUER, METHOD_ARN
from tests.images.runtime import Function
from tests.web_server import WebServer, answers

_LIST = "/00000000-0000-4000-8000-000000000001"
_PLACES = 1_000_000
_LIFETIME_SECONDS = 6 * 3600  # longer than any run takes
_EMAIL, _PASSWORD = "somebody@example.com", "correct horse battery staple"


class Kind(Protocol):
    """One of the functions."""

    target: str  # of the Dockerfile
    handler: str

    @property
    def environment(self) -> Mapping[str, str]:
        """Its settings."""

    def prepare(self, function: Function) -> None:
        """What an instance has to do once, before any is measured."""

    def event(self) -> Any:
        """What it is asked."""

    def is_right(self, answer: Any) -> bool:
        """Whether that is the answer of one that works."""


class Signer:
    """A key, tokens that it signs, and the list of their sessions, none of which has ended."""

    def __init__(self, lists: str) -> None:
        self.jwk = generate_key("RS256")
        self._uri = lists + _LIST
        keys = parse_key_set(json.dumps({"keys": [self.jwk]}).encode())
        self._issuer = Issuer(keys, issuer=ISSUER, audience=AUDIENCE, lifetime=_LIFETIME_SECONDS)
        self.public = keys.jwks()
        self.status_list = self._issuer.sign_status_list(
            uri=self._uri, raw=bytes(_PLACES // 8)
        ).encode()

    def token(self) -> str:
        """A new one."""
        status = StatusReference(0, self._uri)
        return self._issuer.issue(
            sub="somebody", client_id="ostiary", scopes=["notes:read"], status=status
        )


@dataclass
class Authorizer:
    """Decides on a token that it has not seen; asks for the status list at the first."""

    signer: Signer
    lists: str
    target: str = "authorizer"
    handler: str = "authorizer.handler.handler"

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            **_believed(),
            "OSTIARY_KEYS": "env:JWKS",
            "JWKS": json.dumps(self.signer.public),
            "OSTIARY_STATUS_LISTS": self.lists,
        }

    def prepare(self, function: Function) -> None:
        pass

    def event(self) -> Any:
        return {
            "type": "TOKEN",
            "authorizationToken": f"Bearer {self.signer.token()}",
            "methodArn": METHOD_ARN,
        }

    def is_right(self, answer: Any) -> bool:
        return bool(answer["context"]["code"] == "granted")


@dataclass
class App:
    """Shows somebody's notes."""

    signer: Signer
    database_url: str
    target: str = "app"
    handler: str = "app.main.handler"
    token: str = ""

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            **_believed(),
            "OSTIARY_KEYS": "env:SIGNING_KEYS",
            "SIGNING_KEYS": json.dumps({"keys": [self.signer.jwk]}),
            "OSTIARY_DATABASE_URL": self.database_url,
            "OSTIARY_REGISTRATION": "open",
        }

    def prepare(self, function: Function) -> None:
        body = json.dumps({"email": _EMAIL, "password": _PASSWORD})
        registered = function.result(_request("POST", "/users", "application/json", body))
        assert registered["statusCode"] == 201, registered
        self.log_in(function)

    def log_in(self, function: Function) -> None:
        """With the password, which is hashed."""
        form = urlencode({"username": _EMAIL, "password": _PASSWORD})
        media_type = "application/x-www-form-urlencoded"
        answer = function.result(_request("POST", "/auth/login", media_type, form))
        assert answer["statusCode"] == 200, answer
        self.token = json.loads(answer["body"])["access_token"]

    def event(self) -> Any:
        return _request("GET", "/notes") | {"headers": {"Authorization": f"Bearer {self.token}"}}

    def is_right(self, answer: Any) -> bool:
        return bool(answer["statusCode"] == 200)


class Deploy(App):
    """Finds nothing to migrate."""

    def prepare(self, function: Function) -> None:
        pass

    def event(self) -> Any:
        return {"argv": ["migrate"]}

    def is_right(self, answer: Any) -> bool:
        return bool(answer["exit_code"] == 0)


def _request(method: str, path: str, media_type: str = "", body: str | None = None) -> Any:
    """A REST API's proxy event."""
    headers = {"Content-Type": media_type} if media_type else {}
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "requestContext": {"stage": "prod", "identity": {"sourceIp": "192.0.2.1"}},
        "body": body,
        "isBase64Encoded": False,
    }


def _believed() -> Mapping[str, str]:
    return {"OSTIARY_ISSUER": ISSUER, "OSTIARY_AUDIENCE": AUDIENCE}


@contextmanager
def kinds(database_url: str) -> Iterator[Mapping[str, Kind]]:
    """All of them by name; the status lists are served as long as the block lasts."""
    with WebServer(answers(b"")) as server:
        lists = server.url("/status-lists")
        signer = Signer(lists)
        server.speak = answers(signer.status_list, 200, Content_Type="application/statuslist+jwt")
        yield {
            "authorizer": Authorizer(signer, lists),
            "app": App(signer, database_url),
            "deploy": Deploy(signer, database_url, handler="app.deploy.handler"),
        }
