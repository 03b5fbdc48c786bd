"""What scopes open at the edge: the statements of an IAM policy. Pure, for the authorizer and for
whoever explains it.

As long as it is short enough, a policy lists the routes one by one: what is listed stays exact even
while a deployment adds routes and API Gateway still keeps the policy. Where the list is too long,
wildcards stand for many routes, within one resource first, and denials take out of them what the
token lacks. A denial always wins, so it may stand only where it hides nothing that is allowed.

Which wildcards are safe, and which routes reach each other, `app/access` has found out when it
compiled the table. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from app.tokens.wildcards import Tree


class Statements(NamedTuple):
    """Resources to allow, and to deny, each the end of an execute-api ARN: `VERB/path`."""

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()

    def length(self, stage_arn_length: int) -> int:
        """How many characters the resources take in JSON, in ARNs of a stage."""
        each = stage_arn_length + len('/"", ')
        return sum(each + len(resource) for resource in (*self.allow, *self.deny))


class CompiledRoutes:
    """The compiled route table (`authorizer/routes.json`), as `ostiary routes --write` makes it.

    `routes` has of each guarded route its `method`, `path`, `scope` and `resource`; `unguarded` the
    resources that no policy opens; `safe_wildcards` what may stand for many of them; `reaches` of a
    resource those of other scopes whose calls it matches, too.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.routes: tuple[Mapping[str, str], ...] = tuple(document["routes"])
        self._unguarded: tuple[str, ...] = tuple(document["unguarded"])
        self._wildcards: tuple[str, ...] = tuple(document["safe_wildcards"])
        self._reaches: Mapping[str, list[str]] = document["reaches"]

    def ways_to_say(self, scopes: frozenset[str], stage_arn_length: int) -> Iterator[Statements]:
        """Statements that open exactly what these scopes open, from the plainest to the shortest.

        All say the same of every call that has a route. Where the scopes open nothing, there is one
        way to say it: no statement.
        """
        held = frozenset(route["resource"] for route in self.routes if route["scope"] in scopes)
        yield self._listed(held)
        if held:
            # Most tables are never too long to list: a cold start does without this.
            from app.tokens.wildcards import Choice

            choice = Choice(held, self._reaches, stage_arn_length)
            yield from map(choice.opened, self._trees)

    def _listed(self, held: frozenset[str]) -> Statements:
        """Each route by itself, and denied what it reaches of those that are not held."""
        reached = {other for one in held for other in self._reaches.get(one, ())}
        return Statements(tuple(sorted(held)), tuple(sorted(reached - held)))

    @cached_property
    def _trees(self) -> "tuple[Tree, ...]":
        from app.tokens.wildcards import trees

        resources = {*(route["resource"] for route in self.routes), *self._unguarded}
        return trees(self._wildcards, sorted(resources))
