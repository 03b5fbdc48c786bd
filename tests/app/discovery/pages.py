"""Pages of other people's making, to stand in for those of a deployment; what doctor says."""

import json
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.doctor.examination import examine
from app.doctor.pages import Get, get
from app.doctor.report import Check, Verdict
from tests.app.discovery.deployed import JWKS, Deployment
from tests.support import private_jwk

CACHED = {"Cache-Control": "public, max-age=300", "ETag": '"one"'}
PUBLIC_MEMBERS = ("kty", "kid", "alg", "use", "n", "e", "crv", "x", "y")


def wrong_rows(deployment: Deployment, get: Get = get) -> dict[str, Check]:
    """What `ostiary doctor` finds wrong there, by the names of the rows."""
    checks = examine(deployment.issuer, address="127.0.0.1", get=get)
    return {check.name: check for check in checks if check.verdict is Verdict.WRONG}


class Cached:
    """A page as a good server sends it: cached, with an entity tag and a 304."""

    def __init__(self, members: Any, **headers: str) -> None:
        """Of the headers, one that is empty is left out."""
        self._members = members
        self._headers = CACHED | headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name: value for name, value in self._headers.items() if value}
        held = dict(scope["headers"]).get(b"if-none-match", b"").decode()
        if held and held == headers.get("ETag"):
            await Response(status_code=304, headers=headers)(scope, receive, send)
            return
        body = json.dumps(self._members)
        answer = Response(body, headers=headers, media_type="application/json")
        await answer(scope, receive, send)


def metadata_of(deployment: Deployment, **changes: Any) -> dict[str, Any]:
    """The least that a good discovery document says; a change to None leaves a member out."""
    members = {
        "issuer": deployment.issuer,
        "jwks_uri": f"{deployment.issuer}{JWKS}",
        "response_types_supported": [],
        "grant_types_supported": [],
        **changes,
    }
    return {name: value for name, value in members.items() if value is not None}


def public_jwk(alg: str = "RS256") -> dict[str, Any]:
    """The public half of a key."""
    jwk = private_jwk(alg)
    return {name: jwk[name] for name in PUBLIC_MEMBERS if name in jwk}


def json_page(text: bytes | str, status: int = 200) -> Response:
    """An answer of these very bytes, cached, and never a 304."""
    return Response(text, status_code=status, headers=CACHED, media_type="application/json")
