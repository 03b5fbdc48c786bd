"""What a row of the table is, and which doors a token goes through."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from tests.doors.forge import Forge

Verdict = Literal["good", "bad"]
Door = Literal[
    "verify",
    "uvicorn",
    "lambda",
    "authorizer TOKEN",
    "authorizer REQUEST",
    "authorizer HTTP API",
]
Build = Callable[[Forge], str]

DOORS: tuple[Door, ...] = get_args(Door)
BY_HTTP: tuple[Door, ...] = ("uvicorn", "lambda")
FAMILIES = ("RS256", "ES256", "HS256")
NOWHERE: Mapping[Door, str] = {}


@dataclass(frozen=True)
class Row:
    """One token: how it is made, for which families of keys, and what every door must say.

    `not_through` names the doors that such a token cannot come to, and why.
    """

    group: str
    name: str
    build: Build
    verdict: Verdict
    families: tuple[str, ...]
    not_through: Mapping[Door, str] = field(default_factory=dict)


def rows(
    group: str,
    builders: Mapping[str, Build],
    *,
    verdict: Verdict = "bad",
    families: tuple[str, ...] = FAMILIES,
    not_through: Mapping[Door, str] = NOWHERE,
) -> tuple[Row, ...]:
    """A row for each name and what builds its token, alike in everything else."""
    return tuple(
        Row(group, name, build, verdict, families, not_through) for name, build in builders.items()
    )
