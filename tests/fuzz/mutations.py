"""Mutations of a recipe that keep its shape: another member, or another way to sign it."""

import json
import random
from dataclasses import replace
from typing import Any

from tests.fuzz.harness import MODES, SEPARATOR, SIGNED, Recipe, read, write
from tests.support import ALGORITHMS

NOW = 1_800_000_000
NAMES = (
    *("typ", "alg", "kid", "crit", "b64", "zip", "jwk", "jku", "x5c"),
    *("iss", "sub", "aud", "exp", "iat", "nbf", "jti", "client_id", "scope", "sid", "auth_time"),
    *(
        "status",
        "amr",
        "keys",
        "kty",
        "use",
        "key_ops",
        "crv",
        "x",
        "y",
        "n",
        "e",
        "k",
        "d",
        "unknown",
    ),
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, "", " ", [], {}, [[]], {"a": {}}, "\ud800", "\n", "é"),
    *("at+jwt", "application/at+jwt", "none", "*", "ES256", "HS256", "ostiary", "sig", "AQAB"),
    *("account:read notes:read", "a  b", ["pwd"], ["pwd", 1], "x" * 255, "x" * 256, 10**40),
    *({"status_list": {"idx": idx, "uri": uri}} for idx in (0, -1, True) for uri in ("a", "")),
    *(NOW - 5, NOW - 4, NOW + 5, NOW + 6, NOW + 86_405, NOW + 86_406, float(NOW), str(NOW)),
)


def mutate(data: bytes, chance: random.Random) -> bytes:
    """Another recipe, near to this one."""
    recipe = read(data)
    change = chance.choice((_other_alg, _other_mode, _sign, _member, _member, _member, _double))
    return write(change(recipe, chance))


def _other_alg(recipe: Recipe, chance: random.Random) -> Recipe:
    return replace(recipe, alg=chance.choice(ALGORITHMS))


def _other_mode(recipe: Recipe, chance: random.Random) -> Recipe:
    return replace(recipe, mode=chance.choice(MODES))


def _sign(recipe: Recipe, chance: random.Random) -> Recipe:
    """Signs what may not have been, and lets the header agree: so the payload is read at all."""
    header, *others = recipe.rest.split(SEPARATOR)
    members = _object(header) or {"typ": "at+jwt"}
    members |= {"alg": recipe.alg, "kid": recipe.alg}
    rest = SEPARATOR.join([_bytes(members), *others])
    return replace(recipe, mode=chance.choice(sorted(SIGNED)), rest=rest)


def _member(recipe: Recipe, chance: random.Random) -> Recipe:
    """One member put in, changed or taken out, in one of the parts."""
    parts = recipe.rest.split(SEPARATOR)
    at = chance.randrange(len(parts))
    members = _object(parts[at])
    if members is None:
        return _sign(recipe, chance)
    keys = members.get("keys")
    target = keys[0] if isinstance(keys, list) and keys and isinstance(keys[0], dict) else members
    name = chance.choice((*target, *NAMES))
    if chance.random() < 0.2:
        target.pop(name, None)
    else:
        target[name] = chance.choice((*VALUES, *target.values()))
    parts[at] = _bytes(members)
    return replace(recipe, rest=SEPARATOR.join(parts))


def _double(recipe: Recipe, chance: random.Random) -> Recipe:
    """A member twice, in front or behind, as no library writes it."""
    parts = recipe.rest.split(SEPARATOR)
    at = chance.randrange(len(parts))
    extra = f"{json.dumps(chance.choice(NAMES))}:{json.dumps(chance.choice(VALUES))}".encode()
    if chance.random() < 0.5:
        parts[at] = parts[at].replace(b"{", b"{" + extra + b",", 1)
    else:
        parts[at] = b"," + extra + b"}" if not parts[at] else parts[at][:-1] + b"," + extra + b"}"
    return replace(recipe, rest=SEPARATOR.join(parts))


def _object(part: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(part)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _bytes(members: dict[str, Any]) -> bytes:
    return json.dumps(members, separators=(",", ":")).encode()
