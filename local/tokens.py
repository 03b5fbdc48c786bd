"""Tokens for showing: taken apart, spoilt, and signed with the edge's own key."""

import base64
import json
import time
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from app.database import Database
from app.sessions.places import take_place
from app.tokens.claims import StatusReference
from app.tokens.issue import Issuer
from app.tokens.urls import status_list_uri
from local.cloud import AUDIENCE, Edge

LIFETIME = 600


def read(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token, for the eyes alone: nothing is verified."""
    header, claims, _ = token.split(".")
    return _decoded(header), _decoded(claims)


def tampered(token: str, **claims: Any) -> str:
    """The token with other claims and the signature it had."""
    header, old, signature = token.split(".")
    return f"{header}.{_encoded(_decoded(old) | claims)}.{signature}"


def issued(edge: Edge, *scopes: str, seconds_ago: float = 0) -> str:
    """A token such as the edge itself issues, signed with its key by a clock that runs late.

    It is of no session, but has a place in a status list of the edge, where nobody ended it.
    """
    issuer = Issuer(
        edge.signing_keys(),
        issuer=edge.url,
        audience=AUDIENCE,
        lifetime=LIFETIME,
        clock=lambda: time.time() - seconds_ago,
    )
    return issuer.issue(sub="demo", client_id="ostiary", scopes=scopes, status=new_place(edge))


def new_place(edge: Edge) -> StatusReference:
    """A place in a status list of the edge that nobody has."""
    with closing(Database(edge.database_url)) as database, database.transaction() as session:
        place = take_place(session, datetime.now(UTC))
    return StatusReference(place.idx, status_list_uri(edge.status_lists, str(place.list_id)))


def _decoded(segment: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(base64.urlsafe_b64decode(segment + "=="))
    return document


def _encoded(document: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")
