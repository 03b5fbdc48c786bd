"""What differs between two access matrices, in words: who may now do what, and who no longer."""

from collections.abc import Iterator

from app.access.matrix import ANYBODY, Matrix, Row


def changes(before: Matrix, now: Matrix) -> list[str]:
    """One sentence for each thing that somebody may now do, or no longer; none where all agree."""
    old, new = ({(row.path, row.method): row for row in matrix.rows} for matrix in (before, now))
    order = (ANYBODY, *now.roles, *(role for role in before.roles if role not in now.roles))
    return [
        sentence
        for path, method in sorted(old.keys() | new.keys())
        for sentence in _of_route(
            f"{method} {path}", old.get((path, method)), new.get((path, method)), order
        )
    ]


def _of_route(name: str, old: Row | None, new: Row | None, order: tuple[str, ...]) -> Iterator[str]:
    if old and new and not old.scope and new.scope:
        holders = ", ".join(who for who in order if who in new.roles)
        yield f"{ANYBODY} may no longer {name}: it now needs the scope {new.scope} ({holders})"
        return
    had = old.who if old else frozenset()
    has = new.who if new else frozenset()
    yield from (f"{who} may now {name}" for who in order if who in has - had)
    # Where everybody is let in, nobody is shut out.
    lost = frozenset() if ANYBODY in has else had - has
    yield from (f"{who} may no longer {name}" for who in order if who in lost)
    if old and new and old.scope and new.scope and old.scope != new.scope:
        yield f"{name} now needs the scope {new.scope}, no longer {old.scope}"
