"""Scopes, and the roles that bundle them.

A scope is declared beside the guards of the resource it opens, roles included; nothing here has to
change when a resource is added.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

_NAME = re.compile(r"[a-z]+(?:-[a-z]+)*:[a-z]+")


class Role(StrEnum):
    """The built-in roles. An administrator holds every scope there is."""

    MEMBER = "member"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Scope:
    """`resource:action`, what it lets its holder do, and whether members hold it."""

    name: str
    description: str
    for_members: bool = False

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"a scope is written `resource:action`, not {self.name!r}")

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles that hold this scope."""
        return (Role.MEMBER, Role.ADMIN) if self.for_members else (Role.ADMIN,)


class RoleBook:
    """Which scopes each role holds, as the routes of one app declare them."""

    def __init__(self, scopes: Iterable[Scope]) -> None:
        known = tuple(scopes)
        self._book = {
            role: frozenset(scope.name for scope in known if role in scope.roles) for role in Role
        }

    def scopes_of(self, roles: Iterable[str]) -> frozenset[str]:
        """All that these roles hold together; a role that is not built in holds nothing."""
        held = [self._book[Role(role)] for role in roles if role in self._book]
        return frozenset().union(*held)
