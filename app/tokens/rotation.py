"""Rotation: which step of a key's life may be taken, and when. Pure: a JWK Set in, a JWK Set out.

    publish          activate           activate (of another)           retire
(new) ───▶ next ───────────────▶ active ─────────────────────▶ retiring ───────▶ gone

A step waits until whoever still works with the set before it can no longer be harmed. `now` is in
seconds since the epoch; a document is a JWK Set that `parse_key_set` has taken, and is never
changed in place.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import Any, Self

from app.tokens.key_ring import REREAD_SECONDS
from app.tokens.key_states import State
from app.tokens.verify import LEEWAY_SECONDS

# "API Gateway can cache the public key for two hours":
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
NATIVE_CACHE_SECONDS = 7200
Document = Mapping[str, Any]
# What becomes of a set, or of there being none.
Step = Callable[[Document | None], Document]


class RotationError(Exception):
    """The step must not be taken, or not yet; the message says when, or what comes first."""


@dataclass(frozen=True, slots=True)
class Waits:
    """For how many seconds a key stays next before it signs, and retiring before it goes."""

    before_signing: int
    before_going: int

    @classmethod
    def between(cls, *, jwks_max_age: int, token_seconds: int) -> Self:
        """From the caches that lie in between, one behind the other.

        A verifier may be without a published key until each process of the app has read the set
        again, the JWKS that was fetched before that is stale, and the slowest one asks anew.
        A retiring key signs until each process has read the set again; then its last token lives.
        """
        return cls(
            before_signing=REREAD_SECONDS + jwks_max_age + NATIVE_CACHE_SECONDS,
            before_going=REREAD_SECONDS + token_seconds + LEEWAY_SECONDS,
        )

    def due(self, key: Mapping[str, Any]) -> int:
        """When a key that is next may sign, or one that is retiring may go."""
        since: int = key["since"]
        return since + (self.before_signing if key["state"] == State.NEXT else self.before_going)


def first(jwk: Mapping[str, Any], now: float) -> Document:
    """A set of one key, which signs at once: nobody holds an older set."""
    return {"keys": [_entering(jwk, State.ACTIVE, now)]}


def has_states(document: Document) -> bool:
    """Whether the set's keys tell their states; one that was made by hand may not."""
    return any("state" in key for key in document["keys"])


def with_states(document: Document, now: float) -> Document:
    """The same set with a state for each key: the first private key signs, the rest verify.

    How long they have done so nobody knows, so their waits begin now.
    """
    if has_states(document):
        return document
    private = [key["kid"] for key in document["keys"] if key["kty"] == "oct" or "d" in key]
    if not private:
        raise RotationError(
            "no key of the set has its private half, so it is not the set that signs: rotate that"
        )
    states = {private[0]: State.ACTIVE}
    return {
        **document,
        "keys": [
            _entering(key, states.get(key["kid"], State.RETIRING), now) for key in document["keys"]
        ],
    }


def keys_in(document: Document, state: State) -> list[dict[str, Any]]:
    """The keys of a set with states that are in this one."""
    return [key for key in document["keys"] if key["state"] == state]


def publish(document: Document, new: Mapping[str, Any], now: float) -> Document:
    """With a `new` private JWK as the next key: everyone may see it, nobody signs with it yet."""
    document = with_states(document, now)
    for waiting in keys_in(document, State.NEXT):
        raise RotationError(
            f"{waiting['kid']} is the next key already: `ostiary keys rotate` lets it sign, and "
            f"`ostiary keys retire {waiting['kid']}` drops it"
        )
    used = {key["kid"] for key in (*document["keys"], *document.get("gone", ()))}
    if new["kid"] in used:
        raise RotationError(f"the kid {new['kid']} was used before, and no kid is used twice")
    return {**document, "keys": [*document["keys"], _entering(new, State.NEXT, now)]}


def activate(document: Document, now: float, waits: Waits, *, emergency: bool = False) -> Document:
    """With the next key as the one that signs; the one that signed only verifies from now.

    `emergency` does not wait: there will be verifiers that do not know the key yet.
    """
    document = with_states(document, now)
    chosen = keys_in(document, State.NEXT)
    if not chosen:
        raise RotationError(
            "there is no next key: publish one with `ostiary keys generate`, and rotate "
            f"{in_minutes(waits.before_signing)} later"
        )
    due = waits.due(chosen[0])
    if now < due and not emergency:
        raise RotationError(
            f"{chosen[0]['kid']} must not sign yet, since some verifiers may hold a set without "
            f"it: the rotation may be taken at {utc(due)}, in {in_minutes(due - now)}"
        )
    moved = {State.NEXT: State.ACTIVE, State.ACTIVE: State.RETIRING}
    keys = [
        _entering(key, moved[key["state"]], now) if key["state"] in moved else key
        for key in document["keys"]
    ]
    return {**document, "keys": keys}


def retire(
    document: Document, kid: str | None, now: float, waits: Waits, *, emergency: bool = False
) -> Document:
    """Without this key; its kid stays among those that are gone. None: the retiring one.

    `emergency` does not wait: tokens that it signed and that have not expired will be refused.
    """
    document = with_states(document, now)
    key = _to_retire(document, kid)
    if key["state"] == State.ACTIVE:
        raise RotationError(
            f"{key['kid']} signs: rotate first (`ostiary keys generate`, `ostiary keys rotate`)"
        )
    due = waits.due(key)
    if key["state"] == State.RETIRING and now < due and not emergency:
        raise RotationError(
            f"{key['kid']} must not go yet, since tokens that it signed may still be in use: the "
            f"retirement may be taken at {utc(due)}, in {in_minutes(due - now)}"
        )
    return {
        **document,
        "keys": [kept for kept in document["keys"] if kept is not key],
        "gone": [*document.get("gone", ()), {"kid": key["kid"], "since": ceil(now)}],
    }


def _to_retire(document: Document, kid: str | None) -> dict[str, Any]:
    if kid is not None:
        named: list[dict[str, Any]] = [key for key in document["keys"] if key["kid"] == kid]
        if not named:
            raise RotationError(f"no key of the set has the kid {kid}; see `ostiary keys list`")
        return named[0]
    retiring = keys_in(document, State.RETIRING)
    if not retiring:
        raise RotationError("no key is retiring; see `ostiary keys list`")
    if len(retiring) > 1:
        kids = ", ".join(key["kid"] for key in retiring)
        raise RotationError(f"several keys are retiring, so name the one to retire: {kids}")
    return retiring[0]


def _entering(jwk: Mapping[str, Any], state: State, now: float) -> dict[str, Any]:
    # Rounded up: a wait that is measured from here never ends too early.
    return {**jwk, "state": state.value, "since": ceil(now)}


def utc(moment: float) -> str:
    """A moment in seconds since the epoch as RFC 3339 has it, in UTC."""
    try:
        return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return f"{moment} s after 1970"  # no calendar reaches there, but a set may say it


def in_minutes(seconds: float) -> str:
    """A span of time for people, in whole minutes, rounded up."""
    minutes = ceil(seconds / 60)
    return f"{minutes} minute{'' if minutes == 1 else 's'}"
