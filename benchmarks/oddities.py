"""Tokens under a good signature that stretch the rules: who takes them shows who looks closely."""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from jose import jwk as jose_jwk

from app.tokens.encoding import base64url_decode, base64url_encode
from benchmarks.field import Contender, Side
from benchmarks.material import Material
from benchmarks.processes import Worker

_BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def judge_oddities(contenders: Sequence[Contender]) -> dict[str, dict[str, bool]]:
    """For each oddity whether it is allowed, by the contender's name; RS256."""
    material = Material("RS256")
    tokens = odd_tokens(material)
    allowed: dict[str, dict[str, bool]] = {name: {} for name in tokens}
    for contender in contenders:
        if contender.side is Side.LIMIT:
            continue
        with Worker(contender, material.environment()) as worker:
            for name, policy in zip(tokens, worker.judge([*tokens.values()]), strict=True):
                allowed[name][contender.name] = policy is not None
    return allowed


def odd_tokens(material: Material) -> dict[str, str]:
    """By what is odd about each, the first being as it should be."""
    jwk, (good,) = material.jwks[0], material.tokens(1)
    header, claims = (json.loads(base64url_decode(s.encode())) for s in good.split(".")[:2])
    now = int(time.time())

    def signed(head: Mapping[str, Any] | bytes, body: Mapping[str, Any] | bytes) -> str:
        parts = (part if isinstance(part, bytes) else _json(part) for part in (head, body))
        signing_input = ".".join(map(base64url_encode, parts))
        signature = jose_jwk.construct(jwk, jwk["alg"]).sign(signing_input.encode())
        return f"{signing_input}.{base64url_encode(signature)}"

    return {
        "none": good,
        "two members of one name in the header": signed(_twice(header, "kid"), claims),
        "two members of one name in the payload": signed(header, _twice(claims, "sub")),
        "another spelling of the signature": good[:-1] + _next(good[-1]),
        "an unknown extension that is `crit`ical": signed(header | {"crit": ["x"], "x": 1}, claims),
        "a key's address in the header (`jku`)": signed(header | {"jku": "https://x.test"}, claims),
        "12 KB": signed(header, claims | {"x": "x" * 12_000}),
        "JSON 300 levels deep": signed(header, _deep(claims, 300)),
        "a life of two days": signed(header, claims | {"exp": now + 172_800}),
        "issued in an hour": signed(header, claims | {"iat": now + 3600}),
        "`exp` as a string": signed(header, claims | {"exp": str(now + 600)}),
        "several audiences": signed(header, claims | {"aud": [claims["aud"], "other"]}),
    }


def _json(members: Mapping[str, Any]) -> bytes:
    return json.dumps(members).encode()


def _twice(members: Mapping[str, Any], name: str) -> bytes:
    return _json(members)[:-1] + b"," + _json({name: members[name]})[1:]


def _deep(members: Mapping[str, Any], levels: int) -> bytes:
    return _json(members)[:-1] + b',"x":' + b"[" * levels + b"]" * levels + b"}"


def _next(character: str) -> str:
    """The character whose last bits, which belong to no byte, are others."""
    return _BASE64URL[_BASE64URL.index(character) + 1]
