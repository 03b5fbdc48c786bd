"""A public JSON document that caches may keep, and ask again about (RFC 9110, RFC 9111)."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import Request, Response

from app.tokens.encoding import base64url_encode


def published(request: Request, members: Mapping[str, Any], *, max_age: int) -> Response:
    """`members` as JSON, or 304 to whoever holds these very bytes (RFC 9110 §15.4.5).

    Caches may keep either for `max_age` seconds.
    """
    body = json.dumps(members, separators=(",", ":")).encode()
    tag = f'"{base64url_encode(hashlib.sha256(body).digest())}"'
    headers = {"Cache-Control": f"public, max-age={max_age}", "ETag": tag}
    if is_held(tag, request.headers.getlist("if-none-match")):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


def is_held(tag: str, if_none_match: Iterable[str]) -> bool:
    """Whether these If-None-Match fields name the entity tag `tag`, or any by `*`.

    RFC 9110 §13.1.2: the comparison is weak, so a `W/` before it counts for nothing.
    """
    named = ", ".join(if_none_match).strip(" \t")
    # A tag of ours holds no comma: with its quotes, it is found as a whole one or not at all.
    return named == "*" or tag in named
