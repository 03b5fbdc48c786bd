"""Events with one to three things changed in them, the same ones for the same seed."""

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

Place = tuple[Any, Any]  # an object or array, and the key or index of one thing in it

_VALUES: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 10**30, "", " ", "*", "?", "/", "null", "Bearer", "Bearer "),
    *("TOKEN", "REQUEST", "2.0", "$default", "Bearer a.b.c", "Bearer ..", "Basic dTpw"),
    *([], {}, [[]], [None], ["*"], {"": ""}, {"Authorization": "Bearer a.b.c"}),
]
_TEXTS = ["*", "?", "${aws:userid}", "/", "//", "/*", ":", "\0", "\n", " ", ",", ";", "%2F", "é"]
_NAMES = [
    *("Authorization", "authorization", "AUTHORIZATION", "headers", ""),
    *("version", "type", "methodArn", "routeArn", "authorizationToken", "identitySource"),
]
_DECISIVE = ("authorization", "authorizationtoken", "methodarn", "routearn", "identitysource")
_OTHER_API = "arn:aws:execute-api:us-east-1:999999999999:other/prod/GET/notes"
# What other shapes are known by, and what opens an event's cache to others.
_MARKS: list[tuple[str, Any]] = [
    *(("version", value) for value in ("2.0", "1.0", 2.0, None)),
    *(("type", value) for value in ("TOKEN", "REQUEST", "request")),
    *((name, _OTHER_API) for name in ("methodArn", "routeArn")),
    *(("authorizationToken", value) for value in ("Bearer a.b.c", None)),
    *(("identitySource", value) for value in (None, [], ["Bearer a.b.c"], "Bearer a.b.c")),
]


def mutated(event: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """A copy of the event that differs from it, or at least was meant to."""
    changed = copy.deepcopy(event)
    if chance.random() < 0.1:
        return changed | copy.deepcopy(dict([chance.choice(_MARKS)]))
    for _ in range(chance.randint(1, 3)):
        place = chance.choice(list(_places(changed)) or [(changed, "type")])
        chance.choice(_CHANGES)(place, chance)
    return changed


def _places(value: Any) -> Iterator[Place]:
    """Everywhere something stands. What decides comes up more often than the rest."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in list(items):
        weight = 8 if str(key).lower() in _DECISIVE else 1
        yield from [(value, key)] * weight
        if isinstance(item, dict | list):
            yield from _places(item)


def _replace(place: Place, chance: random.Random) -> None:
    holder, key = place
    holder[key] = copy.deepcopy(chance.choice(_VALUES))


def _remove(place: Place, chance: random.Random) -> None:
    holder, key = place
    if isinstance(holder, dict):
        holder.pop(key, None)
    else:
        del holder[key:]


def _rename(place: Place, chance: random.Random) -> None:
    holder, key = place
    if isinstance(holder, dict) and key in holder:
        holder[chance.choice([*_NAMES, str(key).swapcase()])] = holder.pop(key)


def _repeat(place: Place, chance: random.Random) -> None:
    holder, key = place
    if isinstance(holder, dict):
        holder[str(key).swapcase()] = copy.deepcopy(holder.get(key))
    else:
        holder.append(copy.deepcopy(chance.choice([*holder, *_VALUES])))


def _wrap(place: Place, chance: random.Random) -> None:
    holder, key = place
    if isinstance(holder, list) or key in holder:
        holder[key] = chance.choice([[holder[key]], {"": holder[key]}, [holder[key]] * 2])


def _edit(place: Place, chance: random.Random) -> None:
    """Put something into a string, or take a stretch out of it."""
    holder, key = place
    text = holder.get(key) if isinstance(holder, dict) else holder[key]
    if not isinstance(text, str):
        return
    start, end = sorted(chance.randint(0, len(text)) for _ in range(2))
    cut = text[:start] + text[end:]
    holder[key] = chance.choice([text[:start] + chance.choice(_TEXTS) + text[start:], cut])


_CHANGES: list[Callable[[Place, random.Random], None]] = [
    *(_replace, _remove, _rename, _repeat, _wrap),
    *(_edit, _edit, _edit),
]
