"""Routes that share texts: in the router the first one takes them, at the edge a wildcard may.

The router gives a path to the first route that takes it. A route's resource knows nothing of that:
its `?` and `*` may match what belongs to another. Here is found who reaches whom, and whether a
policy can keep them apart.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from app.access.entries import RouteEntry, TableError
from app.access.spelling import Pattern, example, may_meet

Reaches = Mapping[RouteEntry, Mapping[RouteEntry, str]]


def find_overlaps(entries: Iterable[RouteEntry]) -> Reaches:
    """Each route with those of another scope whose calls its resource matches, too; a path each.

    `entries` in the order of the router. TableError where a route is never reached, or where what
    must be denied cannot be told from what must be allowed; it names both and shows a path.
    """
    by_verb: dict[str, list[RouteEntry]] = defaultdict(list)
    for entry in entries:
        by_verb[entry.method].append(entry)
    reaches: dict[RouteEntry, dict[RouteEntry, str]] = {}
    for routes in by_verb.values():
        reaches |= _among(routes)
    _refuse_inseparable(reaches)
    return reaches


def _among(routes: Sequence[RouteEntry]) -> dict[RouteEntry, dict[RouteEntry, str]]:
    """Who reaches whom among the routes of one verb."""
    reaches: dict[RouteEntry, dict[RouteEntry, str]] = defaultdict(dict)
    for at, route in enumerate(routes):
        earlier = [e for e in routes[:at] if _may_meet(e, route)]
        _refuse_hidden(route, earlier)
        for other in routes:
            if other.scope != route.scope and _may_meet(other, route):
                # What the other's resource matches is of no route that does not meet the other.
                besides = [e for e in earlier if _may_meet(e, other)]
                path = _path_of(route, besides, Pattern(other.spelling.resource))
                if path is not None:
                    reaches[other][route] = path
    return reaches


def _may_meet(one: RouteEntry, other: RouteEntry) -> bool:
    """A quick look: a table has tens of thousands of pairs, and nearly all of them end here."""
    a, b = one.spelling, other.spelling
    if not (a.tail or b.tail) and len(a.places) != len(b.places):
        return False
    return may_meet(one.resource, other.resource)


def _path_of(route: RouteEntry, earlier: Sequence[RouteEntry], *within: Pattern) -> str | None:
    """A path that the router gives to this route, and that the patterns match; None without one."""
    try:
        return example(route.spelling, *within, besides=[e.spelling for e in earlier])
    except OverflowError:
        raise TableError(
            f"{route.name} and the {len(earlier)} routes before it that share paths with it are "
            "too many to be told apart; declare fewer, or give them other paths"
        ) from None


def _refuse_hidden(route: RouteEntry, earlier: Sequence[RouteEntry]) -> None:
    if earlier and _path_of(route, earlier) is None:
        path = example(route.spelling)
        first = next(e for e in earlier if path and e.regex.match(path))
        raise TableError(
            f"{route.name} is never reached: {first.name} comes before it, and takes {path}; "
            "declare the narrower one first, or take one away"
        )


def _refuse_inseparable(reaches: Reaches) -> None:
    """What is reached gets denied to who lacks it. That must hide nothing from who has another."""
    for route, reached in reaches.items():
        for other in reached if route.scope else ():
            for hidden, path in reaches.get(other, {}).items():
                if hidden.scope:
                    raise TableError(
                        f"{other.name} and {hidden.name} cannot be told apart at the edge, where a "
                        f"parameter stands for any characters: {path} is of the second and looks "
                        f"like the first{'' if other.scope else ', which is public'}; give one "
                        "another path, or both one scope"
                    )
