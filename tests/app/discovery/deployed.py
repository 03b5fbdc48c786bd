"""The app under uvicorn, at the issuer that its tokens name, with pages put in place of its own."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.app.browser.stage import STAGE, mounted
from tests.app.serving import served
from tests.conftest import AppMaker
from tests.support import token_of

DISCOVERY = "/.well-known/openid-configuration"
SERVER_METADATA = "/.well-known/oauth-authorization-server"
JWKS = "/.well-known/jwks.json"


@dataclass
class Deployment:
    """An app behind its issuer. `pages` answer in its place, by path; each is an ASGI app."""

    issuer: str = ""
    pages: dict[str, ASGIApp] = field(default_factory=dict)
    built: FastAPI | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self.pages.get(scope.get("path", "")) or self.app
        await app(scope, receive, send)

    @property
    def app(self) -> FastAPI:
        # Where uvicorn asks for a lifespan before the port is known, this says there is none.
        assert self.built, "there is no app yet"
        return self.built

    def token(self, *scopes: str) -> str:
        """A token of the app's own making."""
        return token_of(self.app, "ada", *(scopes or ("notes:read", "notes:write")))


@contextmanager
def deployed(
    make_app: AppMaker,
    alg: str = "RS256",
    *,
    ending: str = "",
    pages: Mapping[str, ASGIApp] | None = None,
    **settings: Any,
) -> Iterator[Deployment]:
    """An app whose issuer is the loopback address where it answers, `ending` added.

    With the ending STAGE it stands behind a gateway that takes the stage off.
    """
    deployment = Deployment(pages=dict(pages or {}))
    with served(deployment) as port:
        if ending.rstrip("/") == STAGE:
            with mounted(port) as gateway_port:
                yield _build(deployment, make_app, alg, gateway_port, ending, settings)
        else:
            yield _build(deployment, make_app, alg, port, ending, settings)


def _build(
    deployment: Deployment,
    make_app: AppMaker,
    alg: str,
    port: int,
    ending: str,
    settings: Mapping[str, Any],
) -> Deployment:
    deployment.issuer = f"http://127.0.0.1:{port}{ending}"
    deployment.built = make_app(alg=alg, issuer=deployment.issuer, **settings)
    return deployment
