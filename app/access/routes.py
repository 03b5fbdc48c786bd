"""The route table: every route of the app with its guard, and what the authorizer is told of it.

The guards in the code are the single source. `ostiary routes --write` compiles them into
`authorizer/routes.json`; a table that cannot be compiled without opening too much is refused.
"""

import json
from collections.abc import Collection, Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from app.access.entries import RouteEntry, entries_of
from app.access.entries import TableError as TableError
from app.access.overlaps import find_overlaps
from app.access.scopes import Role, RoleBook
from app.access.wildcards import safe_wildcards
from app.tokens.policy import MAX_ANSWER_BYTES, MAX_RESOURCE_CHARACTERS
from app.tokens.statements import CompiledRoutes, Statements

COMPILED_TABLE = Path(__file__).parent.parent.parent / "authorizer" / "routes.json"

# Routes that authenticate their client by themselves, where it has a secret (RFC 6749 §2.3).
CLIENT_AUTHENTICATED = frozenset(
    {("POST", "/auth/token"), ("POST", "/auth/revoke"), ("POST", "/auth/introspect")}
)
# Routes that wear no guard. At the edge each stands in both templates with `Authorizer: NONE`.
PUBLIC = CLIENT_AUTHENTICATED | frozenset(
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
        ("GET", "/status-lists/{list_id}"),
        ("POST", "/auth/login"),
        ("POST", "/users"),
    }
)

# The longest ARN up to a stage: partition, region, a 12-digit account, API id, and a stage name of
# up to 32 characters, which is what the templates take.
STAGE_ARN_CHARACTERS = 100
# What stands in an answer beside resources and scopes: its frame, and who the token is of.
_REST_BYTES = 1024


class RouteTable:
    """All routes of an app, in the order in which its router tries them."""

    def __init__(self, entries: Iterable[RouteEntry]) -> None:
        self.entries = tuple(entries)
        self.guarded = tuple(entry for entry in self.entries if entry.scope)
        self.scopes = {entry.scope.name: entry.scope for entry in self.entries if entry.scope}
        self.roles = RoleBook(self.scopes.values())
        self._reaches = find_overlaps(self.entries)

    @classmethod
    def of(cls, app: FastAPI, public: Collection[tuple[str, str]] = PUBLIC) -> "RouteTable":
        """The table of an app; TableError for a route with neither guard nor a public place."""
        # What FastAPI's `frontend` serves is found by no route context, and asks no guard.
        if any(app.router._iter_low_priority_routes()):  # noqa: SLF001
            raise TableError("app.frontend: only routes made with app.access.guards.router")
        routes = iter_route_contexts(app.routes)
        return cls(entry for route in routes for entry in entries_of(route, public))

    def methods_on(self, path: str) -> list[str]:
        """The verbs that the app has for a concrete path, for the `Allow` of a 405."""
        return sorted(entry.method for entry in self.entries if entry.regex.match(path))

    def compiled(self) -> str:
        """What `authorizer/routes.json` holds: JSON, one line for whatever a reviewer looks at.

        TableError where the policy of a built-in role would be over API Gateway's limits.
        """
        self._refuse_over_budget()
        parts = (f'  "{name}": {_lines(value)}' for name, value in self._document.items())
        return "{\n" + ",\n".join(parts) + "\n}\n"

    @cached_property
    def _document(self) -> dict[str, Any]:
        ordered = sorted(self.entries, key=lambda entry: (entry.path, entry.method))
        return {
            "routes": [
                {"method": e.method, "path": e.path, "scope": e.scope.name, "resource": e.resource}
                for e in ordered
                if e.scope
            ],
            "unguarded": [entry.resource for entry in ordered if not entry.scope],
            "safe_wildcards": safe_wildcards(self.entries),
            "reaches": {
                entry.resource: sorted({other.resource for other in self._reaches[entry]})
                for entry in ordered
                if entry in self._reaches
            },
        }

    def statements(self, role: Role, stage_arn_length: int) -> Statements:
        """The shortest statements for a role, which its policy has where listing is too long."""
        scopes = self.roles.scopes_of([role])
        ways = CompiledRoutes(self._document).ways_to_say(scopes, stage_arn_length)
        return min(ways, key=lambda way: way.length(stage_arn_length))

    def _refuse_over_budget(self) -> None:
        for entry in self.guarded:
            size = STAGE_ARN_CHARACTERS + len("/") + len(entry.resource)
            if size > MAX_RESOURCE_CHARACTERS:
                raise TableError(
                    f"{entry.name} makes a Resource of {size} characters; "
                    f"{MAX_RESOURCE_CHARACTERS} are the limit"
                )
        for role in Role:
            scopes = self.roles.scopes_of([role])
            shortest = self.statements(role, STAGE_ARN_CHARACTERS)
            size = shortest.length(STAGE_ARN_CHARACTERS) + len(" ".join(scopes)) + _REST_BYTES
            if size > MAX_ANSWER_BYTES:
                raise TableError(
                    f"the policy for the role {role.value!r} would take {size} bytes, and API "
                    f"Gateway takes {MAX_ANSWER_BYTES}: {len(shortest.allow)} resources must be "
                    f"allowed and {len(shortest.deny)} denied. Give routes that one role opens and "
                    "another does not a common beginning, or the role fewer of them"
                )


def _lines(value: list[Any] | dict[str, Any]) -> str:
    """JSON with one item a line."""
    if not value:
        return json.dumps(value)
    if isinstance(value, dict):
        items = [f"{json.dumps(key)}: {json.dumps(item)}" for key, item in value.items()]
        return "{\n    " + ",\n    ".join(items) + "\n  }"
    return "[\n    " + ",\n    ".join(map(json.dumps, value)) + "\n  ]"
