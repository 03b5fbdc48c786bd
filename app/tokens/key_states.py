"""The life of a key, as a key set tells it: next → active → retiring → gone.

Each key may carry two members beside those of RFC 7517: `state`, and `since`, when it came to it,
in seconds since the epoch. Those that are gone have left their kids in the set's member `gone`, so
that no kid is ever used twice. A set in which no key carries a state is as good: its first private
key signs, and every key of it verifies.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from app.tokens.errors import KeySetError, quoted
from app.tokens.jwk_members import PRIVATE_MEMBERS, is_kid


class State(StrEnum):
    """What a key of a set is for."""

    NEXT = "next"  # published, so that every cache knows it before it signs
    ACTIVE = "active"  # signs
    RETIRING = "retiring"  # verifies what it has signed
    GONE = "gone"  # verifies nothing; only its kid is left


_PRIVATE_MEMBERS = PRIVATE_MEMBERS | {"k"}
LATEST = 253_402_300_799  # the last second of the year 9999, which is the last of calendars
IN_USE = (State.NEXT, State.ACTIVE, State.RETIRING)


def check_states(members: Mapping[str, Any]) -> None:
    """Refuse, with a KeySetError, a set whose states are none, or leave open which key signs.

    `members` are those of a JWK Set whose `keys` have passed as JWKs.
    """
    keys, gone = members["keys"], members.get("gone", [])
    if not isinstance(gone, list) or not all(isinstance(key, dict) for key in gone):
        raise KeySetError("'gone' must be an array of objects with 'kid' and 'since'")
    for key in keys:
        _check_member(key, IN_USE)
    for key in gone:
        if not _PRIVATE_MEMBERS.isdisjoint(key):
            raise KeySetError("a key in 'gone' still has private members: leave its 'kid' alone")
        _check_member(key | {"state": State.GONE}, (State.GONE,))
    back = {key["kid"] for key in keys} & {str(key.get("kid")) for key in gone}
    if back:
        raise KeySetError(
            f"the kid {quoted(min(back))} is gone and must not come back: kids are never reused"
        )
    states = [key.get("state") for key in keys]
    if any(states) and (None in states or states.count(State.ACTIVE) != 1):
        raise KeySetError(
            "either no key of the set has a 'state', or every key has one and exactly one is "
            f"{State.ACTIVE.value!r}"
        )


def _check_member(key: Mapping[str, Any], allowed: tuple[State, ...]) -> None:
    kid, state, since = key.get("kid"), key.get("state"), key.get("since")
    if "state" not in key:
        return
    if not is_kid(kid) or not isinstance(state, str) or state not in allowed:
        raise KeySetError(
            f"the state of key {quoted(kid)} must be one of {', '.join(allowed)}, "
            f"not {quoted(state)}"
        )
    if type(since) is not int or not 0 <= since <= LATEST:
        raise KeySetError(
            f"the key {quoted(kid)} must tell in 'since' when it became {state}, in whole seconds "
            f"since the epoch, not {quoted(since)}"
        )
