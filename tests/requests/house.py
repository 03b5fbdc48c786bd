"""Opens all doors: the app under uvicorn and as a Lambda function, and the edge, deployed."""

import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

import httpx
import pytest
from fastapi import FastAPI

from app import main
from app.database import Database
from app.lambda_event import Event
from app.main import unwired_app
from app.migrate import migrate
from app.parts import find
from app.settings import load_settings
from app.tokens.claims import StatusReference
from app.tokens.encoding import base64url_encode
from app.tokens.issue import Issuer
from app.tokens.key_ring import KeyRing
from app.tokens.keys import TrustedKeys
from local import tokens
from local.cloud import Edge
from local.edge import running_edge
from local.ministack import free_port
from local.tokens import LIFETIME
from tests.app.events import own_event_loop
from tests.app.serving import served
from tests.edge.conftest import ORIGIN, new_folder
from tests.requests.doors import Doors, House
from tests.support import AUDIENCE, ISSUER, key_set_document

HOUR = 3600
EVERYTHING = sorted(unwired_app().state.routes.scopes)
TokenMaker = Callable[..., str]


@contextmanager
def opened() -> Iterator[tuple[Doors, Edge]]:
    """All doors, and the edge among them; closed with the block."""
    with (
        _app() as app,
        own_event_loop(),
        pytest.MonkeyPatch.context() as patch,
        served(app) as port,
        new_folder() as folder,
        running_edge(folder, port=free_port(0), origin=ORIGIN) as edge,
    ):
        # Both homes of the app share this one, so that its connections can be closed at the end.
        patch.setattr(main, "create_app", lambda _: app)
        endpoint = edge.cloud.endpoint
        yield (
            Doors(
                local=house(f"http://127.0.0.1:{port}", token_maker(find(app, KeyRing), ISSUER)),
                deployed=house(edge.url, deployed_maker(edge)),
                port=port,
                edge_port=int(endpoint.rpartition(":")[2]),
                edge_path=edge.url.removeprefix(endpoint),
                handler=_handler(),
            ),
            edge,
        )


@contextmanager
def _app() -> Iterator[FastAPI]:
    """The app of a new database, set up by its environment, which lasts as long."""
    with TemporaryDirectory(prefix="ostiary-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_KEY_SET", key_set_document("ES256"))
        patch.setenv("OSTIARY_KEYS", "env:REQUESTS_KEY_SET")
        patch.setenv("OSTIARY_ISSUER", ISSUER)
        patch.setenv("OSTIARY_AUDIENCE", AUDIENCE)
        patch.setenv("OSTIARY_DATABASE_URL", f"sqlite:///{folder}/requests.db")
        patch.setenv("OSTIARY_ALLOWED_ORIGINS", ORIGIN)
        settings = load_settings()
        migrate(settings)
        app = main.create_app(settings)
        yield app
        find(app, Database).close()


def _handler() -> Callable[[object], Event]:
    handler = main._handler()
    return lambda event: handler(event, None)  # type: ignore[arg-type]


def deployed_maker(edge: Edge) -> TokenMaker:
    """Tokens such as the edge makes."""
    return token_maker(edge.signing_keys(), edge.url, tokens.new_place(edge))


def token_maker(keys: TrustedKeys, url: str, status: StatusReference | None = None) -> TokenMaker:
    """Tokens such as the issuer `url` makes, with these keys; `ago` seconds ago, if it is said."""

    def made(sub: str, *scopes: str, ago: float = 0) -> str:
        issuer = Issuer(
            keys,
            issuer=url,
            audience=AUDIENCE,
            lifetime=LIFETIME,
            clock=lambda: time.time() - ago,
        )
        return issuer.issue(sub=sub, client_id="ostiary", scopes=scopes, status=status)

    return made


def house(url: str, made: TokenMaker) -> House:
    """A member who registers, logs in and writes a note; and tokens that are none of theirs."""
    name, title = f"member-{secrets.token_hex(6)}@private.example", secrets.token_hex(12)
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as http:
        password = secrets.token_hex(12)
        http.post("/users", json={"email": name, "password": password}).raise_for_status()
        login = http.post("/auth/login", data={"username": name, "password": password})
        member = login.raise_for_status().json()["access_token"]
        headers = {"Authorization": f"Bearer {member}"}
        note = http.post("/notes", json={"title": title, "body": "-"}, headers=headers)
    sub = tokens.read(member)[1]["sub"]
    known = {
        "sub": sub,
        "member": member,
        "powerful": made(sub, *EVERYTHING),
        "powerless": made(sub),
        "tampered": tokens.tampered(member, scope=" ".join(EVERYTHING)),
        "expired": made(sub, *EVERYTHING, ago=HOUR),
        "unsigned": _unsigned(member),
        "note": note.raise_for_status().json()["id"],
    }
    return House(known, (name, title))


def _unsigned(token: str) -> str:
    _, claims, _ = token.split(".")
    header = tokens.read(token)[0] | {"alg": "none"}
    return f"{base64url_encode(json.dumps(header).encode())}.{claims}."
