"""A key set for people: each key, its state, and when its next step may be taken."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.tokens.key_states import State
from app.tokens.keys import KeySet
from app.tokens.rotation import Document, Waits, has_states, keys_in, utc, with_states

_HEAD = ("KID", "ALG", "STATE", "SINCE", "NEXT STEP")
_NOTHING = "–"


def of_document(document: Document, waits: Waits, now: float) -> str:
    """One line a key, in the order of its life; those that are gone last."""
    stated = with_states(document, now)
    known = has_states(document)
    rows = [
        (
            key["kid"],
            key["alg"],
            state,
            utc(key["since"]) if known else "not known",
            _next_step(key, stated, waits, now) if known else _first_step(state),
        )
        for state in (State.NEXT, State.ACTIVE, State.RETIRING)
        for key in keys_in(stated, state)
    ]
    gone = [
        (key["kid"], _NOTHING, State.GONE, utc(key["since"]), _NOTHING)
        for key in document.get("gone", ())
    ]
    return _columns([*rows, *gone])


def of_key_set(keys: KeySet, next_step: str) -> str:
    """The same of a set that is only read here, and tells no times."""
    signing = keys.signing.kid if keys.signing else None
    rows = [
        (kid, key.alg, "active" if kid == signing else "published", _NOTHING, next_step)
        for kid, key in keys.keys.items()
    ]
    return _columns(rows)


def _next_step(key: Mapping[str, Any], document: Document, waits: Waits, now: float) -> str:
    if key["state"] == State.ACTIVE:
        if keys_in(document, State.NEXT):
            return "retires when the next key signs"
        return "`keys generate` publishes the next key"
    does, command = ("sign", "rotate") if key["state"] == State.NEXT else ("go", "retire")
    due = waits.due(key)
    return f"may {does} now: `keys {command}`" if due <= now else f"may {does} at {utc(due)}"


def _first_step(state: State) -> str:
    return "its wait begins at the first `keys retire`" if state == State.RETIRING else _NOTHING


def _columns(rows: Iterable[tuple[str, ...]]) -> str:
    table = [_HEAD, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    )
