"""The route table: every route of the app with its guard, and what the authorizer is told of it.

The guards in the code are the single source. `ostiary routes --write` compiles them into
`authorizer/routes.json`; a table that cannot be compiled without opening too much is refused.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts

from app.access.convertors import IdConvertor
from app.access.guards import GuardedRoute, guards_of
from app.access.scopes import RoleBook, Scope

COMPILED_TABLE = Path(__file__).parent.parent.parent / "authorizer" / "routes.json"

# Routes that anybody may call. At the edge each stands in template.yaml with `Authorizer: NONE`.
PUBLIC = frozenset(
    {
        ("GET", "/health"),
        ("GET", "/ready"),
        ("GET", "/.well-known/jwks.json"),
        ("GET", "/.well-known/oauth-authorization-server"),
        ("GET", "/.well-known/openid-configuration"),
        ("GET", "/docs"),
        ("GET", "/docs/swagger-ui-bundle.js"),
        ("GET", "/docs/swagger-ui.css"),
        ("GET", "/openapi.json"),
        ("POST", "/auth/login"),
        ("POST", "/users"),
    }
)

MAX_RESOURCE_CHARACTERS = 512  # API Gateway's limit for one Resource of a policy
MAX_POLICY_BYTES = 8192
# The longest ARN up to a stage: partition, region, a 12-digit account, API id, and a stage name of
# up to 128 characters.
_STAGE_ARN_CHARACTERS = 200
_PARAMETER = re.compile(r"\{[^}]*\}")


class TableError(Exception):
    """The routes cannot be told to the edge as they are; the message names them."""


@dataclass(frozen=True, slots=True)
class RouteEntry:
    """One verb on one path, and the scope that opens it; None where it is public."""

    method: str
    path: str
    scope: Scope | None
    resource: str
    regex: re.Pattern[str]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


class RouteTable:
    """All routes of an app, in the order in which its router tries them."""

    def __init__(self, entries: Iterable[RouteEntry]) -> None:
        self.entries = tuple(entries)
        self.guarded = tuple(entry for entry in self.entries if entry.scope)
        self.scopes = {entry.scope.name: entry.scope for entry in self.entries if entry.scope}
        self.roles = RoleBook(self.scopes.values())
        _refuse_overlaps(self.guarded)
        _refuse_over_budget(self.guarded)

    @classmethod
    def of(cls, app: FastAPI) -> "RouteTable":
        """The table of an app; TableError for a route with neither guard nor a public place."""
        entries: list[RouteEntry] = []
        for route in iter_route_contexts(app.routes):
            if not isinstance(route.original_route, GuardedRoute):
                raise TableError(f"{route.path}: only routes made with app.access.guards.router")
            guards = tuple(guards_of(route.dependant))
            scopes = [guard.scope for guard in guards]
            entries += [_entry(method, route, scopes) for method in sorted(route.methods or ())]
        return cls(entries)

    def methods_on(self, path: str) -> list[str]:
        """The verbs that the app has for a concrete path, for the `Allow` of a 405."""
        return sorted(entry.method for entry in self.entries if entry.regex.match(path))

    def compiled(self) -> str:
        """What `authorizer/routes.json` holds: JSON, one guarded route a line."""
        lines = (
            json.dumps(
                {
                    "method": entry.method,
                    "path": entry.path,
                    "scope": entry.scope.name,
                    "resource": entry.resource,
                }
            )
            for entry in sorted(self.guarded, key=lambda entry: (entry.path, entry.method))
            if entry.scope
        )
        return '{\n  "routes": [\n    ' + ",\n    ".join(lines) + "\n  ]\n}\n"


def _entry(method: str, route: RouteContext, scopes: list[Scope]) -> RouteEntry:
    path = str(route.path_format)
    name = f"{method} {path}"
    if len(scopes) > 1:
        raise TableError(f"{name} wears {len(scopes)} guards; a route wears one")
    if not scopes and (method, path) not in PUBLIC:
        raise TableError(f"{name} wears no guard and is not on the public list")
    if scopes and (method, path) in PUBLIC:
        raise TableError(f"{name} wears a guard and stands on the public list too")
    resource = f"{method}{_PARAMETER.sub(IdConvertor.arn_pattern, path)}"
    for parameter, convertor in route.param_convertors.items():
        if not isinstance(convertor, IdConvertor):
            raise TableError(
                f"{name}: the parameter {parameter!r} needs the convertor `id`, as in "
                f"`{{{parameter}:id}}`; another has more than one spelling"
            )
    return RouteEntry(method, path, scopes[0] if scopes else None, resource, route.path_regex)


def _refuse_overlaps(entries: Iterable[RouteEntry]) -> None:
    """`?` stands for any character, so one route's resource may match another route's path."""
    for one, other in combinations(entries, 2):
        if one.scope != other.scope and _overlap(one.resource, other.resource):
            raise TableError(
                f"{one.name} and {other.name} need different scopes, but at the edge a path can be "
                "of both; give one of them another path"
            )


def _overlap(one: str, other: str) -> bool:
    """Whether some text matches both patterns; `?` is their only wildcard."""
    return len(one) == len(other) and all(
        a == b or "?" in (a, b) for a, b in zip(one, other, strict=True)
    )


def _refuse_over_budget(entries: Iterable[RouteEntry]) -> None:
    sizes = {entry.name: _STAGE_ARN_CHARACTERS + 1 + len(entry.resource) for entry in entries}
    for name, size in sizes.items():
        if size > MAX_RESOURCE_CHARACTERS:
            raise TableError(f"{name} makes a Resource of {size} characters; 512 are the limit")
    whole = sum(size + len('"",') for size in sizes.values())
    if whole > MAX_POLICY_BYTES - 1024:
        raise TableError(
            f"the {len(sizes)} guarded routes make a policy of {whole} bytes for an administrator; "
            f"with its frame it must stay under {MAX_POLICY_BYTES}"
        )
