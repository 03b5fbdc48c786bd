"""What scopes open at the edge: the statements of an IAM policy. Pure, for the authorizer and for
whoever explains it.

As long as it is short enough, a policy lists the routes one by one: what is listed stays exact even
while a deployment adds routes and API Gateway still keeps the policy. Where the list is too long,
wildcards stand for many routes, within one resource first, and denials take out of them what the
token lacks. A denial always wins, so it may stand only where it hides nothing that is allowed.

Which wildcards are safe, and which routes reach each other, `app/access` has found out when it
compiled the table. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple


class Statements(NamedTuple):
    """Resources to allow, and to deny, each the end of an execute-api ARN: `VERB/path`."""

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()

    def length(self, stage_arn_length: int) -> int:
        """How many characters the resources take in JSON, in ARNs of a stage."""
        each = stage_arn_length + len('/"", ')
        return sum(each + len(resource) for resource in (*self.allow, *self.deny))


class _Branch(NamedTuple):
    """A wildcard, and what it stands for: narrower wildcards, and routes by their resources."""

    wildcard: str
    below: "list[_Branch | str]"

    def routes(self) -> Iterator[str]:
        for node in self.below:
            yield from [node] if isinstance(node, str) else node.routes()


_Tree = list[_Branch | str]


class CompiledRoutes:
    """The compiled route table (`authorizer/routes.json`), as `ostiary routes --write` makes it.

    `routes` has of each guarded route its `method`, `path`, `scope` and `resource`; `unguarded` the
    resources that no policy opens; `wildcards` those that are safe; `reaches` of a resource those
    of other scopes whose calls it matches, too.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.routes: tuple[Mapping[str, str], ...] = tuple(document["routes"])
        self._unguarded: tuple[str, ...] = tuple(document["unguarded"])
        self._wildcards: tuple[str, ...] = tuple(document["wildcards"])
        self._reaches: Mapping[str, list[str]] = document["reaches"]

    def ways_to_say(self, scopes: frozenset[str], stage_arn_length: int) -> Iterator[Statements]:
        """Statements that open exactly what these scopes open, from the plainest to the shortest.

        All say the same of every call that has a route. Where the scopes open nothing, there is one
        way to say it: no statement.
        """
        held = frozenset(route["resource"] for route in self.routes if route["scope"] in scopes)
        choose = _Choice(held, self._reaches, stage_arn_length)
        yield choose.opened(sorted(held))
        if held:
            yield from map(choose.opened, self._trees)

    @cached_property
    def _trees(self) -> tuple[_Tree, ...]:
        """Wildcards within one resource; then of all its verbs; then of a verb over resources."""
        resources = sorted({*(route["resource"] for route in self.routes), *self._unguarded})
        over_all = _tree([w for w in self._wildcards if not w.startswith("*")], resources)
        within_one = list(_within_folders(over_all))
        return within_one, _of_folders(within_one, self._wildcards), over_all


class _Choice(NamedTuple):
    """Chooses for the routes that are held where the wildcards of a tree are shorter."""

    held: frozenset[str]
    reaches: Mapping[str, list[str]]
    stage_arn_length: int

    def opened(self, tree: Iterable[_Branch | str]) -> Statements:
        """What opens the held routes of a tree, where no wildcard stands above them."""
        found = _together(map(self._opened, tree))
        # API Gateway answers preflights itself, and a wildcard of all verbs would open them.
        of_all_verbs = any(resource.startswith("*") for resource in found.allow)
        return found._replace(deny=(*found.deny, "OPTIONS/*")) if of_all_verbs else found

    def _opened(self, node: _Branch | str) -> Statements:
        if isinstance(node, str):
            reached = tuple(r for r in self.reaches.get(node, ()) if r not in self.held)
            return Statements((node,), reached) if node in self.held else Statements()
        narrow = _together(map(self._opened, node.below))
        denied = self._denied(node) if narrow.allow else None
        if denied is None:
            return narrow
        return min(narrow, Statements((node.wildcard,), denied), key=self._length)

    def _denied(self, node: _Branch | str) -> tuple[str, ...] | None:
        """What must be denied under a wildcard; None where that would hide what is held."""
        if isinstance(node, str):
            if node in self.held:
                return ()
            return None if self.held.intersection(self.reaches.get(node, ())) else (node,)
        if self.held.isdisjoint(node.routes()):
            return (node.wildcard,)
        below = [self._denied(inner) for inner in node.below]
        found = [denied for denied in below if denied is not None]
        return tuple(chain.from_iterable(found)) if len(found) == len(below) else None

    def _length(self, statements: Statements) -> int:
        return statements.length(self.stage_arn_length)


def _together(parts: Iterable[Statements]) -> Statements:
    """All of them in one, nothing twice."""
    found = list(parts)
    return Statements(
        tuple(dict.fromkeys(chain.from_iterable(part.allow for part in found))),
        tuple(dict.fromkeys(chain.from_iterable(part.deny for part in found))),
    )


def _tree(wildcards: Iterable[str], resources: Iterable[str]) -> _Tree:
    """Resources below their wildcards; each ends with a `*`, and begins as what lies below it."""
    top = _Branch("*", [])
    line = [top]
    texts = [(w[:-1], False) for w in wildcards] + [(r, True) for r in resources]
    for text, is_route in sorted(texts):
        while not text.startswith(line[-1].wildcard[:-1]):
            line.pop()
        node = text if is_route else _Branch(f"{text}*", [])
        line[-1].below.append(node)
        if isinstance(node, _Branch):
            line.append(node)
    return top.below


def _folders(node: _Branch | str) -> set[str]:
    """The first segments of what lies here: `/notes` of `GET/notes/*`."""
    routes = [node] if isinstance(node, str) else node.routes()
    return {"/" + resource.split("/", 2)[1] for resource in routes}


def _within_folders(tree: _Tree) -> Iterator[_Branch | str]:
    """The tree without the wildcards that stand for more than one folder."""
    for node in tree:
        if isinstance(node, str) or len(_folders(node)) == 1:
            yield node
        else:
            yield from _within_folders(node.below)


def _of_folders(within: _Tree, wildcards: Iterable[str]) -> _Tree:
    """The same, each folder below its wildcard for all verbs, `*/notes*`, where it has one."""
    by_folder: dict[str, _Tree] = defaultdict(list)
    for node in within:
        by_folder[_folders(node).pop()].append(node)
    known = frozenset(wildcards)
    return [
        branch
        for folder, nodes in by_folder.items()
        for branch in ([_Branch(f"*{folder}*", nodes)] if f"*{folder}*" in known else nodes)
    ]
