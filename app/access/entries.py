"""One route as the table knows it: a verb, a path, and the scope that opens it."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from fastapi.routing import RouteContext

from app.access.convertors import HouseConvertor
from app.access.guards import GuardedRoute, guards_of
from app.access.scopes import Scope
from app.access.spelling import Spelling

_VERB = re.compile(r"[A-Z]+")
# RFC 3986 §2.3. Among what else a path may hold are `*`, `?` and `$`, which a policy reads.
_SEGMENTS = re.compile(r"/|(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~-]+)+")
_PARAMETER = re.compile(r"\{(\w+)\}")


class TableError(Exception):
    """The routes cannot be told to the edge as they are; the message names them."""


@dataclass(frozen=True, slots=True)
class RouteEntry:
    """One verb on one path, and the scope that opens it; None where the edge does not guard it.

    `spelling` is what the path takes, `regex` the same as the app's router has it; `resource` the
    end of an execute-api ARN that matches every call of this route.
    """

    method: str
    path: str
    scope: Scope | None
    resource: str
    spelling: Spelling
    regex: re.Pattern[str]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


def entries_of(route: RouteContext, public: Collection[tuple[str, str]]) -> Iterator[RouteEntry]:
    """An entry for each verb of a route; TableError where the edge could not be told of it."""
    if not isinstance(route.original_route, GuardedRoute):
        raise TableError(f"{route.path}: only routes made with app.access.guards.router")
    scopes = [guard.scope for guard in guards_of(route.dependant)]
    # As it is declared, but for `:id`, which nearly every parameter is.
    path = str(route.path).replace(":id}", "}")
    if scopes != [guard.scope for guard in guards_of(route.original_route.dependant)]:
        raise TableError(
            f"{path}: a guard stands in the signature of the route, or among the dependencies of "
            "its own router; where a router is included, no guard is asked before the body is read"
        )
    for method in sorted(route.methods or ()):
        name = f"{method} {path}"
        _check_guards(name, len(scopes), (method, path) in public)
        if not _VERB.fullmatch(method) or (scopes and method == "OPTIONS"):
            raise TableError(
                f"{name}: a verb is written in capitals, and API Gateway answers OPTIONS itself"
            )
        scope, spelling = scopes[0] if scopes else None, _spelling(name, route)
        resource = method + spelling.resource
        yield RouteEntry(method, path, scope, resource, spelling, route.path_regex)


def _check_guards(name: str, guards: int, is_public: bool) -> None:
    if guards > 1:
        raise TableError(f"{name} wears {guards} guards; a route wears one")
    if not guards and not is_public:
        raise TableError(f"{name} wears no guard and is not on the public list")
    if guards and is_public:
        raise TableError(f"{name} wears a guard and stands on the public list too")


def _spelling(name: str, route: RouteContext) -> Spelling:
    """The path's literals and parameters, each with its spelling."""
    path = str(route.path_format)
    if not _SEGMENTS.fullmatch(_PARAMETER.sub("x", path)):
        raise TableError(
            f"{name}: a path has segments of letters, digits and `-._~` between single slashes, "
            "and no slash at its end; another is never called, or reads as a wildcard in a policy"
        )
    spelling = Spelling(())
    for literal, parameter in _pieces(path):
        if spelling.tail:
            raise TableError(f"{name}: a `tail` ends a path; nothing comes behind it")
        spelling = spelling.then(Spelling.of(literal))
        if parameter:
            convertor = route.param_convertors[parameter]
            if not isinstance(convertor, HouseConvertor):
                raise TableError(
                    f"{name}: the parameter {parameter!r} needs the convertor `id`, as in "
                    f"`{{{parameter}:id}}`, or `tail`; another has more than one spelling"
                )
            spelling = spelling.then(convertor.spelling)
    return spelling


def _pieces(path: str) -> Iterator[tuple[str, str]]:
    """Each literal of a path with the parameter behind it, the last perhaps with none."""
    *pieces, last = _PARAMETER.split(path)
    yield from zip(pieces[::2], pieces[1::2], strict=True)
    if last:
        yield last, ""
