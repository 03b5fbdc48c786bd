"""The wildcards that a policy may use, where listing each route would make it too long.

Of one verb, `GET/notes*` stands for all routes that begin so; of all verbs, `*/notes*` for a whole
resource. A wildcard is safe where no call of any other route matches it. It is then for the policy
to deny what lies under it and is not the token's (`app/tokens/statements.py`).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from os.path import commonprefix

from app.access.entries import RouteEntry
from app.access.spelling import Pattern, Spelling, example, may_meet


def safe_wildcards(entries: Iterable[RouteEntry]) -> list[str]:
    """Those that stand for two routes at least, and are safe."""
    by_verb: dict[str, list[RouteEntry]] = defaultdict(list)
    by_folder: dict[str, list[RouteEntry]] = defaultdict(list)
    for entry in entries:
        by_verb[entry.method].append(entry)
        by_folder[_folder(entry)].append(entry)
    within_verbs = (found for routes in by_verb.values() for found in _of_a_verb(routes))
    return sorted({*within_verbs, *_of_folders(by_folder)})


def _folder(entry: RouteEntry) -> str:
    """`/notes` of GET /notes/{note_id}; what has a parameter there is of no folder: ''."""
    folder = f"/{entry.path.split('/')[1]}"
    return "" if "{" in folder else folder


def _of_a_verb(routes: Sequence[RouteEntry]) -> Iterator[str]:
    """The places where their resources part."""
    resources = sorted(entry.resource for entry in routes)
    # By characters: `GET/notes` is where GET/notes and GET/notes/{note_id} part.
    for prefix in {commonprefix(pair) for pair in pairwise(resources)}:  # noqa: RUF071
        others = [e for e in routes if not e.resource.startswith(prefix)]
        if not any(_reached(prefix, entry) for entry in others):
            yield f"{prefix}*"


def _reached(prefix: str, entry: RouteEntry) -> bool:
    if not may_meet(prefix, entry.resource):
        return False
    spelling = Spelling.of(entry.method).then(entry.spelling)
    return example(spelling, Pattern(f"{prefix}*")) is not None


def _of_folders(by_folder: dict[str, list[RouteEntry]]) -> Iterator[str]:
    for folder, routes in by_folder.items():
        others = [e for other, found in by_folder.items() if other != folder for e in found]
        guards_some = any(entry.scope for entry in routes)
        if folder.strip("/") and guards_some and not any(_holds(e, folder) for e in others):
            yield f"*{folder}*"


def _holds(entry: RouteEntry, folder: str) -> bool:
    """Whether `folder` may stand anywhere in a path of this route: `*` crosses slashes."""
    places = entry.spelling.places
    starts = (at for at, place in enumerate(places) if "/" in place)
    return entry.spelling.tail or any(
        len(places) - at >= len(folder)
        and all(c in place for c, place in zip(folder, places[at:], strict=False))
        for at in starts
    )
