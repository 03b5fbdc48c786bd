"""A step of a rotation taken in a store: judged by the clock, proved, then written."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from app.keys.stores import KeyStore, proved
from app.settings import Settings, SettingsError
from app.tokens.errors import KeySetError
from app.tokens.generate import DEFAULT_ALG, generate_key
from app.tokens.key_states import State
from app.tokens.rotation import Document, first, has_states, keys_in, publish, with_states

clock: Callable[[], float] = time.time
# The set, or None, and the time in seconds since the epoch: to the set after the step.
TimedStep = Callable[[Document | None, float], Document]


def change(
    store: KeyStore, settings: Settings, step: TimedStep
) -> tuple[Document | None, Document]:
    """The set as `step` found it, with states, and as the store took it."""
    before: Document | None = None

    def proved_step(found: Document | None) -> Document:
        nonlocal before
        now = clock()
        before = found and with_states(found, now)
        return proved(step(before, now), settings)

    after = store.change(proved_step)
    return before, after


def start_waits(store: KeyStore) -> bool:
    """Give the keys states where they tell none; whether that was so.

    A change of its own, since the step after it is refused: without it, the waits of a set that
    was made by hand would begin anew at each try, and never end.
    """
    found = store.read()
    if found is None or has_states(found):
        return False
    store.change(lambda document: with_states(there(document, store), clock()))
    return True


def there(document: Document | None, store: KeyStore) -> Document:
    """The set itself; KeySetError where there is none."""
    if document is None:
        raise KeySetError(
            f"there is no key set at {store.where}; make one with `ostiary keys generate`"
        )
    return document


def with_new_key(document: Document | None, alg: str | None, now: float) -> Document:
    """With a new key, as the next one, or as the first; without `alg`, like the active key."""
    if document is None:
        return first(_new_key(alg or DEFAULT_ALG), now)
    (active,) = keys_in(document, State.ACTIVE)
    return publish(document, _new_key(alg or active["alg"]), now)


def _new_key(alg: str) -> Mapping[str, Any]:
    try:
        return generate_key(alg)
    except ValueError as error:
        raise SettingsError(str(error)) from None
